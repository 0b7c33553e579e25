// SPDX-License-Identifier: GPL-2.0-or-later
/* The page of what `ringsched import` took in: one series a chapter of figures. */
#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>

#include "harness/figure.h"
#include "harness/format.h"
#include "harness/html.h"
#include "harness/import.h"
#include "harness/jsonread.h"
#include "harness/page.h"
#include "harness/page_internal.h"
#include "harness/plot.h"
#include "host/cleanup.h"
#include "host/error.h"

#define CURVE_HEIGHT 320
#define BARS_HEIGHT 170
#define BARS 60 /* of a histogram */

/* One series, all its files together. */
struct pool {
	const char *name;
	struct json_object *files;
	struct latencies all;
	double *p99; /* owned; one a file */
	size_t file_count;
};

struct pools {
	struct pool *of; /* owned */
	size_t count, left_out; /* series that are drawn, and that would be too many */
	struct plot_axis us; /* all have values within */
};

/* ---- reading, from a file that may say anything ---- */

static int add_buckets(struct latencies *to, struct json_object *file, uint64_t *beyond,
		       struct rs_error **err)
{
	struct json_object *buckets = json_array(file, "buckets");
	uint64_t more = 0;

	for (unsigned long i = 0; i < json_count(buckets); i++) {
		struct json_object *pair[2];
		double us;
		int64_t n;

		if (!json_pair(buckets, i, pair))
			return rs_fail(err, EPROTO, "a bucket is no pair of numbers");
		us = json_object_get_double(pair[0]);
		n = json_object_get_int64(pair[1]);
		if (!isfinite(us) || us < 0 || n < 0)
			return rs_fail(err, EPROTO, "a bucket of %g us with %jd samples cannot be",
				       us, (intmax_t)n);
		if (n && latencies_add(to, us, (uint64_t)n, err) < 0)
			return -EPROTO;
	}
	json_u64(file, "beyond", &more);
	/* The buckets hold less than half of what a count can be; see latencies_add(). */
	*beyond += more < UINT64_MAX / 4 - *beyond ? more : UINT64_MAX / 4 - *beyond;
	return 0;
}

static int read_pool(struct pool *pool, struct json_object *series, struct rs_error **err)
{
	uint64_t beyond = 0;
	int ret = 0;

	pool->name = json_shown(series, "name");
	pool->files = json_array(series, "files");
	pool->file_count = json_count(pool->files);
	pool->p99 = calloc(pool->file_count + 1, sizeof(*pool->p99));
	if (!pool->p99)
		return rs_fail(err, ENOMEM, "no memory for %zu files", pool->file_count);
	for (size_t i = 0; i < pool->file_count && !ret; i++) {
		pool->p99[i] = json_double(json_row(pool->files, i), "p99_us");
		ret = add_buckets(&pool->all, json_row(pool->files, i), &beyond, err);
	}
	if (!ret)
		ret = latencies_finish(&pool->all, pool->all.count + beyond, err);
	return ret < 0 ? rs_fail_wrap(err, "series %s", pool->name) : 0;
}

static void pools_clear(struct pools *pools)
{
	for (size_t i = 0; i < pools->count; i++) {
		latencies_clear(&pools->of[i].all);
		free(pools->of[i].p99);
	}
	free(pools->of);
}

/* From the first to the last bucket of all; a logarithmic axis has no 0. */
static struct plot_axis common_axis(const struct pools *pools)
{
	double low = NAN, high = NAN;

	for (size_t i = 0; i < pools->count; i++) {
		const struct latencies *l = &pools->of[i].all;

		for (size_t k = 0; k < l->bucket_count; k++)
			if (l->buckets[k].us > 0) {
				low = fmin(low, l->buckets[k].us);
				high = fmax(high, l->buckets[k].us);
			}
	}
	return plot_axis_around(low, high, true);
}

static int read_pools(struct pools *pools, struct json_object *root, struct rs_error **err)
{
	struct json_object *list = json_array(root, "series");
	size_t count = json_count(list);
	int ret = 0;

	pools->left_out = count > PLOT_SERIES_MAX ? count - PLOT_SERIES_MAX : 0;
	count -= pools->left_out;
	pools->of = calloc(count + 1, sizeof(*pools->of));
	if (!pools->of)
		return rs_fail(err, ENOMEM, "no memory for %zu series", count);
	pools->count = count;
	for (size_t i = 0; i < count && !ret; i++)
		ret = read_pool(&pools->of[i], json_row(list, i), err);
	pools->us = common_axis(pools);
	return ret;
}

