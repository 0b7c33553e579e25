// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Looks into a run of ring-size.yaml (folder in SHORT_RUN): what a ring costs
 * in notifications, and whether per_switch has in force what it was told.
 */
#include <stdio.h>

#include "tests/short-run/look.h"

static const struct {
	const char *ring;
	double processes;
} rings[] = {
	{ "control/1", 1 }, { "control/2", 2 },	  { "control/4", 4 },
	{ "control/8", 8 }, { "control/15", 16 },
};

static double notifications(struct json_object *summary, const char *policy, const char *ring,
			    const char *key)
{
	struct json_object *p = json_dict(json_dict(summary, "policies"), policy);
	double value = json_double(json_dict(json_dict(p, "rings"), ring), key);

	if (!(value > 0))
		fail_msg("%s of %s under %s is not known", key, ring, policy);
	return value;
}

/* P7: two a period, whatever the number of processes. Exactly two. */
static void ring_sends_two(void **state)
{
	cleanup_json struct json_object *summary = open_json("summary.json");

	(void)state;
	for (size_t i = 0; i < sizeof(rings) / sizeof(rings[0]); i++)
		assert_true(notifications(summary, "ring", rings[i].ring,
					  "notifications_per_period") == 2);
}

/*
 * P3: one a process and one more; a little more where another real-time task
 * ran in between, a little less where one follows instead of none. A guest that
 * told only changes would send about two.
 */
static void per_switch_grows(void **state)
{
	cleanup_json struct json_object *summary = open_json("summary.json");

	(void)state;
	for (size_t i = 0; i < sizeof(rings) / sizeof(rings[0]); i++) {
		double sent = notifications(summary, "per_switch", rings[i].ring,
					    "notifications_per_period");
		double news = notifications(summary, "per_switch", rings[i].ring,
					    "priority_changes_per_period");

		printf("%s: %.2f notifications a period, %.2f of them news\n", rings[i].ring, sent,
		       news);
		assert_true(sent > rings[i].processes + 0.5);
		assert_true(sent < rings[i].processes * 1.5 + 2);
		assert_true(news > 1.5 && news < 4);
	}
	assert_true(
		notifications(summary, "per_switch", "control/15", "notifications_per_period") /
			notifications(summary, "ring", "control/15", "notifications_per_period") >=
		5);
}

/* What the kernel said of the vCPU's thread after each message. */
static void told_is_in_force(void **state)
{
	cleanup_json struct json_object *trace = open_json("cells/*-per_switch-1/trace.json.gz");
	unsigned long i, boosts = 0, back = 0;

	(void)state;
	for (i = 0; i < json_count(trace); i++) {
		struct json_object *e = json_row(trace, i);
		uint64_t prio = number(e, "ring_prio");

		if (strcmp(json_text(e, "kind"), "SWITCH"))
			continue;
		assert_string_equal(json_text(e, "policy"), prio ? "SCHED_FIFO" : "SCHED_OTHER");
		assert_int_equal(number(e, "priority"), prio < 80 ? prio : 80);
		boosts += prio > 0;
		back += !prio;
	}
	assert_true(boosts > 1000);
	assert_true(back > 200);
}

static void nothing_went_wrong(void **state)
{
	static const char *const zero[] = { "lost",	    "apply_failed",  "readback_mismatch",
					    "threads_gone", "policy_errors", "record_kept" };
	cleanup_json struct json_object *cell = open_json("cells/*-per_switch-1/cell.json");
	struct json_object *vm = vm_status(cell, "control");

	(void)state;
	for (size_t i = 0; i < sizeof(zero) / sizeof(zero[0]); i++)
		if (number(vm, zero[i]))
			fail_msg("%s is not 0", zero[i]);
	assert_int_equal(number(json_dict(vm, "messages"), "start"), 0);
	assert_true(number(vm, "switch_same_priority") > 500);
	assert_true(number(json_dict(vm, "switches_by_priority"), "64") > 500);
}

/* Five priorities from 80 to 64: the figure names those that there is room for. */
static void names_do_not_lie_on_each_other(void **state)
{
	cleanup_free char *path = folder_path(getenv("SHORT_RUN"), "figures/priority.gp");
	char text[8192];

	(void)state;
	assert_int_equal(folder_read(path, text, sizeof(text), NULL), 0);
	assert_non_null(strstr(text, "set ytics ('SCHED\\_FIFO 80' 80, '' 76, '' 72, "
				     "'SCHED\\_FIFO 68' 68, '' 64, 'SCHED\\_OTHER' 0)"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ring_sends_two),
		cmocka_unit_test(per_switch_grows),
		cmocka_unit_test(told_is_in_force),
		cmocka_unit_test(nothing_went_wrong),
		cmocka_unit_test(names_do_not_lie_on_each_other),
	};

	if (!getenv("SHORT_RUN")) {
		fprintf(stderr, "SHORT_RUN names the run's folder\n");
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
