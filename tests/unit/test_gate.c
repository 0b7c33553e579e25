// SPDX-License-Identifier: GPL-2.0-or-later
/* `ringsched compare`: the gate's verdicts, their honesty, what is written. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json.h>
#include <libxml/parser.h>
#include <libxml/tree.h>

#include "harness/folder.h"
#include "harness/gate.h"
#include "harness/jsonread.h"
#include "host/prng.h"
#include "host/cleanup.h"
#include "host/error.h"
#include "tests/unit/number.h"
#include "tests/unit/synthetic_run.h"

#define INTERFERENCE 0 /* rows of series_metrics[] */
#define MISSED 4

static size_t metric(const char *name)
{
	return (size_t)(series_metric_find(name, NULL) - series_metrics);
}

static struct side new_side(const char *label, const char *policy)
{
	struct side side = { .label = strdup(label), .count = 1 };

	for (size_t m = 0; m < SERIES_METRICS_MAX; m++)
		side.noise[m] = NAN;
	side.series = calloc(1, sizeof(*side.series));
	side.series->policy = strdup(policy);
	return side;
}

static void fill(struct side *side, size_t m, double from, double step, size_t boots)
{
	for (size_t i = 0; i < boots; i++)
		durations_add(&side->series->values[m], from + step * (double)i, NULL);
	side->series->boots = boots;
}

/* One metric: A's boots from `a` on, B's from `b` on, in steps. */
static struct gate_row compare_one(size_t m, double a, double b, double step, size_t boots)
{
	struct side x = new_side("before", "ring"), y = new_side("now", "ring");
	struct gate_options o;
	struct gate_row row;
	struct gate g;

	gate_defaults(&o);
	fill(&x, m, a, step, boots);
	fill(&y, m, b, step, boots);
	assert_int_equal(gate_make(&g, &x, &y, NULL, NULL, &o, NULL), 0);
	assert_int_equal(g.count, 1);
	assert_int_equal(g.verdict, g.rows[0].verdict);
	row = g.rows[0];
	row.policy_a = row.policy_b = "ring";
	gate_clear(&g);
	side_clear(&x);
	side_clear(&y);
	return row;
}

static void test_verdicts(void **state)
{
	(void)state;
	assert_int_equal(compare_one(INTERFERENCE, 1.0, 1.5, 0.01, 6).verdict, GATE_REGRESSION);
	/* Significant, but within the noise. */
	assert_int_equal(compare_one(INTERFERENCE, 1.0, 1.1, 0.01, 6).verdict, GATE_PASS);
	/* Better is no regression. */
	assert_int_equal(compare_one(INTERFERENCE, 1.5, 1.0, 0.01, 6).verdict, GATE_PASS);
	/* Beyond the noise, far from significant: two of ten ranks. */
	assert_int_equal(compare_one(INTERFERENCE, 1.0, 1.4, 0.3, 6).verdict, GATE_UNDECIDED);
	/* No share of a median of 0: one missed deadline a boot more is more. */
	assert_int_equal(compare_one(MISSED, 0, 1, 0, 6).verdict, GATE_REGRESSION);
	assert_int_equal(compare_one(MISSED, 0, 0, 0, 6).verdict, GATE_PASS);
}

static void test_too_few_boots(void **state)
{
	struct gate_row row = compare_one(INTERFERENCE, 1.0, 9.0, 0.01, 3);

	(void)state;
	assert_int_equal(row.verdict, GATE_UNDECIDED);
	assert_int_equal(row.more_boots, 2); /* 2 / C(10,5) is the first below 0.01 */
	/* Not even for "no difference": it could not have been seen. */
	assert_int_equal(compare_one(INTERFERENCE, 1, 1, 0.01, 4).verdict, GATE_UNDECIDED);
}

static void test_uncertain_effect_names_boots(void **state)
{
	struct gate_row row = compare_one(INTERFERENCE, 1.0, 1.3, 0.2, 6);

	(void)state;
	assert_int_equal(row.verdict, GATE_UNDECIDED);
	assert_true(row.more_boots > 0 && row.more_boots < 50);
}

static void test_limit_is_a_regression(void **state)
{
	struct side x = new_side("before", "ring"), y = new_side("now", "ring");
	struct gate_options o;
	struct gate g;

	(void)state;
	gate_defaults(&o);
	fill(&x, INTERFERENCE, 1, 0.01, 6);
	fill(&y, INTERFERENCE, 1, 0.01, 6);
	y.series->limit_missed = true;
	assert_int_equal(gate_make(&g, &x, &y, NULL, NULL, &o, NULL), 0);
	assert_int_equal(g.rows[0].verdict, GATE_PASS);
	assert_int_equal(g.verdict, GATE_REGRESSION);
	assert_string_equal(g.limit_missed, "ring");
	assert_int_equal(gate_exit_code(g.verdict), 2);
	gate_clear(&g);
	side_clear(&x);
	side_clear(&y);
}

