// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * report.html: what is escaped, what is drawn (golden/page.html; with
 * RS_GOLDEN_UPDATE=1 it is written again), and how a page is kept small. That a
 * browser shows it is tested in tests/report.
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "harness/figure.h"
#include "harness/folder.h"
#include "harness/html.h"
#include "harness/import.h"
#include "harness/page.h"
#include "harness/page_internal.h"
#include "harness/plot.h"
#include "harness/verdict.h"
#include "host/cleanup.h"
#include "host/error.h"
#include "tests/unit/synthetic_run.h"

static const char golden[] = "tests/unit/golden/page.html"; /* from the top of the tree */
static char dir[64];

static int set_up(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/rs-page-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	return folder_remove(dir, NULL);
}

/* A file of the folder as a text, until the next call. */
static const char *read_file(const char *name)
{
	static char text[4 << 20];
	cleanup_free char *path = folder_path(dir, "%s", name);
	cleanup_file FILE *from = fopen(path, "re");

	if (!from)
		fail_msg("no file %s", path);
	text[fread(text, 1, sizeof(text) - 1, from)] = '\0';
	return text;
}

/* ---- text ---- */

static void test_escapes(void **state)
{
	static const struct {
		const char *text, *html;
	} rows[] = {
		{ "plain", "plain" },
		{ "<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;" },
		{ "\" onload='x' &amp;", "&quot; onload=&#39;x&#39; &amp;amp;" },
		{ "µs ÷ ≤ 🙂", "µs ÷ ≤ 🙂" },
		{ "tab\tand\nline", "tab\tand\nline" },
		{ "\x01\x1b[31m\x7f", "\uFFFD\uFFFD[31m\uFFFD" },
		{ "\xff\xfe", "\uFFFD\uFFFD" }, /* no UTF-8 */
		{ "\xc0\xbc", "\uFFFD\uFFFD" }, /* '<' in two bytes */
		{ "\xe0\x80\xbc", "\uFFFD\uFFFD\uFFFD" }, /* in three */
		{ "\xed\xa0\x80", "\uFFFD\uFFFD\uFFFD" }, /* half a pair */
		{ "\xf4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD" }, /* beyond the last */
		{ "cut \xe2\x82", "cut \uFFFD\uFFFD" },
		{ "\xe2\x82<", "\uFFFD\uFFFD&lt;" }, /* the '<' is not swallowed */
		{ "abc\u202Ecba\u2066", "abc\uFFFDcba\uFFFD" }, /* turned around */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *html = NULL;
		size_t size;
		FILE *to = open_memstream(&html, &size);

		html_text(to, rows[i].text);
		fclose(to);
		assert_string_equal(html, rows[i].html);
		free(html);
	}
}

/* ---- axes ---- */

static void ticks_are(const struct plot_axis *axis, const char *expected)
{
	struct plot_tick ticks[PLOT_TICKS_MAX];
	size_t count = plot_ticks(axis, ticks);
	char text[256] = "";

	for (size_t i = 0; i < count; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%g%s", i ? " " : "",
			 ticks[i].value, ticks[i].optional ? "?" : "");
	assert_string_equal(text, expected);
}

static void test_ticks(void **state)
{
	(void)state;
	ticks_are(&(struct plot_axis){ .low = 0, .high = 63 }, "0 10? 20 30? 40 50? 60");
	ticks_are(&(struct plot_axis){ .low = 0, .high = 0.06 },
		  "0 0.005? 0.01 0.015? 0.02 0.025? 0.03 0.035? 0.04 0.045? 0.05 0.055? 0.06");
	ticks_are(&(struct plot_axis){ .low = 0.8, .high = 4.5, .log = true }, "1 1.5 2 3");
	ticks_are(&(struct plot_axis){ .low = 1e-5, .high = 1, .log = true },
		  "1e-05 0.0001 0.001 0.01 0.1 1");
	/* Every so many decades where there are too many. */
	ticks_are(&(struct plot_axis){ .low = 1e-15, .high = 1e15, .log = true },
		  "1e-15 1e-12 1e-09 1e-06 0.001 1 1000 1e+06 1e+09 1e+12 1e+15");
}

