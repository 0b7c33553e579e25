// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * summary.json, verdict and report of run folders whose numbers are known.
 *
 * `test_summary DIR` makes a realistic run in DIR instead and reports it: to
 * look at the figures with nothing measured.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>
#include <json-c/json.h>
#include <math.h>

#include "harness/folder.h"
#include "harness/jsonread.h"
#include "host/prng.h"
#include "harness/report.h"
#include "harness/summary.h"
#include "harness/verdict.h"
#include "host/error.h"
#include "tests/unit/synthetic_run.h"

static const char *const two_policies[] = { "none", "ring_boot", NULL };
static const char *const four_policies[] = { "none", "static", "ring", "ring_boot", NULL };

/* ---- runs with known numbers ---- */

/*
 * Solo: 400 periods with response 5001, 5002, … 5400 us, so the nearest-rank
 * p99 is number 396 of them: 5396 us; the median is number 200: 5200 us.
 * Boot: the same times 3 (none) or 1.05 (ring_boot), times boot / 2 + 0.5,
 * and with `none` period 10 misses (21 ms), 20 and 21 are skipped, and the
 * last turn of period 30 never ends.
 */
static struct synth_period known_period(const char *policy, unsigned int boot, enum phase phase,
					unsigned int i)
{
	bool none = !strcmp(policy, "none");
	struct synth_period p = { .wakeup_us = 100 + i % 7, .response_us = 5001 + i };

	if (phase != PHASE_BOOT)
		return p;
	p.response_us *= (none ? 3 : 1.05) * (0.5 + 0.5 * boot) / 1.5;
	if (!none)
		return p;
	if (i == 10)
		p.response_us = 21000;
	if (i == 20 || i == 21)
		p.skip = true;
	if (i == 30)
		p.response_us = -1;
	return p;
}

/* In boot 2 s for `none`, 60 ms for the others, over 400 periods each. */
static uint64_t known_wait(const char *policy, enum phase phase)
{
	if (phase != PHASE_BOOT)
		return 4000000;
	return !strcmp(policy, "none") ? 2000000000 : 60000000;
}

static const struct synth known = {
	.preset = "demo",
	.policies = two_policies,
	.boots = 2,
	.planned = 2,
	.periods = { 400, 400, 100 },
	.period = known_period,
	.wait_ns = known_wait,
	.stalls = "[]",
	.speed = "[]",
};

