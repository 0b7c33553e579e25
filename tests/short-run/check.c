// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Looks into the cells of a short run (folder in SHORT_RUN): were boosts in
 * force when the kernel was asked, were they taken back, two kicks a period,
 * and was the booting VM low before its first instruction? Every number here
 * was read back from the kernel or counted by the guest.
 */
#include <stdio.h>

#include "tests/short-run/look.h"

#define STARTS_MIN 100 /* a second or two of the control VM's rings */

/* What the kernel said right after each notification of this VM. */
static void check_trace(struct json_object *trace, const char *vm, const uint64_t *prios)
{
	unsigned long i, starts = 0, back = 0;

	for (i = 0; i < json_count(trace); i++) {
		struct json_object *e = json_row(trace, i);
		const char *kind = json_text(e, "kind"), *policy = json_text(e, "policy");
		uint64_t ring;

		if (strcmp(json_text(e, "vm"), vm))
			continue;
		ring = number(e, "ring_id");
		if (!strcmp(kind, "START")) {
			/* A higher ring that runs already keeps its priority. */
			assert_string_equal(policy, "SCHED_FIFO");
			assert_true(number(e, "priority") >= prios[ring]);
			assert_true(number(e, "priority") <= prios[1]);
			starts++;
		} else if (!strcmp(kind, "END") && strcmp(policy, "SCHED_FIFO")) {
			assert_string_equal(policy, "SCHED_OTHER");
			back++;
		} else if (!strcmp(kind, "END")) {
			/* Still boosted: then for another ring, and as high as that. */
			assert_true(number(e, "priority") == prios[ring == 1 ? 2 : 1]);
		}
	}
	if (starts < STARTS_MIN && !strcmp(vm, "control"))
		fail_msg("%lu boosts of %s were seen, at least %d are due", starts, vm, STARTS_MIN);
	assert_true(starts > 0);
	assert_true(back > starts / 2);
}

static void check_boosts(const char *policy)
{
	/* By ring id, from short.yaml. */
	static const uint64_t control[] = { 0, 80, 60 }, neighbour[] = { 0, 40, 0 };
	cleanup_free char *pattern = NULL;
	cleanup_json struct json_object *trace = NULL;

	assert_true(asprintf(&pattern, "cells/*-%s-1/trace.json.gz", policy) > 0);
	trace = open_json(pattern);
	check_trace(trace, "control", control);
	check_trace(trace, "neighbour", neighbour);
}

static struct json_object *open_cell(const char *policy)
{
	cleanup_free char *pattern = NULL;

	assert_true(asprintf(&pattern, "cells/*-%s-1/cell.json", policy) > 0);
	return open_json(pattern);
}

static void check_counters(const char *policy)
{
	static const char *const zero[] = { "lost",	      "apply_failed", "readback_mismatch",
					    "threads_gone",   "grant_failed", "low_failed",
					    "policy_errors",  "record_full",  "record_kept",
					    "starts_deferred" };
	static const char *const vms[] = { "control", "neighbour" };
	cleanup_json struct json_object *cell = open_cell(policy);
	unsigned int i, k;

	for (i = 0; i < 2; i++) {
		struct json_object *vm = vm_status(cell, vms[i]);
		struct json_object *vcpu = json_row(json_array(vm, "vcpus"), 0);

		for (k = 0; k < sizeof(zero) / sizeof(zero[0]); k++)
			if (number(vm, zero[k]))
				fail_msg("%s: %s is not 0", vms[i], zero[k]);
		assert_string_equal(json_text(vcpu, "policy"), "SCHED_OTHER");
		json_object_object_foreach(json_dict(vm, "rejects"), reason, count)
			if (json_object_get_int64(count))
				fail_msg("%s: rejects for %s", vms[i], reason);
	}
}

static void check_kicks(const char *policy)
{
	static const char *const vms[] = { "control", "neighbour" };
	cleanup_json struct json_object *cell = open_cell(policy);
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct json_object *row = json_dict(json_dict(cell, "kicks"), vms[i]);
		double a_period = (double)number(row, "kicks") / (double)number(row, "periods");

		if (!(a_period > 1.995 && a_period < 2.005))
			fail_msg("%s: %.3f kicks a period, not 2.00", vms[i], a_period);
	}
}

static void check_limits(const char *policy)
{
	cleanup_json struct json_object *cell = open_cell(policy);
	struct json_object *rows = json_array(cell, "limits");
	unsigned long i;

	/* Those of short.yaml, and where the threads may run. */
	assert_true(json_count(rows) > 10);
	for (i = 0; i < json_count(rows); i++) {
		struct json_object *row = json_row(rows, i);

		assert_string_equal(json_text(row, "value"), json_text(row, "wanted"));
	}
}

static void check_phases(const char *policy)
{
	cleanup_json struct json_object *cell = open_cell(policy);
	struct json_object *phases = json_array(cell, "phases");
	struct json_object *boot = row_with(phases, "name", "boot");

	assert_int_equal(json_count(phases), 3);
	row_with(json_array(boot, "vcpus"), "vm", "control");
	assert_true(number(row_with(json_array(boot, "vcpus"), "vm", "neighbour"), "run_ns") > 0);
	assert_true(json_double(cell, "neighbour_boot_s") > 1);
	assert_true(number(json_dict(cell, "witness"), "wakeups") > 1000);
}

/* The daemon's own numbers of the phase are there, and as many changes as boosts
 * and ends make: one a notification of a VM that is not low. */