/* Whatever a file says, an axis has an extent. */
static void test_axes_of_anything(void **state)
{
	static const double values[] = { 0, 1, -1, 1e300, 1e-300, NAN, INFINITY };
	struct plot_tick ticks[PLOT_TICKS_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		for (size_t k = 0; k < 6; k++)
			for (int scale = 0; scale < 2; scale++) {
				struct plot_axis a =
					plot_axis_around(values[k], values[i], scale != 0);
				struct plot p = { .x = a, .y = a, .height = 10 };

				assert_true(a.low < a.high);
				assert_true(plot_ticks(&a, ticks) <= PLOT_TICKS_MAX);
				assert_true(plot_x(&p, NAN) >= 0);
				assert_true(plot_x(&p, 1e301) <= PLOT_WIDTH);
			}
}

/* ---- golden: every kind of drawing and section ---- */

static const double few[] = { 3.5, 4.21, NAN, 3.75 }, one[] = { 0.97 };

static void draw_strip(FILE *to)
{
	const struct strip_row rows[] = { { "none", 0, few, 4 }, { "<ring & boot>", 1, one, 1 } };
	const struct strip strip = {
		.title = "Interference",
		.x_title = "response p99, boot ÷ solo",
		.rows = rows,
		.count = 2,
		.limit = 1.1,
		.limit_row = "<ring & boot>",
		.ratio = true,
	};
	const struct strip_row nothing[] = { { "none", 0, few + 2, 1 } };
	const struct strip empty = { .title = "", .rows = nothing, .count = 1, .limit = NAN };

	fputs("<!-- plot_strip -->\n", to);
	assert_int_equal(plot_strip(to, &strip, NULL), 0);
	assert_int_equal(plot_strip(to, &empty, NULL), 0); /* leaves nothing */
}

static void draw_curve(FILE *to)
{
	double us[] = { 1000, 2000, 2000, 4000, 8000 };
	const struct durations d = { .us = us, .count = 5 };
	const struct plot p = {
		.x = { .low = 1, .high = 10, .log = true },
		.y = { .low = 0.05, .high = 1, .log = true, .percent = true },
		.height = 100,
	};

	fputs("<!-- plot_exceeded: all ended, then two of seven did not -->\n", to);
	plot_open(to, &p, "says \"it\"");
	plot_exceeded(to, &p, "curve k0", &d, 5, 1e3);
	plot_exceeded(to, &p, "curve k1", &d, 7, 1e3);
	plot_upright(to, &p, "limit", 5);
	plot_labels(to, &p);
	plot_mark(to, &p, 1, 2, 0.5);
	plot_mark(to, &p, 9, 2, 0.5); /* a hollow one */
	plot_note(to, &p, "", 5, 1, "dead<line>");
	plot_close(to, "ms");
}

static void draw_points(FILE *to)
{
	static const struct plot_point points[] = { { 0, 0 },	{ 0.0001, 0 }, { 5, 5 },
						    { 10, 10 }, { 99, 99 },    { NAN, 5 } };
	const struct plot p = { .x = { .high = 10 }, .y = { .high = 10 }, .height = 100 };

	fputs("<!-- plot_points: fine, coarse, bars -->\n", to);
	assert_int_equal(plot_points(to, &p, "dots k0", points, 6, 0, 1, NULL), 0);
	assert_int_equal(plot_points(to, &p, "dots k0", points, 6, 0, 600, NULL), 0);
	assert_int_equal(plot_points(to, &p, "missed", points, 3, 7, 1, NULL), 0);
	assert_int_equal(plot_points(to, &p, "none", points, 0, 7, 1, NULL), 0);
}

static void draw_markdown(FILE *to)
{
	fputs("<!-- html_markdown -->\n", to);
	html_markdown(
		to, "\n## A <heading>\n\nOne paragraph with `code <b>` and **bold `too`**,\nin two "
		    "lines.\n\n| policy | p99 (µs) |\n|---|---|\n| none | 12.5 |\n| a\\|b | n/a |\n"
		    "\n- first\n- **second\n\n![picture](x.png)\n\n| | |\n|---|---|\n| kernel | "
		    "6.1 |\n### Smaller\nlast ` one\n");
}

static void draw_doctor(FILE *to, struct page *page)
{
	cleanup_free char *first = folder_path(dir, "doctor.json");
	cleanup_free char *second = folder_path(dir, "doctor-2.json");

	page->dir = dir;
	fputs("<!-- page_doctor: none, hostile, unreadable -->\n", to);
	assert_int_equal(page_doctor(page, to, NULL), 0);
	assert_int_equal(
		folder_write(first,
			     "{\"schema\":1,\"counts\":{},\"checks\":["
			     "{\"check\":\"ksm\",\"state\":\"PASS\",\"found\":\"off\"},"
			     "{\"check\":\"<i>\",\"state\":\"WARN\",\"found\":\"</table>\","
			     "\"why\":\"because\",\"change\":\"echo '1' >x\",\"undo\":\"\"},"
			     "7,{\"state\":\"FAIL\"},{\"check\":\"smt\",\"state\":\"SKIP\"}]}",
			     NULL),
		0);
	assert_int_equal(folder_write(second, "{\"checks\":1}", NULL), 0);
	assert_int_equal(page_doctor(page, to, NULL), 0);
}

/* worst.json by someone who means harm, and in part by nobody. */
static void draw_explained(FILE *to, struct page *page)
{
	struct json_object *worst = json_tokener_parse(
		"{\"schema\":1,\"causes\":{\"work\":\"its own\",\"<b>\":null},\"periods\":["
		"{\"policy\":\"ring\",\"cell\":\"001-ring-1\",\"boot\":1,\"phase\":\"boot\",\"vm\":\"c\","
		"\"ring_id\":1,\"sequence\":172,\"us\":10752,\"deadline_us\":20000,\"missed\":false,"
		"\"skipped\":false,\"ended\":true,\"stained\":true,\"also\":2,\"traced\":true,"
		"\"clock_error_us\":5,\"speed_permille\":980,\"attributed_percent\":99.5,\"causes\":["
		"{\"cause\":\"work\",\"who\":\"ring 1\",\"us\":3213,\"percent\":29.9},"
		"{\"cause\":\"waiting\",\"who\":\"</div><script>\",\"us\":1,\"percent\":1e9},"
		"{\"cause\":\"unexplained\",\"who\":\"\",\"us\":54,\"percent\":0.5}]},"
		"{\"policy\":\"<i>\",\"causes\":[7,{\"percent\":-1}]},7]}");
	static const struct summary none;

	assert_non_null(worst);
	page->s = &none;
	fputs("<!-- page_explained -->\n", to);
	page_explained(page, worst, to);
	json_object_put(worst);
}

static void same_as_golden(const char *made)
{
	cleanup_file FILE *from = NULL;
	cleanup_free char *wanted = calloc(1, 1 << 20);

	if (getenv("RS_GOLDEN_UPDATE")) {
		assert_int_equal(folder_write(golden, made, NULL), 0);
		return;
	}
	from = fopen(golden, "re");
	assert_non_null(from);
	assert_true(fread(wanted, 1, (1 << 20) - 1, from) > 0);
	if (!strcmp(made, wanted))
		return;
	folder_write("build/tests/page.html", made, NULL);
	fail_msg("the drawings differ: diff %s build/tests/page.html", golden);
}

static void test_golden(void **state)
{
	cleanup_free char *made = NULL;
	struct page page = { 0 };
	size_t size;
	FILE *to = open_memstream(&made, &size);
	const char *const colours[] = { "#d55e00", "#0072b2", "#000000", "#ffffff" };

	(void)state;
	fputs("<!-- plot_define -->\n", to);
	plot_define(to, colours, 4);
	draw_strip(to);
	draw_curve(to);
	draw_points(to);
	draw_markdown(to);
	draw_doctor(to, &page);
	draw_explained(to, &page);
	fclose(to);
	same_as_golden(made);
}

/* ---- a picture ---- */

static void test_picture(void **state)
{
	cleanup_free char *path = folder_path(dir, "x.png");
	cleanup_error struct rs_error *err = NULL;
	cleanup_free char *made = NULL;
	size_t size;
	FILE *to = open_memstream(&made, &size);

	(void)state;
	assert_int_equal(folder_write(path, "<svg onload=x>", NULL), 0);
	assert_int_equal(html_png(to, path, "", 1, 1, 100, &err), -EPROTO);
	rs_error_free(&err);
	assert_int_equal(folder_write(path, "\x89PNG\r\n\x1a\nab", NULL), 0);
	assert_int_equal(html_png(to, path, "", 1, 1, 5, &err), -EFBIG);
	fflush(to);
	assert_int_equal(size, 0);
	assert_int_equal(html_png(to, path, "a \"b\"", 3, 4, 100, NULL), 0);
	fclose(to);
	assert_string_equal(made, "<img width=\"3\" height=\"4\" alt=\"a &quot;b&quot;\" "
				  "src=\"data:image/png;base64,iVBORw0KGgphYgo=\">\n");
}

/* ---- whole pages ---- */

static const char *const policies[] = { "none", "ring_boot", NULL };

/* `none` misses in boot: period 10 late, 20 and 21 skipped, 30 the last. */
static struct synth_period some_period(const char *policy, unsigned int boot, enum phase phase,
				       unsigned int i)
{
	struct synth_period p = { .wakeup_us = 100, .response_us = 5000 + i };

	if (phase != PHASE_BOOT || strcmp(policy, "none") != 0)
		return p;
	p.response_us += 1000 * boot;
	if (i == 10)
		p.response_us = 23456;
	p.skip = i == 20 || i == 21;
	return p;
}

static uint64_t some_wait(const char *policy, enum phase phase)
{
	(void)policy;
	(void)phase;
	return 4000000;
}

static const struct synth some = {
	.preset = "demo",
	.policies = policies,
	.boots = 2,
	.planned = 3,
	.periods = { 400, 400, 100 },
	.period = some_period,
	.wait_ns = some_wait,
	.stalls = "[]",
	.speed = "[]",
};

/* The page of the folder; figures as if gnuplot were not there. */
static int make_page(size_t bytes_max, struct rs_error **err)
{
	cleanup_run struct run *run = run_read(dir, err);
	cleanup_summary struct summary *s = run ? summary_make(run, err) : NULL;
	struct figures_drawn drawn = { 0 };
	struct verdict v;
	int ret;

	assert_non_null(s);
	for (size_t i = 0; figures[i]; i++)
		drawn.why_not[i] = strdup("no gnuplot <here>");
	verdict_make(&v, s);
	ret = page_write(s, &v, &drawn, dir, bytes_max, err);
	figures_clear(&drawn);
	return ret;
}

static void in_order(const char *text, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *at = strstr(text, words[i]);

		if (!at)
			fail_msg("'%s' is not there, or too early", words[i]);
		text = at ? at + 1 : "";
	}
}

