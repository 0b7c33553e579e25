// SPDX-License-Identifier: GPL-2.0-or-later
/* summary.json of run folders whose numbers are known. */
#include "tests/unit/summary_world.h"

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

/* Of the judged ring's VM, over both boots. */
static void test_counters(void **state)
{
	cleanup_run struct run *run = NULL;
	cleanup_summary struct summary *s = NULL;

	(void)state;
	synth_run(&known, folder);
	s = read_summary(&run);
	assert_int_equal(policy_counter(summary_policy(s, "ring_boot"), "boosts"), 14);
	assert_int_equal(policy_counter(summary_policy(s, "ring_boot"), "no_such"), 0);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(test_numbers),	  IN_FOLDER(test_interference),
		IN_FOLDER(test_counters),	  IN_FOLDER(test_cost),
		IN_FOLDER(test_cost_unknown),	  IN_FOLDER(test_schema),
		IN_FOLDER(test_stained),	  IN_FOLDER(test_stained_by_cause),
		IN_FOLDER(test_slow_core_stains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
