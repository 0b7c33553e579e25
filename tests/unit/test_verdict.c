// SPDX-License-Identifier: GPL-2.0-or-later
/* The verdict on run folders whose numbers are known, and on those that lack some. */
#include "tests/unit/summary_world.h"

static void test_verdict(void **state)
{
	cleanup_run struct run *run = NULL;
	cleanup_summary struct summary *s = NULL;
	struct verdict v;

	(void)state;
	synth_run(&known, folder);
	s = read_summary(&run);
	verdict_make(&v, s);
	assert_int_equal(v.limit_count, 3);
	assert_int_equal(v.result, REPORT_PASS);
	run->scenario->limits.interference_max = 0.8;
	verdict_make(&v, s);
	assert_int_equal(v.result, REPORT_MISSED);
	assert_int_equal(v.limits[0].state, STATE_FAILS);
	free(run->scenario->verdict_policy);
	run->scenario->verdict_policy = strdup("static");
	verdict_make(&v, s);
	assert_int_equal(v.limits[0].state, STATE_NOT_RUN);
	assert_int_equal(v.result, REPORT_UNDECIDED);
}

/* An interval over boots from 10 boots on, of medians only. */
static void test_interval(void **state)
{
	double value, from, to, low, high;
	struct synth synth = known;
	struct verdict v;
	int end = 0;

	(void)state;
	for (synth.boots = 9; synth.boots <= 10; synth.boots++) {
		cleanup_run struct run *run = NULL;
		cleanup_summary struct summary *s = NULL;

		synth.planned = synth.boots;
		synth_run(&synth, folder);
		s = read_summary(&run);
		verdict_make(&v, s);
		assert_null(strstr(v.limits[1].measured, "95 %")); /* misses are a sum */
		assert_int_equal(!strstr(v.limits[0].measured, "95 %"), synth.boots == 9);
	}
	assert_int_equal(sscanf(v.limits[0].measured,
				"%lf (%lf to %lf; 95 %%: %lf to %lf; boots: 10)%n", &value, &from,
				&to, &low, &high, &end),
			 5);
	assert_int_equal(end, strlen(v.limits[0].measured));
	assert_true(from <= low && low < value && value < high && high <= to);
}

/* `none` misses deadlines; judged by its own misses it must fail. */
static void test_misses_fail(void **state)
{
	cleanup_run struct run *run = NULL;
	cleanup_summary struct summary *s = NULL;
	struct verdict v;

	(void)state;
	synth_run(&known, folder);
	s = read_summary(&run);
	free(run->scenario->verdict_policy);
	run->scenario->verdict_policy = strdup("none");
	run->scenario->limits.interference_max = NAN;
	run->scenario->limits.handling_p99_us_max = NAN;
	verdict_make(&v, s);
	assert_int_equal(v.limit_count, 1);
	assert_int_equal(v.result, REPORT_MISSED);
}

/* Limits about `shared`: no p99 of so few periods, a quarter of the core. */
static void test_other_phase_judged(void **state)
{
	struct synth synth = known;
	cleanup_run struct run *run = NULL;
	cleanup_summary struct summary *s = NULL, *again = NULL;
	struct verdict v;

	(void)state;
	synth.periods[PHASE_SHARED] = 400;
	synth_run(&synth, folder);
	s = read_summary(&run);
	run->scenario->limits.phase = PHASE_SHARED;
	run->scenario->limits.neighbour_share_min = 0.2;
	run->scenario->limits.boot_s_max = 42;
	again = summary_make(run, NULL);
	assert_true(fabs(summary_policy(again, "ring_boot")->interference - 1) < 1e-6);
	assert_string_equal(again->comparisons[1].metric, "response_p99_us.shared");
	verdict_make(&v, again);
	assert_int_equal(v.limit_count, 5);
	assert_int_equal(v.result, REPORT_PASS);
	assert_int_equal(v.shown_count, 0); /* nothing is expected of this question */
	assert_non_null(strstr(v.limits[1].what, "missed in shared"));
	run->scenario->limits.neighbour_share_min = 0.3;
	run->scenario->limits.boot_s_max = 41.9; /* boot 2 took 42 s, the median is 41.5 */
	verdict_make(&v, again);
	assert_int_equal(v.limits[3].state, STATE_FAILS);
	assert_int_equal(v.limits[4].state, STATE_FAILS);
}