static void test_page(void **state)
{
	static const char *const order[] = {
		"<!DOCTYPE html>",
		"default-src 'none'",
		"<h1>boot-interference</h1>",
		"UNDECIDED",
		"This is a demonstration",
		"The run was interrupted",
		"<h2>Verdict</h2>",
		"Limits of the scenario",
		"need 1 more",
		"The policies",
		"<h2>Figures</h2>",
		"Boot by boot",
		"deadline 20 ms",
		"neighbour boots",
		"What it costs",
		"no gnuplot &lt;here&gt;",
		"<h2>Worst periods</h2>",
		"<h2>All numbers</h2>",
		"<h2>Environment</h2>",
		"6.1.0 synthetic",
		"<h2>The doctor's findings</h2>",
		"<h2>Made by</h2>",
		"ringsched run scenarios/boot-interference.yaml --preset demo",
		"Seed 42.",
		"</html>",
	};
	const char *text;

	(void)state;
	synth_run(&some, dir);
	assert_int_equal(make_page(PAGE_BYTES_MAX, NULL), 0);
	text = read_file("report.html");
	in_order(text, order, sizeof(order) / sizeof(order[0]));
	assert_null(strstr(text, "<script"));
	assert_null(strstr(text, "http:"));
	assert_null(strstr(text, "https:"));
	assert_null(strstr(text, "To keep this page below"));
}