/* ---- figures ---- */

static int write_strip(const struct pools *pools, FILE *to, struct rs_error **err)
{
	struct strip_row *rows = calloc(pools->count + 1, sizeof(*rows));
	struct strip strip = { .title = "Latency, p99",
			       .x_title = "µs",
			       .rows = rows,
			       .count = pools->count,
			       .limit = NAN };
	int ret;

	if (!rows)
		return rs_fail(err, ENOMEM, "no memory for a drawing");
	for (size_t i = 0; i < pools->count; i++)
		rows[i] = (struct strip_row){ pools->of[i].name, i, pools->of[i].p99,
					      pools->of[i].file_count };
	fputs("<figure>\n", to);
	ret = plot_strip(to, &strip, err);
	fputs("<figcaption>One dot is one file, in their order from the top of a row to its foot; "
	      "the bar is the median. A file whose samples cannot tell its p99 has no dot."
	      "</figcaption>\n</figure>\n",
	      to);
	free(rows);
	return ret;
}

/* Buckets as steps; what lies beyond them all exceeds any. */
static void write_exceeded(const struct plot *p, const struct latencies *l, size_t series, FILE *to)
{
	uint64_t above = l->count;
	double last_x = 0, last_y = 0;

	fprintf(to, "<path class=\"curve k%zu\" d=\"M0 0", series);
	for (size_t i = 0; i < l->bucket_count; i++) {
		double x = plot_x(p, l->buckets[i].us), y = p->height;

		above -= l->buckets[i].count;
		if (above)
			y = plot_y(p, (double)above / (double)l->count);
		/* As plot_exceeded(): a step that can be seen, and the last. */
		if (i + 1 < l->bucket_count && x - last_x < 0.7 && y - last_y < 0.7)
			continue;
		fprintf(to, "H%.1fV%.1f", x, y);
		last_x = x;
		last_y = y;
	}
	if (above)
		fprintf(to, "H%d", PLOT_WIDTH);
	fputs("\"/>\n", to);
}

static void write_marks(const struct plot *p, const struct latencies *l, size_t series, FILE *to)
{
	double next = 0.5;
	uint64_t above = l->count;

	for (size_t i = 0; i < l->bucket_count; i++) {
		double share;

		above -= l->buckets[i].count;
		share = (double)above / (double)l->count;
		if (!above || share > next)
			continue;
		plot_mark(to, p, series, l->buckets[i].us, share);
		next = share / 5;
	}
}

static void write_curves(const struct pools *pools, FILE *to)
{
	uint64_t most = 1;
	struct plot p = {
		.x = pools->us,
		.y = { .high = 1, .log = true, .percent = true },
		.height = CURVE_HEIGHT,
	};

	for (size_t i = 0; i < pools->count; i++)
		most = pools->of[i].all.count > most ? pools->of[i].all.count : most;
	p.y.low = 0.7 / (double)most;
	fputs("<figure>\n<h3>How often is a latency exceeded?</h3>\n<ul class=\"legend\">\n", to);
	for (size_t i = 0; i < pools->count; i++) {
		fputs("<li>", to);
		plot_legend_mark(to, i);
		html_text(to, pools->of[i].name);
		fputs("</li>\n", to);
	}
	fputs("</ul>\n<p class=\"axis y\">share of samples above</p>\n", to);
	plot_open(to, &p, "Share of samples above a latency, one curve a series");
	for (size_t i = 0; i < pools->count; i++)
		if (pools->of[i].all.count)
			write_exceeded(&p, &pools->of[i].all, i, to);
	plot_labels(to, &p);
	for (size_t i = 0; i < pools->count; i++)
		if (pools->of[i].all.count)
			write_marks(&p, &pools->of[i].all, i, to);
	plot_close(to, "latency (µs)");
	fputs("<figcaption>All files of a series pooled, both axes logarithmic: this picture "
	      "describes, <code>ringsched compare</code> judges. A curve that leaves at the right "
	      "edge: samples beyond the tool's own histogram.</figcaption>\n</figure>\n",
	      to);
}