/* The command line's threshold before the scenario's before the metric's. */
static void test_whose_noise_counts(void **state)
{
	struct side x = new_side("before", "ring"), y = new_side("now", "ring");
	struct gate_options o;
	struct gate g;

	(void)state;
	gate_defaults(&o);
	fill(&x, INTERFERENCE, 1, 0.01, 6);
	fill(&y, INTERFERENCE, 1.1, 0.01, 6);
	y.noise[INTERFERENCE] = 0.05;
	assert_int_equal(gate_make(&g, &x, &y, NULL, NULL, &o, NULL), 0);
	assert_int_equal(g.verdict, GATE_REGRESSION);
	gate_clear(&g);
	o.noise[INTERFERENCE] = 0.2;
	assert_int_equal(gate_make(&g, &x, &y, NULL, NULL, &o, NULL), 0);
	assert_int_equal(g.verdict, GATE_PASS);
	gate_clear(&g);
	side_clear(&x);
	side_clear(&y);
}

static void test_ratios_and_policies(void **state)
{
	struct side x = new_side("before", "ring"), y = new_side("now", "none");
	struct gate_options o;
	struct rs_error *err = NULL;
	struct gate g;

	(void)state;
	gate_defaults(&o);
	for (size_t m = 0; series_metrics[m].name; m++) {
		fill(&x, m, 1, 0.01, 6);
		fill(&y, m, 1, 0.01, 6);
	}
	assert_int_equal(gate_make(&g, &x, &y, NULL, NULL, &o, &err), -ENOENT);
	assert_non_null(strstr(err->message, "--policies A,B"));
	rs_error_free(&err);
	gate_clear(&g);
	assert_int_equal(gate_make(&g, &x, &y, "ring", "rnig", &o, &err), -ENOENT);
	assert_non_null(strstr(err->message, "it has none"));
	rs_error_free(&err);
	gate_clear(&g);

	o.ratios_only = true;
	assert_int_equal(gate_make(&g, &x, &y, "ring", "none", &o, NULL), 0);
	for (size_t i = 0; i < g.count; i++) {
		assert_true(g.rows[i].metric->ratio);
		assert_false(g.rows[i].metric->one_policy);
	}
	assert_int_equal(g.count, 2);
	gate_clear(&g);
	side_clear(&x);
	side_clear(&y);
}

static double normal(struct prng *p)
{
	return sqrt(-2 * log(1 - prng_unit(p))) * cos(2 * M_PI * prng_unit(p));
}

/*
 * statistics.md, rule 9. Whole campaigns of one policy with itself: 8 metrics
 * of 8 boots with a tenth of variation from boot to boot, and no threshold to
 * hide behind. Holm promises at most 1 %; 1,000 campaigns of a fair gate fail
 * 22 times or more with a probability below 0.001.
 */
static void test_same_policy_seldom_fails(void **state)
{
	struct prng prng = { 20260101 };
	unsigned int failed = 0;

	(void)state;
	for (unsigned int campaign = 0; campaign < 1000; campaign++) {
		struct side x = new_side("a", "ring"), y = new_side("b", "ring");
		struct gate_options o;
		struct gate g;

		gate_defaults(&o);
		memset(o.noise, 0, sizeof(o.noise));
		for (size_t m = 0; m < 8; m++)
			for (size_t boot = 0; boot < 8; boot++) {
				durations_add(&x.series->values[m], 1 + 0.1 * normal(&prng), NULL);
				durations_add(&y.series->values[m], 1 + 0.1 * normal(&prng), NULL);
			}
		assert_int_equal(gate_make(&g, &x, &y, NULL, NULL, &o, NULL), 0);
		failed += g.verdict == GATE_REGRESSION;
		gate_clear(&g);
		side_clear(&x);
		side_clear(&y);
	}
	assert_in_range(failed, 0, 21);
}

/* And one that is worse by three standard deviations is found nearly always. */
static void test_worse_policy_is_found(void **state)
{
	struct prng prng = { 7 };
	unsigned int found = 0;

	(void)state;
	for (unsigned int campaign = 0; campaign < 200; campaign++) {
		struct side x = new_side("a", "ring"), y = new_side("b", "ring");
		struct gate_options o;
		struct gate g;

		gate_defaults(&o);
		for (size_t boot = 0; boot < 8; boot++) {
			durations_add(&x.series->values[0], 1 + 0.1 * normal(&prng), NULL);
			durations_add(&y.series->values[0], 1.3 + 0.1 * normal(&prng), NULL);
		}
		assert_int_equal(gate_make(&g, &x, &y, NULL, NULL, &o, NULL), 0);
		found += g.verdict == GATE_REGRESSION;
		gate_clear(&g);
		side_clear(&x);
		side_clear(&y);
	}
	assert_in_range(found, 180, 200);
}

