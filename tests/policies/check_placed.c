// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Looks into a run of placed.yaml (folder in SHORT_RUN): where the kernel says
 * that the vCPUs were, from before the first instruction to the end, and what
 * it says of their scheduling and their budgets.
 */
#include <stdio.h>
#include <unistd.h>

#include "tests/short-run/look.h"

#define BALANCE "/sys/fs/cgroup/cpuset/cpuset.sched_load_balance"
#define CEILING 66 /* of the control VM; its ring's priority is another */

static struct json_object *open_cell(const char *policy)
{
	cleanup_free char *pattern = NULL;

	assert_true(asprintf(&pattern, "cells/*-%s-1/cell.json", policy) > 0);
	return open_json(pattern);
}

/* Read back from /proc by the harness, and by the daemon: settled, at the end. */
static void check_cores(const char *policy, const char *vm, const char *cores)
{
	cleanup_json struct json_object *cell = open_cell(policy);
	struct json_object *rows = json_array(cell, "limits");
	struct json_object *settled = json_dict(json_dict(cell, "settled"), vm);
	unsigned long found = 0;

	for (unsigned long i = 0; i < json_count(rows); i++) {
		struct json_object *row = json_row(rows, i);

		if (strcmp(json_text(row, "vm"), vm) ||
		    strcmp(json_text(row, "knob"), "cores of vCPU 0"))
			continue;
		assert_string_equal(json_text(row, "value"), cores);
		assert_string_equal(json_text(row, "wanted"), cores);
		found++;
	}
	assert_int_equal(found, 1);
	assert_string_equal(json_text(json_row(json_array(settled, "vcpus"), 0), "cores"), cores);
	assert_string_equal(
		json_text(json_row(json_array(vm_status(cell, vm), "vcpus"), 0), "cores"), cores);
	assert_int_equal(number(vm_status(cell, vm), "place_failed"), 0);
}

static void none_shares_the_core(void **state)
{
	(void)state;
	check_cores("none", "control", "1");
	check_cores("none", "neighbour", "1");
}

static void dedicated_parts_them(void **state)
{
	(void)state;
	check_cores("dedicated", "control", "1");
	check_cores("dedicated", "neighbour", "0");
}

static void check_vcpu(struct json_object *vm, const char *policy, unsigned int priority)
{
	struct json_object *vcpu = json_row(json_array(vm, "vcpus"), 0);

	assert_string_equal(json_text(vcpu, "policy"), policy);
	assert_int_equal(number(vcpu, "priority"), priority);
}

/* Before the first instruction, and at the end; `changes` = how often the daemon
 * changed the thread meanwhile. */
static void check_scheduling(const char *policy, const char *vm, const char *wanted,
			     unsigned int priority, unsigned int changes)
{
	cleanup_json struct json_object *cell = open_cell(policy);

	check_vcpu(json_dict(json_dict(cell, "settled"), vm), wanted, priority);
	check_vcpu(vm_status(cell, vm), wanted, priority);
	assert_int_equal(number(vm_status(cell, vm), "changes"), changes);
	assert_int_equal(number(vm_status(cell, vm), "apply_failed"), 0);
	assert_int_equal(number(vm_status(cell, vm), "readback_mismatch"), 0);
}

static void none_changes_nothing(void **state)
{
	(void)state;
	check_scheduling("none", "control", "SCHED_OTHER", 0, 0);
	check_scheduling("none", "neighbour", "SCHED_OTHER", 0, 0);
}

/* For all that the control VM does, and never for the neighbour. */
static void static_is_always_real_time(void **state)
{
	(void)state;
	check_scheduling("static", "control", "SCHED_FIFO", CEILING, 1);
	check_scheduling("static", "neighbour", "SCHED_OTHER", 0, 0);
}

/* As the daemon read it back when the rings had run, and neighbours beside it. */
static void deadline_is_in_force(void **state)
{
	cleanup_json struct json_object *cell = NULL;
	struct json_object *vm, *groups;

	(void)state;
	if (access(BALANCE, F_OK) < 0)
		skip(); /* cgroup v2: the policy is refused with the reason */
	cell = open_cell("deadline");
	vm = vm_status(cell, "control");
	assert_string_equal(json_text(json_row(json_array(vm, "vcpus"), 0), "policy"),
			    "SCHED_DEADLINE");
	/* 4 ms of each 20 ms are declared: 1.5 times that, and 5 % of the period. */
	assert_int_equal(number(json_dict(vm, "deadline"), "runtime_us"), 7000);
	assert_int_equal(number(json_dict(vm, "deadline"), "period_us"), 20000);
	assert_int_equal(number(json_dict(vm, "deadline"), "waiting"), 0);
	assert_int_equal(number(vm, "apply_failed"), 0);
	vm = vm_status(cell, "neighbour");
	assert_string_equal(json_text(json_row(json_array(vm, "vcpus"), 0), "policy"),
			    "SCHED_OTHER");
	groups = json_array(json_dict(cell, "daemon"), "unbalanced");
	assert_true(json_count(groups) >= 4); /* two VMs', the one above, the root */
	for (unsigned long i = 0; i < json_count(groups); i++)
		assert_string_equal(json_text(json_row(groups, i), "value"), "0");
}

static void balancing_is_back(void **state)
{
	char now[16];

	(void)state;
	if (access(BALANCE, F_OK) < 0)
		skip();
	assert_int_equal(folder_read(BALANCE, now, sizeof(now), NULL), 0);
	assert_int_equal(now[0], '1');
}

/* A witness that deadline threads delay would see stalls of milliseconds. */
static void witness_is_not_delayed(void **state)
{
	cleanup_json struct json_object *cell = NULL;
	struct json_object *late;

	(void)state;
	if (access(BALANCE, F_OK) < 0)
		skip();
	cell = open_cell("deadline");
	late = json_dict(json_dict(cell, "witness"), "lateness_us");
	assert_true(json_double(late, "p99") < 1000);
}

/* There is no third core in this scenario, and the reader is told so. */
static void report_says_so(void **state)
{
	cleanup_free char *path = folder_path(getenv("SHORT_RUN"), "report.md");
	char text[65536];

	(void)state;
	assert_int_equal(folder_read(path, text, sizeof(text), NULL), 0);
	assert_non_null(strstr(text, "their vCPUs ran on the housekeeping core (0)"));
	if (!access(BALANCE, F_OK))
		assert_non_null(strstr(text, "SCHED_DEADLINE with 7000 µs of each 20000 µs"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(none_shares_the_core),
		cmocka_unit_test(dedicated_parts_them),
		cmocka_unit_test(none_changes_nothing),
		cmocka_unit_test(static_is_always_real_time),
		cmocka_unit_test(deadline_is_in_force),
		cmocka_unit_test(balancing_is_back),
		cmocka_unit_test(witness_is_not_delayed),
		cmocka_unit_test(report_says_so),
	};

	if (!getenv("SHORT_RUN")) {
		fprintf(stderr, "SHORT_RUN names the run's folder\n");
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