/* The late one first, then the first of those that were skipped in a row. */
static void test_worst(void **state)
{
	static const char *const order[] = {
		"<td>none</td><td class=\"n\">2</td><td class=\"n\">430</td>", /* 20 of boot */
		"<td>missed, skipped</td>",
		"<td>none</td><td class=\"n\">1</td><td class=\"n\">430</td>",
		"<td class=\"n\">420</td><td class=\"n\">0.210</td><td class=\"n\">23.46</td>",
		"<td class=\"n\">117</td><td class=\"n\">0.100</td><td>missed</td>",
		"<td>ring_boot</td>",
		"<td class=\"n\">5.399</td>",
	};
	const char *text;

	(void)state;
	synth_run(&some, dir);
	assert_int_equal(make_page(PAGE_BYTES_MAX, NULL), 0);
	text = strstr(read_file("report.html"), "<h2>Worst periods</h2>");
	in_order(text, order, sizeof(order) / sizeof(order[0]));
	assert_null(strstr(text, "<td class=\"n\">431</td>"));
}

/* Smaller step by step, and then refused, with the older page gone. */
static void test_size(void **state)
{
	cleanup_error struct rs_error *err = NULL;
	cleanup_free char *path = folder_path(dir, "report.html");
	size_t whole;

	(void)state;
	synth_run(&some, dir);
	assert_int_equal(make_page(PAGE_BYTES_MAX, NULL), 0);
	whole = strlen(read_file("report.html"));
	assert_int_equal(make_page(whole, NULL), 0);
	assert_int_equal(strlen(read_file("report.html")), whole);
	assert_int_equal(make_page(whole - 1, NULL), 0);
	assert_true(strlen(read_file("report.html")) < whole);
	assert_non_null(strstr(read_file("report.html"), "To keep this page below"));
	assert_int_equal(make_page(1000, &err), -EFBIG);
	assert_non_null(strstr(err->message, "report.md"));
	assert_int_equal(access(path, F_OK), -1);
	/* What is no matter of size is an error of its own. */
	rs_error_free(&err);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(make_page(PAGE_BYTES_MAX, &err), -EISDIR);
}

