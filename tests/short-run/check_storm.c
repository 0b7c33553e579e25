// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Looks into a run of storm.yaml (folder in SHORT_RUN): neighbours that booted
 * at one time, and loads in guests that live in their initramfs.
 */
#include <stdio.h>

#include "tests/short-run/look.h"

#define CELL "cells/001-ring-1/"

/* Share of the phase in which that VM's vCPU ran or wanted to. */
static double demand(struct json_object *cell, const char *phase, const char *vm)
{
	struct json_object *p = row_with(json_array(cell, "phases"), "name", phase);
	struct json_object *vcpu = row_with(json_array(p, "vcpus"), "vm", vm);
	uint64_t length = number(p, "end_ns") - number(p, "begin_ns");

	return (double)(number(vcpu, "run_ns") + number(vcpu, "wait_ns")) / (double)length;
}

/* Both took nearly as long as both together: neither waited for the other. */
static void neighbours_booted_together(void **state)
{
	cleanup_json struct json_object *cell = open_json(CELL "cell.json");
	struct json_object *boots = json_dict(cell, "neighbour_boots_s");
	double all = json_double(cell, "neighbour_boot_s");

	(void)state;
	assert_true(all > 1);
	assert_true(json_double(boots, "busy") > 0.6 * all);
	assert_true(json_double(boots, "writer") > 0.6 * all);
	assert_true(json_double(boots, "busy") < 1.01 * all);
}

/* A control VM's from before solo on, the neighbours' in shared. A load that
 * had ended by itself, as one without its program or its disk, would have
 * failed the cell; without one a guest hardly wants the core. */
static void loads_were_running(void **state)
{
	static const struct {
		const char *phase, *vm;
		bool loaded;
	} wanted[] = {
		{ "solo", "control", true },   { "solo", "second", false },
		{ "shared", "control", true }, { "shared", "busy", true },
		{ "shared", "writer", true },  { "shared", "second", false },
	};
	cleanup_json struct json_object *cell = open_json(CELL "cell.json");
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		double share = demand(cell, wanted[i].phase, wanted[i].vm);

		if (wanted[i].loaded ? share < 0.8 : share > 0.6)
			fail_msg("%s in %s wanted %.0f %% of the core", wanted[i].vm,
				 wanted[i].phase, 100 * share);
	}
}

/* The disk of a small guest is limited as Debian's is. */
static void scratch_disk_is_limited(void **state)
{
	cleanup_json struct json_object *cell = open_json(CELL "cell.json");
	struct json_object *rows = json_array(cell, "limits");
	unsigned long i, found = 0;

	(void)state;
	for (i = 0; i < json_count(rows); i++) {
		struct json_object *row = json_row(rows, i);

		assert_string_equal(json_text(row, "value"), json_text(row, "wanted"));
		if (strcmp(json_text(row, "vm"), "writer"))
			continue;
		found += !strcmp(json_text(row, "knob"), "blkio.throttle.write_iops_device") ||
			 !strcmp(json_text(row, "knob"), "io.max");
	}
	assert_int_equal(found, 1);
}

/* Beside its own load each ring still has its two kicks a period. */
static void rings_were_running(void **state)
{
	static const char *const vms[] = { "control", "second" };
	cleanup_json struct json_object *cell = open_json(CELL "cell.json");
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(vms) / sizeof(vms[0]); i++) {
		struct json_object *kicks = json_dict(json_dict(cell, "kicks"), vms[i]);
		double a_period = (double)number(kicks, "kicks") / (double)number(kicks, "periods");

		if (!(a_period > 1.99 && a_period < 2.01))
			fail_msg("%s: %.3f kicks a period, not 2.00", vms[i], a_period);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(neighbours_booted_together),
		cmocka_unit_test(loads_were_running),
		cmocka_unit_test(scratch_disk_is_limited),
		cmocka_unit_test(rings_were_running),
	};

	if (!getenv("SHORT_RUN")) {
		fprintf(stderr, "SHORT_RUN names the run's folder\n");
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