/* The buckets of a series, joined to bars of equal width on the page. */
static void write_bars(const struct pools *pools, size_t series, FILE *to)
{
	const struct pool *pool = &pools->of[series];
	double shares[BARS] = { 0 }, highest = 0;
	struct plot p = { .x = pools->us, .y = { .percent = true }, .height = BARS_HEIGHT };

	for (size_t i = 0; i < pool->all.bucket_count; i++) {
		size_t bar = (size_t)(plot_x(&p, pool->all.buckets[i].us) * BARS / PLOT_WIDTH);

		bar = bar < BARS ? bar : BARS - 1;
		shares[bar] += (double)pool->all.buckets[i].count / (double)pool->all.count;
		highest = fmax(highest, shares[bar]);
	}
	p.y = plot_axis_around(0, highest, false);
	p.y.percent = true;
	fputs("<div>", to);
	html_element(to, "h4", pool->name);
	plot_open(to, &p, "Share of samples by latency");
	fprintf(to, "<path class=\"bars k%zu\" d=\"", series);
	for (size_t i = 0; i < BARS; i++)
		if (shares[i] > 0)
			fprintf(to, "M%.1f %uV%.1fh%.1fV%uz", (double)i * PLOT_WIDTH / BARS,
				p.height, fmin(plot_y(&p, shares[i]), p.height - 1.0),
				(double)PLOT_WIDTH / BARS * 0.85, p.height);
	fputs("\"/>\n", to);
	plot_labels(to, &p);
	plot_close(to, "latency (µs)");
	fputs("</div>\n", to);
}

static void write_histograms(const struct pools *pools, FILE *to)
{
	fputs("<figure>\n<h3>Where the samples lie</h3>\n<div class=\"panels\">\n", to);
	for (size_t i = 0; i < pools->count; i++)
		if (pools->of[i].all.bucket_count)
			write_bars(pools, i, to);
	fputs("</div>\n<figcaption>Share of a series' samples in each of 60 bars of equal width on "
	      "the logarithmic axis, which all series share.</figcaption>\n</figure>\n",
	      to);
}

/* ---- the page ---- */

static int write_page(const struct pools *pools, struct json_object *root, FILE *to,
		      struct rs_error **err)
{
	cleanup_free char *tables = NULL;
	const char *colours[PLOT_SERIES_MAX];
	size_t size;
	FILE *text = open_memstream(&tables, &size);
	int ret;

	if (!text)
		return rs_fail(err, ENOMEM, "no memory for the page");
	import_write_tables(root, text);
	if (fclose(text))
		return rs_fail(err, ENOMEM, "no memory for the page");
	for (size_t i = 0; i < pools->count; i++)
		colours[i] = figure_other_colour(i);
	html_begin(to, "Imported results");
	plot_define(to, colours, pools->count);
	fputs("<header><h1>Imported results</h1>\n<p>What other tools measured. One file counts as "
	      "one boot; nothing is judged here: <code>ringsched compare A B</code> tests two such "
	      "folders, or two series of one.</p></header>\n<main>\n"
	      "<section id=\"figures\">\n<h2>Figures</h2>\n",
	      to);
	if (pools->left_out)
		fprintf(to, "<p class=\"note\">The first %d series are drawn, %zu are not.</p>\n",
			PLOT_SERIES_MAX, pools->left_out);
	ret = write_strip(pools, to, err);
	write_curves(pools, to);
	write_histograms(pools, to);
	fputs("</section>\n<section id=\"tables\">\n<h2>Files</h2>\n<p>In µs. <code>n/a</code>: too "
	      "few samples for that quantile, or it lies beyond the tool's histogram.</p>\n",
	      to);
	html_markdown(to, tables);
	fputs("</section>\n</main>\n", to);
	html_end(to);
	return ret;
}

int page_write_import(struct json_object *root, const char *dir, size_t bytes_max,
		      struct rs_error **err)
{
	cleanup_free char *page = NULL;
	struct pools pools = { 0 };
	size_t size = 0;
	FILE *to;
	int ret;

	page_remove(dir);
	ret = read_pools(&pools, root, err);
	to = ret ? NULL : open_memstream(&page, &size);
	if (!ret && !to)
		ret = rs_fail(err, ENOMEM, "no memory for the page");
	if (!ret)
		ret = write_page(&pools, root, to, err);
	if (to && fclose(to) && !ret)
		ret = rs_fail(err, ENOMEM, "no memory for the page");
	if (!ret && size > bytes_max)
		ret = rs_fail(err, EFBIG,
			      "report.html would have %zu bytes, more than the %zu it may have; "
			      "import into several folders",
			      size, bytes_max);
	if (!ret)
		ret = page_keep(dir, page, err);
	pools_clear(&pools);
	return ret < 0 ? rs_fail_wrap(err, "the page of %s", dir) : 0;
}
