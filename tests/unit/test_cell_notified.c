// SPDX-License-Identifier: GPL-2.0-or-later
/* Notifications a ring's periods cost, counted from a trace made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "harness/cell_state.h"

/* Three periods that ran; the second of the plan did not. */
static const char csv[] = "sequence,release_ns,flags,start0,end0\n"
			  "0,1000,0,1010,1020\n"
			  "2,3000,0,3010,3020\n"
			  "3,4000,0,4010,4020\n"
			  "# handover errors 0\n";

static const struct scenario_ring ring = { .id = 3, .prio = 60, .processes = 2 };

struct row {
	const char *vm, *kind;
	int64_t guest_ns;
	int id, prio, vcpu;
};

static struct json_object *trace_of(const struct row *rows, size_t count)
{
	struct json_object *trace = json_object_new_array();

	for (size_t i = 0; i < count; i++) {
		struct json_object *o = json_object_new_object();

		json_object_object_add(o, "vm", json_object_new_string(rows[i].vm));
		json_object_object_add(o, "kind", json_object_new_string(rows[i].kind));
		json_object_object_add(o, "guest_ns", json_object_new_int64(rows[i].guest_ns));
		json_object_object_add(o, "ring_id", json_object_new_int(rows[i].id));
		json_object_object_add(o, "ring_prio", json_object_new_int(rows[i].prio));
		json_object_object_add(o, "vcpu", json_object_new_int(rows[i].vcpu));
		json_object_array_add(trace, o);
	}
	return trace;
}

static struct cell_notified count(const struct row *rows, size_t row_count, int dropped)
{
	struct cell_state cell = { .trace = trace_of(rows, row_count),
				   .status = json_object_new_object() };
	struct cell_notified n;

	json_object_object_add(cell.status, "trace_dropped", json_object_new_int(dropped));
	cell_count_notified(&cell, "control", &ring, csv, &n);
	json_object_put(cell.trace);
	json_object_put(cell.status);
	return n;
}

#define COUNT(rows, dropped) count(rows, sizeof(rows) / sizeof((rows)[0]), dropped)

/* What lies before the first release, or from the last one on, does not count. */
static void test_start_and_end(void **state)
{
	static const struct row rows[] = {
		{ "control", "START", 900, 3, 60, 0 },	{ "control", "START", 1005, 3, 60, 0 },
		{ "control", "START", 1006, 1, 80, 0 }, { "second", "START", 1007, 3, 60, 0 },
		{ "control", "END", 1030, 3, 60, 0 },	{ "control", "START", 3005, 3, 60, 0 },
		{ "control", "END", 3030, 3, 60, 0 },	{ "control", "START", 4005, 3, 60, 0 },
	};
	struct cell_notified n = COUNT(rows, 0);

	(void)state;
	assert_int_equal(n.periods, 2);
	assert_int_equal(n.messages, 4);
	assert_int_equal(n.changes, 4);
}

/* Two processes a period; another ring and another vCPU in between. */
static void test_switches(void **state)
{
	static const struct row rows[] = {
		{ "control", "SWITCH", 900, 0, 60, 0 },	 { "control", "SWITCH", 950, 0, 0, 0 },
		{ "control", "SWITCH", 1005, 0, 60, 0 }, { "control", "SWITCH", 1006, 0, 80, 1 },
		{ "control", "SWITCH", 1010, 0, 60, 0 }, { "control", "SWITCH", 1020, 0, 0, 0 },
		{ "control", "SWITCH", 1030, 0, 0, 1 },	 { "control", "SWITCH", 3005, 0, 60, 0 },
		{ "control", "SWITCH", 3010, 0, 80, 0 }, { "control", "SWITCH", 3020, 0, 60, 0 },
		{ "control", "SWITCH", 3030, 0, 60, 0 }, { "control", "SWITCH", 3040, 0, 0, 0 },
		{ "control", "SWITCH", 4005, 0, 60, 0 },
	};
	struct cell_notified n = COUNT(rows, 0);

	(void)state;
	assert_int_equal(n.periods, 2);
	assert_int_equal(n.messages, 3 + 4);
	assert_int_equal(n.changes, 2 + 3);
}

/* A trace that was full: only the periods that it holds whole. */
static void test_full_trace(void **state)
{
	static const struct row rows[] = {
		{ "control", "START", 1005, 3, 60, 0 },
		{ "control", "END", 1030, 3, 60, 0 },
		{ "control", "START", 3005, 3, 60, 0 },
		{ "second", "START", 9999, 3, 60, 0 },
	};
	struct cell_notified n = COUNT(rows, 7);

	(void)state;
	assert_int_equal(n.periods, 1);
	assert_int_equal(n.messages, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_start_and_end),
		cmocka_unit_test(test_switches),
		cmocka_unit_test(test_full_trace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
