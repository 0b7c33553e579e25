// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Looks into a run of options.yaml (folder in SHORT_RUN): the options that
 * the main scenario does not use, as the kernel and the guests had them.
 */
#include <stdio.h>
#include <unistd.h>

#include "tests/short-run/look.h"

#define CELL "cells/001-ring-1/"

/* Those that the scenario asks for, by what the kernel says of them. */
static void limits_are_in_force(void **state)
{
	static const struct {
		const char *vm, *knob, *value;
	} wanted[] = {
		{ "control", "cpu.cfs_quota_us", "80000" },
		{ "neighbour", "blkio.throttle.read_bps_device", "157286400" },
		{ "neighbour", "blkio.throttle.write_bps_device", "20971520" },
		{ "neighbour", "blkio.throttle.read_iops_device", "15000" },
		{ "neighbour", "blkio.throttle.write_iops_device", "5000" },
		{ "neighbour", "memory.limit_in_bytes", "1610612736" },
	};
	cleanup_json struct json_object *cell = open_json(CELL "cell.json");
	struct json_object *rows = json_array(cell, "limits");
	unsigned long i, k, found;

	(void)state;
	for (k = 0; k < json_count(rows); k++)
		assert_string_equal(json_text(json_row(rows, k), "value"),
				    json_text(json_row(rows, k), "wanted"));
	if (access("/sys/fs/cgroup/cpu/cpu.shares", F_OK) < 0)
		return; /* version 2 has other names; all rows were compared above */
	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		for (k = found = 0; k < json_count(rows); k++)
			found += !strcmp(json_text(json_row(rows, k), "vm"), wanted[i].vm) &&
				 !strcmp(json_text(json_row(rows, k), "knob"), wanted[i].knob) &&
				 !strcmp(json_text(json_row(rows, k), "value"), wanted[i].value);
		if (!found)
			fail_msg("%s: %s %s was not read back", wanted[i].vm, wanted[i].knob,
				 wanted[i].value);
	}
}

/* Ring 1 is on vCPU 0, ring 2 on vCPU 1: each boosts the thread of its own. */
static void rings_boost_their_vcpu(void **state)
{
	cleanup_json struct json_object *trace = open_json(CELL "trace.json.gz");
	unsigned long i, starts[3] = { 0 };

	(void)state;
	for (i = 0; i < json_count(trace); i++) {
		struct json_object *e = json_row(trace, i);
		uint64_t ring;

		if (strcmp(json_text(e, "vm"), "control") || strcmp(json_text(e, "kind"), "START"))
			continue;
		ring = number(e, "ring_id");
		assert_in_range(ring, 1, 2);
		assert_int_equal(number(e, "vcpu"), ring - 1);
		assert_string_equal(json_text(e, "policy"), "SCHED_FIFO");
		assert_int_equal(number(e, "priority"), ring == 1 ? 80 : 60);
		starts[ring]++;
	}
	assert_true(starts[1] > 100);
	assert_true(starts[2] > 50);
}

static void two_control_vms_work(void **state)
{
	static const char *const vms[] = { "control", "second" };
	cleanup_json struct json_object *cell = open_json(CELL "cell.json");
	unsigned int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		struct json_object *kicks = json_dict(json_dict(cell, "kicks"), vms[i]);
		double a_period = (double)number(kicks, "kicks") / (double)number(kicks, "periods");

		if (!(a_period > 1.99 && a_period < 2.01))
			fail_msg("%s: %.3f kicks a period, not 2.00", vms[i], a_period);
	}
}

/* Each one that came released the second VM's ring, and started nothing else. */
static void interrupts_released_their_ring(void **state)
{
	cleanup_json struct json_object *cell = open_json(CELL "cell.json");
	cleanup_json struct json_object *summary = open_json("summary.json");
	struct json_object *vm =
		row_with(json_array(json_dict(cell, "daemon"), "vms"), "name", "second");
	struct json_object *rings = json_dict(
		json_dict(json_dict(json_dict(summary, "policies"), "ring"), "rings"), "second/1");
	uint64_t raised = number(vm, "irq_raised");

	(void)state;
	assert_true(raised > 50);
	assert_int_equal(number(vm, "irq_lost"), 0);
	/* Where the core was busy for long, some were not served. */
	assert_in_range(number(json_dict(vm, "messages"), "start"), raised * 9 / 10, raised);
	assert_true(number(json_dict(json_dict(rings, "phases"), "shared"), "periods") > 50);
}

