// SPDX-License-Identifier: GPL-2.0-or-later
/* The page's figures, but for those that need a file of their own. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "harness/figure.h"
#include "harness/folder.h"
#include "harness/format.h"
#include "harness/html.h"
#include "harness/page_internal.h"
#include "harness/plot.h"
#include "harness/quantity.h"
#include "host/cleanup.h"
#include "host/error.h"

/* Larger than any that gnuplot made so far, by far. */
#define PICTURE_BYTES_MAX 400000

/* ---- one dot a boot ---- */

static double response_p99_ms(const struct boot_result *b, enum phase phase)
{
	return b->phases[phase].response.p99 / 1e3;
}

/* One number a boot of each policy as a strip. */
static int write_strip(const struct page *page, FILE *to, struct strip *strip,
		       double (*of)(const struct boot_result *b, enum phase phase),
		       struct rs_error **err)
{
	const struct summary *s = page->s;
	struct strip_row *rows = calloc(s->policy_count, sizeof(*rows));
	int ret = rows ? 0 : rs_fail(err, ENOMEM, "no memory for a drawing");

	for (size_t i = 0; i < s->policy_count && !ret; i++) {
		const struct policy_result *p = &s->policies[i];
		double *values = malloc((p->boot_count + 1) * sizeof(*values));

		if (!values) {
			ret = rs_fail(err, ENOMEM, "no memory for a drawing");
			break;
		}
		for (size_t k = 0; k < p->boot_count; k++)
			values[k] = of(&p->boots[k], summary_phase(s));
		rows[i] = (struct strip_row){ p->name, i, values, p->boot_count };
	}
	strip->rows = rows;
	strip->count = s->policy_count;
	if (!ret)
		ret = plot_strip(to, strip, err);
	for (size_t i = 0; rows && i < s->policy_count; i++)
		free((double *)rows[i].values);
	free(rows);
	return ret;
}

static int write_strips(const struct page *page, FILE *to, struct rs_error **err)
{
	const struct scenario *scenario = page->s->run->scenario;
	enum phase phase = summary_phase(page->s);
	char ratio_title[64], response_title[64];
	struct strip interference = {
		.title = "Interference",
		.x_title = ratio_title,
		.limit = scenario->limits.interference_max,
		.limit_row = scenario->verdict_policy ? scenario->verdict_policy : "",
		.ratio = true,
	};
	struct strip response = {
		.title = "Response time, p99",
		.x_title = response_title,
		.limit = summary_deadline_ms(page->s),
	};
	struct strip boot = { .title = "The neighbours' boot", .x_title = "s", .limit = NAN };
	int ret = 0;

	snprintf(ratio_title, sizeof(ratio_title), "response p99, %s ÷ solo", phase_names[phase]);
	snprintf(response_title, sizeof(response_title), "ms, in phase %s", phase_names[phase]);
	fputs("<figure>\n<h3>Boot by boot</h3>\n<div class=\"panels\">\n", to);
	if (phase != PHASE_SOLO)
		ret = write_strip(page, to, &interference, quantity_interference.of_boot, err);
	if (!ret)
		ret = write_strip(page, to, &response, response_p99_ms, err);
	if (!ret && summary_has_neighbour(page->s))
		ret = write_strip(page, to, &boot, quantity_neighbour.of_boot, err);
	fputs("</div>\n<figcaption>One dot is one boot, in the order of the boots from the top of a "
	      "row to its foot; the bar is the median. This, and not the periods of all boots "
	      "together, is what verdicts are made of.</figcaption>\n</figure>\n",
	      to);
	return ret;
}

/* ---- what it costs ---- */

static void write_bar(const struct page *page, size_t series, double value, double top, FILE *to)
{
	char number[FORMAT_NUMBER_ROOM], class[16];

	fputs("<div class=\"bar\"><span class=\"name\">", to);
	html_text(to, page->s->policies[series].name);
	fprintf(to, "</span><span>");
	if (value > 0)
		fprintf(to, "<span class=\"full %s\" style=\"display:block;width:%.1f%%\"></span>",
			plot_class(class, series), 100 * value / top);
	fprintf(to, "</span><span class=\"value\">%s</span></div>\n",
		format_number(number, value, 3));
}

static void write_costs(const struct page *page, FILE *to)
{
	const struct summary *s = page->s;
	double(*values)[COST_PANELS] = calloc(s->policy_count, sizeof(*values));

	if (!values) /* the page fails without memory anyway */
		return;
	for (size_t i = 0; i < s->policy_count; i++)
		figure_cost_values(&s->policies[i], summary_phase(s), values[i]);
	fprintf(to, "<figure>\n<h3>What it costs in phase %s</h3>\n<div class=\"panels\">\n",
		phase_names[summary_phase(s)]);
	for (size_t k = 0; k < COST_PANELS; k++) {
		double top = NAN;

		for (size_t i = 0; i < s->policy_count; i++)
			top = fmax(top, values[i][k]);
		if (!isfinite(top))
			continue;
		fputs("<div>", to);
		html_element(to, "h4", figure_cost_titles[k]);
		for (size_t i = 0; i < s->policy_count; i++)
			write_bar(page, i, values[i][k], top, to);
		fputs("</div>\n", to);
	}
	fputs("</div>\n", to);
	page_caption(to, figure_cost.caption);
	free(values);
}

/* ---- pictures that gnuplot made ---- */

static void write_picture(const struct page *page, const struct figure *f, const char *why_not,
			  FILE *to)
{
	cleanup_free char *path = folder_path(page->dir, "figures/%s.png", f->name);
	cleanup_error struct rs_error *err = NULL;
	unsigned int height = f->height_of ? f->height_of(page->s) : f->height;

	fputs("<figure>\n", to);
	html_element(to, "h3", f->title);
	fputs("<div class=\"scroll\" tabindex=\"0\">", to);
	if (why_not || !path) {
		fputs("<p class=\"note\">Not drawn: ", to);
		html_text(to, why_not ? why_not : "no memory");
		fputs("</p>\n", to);
	} else if (html_png(to, path, f->title, f->width, height, PICTURE_BYTES_MAX, &err) < 0) {
		fputs("<p class=\"note\">Not shown: ", to);
		html_text(to, err ? err->message : "no memory");
		fputs("</p>\n", to);
	}
	fputs("</div>\n", to);
	page_caption(to, f->caption);
}

int page_figures(const struct page *page, FILE *to, struct rs_error **err)
{
	int ret = write_strips(page, to, err);

	if (!ret)
		ret = page_ccdf(page, to, err);
	if (!ret)
		ret = page_timeline(page, to, err);
	write_costs(page, to);
	for (size_t i = 0; figures[i] && page->detail.pictures; i++)
		if (!figures[i]->in_page && figure_applies(figures[i], page->s))
			write_picture(page, figures[i], page->drawn->why_not[i], to);
	return ret;
}