/* ---- imported results ---- */

static int page_of_import(const char *json, struct rs_error **err)
{
	struct json_object *root = json_tokener_parse(json);
	int ret;

	assert_non_null(root);
	ret = page_write_import(root, dir, PAGE_BYTES_MAX, err);
	json_object_put(root);
	return ret;
}

static void test_import(void **state)
{
	static const char *const order[] = {
		"&lt;b&gt;x&lt;/b&gt;: median 3.00",
		"<h3>How often is a latency exceeded?</h3>",
		"<path class=\"curve k0\" d=\"M0 0H",
		"<h3>Where the samples lie</h3>",
		"<path class=\"bars k0\"",
		"<h2>Files</h2>",
		"<td>a|b.json</td>",
	};

	(void)state;
	assert_int_equal(
		page_of_import("{\"schema\":1,\"series\":[{\"name\":\"<b>x</b>\",\"files\":[{"
			       "\"file\":\"a|b.json\",\"tool\":\"t\",\"count\":7,\"beyond\":2,"
			       "\"p99_us\":3,\"buckets\":[[0,1],[1,3],[30,1]]}]}]}",
			       NULL),
		0);
	in_order(read_file("report.html"), order, sizeof(order) / sizeof(order[0]));
}

static void test_hostile_import(void **state)
{
#define ONE(rest) "{\"series\":[{\"name\":\"x\",\"files\":[{" rest "}]}]}"
	static const char *const bad[] = {
		ONE("\"buckets\":[[1]]"),
		ONE("\"buckets\":[7]"),
		ONE("\"buckets\":[[-1,1]]"),
		ONE("\"buckets\":[[1,-1]]"),
		ONE("\"buckets\":[[1,9223372036854775807],[2,9223372036854775807]]"),
		ONE("\"buckets\":[]"),
		ONE("\"file\":7"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cleanup_error struct rs_error *err = NULL;

		if (page_of_import(bad[i], &err) >= 0)
			fail_msg("taken: %s", bad[i]);
		assert_non_null(strstr(err->message, "series x"));
	}
	assert_int_equal(page_of_import(ONE("\"buckets\":[[1,1]],\"beyond\":18446744073709551615"),
					NULL),
			 0);
	assert_int_equal(page_of_import("{\"series\":[]}", NULL), 0);
	assert_int_equal(page_of_import("[]", NULL), 0);
#undef ONE
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_escapes),	T(test_ticks),	 T(test_axes_of_anything),
		T(test_golden),		T(test_picture), T(test_page),
		T(test_worst),		T(test_size),	 T(test_import),
		T(test_hostile_import),
	};

	return cmocka_run_group_tests_name("page", tests, NULL, NULL);
}
