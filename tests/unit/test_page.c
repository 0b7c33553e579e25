// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * report.html as a whole, of runs and of imported results: what is on it, and how
 * it is kept small. What it is made of is tested in test_page_parts.c, that a
 * browser shows it in tests/report.
 */
#include <errno.h>
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
#include "harness/import.h"
#include "harness/page.h"
#include "harness/verdict.h"
#include "host/cleanup.h"
#include "host/error.h"
#include "tests/unit/synthetic_run.h"

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
		T(test_page), T(test_worst), T(test_size), T(test_import), T(test_hostile_import),
	};

	return cmocka_run_group_tests_name("page", tests, NULL, NULL);
}
