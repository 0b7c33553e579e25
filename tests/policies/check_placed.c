// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Looks into a run of placed.yaml (folder in SHORT_RUN): where the kernel says
 * that the vCPUs were, from before the first instruction to the end.
 */
#include <stdio.h>

#include "tests/short-run/look.h"

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

/* There is no third core in this scenario, and the reader is told so. */
static void report_says_so(void **state)
{
	cleanup_free char *path = folder_path(getenv("SHORT_RUN"), "report.md");
	char text[65536];

	(void)state;
	assert_int_equal(folder_read(path, text, sizeof(text), NULL), 0);
	assert_non_null(strstr(text, "their vCPUs ran on the housekeeping core (0)"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(none_shares_the_core),
		cmocka_unit_test(dedicated_parts_them),
		cmocka_unit_test(report_says_so),
	};

	if (!getenv("SHORT_RUN")) {
		fprintf(stderr, "SHORT_RUN names the run's folder\n");
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