static void check_cost(const char *policy)
{
	cleanup_json struct json_object *cell = open_cell(policy);
	struct json_object *kicks = json_dict(json_dict(cell, "kicks"), "control");
	struct json_object *solo = row_with(json_array(cell, "phases"), "name", "solo");
	struct json_object *daemon = json_dict(solo, "daemon");
	struct json_object *gained = json_dict(json_dict(daemon, "counters"), "control");
	uint64_t sent = number(json_dict(gained, "messages"), "start") +
			number(json_dict(gained, "messages"), "end");

	assert_true(number(daemon, "notify_cpu_ns") > 0);
	assert_true(number(daemon, "cpu_ns") >= number(daemon, "notify_cpu_ns"));
	assert_true(sent > STARTS_MIN);
	assert_true(number(gained, "changes") <= sent);
	assert_true(number(gained, "changes") > sent / 2);
	assert_true(number(json_dict(json_dict(kicks, "send"), "kick"), "p50_ns") > 0);
	assert_true(number(json_dict(json_dict(kicks, "send"), "queue"), "p50_ns") > 0);
}

/* True where the VM was low, as a whole, before its first instruction. */
static int was_low(const char *policy, const char *vm)
{
	cleanup_json struct json_object *cell = open_cell(policy);
	struct json_object *settled = json_dict(json_dict(cell, "settled"), vm);
	const char *now = json_text(json_row(json_array(settled, "vcpus"), 0), "policy");

	assert_non_null(now);
	if (!strcmp(now, "SCHED_IDLE")) {
		assert_non_null(json_text(json_dict(settled, "low_group"), "path"));
		return 1;
	}
	assert_string_equal(now, "SCHED_OTHER");
	return 0;
}

static void ring_boosts(void **state)
{
	(void)state;
	check_boosts("ring");
}

static void ring_boot_boosts(void **state)
{
	(void)state;
	check_boosts("ring_boot");
}

static void nothing_went_wrong(void **state)
{
	(void)state;
	check_counters("ring");
	check_counters("ring_boot");
}

static void two_kicks_a_period(void **state)
{
	(void)state;
	check_kicks("ring");
	check_kicks("ring_boot");
}

static void limits_are_in_force(void **state)
{
	(void)state;
	check_limits("ring");
	check_limits("ring_boot");
}

static void phases_are_measured(void **state)
{
	(void)state;
	check_phases("ring");
	check_phases("ring_boot");
}

static void cost_is_counted(void **state)
{
	(void)state;
	check_cost("ring");
	check_cost("ring_boot");
}

/* Keys of docs/results.md, and numbers where a run of any length has them. */
static void summary_is_whole(void **state)
{
	static const char *const top[] = { "schema",	   "scenario",	  "accel",   "seed",
					   "preset",	   "policies",	  "witness", "comparisons",
					   "failed_cells", "environment", "command" };
	static const char *const phases[] = { "solo", "boot", "shared" };
	static const char *const quantiles[] = { "min", "p50", "p90", "p99", "p999", "max" };
	cleanup_json struct json_object *summary = open_json("summary.json");
	struct json_object *ring = json_dict(json_dict(summary, "policies"), "ring");
	unsigned int i, k;

	(void)state;
	for (i = 0; i < sizeof(top) / sizeof(top[0]); i++)
		if (!json_object_object_get_ex(summary, top[i], NULL))
			fail_msg("no %s", top[i]);
	assert_int_equal(number(summary, "schema"), 1);
	assert_int_equal(number(ring, "boots"), 1);
	assert_true(json_object_object_get_ex(ring, "interference", NULL));
	assert_true(json_double(ring, "kicks_per_period") > 1.9);
	assert_true(json_double(json_dict(ring, "handling_us"), "max") > 0);
	assert_int_equal(json_count(json_array(ring, "neighbour_boot_s")), 1);
	for (i = 0; i < 3; i++) {
		struct json_object *p = json_dict(json_dict(ring, "phases"), phases[i]);

		assert_true(number(p, "periods") > 50);
		assert_true(json_object_object_get_ex(p, "missed", NULL));
		assert_true(json_double(p, "vcpu_wait_us_per_period") >= 0);
		assert_true(json_double(json_dict(p, "wakeup_us"), "max") > 0);
		assert_true(json_double(json_dict(p, "response_us"), "p50") > 1000);
		for (k = 0; k < sizeof(quantiles) / sizeof(quantiles[0]); k++)
			assert_true(json_object_object_get_ex(json_dict(p, "response_us"),
							      quantiles[k], NULL));
	}
}

static void low_before_first_instruction(void **state)
{
	(void)state;
	assert_false(was_low("ring", "neighbour"));
	assert_true(was_low("ring_boot", "neighbour"));
	assert_true(was_low("ring_boot", "control"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ring_boosts),
		cmocka_unit_test(ring_boot_boosts),
		cmocka_unit_test(nothing_went_wrong),
		cmocka_unit_test(two_kicks_a_period),
		cmocka_unit_test(limits_are_in_force),
		cmocka_unit_test(phases_are_measured),
		cmocka_unit_test(cost_is_counted),
		cmocka_unit_test(low_before_first_instruction),
		cmocka_unit_test(summary_is_whole),
	};

	if (!getenv("SHORT_RUN")) {
		fprintf(stderr, "SHORT_RUN names the run's folder\n");
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