static char folder[64];

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static int make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/ringsched-summary-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int drop_folder(void **state)
{
	(void)state;
	return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static struct summary *read_summary(struct run **run)
{
	cleanup_error struct rs_error *err = NULL;
	struct summary *s;

	*run = run_read(folder, &err);
	if (!*run)
		fail_msg("%s", err->message);
	s = summary_make(*run, &err);
	if (!s)
		fail_msg("%s", err->message);
	return s;
}

/* A number at a path of keys, NaN where it is null or absent. */
static double at(struct json_object *json, const char *path)
{
	char copy[128], *key, *next;

	snprintf(copy, sizeof(copy), "%s", path);
	for (key = copy; (next = strchr(key, '.')); key = next + 1) {
		*next = '\0';
		json = json_dict(json, key);
	}
	return json_double(json, key);
}

static void assert_number(struct json_object *json, const char *path, double expected)
{
	double value = at(json, path);

	if (!(fabs(value - expected) <= 1e-6 * fmax(1, fabs(expected))))
		fail_msg("%s is %.9g, not %.9g", path, value, expected);
}

static void assert_json_null(struct json_object *json, const char *path)
{
	if (!isnan(at(json, path)))
		fail_msg("%s is %.9g, not null", path, at(json, path));
}

static void test_numbers(void **state)
{
	cleanup_run struct run *run = NULL;
	cleanup_summary struct summary *s = NULL;
	cleanup_json struct json_object *json = NULL;

	(void)state;
	synth_run(&known, folder);
	s = read_summary(&run);
	json = summary_json(s, NULL);
	assert_number(json, "schema", 1);
	assert_number(json, "policies.none.boots", 2);
	assert_number(json, "policies.none.phases.solo.periods", 800);
	assert_number(json, "policies.none.phases.solo.missed", 0);
	assert_number(json, "policies.none.phases.solo.response_us.min", 5001);
	assert_number(json, "policies.none.phases.solo.response_us.p50", 5200);
	assert_number(json, "policies.none.phases.solo.response_us.p99", 5396);
	assert_number(json, "policies.none.phases.solo.response_us.max", 5400);
	assert_number(json, "policies.none.phases.solo.wakeup_us.min", 100);
	assert_number(json, "policies.none.phases.solo.wakeup_us.max", 106);
	/* 800 samples are too few for p99.9, 200 for p99. */
	assert_json_null(json, "policies.none.phases.solo.response_us.p999");
	assert_json_null(json, "policies.none.phases.shared.response_us.p99");
	/* A boot: one late, two skipped, one without an end, of 400. */
	assert_number(json, "policies.none.phases.boot.periods", 800);
	assert_number(json, "policies.none.phases.boot.skipped", 4);
	assert_number(json, "policies.none.phases.boot.missed", 8);
	assert_number(json, "policies.none.phases.boot.missed_unstained", 8);
	assert_number(json, "policies.none.phases.boot.response_us.count", 798);
	/* Period 20 of boot 2: two periods, and 22 ends 3 * 5023 us after its release. */
	assert_number(json, "policies.none.phases.boot.response_us.max", 40000 + 15069);
	assert_number(json, "policies.none.phases.boot.wakeup_us.count", 800);
	assert_number(json, "policies.none.phases.boot.vcpu_wait_us_per_period", 5000);
	assert_number(json, "policies.ring_boot.phases.boot.vcpu_wait_us_per_period", 150);
	assert_number(json, "policies.none.phases.boot.cost.neighbour_cpu_share", 0.25);
	assert_number(json, "policies.none.phases.boot.control_missed_unstained", 8);
	assert_number(json, "policies.none.rings.control/1.phases.boot.vcpu_wait_us_per_period",
		      5000);
	assert_number(json, "policies.ring_boot.kicks_per_period", 2);
	assert_number(json, "policies.none.kicks_per_period", 0);
	assert_number(json, "policies.ring_boot.handling_us.p99", 42);
	assert_number(json, "policies.ring_boot.handling_us.count", 4000);
	assert_json_null(json, "policies.none.handling_us.p99");
	assert_number(json, "policies.ring_boot.rings.neighbour/1.phases.shared.periods", 80);
	assert_number(json, "policies.ring_boot.rings.neighbour/1.phases.shared.missed", 0);
	assert_number(json, "policies.ring_boot.rings.control/1.notifications_per_period", 2.5);
	assert_number(json, "policies.ring_boot.rings.control/1.priority_changes_per_period", 2);
}

/* The numbers of synth_cost(), over 8 s and 400 periods; `none` skips two in boot. */
static void test_cost(void **state)
{
	cleanup_run struct run *run = NULL;
	cleanup_summary struct summary *s = NULL;
	cleanup_json struct json_object *json = NULL;
	struct json_object *ring, *none;

	(void)state;
	synth_run(&known, folder);
	s = read_summary(&run);
	json = summary_json(s, NULL);
	ring = json_dict(json_dict(json_dict(json, "policies"), "ring_boot"), "phases");
	none = json_dict(json_dict(json_dict(json, "policies"), "none"), "phases");
	assert_number(ring, "boot.cost.notifications_per_period", 2);
	assert_number(none, "boot.cost.notifications_per_period", 0);
	assert_number(ring, "boot.cost.reads_per_period", 0);
	assert_number(ring, "boot.cost.priority_changes_per_s", 100);
	assert_number(none, "boot.cost.priority_changes_per_s", 0);
	assert_number(ring, "boot.cost.daemon_cpu_us_per_s", 2000);
	assert_number(ring, "boot.cost.daemon_cpu_us_per_period", 40);
	assert_number(ring, "boot.cost.notify_cpu_us_per_s", 1000);
	assert_number(ring, "boot.cost.notify_cpu_us_per_period", 20);
	assert_number(none, "boot.cost.daemon_cpu_us_per_s", 100);
	/* Per period that ran: 398 of 400. */
	assert_number(none, "boot.cost.guest_cpu_us_per_period", 3200000.0 / 398);
	assert_number(ring, "boot.cost.guest_cpu_us_per_period", 8100);
	/* The turns of a solo period are its response less 100 to 106 us before the first. */
	assert_number(ring, "solo.cost.guest_overhead_us_per_period",
		      8100 + 10 - 5200.5 + 102.9925);
	assert_json_null(ring, "boot.cost.guest_overhead_us_per_period");
	assert_number(ring, "solo.cost.guest_extra_us_per_period", 100);
	assert_number(none, "solo.cost.guest_extra_us_per_period", 0);
	assert_number(ring, "boot.cost.control_cpu_share", 0.405);
	assert_number(ring, "boot.cost.neighbour_cpu_share", 0.25);
	/* 2 s: 100 periods of the control ring, 40 of the neighbour's, which sends nothing here. */
	assert_number(ring, "shared.cost.notifications_per_period", 800 / 140.0);
	assert_number(json, "policies.ring_boot.send_us", 28);
	assert_json_null(json, "policies.none.send_us");
}

/* A folder of before these numbers were kept is reported without them. */
static void test_cost_unknown(void **state)
{
	cleanup_run struct run *run = NULL;
	cleanup_summary struct summary *s = NULL;
	cleanup_json struct json_object *json = NULL;
	char command[256];

	(void)state;
	synth_run(&known, folder);
	snprintf(command, sizeof(command),
		 "sed -i 's/\"cpu_ns\"/\"a\"/g; s/\"notify_cpu_ns\"/\"b\"/g; "
		 "s/\"counters\"/\"c\"/g; s/\"send\"/\"d\"/g' %s/cells/*/cell.json",
		 folder);
	assert_int_equal(system(command), 0);
	s = read_summary(&run);
	json = summary_json(s, NULL);
	assert_json_null(json, "policies.ring_boot.phases.boot.cost.daemon_cpu_us_per_s");
	assert_json_null(json, "policies.ring_boot.phases.boot.cost.notifications_per_period");
	assert_json_null(json, "policies.ring_boot.send_us");
	assert_number(json, "policies.ring_boot.phases.boot.cost.neighbour_cpu_share", 0.25);
}

/* Boots 1 and 2 of ring_boot have 1.05 / 1.5 and 1.05: the median is between. */
static void test_interference(void **state)
{
	cleanup_run struct run *run = NULL;
	cleanup_summary struct summary *s = NULL;
	cleanup_json struct json_object *json = NULL;
	const struct policy_result *p;

	(void)state;
	synth_run(&known, folder);
	s = read_summary(&run);
	p = summary_policy(s, "ring_boot");
	assert_non_null(p);
	assert_int_equal(p->boot_count, 2);
	assert_true(fabs(p->boots[0].interference - 1.05 / 1.5) < 1e-6);
	assert_true(fabs(p->boots[1].interference - 1.05) < 1e-6);
	assert_true(fabs(p->interference - (1.05 / 1.5 + 1.05) / 2) < 1e-6);
	assert_ptr_equal(policy_median_boot(p), &p->boots[0]);
	json = summary_json(s, NULL);
	assert_int_equal(json_count(json_array(json_dict(json_dict(json, "policies"), "ring_boot"),
					       "interference_per_boot")),
			 2);
	assert_int_equal(s->comparison_count, 3);
	assert_true(isfinite(s->comparisons[0].p));
	assert_true(s->comparisons[0].shift < 0);
}

/* Every key that the issue asks for is there, whatever its value. */
static void test_schema(void **state)
{
	static const char *const top[] = { "schema",	   "scenario",	 "accel",   "seed",
					   "preset",	   "policies",	 "witness", "comparisons",
					   "failed_cells", "environment" };
	static const char *const of_policy[] = { "boots",
						 "phases",
						 "interference",
						 "interference_per_boot",
						 "kicks_per_period",
						 "handling_us",
						 "neighbour_boot_s",
						 "per_boot",
						 "rings" };
	static const char *const of_phase[] = { "periods",	    "missed",
						"missed_unstained", "stained",
						"skipped",	    "wakeup_us",
						"response_us",	    "vcpu_wait_us_per_period" };
	cleanup_run struct run *run = NULL;
	cleanup_summary struct summary *s = NULL;
	cleanup_json struct json_object *json = NULL;

	(void)state;
	synth_run(&known, folder);
	s = read_summary(&run);
	json = summary_json(s, NULL);
	for (size_t i = 0; i < sizeof(top) / sizeof(top[0]); i++)
		assert_true(json_object_object_get_ex(json, top[i], NULL));
	for (int i = 0; two_policies[i]; i++) {
		struct json_object *p = json_dict(json_dict(json, "policies"), two_policies[i]);

		for (size_t k = 0; k < sizeof(of_policy) / sizeof(of_policy[0]); k++)
			assert_true(json_object_object_get_ex(p, of_policy[k], NULL));
		assert_int_equal(json_count(json_array(p, "neighbour_boot_s")), 2);
		for (int j = 0; j < PHASE_COUNT; j++) {
			struct json_object *phase =
				json_dict(json_dict(p, "phases"), phase_names[j]);

			for (size_t k = 0; k < sizeof(of_phase) / sizeof(of_phase[0]); k++)
				assert_true(json_object_object_get_ex(phase, of_phase[k], NULL));
			for (size_t k = 0; k < SPREAD_COUNT; k++)
				assert_true(json_object_object_get_ex(
					json_dict(phase, "response_us"), spread_names[k], NULL));
		}
	}
}

/*
 * Order 1 is policies[1 % 2] = ring_boot, order 2 `none`. A stall of 2 ms
 * within period 10 of the boot phase of cell 2, and one of 0.9 ms, which is
 * below the threshold, within period 30: one of four misses is stained.
 */
static void test_stained(void **state)
{
	uint64_t boot = SYNTH_FIRST_NS + 2 * SYNTH_CELL_NS + 400 * SYNTH_PERIOD_NS;
	uint64_t release = boot + SYNTH_PERIOD_NS / 2;
	struct synth s = known;
	cleanup_run struct run *run = NULL;
	cleanup_summary struct summary *summary = NULL;
	const struct policy_result *p;
	char stalls[256];

	(void)state;
	snprintf(stalls, sizeof(stalls), "[[%ju,2000000],[%ju,900000]]",
		 (uintmax_t)(release + 10 * SYNTH_PERIOD_NS + 5000000),
		 (uintmax_t)(release + 30 * SYNTH_PERIOD_NS + 5000000));
	s.stalls = stalls;
	s.boots = s.planned = 1;
	synth_run(&s, folder);
	summary = read_summary(&run);
	p = summary_policy(summary, "none");
	assert_int_equal(p->pooled[PHASE_BOOT].missed, 4);
	assert_int_equal(p->pooled[PHASE_BOOT].missed_unstained, 3);
	assert_int_equal(p->pooled[PHASE_BOOT].stained, 1);
	/* Nothing was removed. */
	assert_int_equal(p->pooled[PHASE_BOOT].response.count, 399);
}

/* Period 10 runs into period 11, which is skipped for it. */
static struct synth_period overrun_period(const char *policy, unsigned int boot, enum phase phase,
					  unsigned int i)
{
	struct synth_period p = known_period(policy, boot, phase, i);

	if (phase == PHASE_BOOT && !strcmp(policy, "none") && i == 11)
		p.skip = true;
	return p;
}

/* A stall in period 10 stains the one skipped for it, not those of 20 and 21. */
static void test_stained_by_cause(void **state)
{
	uint64_t boot = SYNTH_FIRST_NS + 2 * SYNTH_CELL_NS + 400 * SYNTH_PERIOD_NS;
	uint64_t release = boot + SYNTH_PERIOD_NS / 2;
	struct synth s = known;
	cleanup_run struct run *run = NULL;
	cleanup_summary struct summary *summary = NULL;
	const struct policy_result *p;
	char stalls[256];

	(void)state;
	snprintf(stalls, sizeof(stalls), "[[%ju,2000000]]",
		 (uintmax_t)(release + 10 * SYNTH_PERIOD_NS + 5000000));
	s.stalls = stalls;
	s.period = overrun_period;
	s.boots = s.planned = 1;
	synth_run(&s, folder);
	summary = read_summary(&run);
	p = summary_policy(summary, "none");
	assert_int_equal(p->pooled[PHASE_BOOT].missed, 5);
	assert_int_equal(p->pooled[PHASE_BOOT].stained, 2);
	assert_int_equal(p->pooled[PHASE_BOOT].missed_unstained, 3);
}

/* One probe at 40 % between two at 100 %, 100 ms apart: it stands for 100 ms. */
static void test_slow_core_stains(void **state)
{
	uint64_t boot = SYNTH_FIRST_NS + 2 * SYNTH_CELL_NS + 400 * SYNTH_PERIOD_NS;
	struct synth s = known;
	cleanup_run struct run *run = NULL;
	cleanup_summary struct summary *summary = NULL;
	const struct policy_result *p;
	char speed[256];

	(void)state;
	snprintf(speed, sizeof(speed), "[[%ju,1000],[%ju,400],[%ju,1000]]",
		 (uintmax_t)(boot + 1000000000), (uintmax_t)(boot + 1100000000),
		 (uintmax_t)(boot + 1200000000));
	s.speed = speed;
	s.boots = s.planned = 1;
	synth_run(&s, folder);
	summary = read_summary(&run);
	p = summary_policy(summary, "none");
	/* [1.05, 1.15] s touches the windows of 52 (1.05 s) to 57 (1.15 s). */
	assert_in_range(p->pooled[PHASE_BOOT].stained, 5, 7);
	assert_int_equal(p->pooled[PHASE_SOLO].stained, 0);
}

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

static char *read_text(const char *name)
{
	static char text[1 << 20];
	char path[256];
	size_t length;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "r");
	if (!f)
		fail_msg("%s is not there", path);
	length = fread(text, 1, sizeof(text) - 1, f);
	text[length] = '\0';
	fclose(f);
	return text;
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

/* A file name of cell.json must not lead out of the cell's folder. */
static void test_hostile_file_name(void **state)
{
	cleanup_run struct run *run = NULL;
	struct synth s = known;
	char command[512];

	(void)state;
	s.boots = s.planned = 1;
	synth_run(&s, folder);
	snprintf(command, sizeof(command),
		 "sed -i 's|samples-control-1|../../x|' %s/cells/001-ring_boot-1/cell.json",
		 folder);
	assert_int_equal(system(command), 0);
	run = run_read(folder, NULL);
	assert_non_null(run);
	assert_int_equal(run->failure_count, 1);
	assert_non_null(strstr(run->failures[0].why, "plain file name"));
}

/* Names stand in scripts that gnuplot runs: one that ends a text there must not
 * get so far. */
static void test_hostile_names(void **state)
{
	static const char *const edits[] = {
		"s|\"policy\":\"ring_boot\"|\"policy\":\"x'; system('touch /tmp/x') #\"|",
		"s|\"vm\":\"control\",\"ring_id\"|\"vm\":\"`touch /tmp/x`\",\"ring_id\"|",
	};
	struct synth s = known;

	(void)state;
	s.boots = s.planned = 1;
	for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		cleanup_run struct run *run = NULL;
		char path[128], command[512];

		synth_run(&s, folder);
		snprintf(path, sizeof(path), "%s/edit", folder);
		assert_int_equal(folder_write(path, edits[i], NULL), 0);
		snprintf(command, sizeof(command),
			 "sed -i -f %s %s/cells/001-ring_boot-1/cell.json", path, folder);
		assert_int_equal(system(command), 0);
		run = run_read(folder, NULL);
		assert_non_null(run);
		assert_int_equal(run->failure_count, 1);
		assert_non_null(strstr(run->failures[0].why, "no plain name"));
	}
}