static struct gate two_rows(struct side *x, struct side *y)
{
	struct gate_options o;
	struct gate g;

	*x = new_side("before", "ring");
	*y = new_side("now <&>", "ring");
	gate_defaults(&o);
	fill(x, INTERFERENCE, 1, 0.01, 8);
	fill(y, INTERFERENCE, 2, 0.01, 8);
	fill(x, metric("handling_us.p99"), 50, 0.1, 8);
	fill(y, metric("handling_us.p99"), 50, 0.1, 8);
	assert_int_equal(gate_make(&g, x, y, NULL, NULL, &o, NULL), 0);
	return g;
}

static void test_json(void **state)
{
	struct side x, y;
	struct gate g = two_rows(&x, &y);
	cleanup_json struct json_object *json = gate_json(&g, NULL);
	struct json_object *rows = json_array(json, "rows");

	(void)state;
	assert_string_equal(json_text(json, "verdict"), "REGRESSION");
	assert_string_equal(json_text(json, "b"), "now <&>");
	assert_int_equal(json_count(rows), 2);
	assert_string_equal(json_text(json_row(rows, 0), "metric"), "interference");
	assert_string_equal(json_text(json_row(rows, 0), "verdict"), "REGRESSION");
	assert_string_equal(json_text(json_row(rows, 1), "verdict"), "PASS");
	assert_number(json_double(json_row(rows, 0), "hodges_lehmann_shift"), 1, 1e-9);
	gate_clear(&g);
	side_clear(&x);
	side_clear(&y);
}

static void test_junit(void **state)
{
	struct side x, y;
	struct gate g = two_rows(&x, &y);
	char path[] = "/tmp/rs-junit-XXXXXX";
	int fd = mkstemp(path);
	xmlDocPtr doc;
	xmlNodePtr root;
	xmlChar *failures;
	unsigned long cases;

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(gate_write_junit(&g, path, NULL), 0);
	doc = xmlReadFile(path, NULL, XML_PARSE_NONET);
	assert_non_null(doc);
	root = xmlDocGetRootElement(doc);
	failures = xmlGetProp(root, BAD_CAST "failures");
	cases = xmlChildElementCount(root);
	assert_string_equal((char *)failures, "1");
	assert_int_equal(cases, 2);
	xmlFree(failures);
	xmlFreeDoc(doc);
	unlink(path);
	assert_true(gate_write_junit(&g, "/nowhere/x.xml", NULL) < 0);
	gate_clear(&g);
	side_clear(&x);
	side_clear(&y);
}

static struct synth_period steady(const char *policy, unsigned int boot, enum phase phase,
				  unsigned int i)
{
	(void)policy;
	(void)phase;
	return (struct synth_period){ .wakeup_us = 100, .response_us = 8000 + boot + i % 7 };
}

static uint64_t no_wait(const char *policy, enum phase phase)
{
	(void)policy;
	(void)phase;
	return 1000000;
}

static const char *const two_policies[] = { "none", "ring_boot", NULL };

static const struct synth small_run = {
	.preset = "smoke",
	.policies = two_policies,
	.boots = 2,
	.planned = 2,
	.periods = { 320, 320, 10 },
	.period = steady,
	.wait_ns = no_wait,
	.stalls = "[]",
	.speed = "[]",
};

/* It planned 5 boots of each, and was stopped after two of `none`. */
static const struct synth broken_off = {
	.preset = "smoke",
	.policies = two_policies,
	.boots = 2,
	.planned = 5,
	.absent = "ring_boot",
	.periods = { 320, 320, 10 },
	.period = steady,
	.wait_ns = no_wait,
	.stalls = "[]",
	.speed = "[]",
};

/* A gate of equal sides that would pass, as `o` has it. */
static struct gate equal_sides(struct side *x, struct side *y)
{
	struct gate_options o;
	struct gate g;

	gate_defaults(&o);
	assert_int_equal(gate_make(&g, x, y, NULL, NULL, &o, NULL), 0);
	return g;
}

static void must_be_undecided(struct side *x, struct side *y, const char *words)
{
	struct gate g = equal_sides(x, y);
	cleanup_json struct json_object *json = gate_json(&g, NULL);
	char path[] = "/tmp/rs-junit-XXXXXX", text[4096];
	int fd = mkstemp(path);

	assert_int_equal(g.verdict, GATE_UNDECIDED);
	assert_int_equal(gate_exit_code(g.verdict), 3);
	assert_non_null(strstr(g.incomplete, words));
	assert_string_equal(json_text(json, "incomplete"), g.incomplete);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(gate_write_junit(&g, path, NULL), 0);
	assert_int_equal(folder_read(path, text, sizeof(text), NULL), 0);
	assert_non_null(strstr(text, "everything was measured"));
	unlink(path);
	gate_clear(&g);
}