/* Its own output, with as many cycles as were asked for. */
static void cyclictest_was_run(void **state)
{
	cleanup_json struct json_object *json = open_json(CELL "cyclictest-control.json");
	struct json_object *thread = json_dict(json_dict(json, "thread"), "0");

	(void)state;
	assert_int_equal(number(thread, "cycles"), 500);
	assert_true(number(thread, "max") > 0);
}

/* stress-ng takes all that is left of the core; without it this VM is idle. */
static void loads_were_running(void **state)
{
	cleanup_json struct json_object *cell = open_json(CELL "cell.json");
	struct json_object *shared = row_with(json_array(cell, "phases"), "name", "shared");
	struct json_object *vcpu = row_with(json_array(shared, "vcpus"), "vm", "neighbour");
	uint64_t length = number(shared, "end_ns") - number(shared, "begin_ns");

	(void)state;
	assert_true(number(vcpu, "run_ns") + number(vcpu, "wait_ns") > length * 8 / 10);
}

/* The reader of the report is told as well. */
static void check_report(const char *line)
{
	cleanup_free char *path = folder_path(getenv("SHORT_RUN"), "report.md");
	static char text[131072];

	assert_int_equal(folder_read(path, text, sizeof(text), NULL), 0);
	if (!strstr(text, line))
		fail_msg("report.md does not say: %s", line);
}

/* In force, or the reason is there: a device may heed no priorities. */
static void io_was_boosted(void **state)
{
	cleanup_json struct json_object *cell = open_json(CELL "cell.json");
	struct json_object *vm = vm_status(cell, "neighbour");
	struct json_object *io = json_dict(vm, "io_boost");

	(void)state;
	assert_true(json_true(io, "wanted"));
	if (!json_true(io, "able")) {
		print_message("io_boost: %s\n", json_text(io, "why_not"));
		assert_int_equal(number(vm, "io_boosts"), 0);
		check_report("| `io_boost` of VM neighbour | no effect: ");
		return;
	}
	check_report("| `io_boost` of VM neighbour | heeded by device ");
	assert_true(number(vm, "io_boosts") > 50);
	assert_int_equal(number(vm, "io_failed"), 0);
	assert_true(json_count(json_array(io, "threads")) > 1);
}

/* The second VM has no disk: that is said, and its ring is boosted all the same. */
static void without_a_disk_the_run_goes_on(void **state)
{
	cleanup_json struct json_object *cell = open_json(CELL "cell.json");
	struct json_object *vm = vm_status(cell, "second");
	struct json_object *io = json_dict(vm, "io_boost");

	(void)state;
	assert_true(json_true(io, "wanted"));
	assert_false(json_true(io, "able"));
	assert_non_null(strstr(json_text(io, "why_not"), "no block device holds a disk of it"));
	check_report("| `io_boost` of VM second | no effect: no block device holds a disk of it");
	assert_int_equal(number(vm, "io_boosts"), 0);
	assert_int_equal(number(vm, "io_failed"), 0);
	assert_true(number(vm, "boosts") > 50);
}

static void shared_data_was_whole(void **state)
{
	cleanup_json struct json_object *summary = open_json("summary.json");
	struct json_object *policy = json_dict(json_dict(summary, "policies"), "ring");

	(void)state;
	assert_int_equal(number(policy, "boots"), 1);
	assert_int_equal(number(policy, "handover_errors"), 0);
	assert_non_null(json_dict(json_dict(policy, "rings"), "control/2"));
	assert_non_null(json_dict(json_dict(policy, "rings"), "second/1"));
}

/* What the guests said of themselves. */
static void kernels_are_as_asked(void **state)
{
	cleanup_json struct json_object *cell = open_json(CELL "cell.json");
	struct json_object *guests = json_dict(cell, "guests");

	(void)state;
	assert_null(strstr(json_text(json_dict(guests, "control"), "kernel"), "-rt-"));
	assert_non_null(strstr(json_text(json_dict(guests, "second"), "kernel"), "-rt-"));
	assert_null(strstr(json_text(json_dict(guests, "neighbour"), "kernel"), "-rt-"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_are_in_force),
		cmocka_unit_test(rings_boost_their_vcpu),
		cmocka_unit_test(two_control_vms_work),
		cmocka_unit_test(interrupts_released_their_ring),
		cmocka_unit_test(cyclictest_was_run),
		cmocka_unit_test(loads_were_running),
		cmocka_unit_test(io_was_boosted),
		cmocka_unit_test(without_a_disk_the_run_goes_on),
		cmocka_unit_test(shared_data_was_whole),
		cmocka_unit_test(kernels_are_as_asked),
	};

	if (!getenv("SHORT_RUN")) {
		fprintf(stderr, "SHORT_RUN names the run's folder\n");
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