/* The folder holds all that docs/run-folder.md says, pictures included. */
static void test_report_files(void **state)
{
	static const char *const names[] = { "response-time", "ccdf", "boots", "priority", "cost" };
	cleanup_error struct rs_error *err = NULL;
	struct report_verdict verdict;
	char name[64], *text;

	(void)state;
	synth_run(&known, folder);
	assert_int_equal(report_make(folder, &verdict, &err), 0);
	assert_int_equal(verdict.result, REPORT_PASS);
	assert_int_equal(report_exit_code(verdict.result), 0);
	assert_non_null(strstr(verdict.table, "ring_boot"));
	report_verdict_clear(&verdict);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(name, sizeof(name), "figures/%s.png", names[i]);
		assert_memory_equal(read_text(name), "\x89PNG", 4);
		snprintf(name, sizeof(name), "figures/%s.svg", names[i]);
		assert_non_null(strstr(read_text(name), "<svg"));
	}
	text = read_text("report.md");
	assert_non_null(strstr(text, "This is a demonstration"));
	assert_non_null(strstr(text, "](figures/priority.png)"));
	assert_non_null(strstr(text, "none in 2, so at most 77.6 %"));
	text = read_text("histograms.csv");
	assert_non_null(strstr(text, "policy,phase,metric,upper_us,count\n"));
	assert_non_null(strstr(text, "ring_boot,boot,response,"));
	assert_non_null(strstr(read_text("summary.json"), "\"schema\": 1"));
}