/* The text of scenario.yaml, changed before it is read. */
static void change_scenario(const char *expression)
{
	char command[512];

	snprintf(command, sizeof(command), "sed -i '%s' %s/scenario.yaml", expression, folder);
	assert_int_equal(system(command), 0);
}

/* Two control VMs and nothing that boots: the report speaks of no boot. */
static void test_without_neighbour(void **state)
{
	cleanup_error struct rs_error *err = NULL;
	struct report_verdict verdict;
	char *text;

	(void)state;
	synth_run(&known, folder);
	change_scenario("s/role: neighbour/role: control/; s/boot_timeout: .*/boot_timeout: none/; "
			"s/shared: .s/shared: 0s/; /interference:/d");
	assert_int_equal(report_make(folder, &verdict, &err), 0);
	assert_int_equal(verdict.result, REPORT_PASS);
	assert_null(strstr(verdict.table, "boot  their"));
	assert_null(strstr(verdict.table, "inter- "));
	assert_non_null(strstr(verdict.reasons, "missed in solo"));
	report_verdict_clear(&verdict);
	text = read_text("report.md");
	assert_null(strstr(text, "expected to show"));
	assert_null(strstr(text, "neighbours' boot"));
	assert_non_null(strstr(text, "Nothing boots here"));
	assert_non_null(strstr(text, "## Rings in phase solo"));
	assert_non_null(strstr(text, "| none | control/1 | 80 | 20 / 20 | 800 | 0 | 0 |"));
	assert_non_null(strstr(read_text("summary.json"), "\"judged_phase\": \"solo\""));
}

/* 200 periods are too few for a p99: null, excluded, counted, undecided. */
static void test_too_few_periods(void **state)
{
	struct synth s = known;
	cleanup_run struct run *run = NULL;
	cleanup_summary struct summary *summary = NULL;
	struct verdict v;

	(void)state;
	s.periods[PHASE_SOLO] = 200;
	synth_run(&s, folder);
	summary = read_summary(&run);
	assert_true(isnan(summary_policy(summary, "ring_boot")->interference));
	assert_int_equal(summary_policy(summary, "ring_boot")->interference_excluded, 2);
	verdict_make(&v, summary);
	assert_int_equal(v.result, REPORT_UNDECIDED);
}

/* An interrupted run reports what it has, and does not pass. */
static void test_interrupted(void **state)
{
	cleanup_run struct run *run = NULL;
	cleanup_summary struct summary *summary = NULL;
	struct synth s = known;
	struct verdict v;
	char path[128];

	(void)state;
	s.planned = 3;
	synth_run(&s, folder);
	/* Cell 4 was not finished, and cell 3 is broken. */
	snprintf(path, sizeof(path), "%s/cells/004-ring_boot-2/cell.json", folder);
	assert_int_equal(remove(path), 0);
	snprintf(path, sizeof(path), "%s/cells/003-none-2/cell.json", folder);
	assert_int_equal(truncate(path, 100), 0);
	summary = read_summary(&run);
	assert_int_equal(run->cell_count, 2);
	assert_int_equal(run->failure_count, 2);
	assert_string_equal(run->failures[1].name, "004-ring_boot-2");
	assert_string_equal(run->failures[1].why, "not finished");
	assert_non_null(strstr(run->failures[0].why, "no JSON"));
	assert_int_equal(summary_policy(summary, "ring_boot")->boot_count, 1);
	verdict_make(&v, summary);
	assert_int_equal(v.result, REPORT_UNDECIDED);
}

static void test_nothing_finished(void **state)
{
	struct rs_error *err = NULL;
	struct report_verdict verdict;
	struct synth s = known;

	(void)state;
	s.boots = 0;
	synth_run(&s, folder);
	assert_true(report_make(folder, &verdict, &err) < 0);
	assert_non_null(strstr(err->message, "no cell is finished"));
	rs_error_free(&err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(test_verdict),	   IN_FOLDER(test_interval),
		IN_FOLDER(test_misses_fail),	   IN_FOLDER(test_other_phase_judged),
		IN_FOLDER(test_without_neighbour), IN_FOLDER(test_too_few_periods),
		IN_FOLDER(test_interrupted),	   IN_FOLDER(test_nothing_finished),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