/* What did not run does not pass. */
static void test_incomplete_never_passes(void **state)
{
	struct side x = new_side("before", "ring"), y = new_side("now", "ring");
	struct gate g;

	(void)state;
	fill(&x, INTERFERENCE, 1, 0.01, 8);
	fill(&y, INTERFERENCE, 1, 0.01, 8);
	g = equal_sides(&x, &y);
	assert_int_equal(g.verdict, GATE_PASS);
	assert_string_equal(g.incomplete, "");
	gate_clear(&g);

	y.interrupted = true;
	must_be_undecided(&x, &y, "now was interrupted (`ringsched resume`");
	y.interrupted = false;
	y.series->missing = 2;
	must_be_undecided(&x, &y, "now lacks 2 of the planned boots of ring");
	y.series->missing = 0;
	x.series->missing = 1;
	must_be_undecided(&x, &y, "before lacks 1 of");
	x.series->missing = 0;
	y.absent = strdup("ring_boot");
	must_be_undecided(&x, &y, "now has no boot of ring_boot, which was planned");
	free(y.absent);
	y.absent = NULL;
	x.scenario = strdup("io-storm");
	y.scenario = strdup("boot-storm");
	must_be_undecided(&x, &y, "before is of scenario io-storm, now of boot-storm");
	strcpy(y.scenario, "io-storm");
	g = equal_sides(&x, &y);
	assert_int_equal(g.verdict, GATE_PASS);
	gate_clear(&g);
	/* A guest that stood still has no p99: that is no improvement. */
	fill(&x, MISSED, 0, 0, 8);
	must_be_undecided(&x, &y, "no boot of ring in now has missed_unstained");
	/* A limit that was missed weighs more. */
	y.series->limit_missed = true;
	g = equal_sides(&x, &y);
	assert_int_equal(g.verdict, GATE_REGRESSION);
	gate_clear(&g);
	side_clear(&x);
	side_clear(&y);
}

/* A folder with two runs in it is one side with the boots of both. */
static void test_sides(void **state)
{
	char dir[] = "/tmp/rs-side-XXXXXX", part[64], command[128];
	struct rs_error *err = NULL;
	struct side side;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(side_read(&side, dir, &err), -ENOENT);
	assert_non_null(strstr(err->message, "no run's folder"));
	rs_error_free(&err);
	side_clear(&side);
	for (int i = 1; i <= 2; i++) {
		snprintf(part, sizeof(part), "%s/%d", dir, i);
		synth_run(&small_run, part);
	}
	assert_int_equal(side_read(&side, part, NULL), 0);
	assert_int_equal(side_policy(&side, "ring_boot")->boots, 2);
	side_clear(&side);
	assert_int_equal(side_read(&side, dir, NULL), 0);
	assert_int_equal(side.count, 2);
	assert_int_equal(side_policy(&side, "ring_boot")->boots, 4);
	assert_int_equal(side_policy(&side, "none")->values[INTERFERENCE].count, 4);
	assert_null(side_policy(&side, "static"));
	assert_false(side.interrupted);
	assert_int_equal(side.series->missing, 0);
	side_clear(&side);
	assert_int_equal(folder_remove(part, NULL), 0);
	synth_run(&broken_off, part);
	assert_int_equal(side_read(&side, dir, NULL), 0);
	assert_true(side.interrupted);
	assert_int_equal(side_policy(&side, "none")->missing, 3);
	assert_string_equal(side.absent, "ring_boot");
	side_clear(&side);
	snprintf(command, sizeof(command), "sed -i s/boot-interference/other/g %s/run.json", part);
	assert_int_equal(system(command), 0);
	assert_int_equal(side_read(&side, dir, &err), -EINVAL);
	assert_non_null(strstr(err->message, "different scenarios, boot-interference and other"));
	rs_error_free(&err);
	side_clear(&side);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_too_few_boots),
		cmocka_unit_test(test_uncertain_effect_names_boots),
		cmocka_unit_test(test_limit_is_a_regression),
		cmocka_unit_test(test_whose_noise_counts),
		cmocka_unit_test(test_ratios_and_policies),
		cmocka_unit_test(test_same_policy_seldom_fails),
		cmocka_unit_test(test_worse_policy_is_found),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_junit),
		cmocka_unit_test(test_incomplete_never_passes),
		cmocka_unit_test(test_sides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