/* ---- a run as one would measure it, for the eye ---- */

static double noise(struct prng *p)
{
	return prng_unit(p) + prng_unit(p) + prng_unit(p) - 1.5;
}

static struct synth_period real_period(const char *policy, unsigned int boot, enum phase phase,
				       unsigned int i)
{
	static struct prng random = { 7 };
	double drift = 1 + 0.06 * sin((double)i / 170 + boot);
	struct synth_period p = { .wakeup_us = 450 + 200 * noise(&random) };
	double work = (8000 + 350 * noise(&random)) * drift;

	if (prng_unit(&random) < 0.01)
		work += 1500 * prng_unit(&random);
	if (phase == PHASE_BOOT && !strcmp(policy, "none")) {
		p.wakeup_us += 4000 * prng_unit(&random);
		work = work * (1.5 + prng_unit(&random)) + 1500;
		p.skip = i % 2 && prng_unit(&random) < 0.15;
		if (prng_unit(&random) < 0.01)
			work += 25000;
	}
	if (phase == PHASE_BOOT && !strcmp(policy, "ring") && prng_unit(&random) < 0.4)
		p.wakeup_us += 4000 * prng_unit(&random);
	p.response_us = p.wakeup_us + work;
	return p;
}

static uint64_t real_wait(const char *policy, enum phase phase)
{
	if (phase != PHASE_BOOT)
		return 9000000;
	if (!strcmp(policy, "none"))
		return 16500000000;
	return !strcmp(policy, "ring") ? 1900000000 : 110000000;
}

