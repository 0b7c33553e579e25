// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What report.html is made of: text and how it is escaped, axes, and every kind
 * of drawing and section (golden/page.html; with RS_GOLDEN_UPDATE=1 it is written
 * again). Whole pages are tested in test_page.c.
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "harness/folder.h"
#include "harness/html.h"
#include "harness/page_internal.h"
#include "harness/plot.h"
#include "host/cleanup.h"
#include "host/error.h"

static const char golden[] = "tests/unit/golden/page.html"; /* from the top of the tree */
static char dir[64];

static int set_up(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/rs-page-parts-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	return folder_remove(dir, NULL);
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

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_escapes), T(test_ticks),	  T(test_axes_of_anything),
		T(test_golden),	 T(test_picture),
	};

	return cmocka_run_group_tests_name("page_parts", tests, NULL, NULL);
}