static int make_realistic(const char *dir)
{
	static char stalls[1024];
	const struct synth s = {
		.preset = "demo",
		.policies = four_policies,
		.boots = 3,
		.planned = 3,
		.periods = { 500, 2100, 400 },
		.period = real_period,
		.wait_ns = real_wait,
		.stalls = stalls,
		.speed = "[[2100000000000,1010],[2130000000000,430],[2130100000000,990]]",
	};
	struct report_verdict verdict;
	struct rs_error *err = NULL;
	size_t used = 0;

	for (unsigned int i = 1; i <= 12; i++) /* one early in each cell's boot phase */
		used += (size_t)snprintf(
			stalls + used, sizeof(stalls) - used, "%s[%ju,%u]", i > 1 ? "," : "[",
			(uintmax_t)(SYNTH_FIRST_NS + i * SYNTH_CELL_NS + (12 + i) * 1000000000ull),
			1500000 + i * 200000);
	snprintf(stalls + used, sizeof(stalls) - used, "]");
	synth_run(&s, dir);
	if (report_make(dir, &verdict, &err) < 0) {
		fprintf(stderr, "%s\n", err->message);
		rs_error_free(&err);
		return 1;
	}
	report_print(&verdict, stdout);
	report_verdict_clear(&verdict);
	return 0;
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, drop_folder)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(test_numbers),
		IN_FOLDER(test_interference),
		IN_FOLDER(test_cost),
		IN_FOLDER(test_cost_unknown),
		IN_FOLDER(test_schema),
		IN_FOLDER(test_stained),
		IN_FOLDER(test_stained_by_cause),
		IN_FOLDER(test_slow_core_stains),
		IN_FOLDER(test_verdict),
		IN_FOLDER(test_misses_fail),
		IN_FOLDER(test_other_phase_judged),
		IN_FOLDER(test_without_neighbour),
		IN_FOLDER(test_too_few_periods),
		IN_FOLDER(test_interrupted),
		IN_FOLDER(test_nothing_finished),
		IN_FOLDER(test_hostile_file_name),
		IN_FOLDER(test_hostile_names),
		IN_FOLDER(test_report_files),
	};

	if (argc > 1)
		return make_realistic(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
