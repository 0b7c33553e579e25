// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Looks into a run of worst.yaml (folder in SHORT_RUN) that was made with
 * --trace: is the host's trace right, by the kernel's own counters; are the
 * worst periods explained; is the exported file what Perfetto reads?
 */
#include <math.h>
#include <stdio.h>

#include "harness/hosttrace.h"
#include "tests/short-run/look.h"
#include "tests/worst/perfetto.h"

#define ATTRIBUTED_PERCENT 95

/* The run's cell of that policy: its cell.json and its folder. */
static struct json_object *open_cell(const char *policy, char **dir)
{
	cleanup_free char *pattern = folder_path("cells", "*-%s-1/cell.json", policy);
	cleanup_free char *path = folder_path(getenv("SHORT_RUN"), "cells/*-%s-1", policy);
	glob_t found;

	assert_int_equal(glob(path, 0, NULL, &found), 0);
	*dir = strdup(found.gl_pathv[0]);
	globfree(&found);
	return open_json(pattern);
}

static struct hosttrace *read_trace(struct json_object *cell, const char *dir)
{
	cleanup_error struct rs_error *err = NULL;
	struct json_object *json = json_dict(cell, "host_trace");
	struct hosttrace *t;

	assert_non_null(json);
	if (json_text(json, "why_not"))
		fail_msg("no full trace: %s", json_text(json, "why_not"));
	t = hosttrace_read(json, dir, &err);
	if (!t)
		fail_msg("%s", err->message);
	return t;
}

struct sums {
	double ns[HOST_ASLEEP + 1];
};

static void add(const struct host_stretch *s, void *arg)
{
	((struct sums *)arg)->ns[s->state] += (double)(s->end - s->begin);
}

/* Within 5 %, or 30 ms: the daemon is asked between the reading and the border. */
static void compare(const char *phase, const char *what, double traced, double counted)
{
	if (fabs(traced - counted) > 0.05 * counted && fabs(traced - counted) > 30e6)
		fail_msg("%s: %s %.1f ms by the trace, %.1f ms by schedstat", phase, what,
			 traced / 1e6, counted / 1e6);
}

/* The kernel counts by itself how long a vCPU ran and waited in a phase. */
static void trace_agrees_with_schedstat(void **state)
{
	static const char *const policies[] = { "none", "ring" };
	static const char *const phases[] = { "solo", "shared" };

	(void)state;
	for (int i = 0; i < 4; i++) {
		cleanup_free char *dir = NULL;
		cleanup_json struct json_object *cell = open_cell(policies[i / 2], &dir);
		cleanup_hosttrace struct hosttrace *t = read_trace(cell, dir);
		struct json_object *phase =
			row_with(json_array(cell, "phases"), "name", phases[i % 2]);
		struct json_object *vcpu = row_with(json_array(phase, "vcpus"), "vm", "control");
		struct sums sums = { { 0 } };

		hosttrace_follow(t, hosttrace_vcpu(t, "control", 0), number(phase, "begin_ns"),
				 number(phase, "end_ns"), add, &sums);
		compare(phases[i % 2], "ran", sums.ns[HOST_RUNNING],
			(double)number(vcpu, "run_ns"));
		compare(phases[i % 2], "waited", sums.ns[HOST_WAITING],
			(double)number(vcpu, "wait_ns"));
		assert_true(sums.ns[HOST_UNKNOWN] < 10e6 || t->lost);
	}
}

static void check_period(struct json_object *p)
{
	struct json_object *causes = json_array(p, "causes");
	double sum = 0;

	if (!json_object_get_boolean(json_object_object_get(p, "traced")))
		fail_msg("coarse: %s", json_text(p, "why_coarse"));
	for (unsigned long i = 0; i < json_count(causes); i++)
		sum += json_double(json_row(causes, i), "us");
	assert_true(fabs(sum - json_double(p, "us")) < 1);
	if (json_double(p, "attributed_percent") < ATTRIBUTED_PERCENT)
		fail_msg("%s period %ju: %.1f %% attributed", json_text(p, "policy"),
			 (uintmax_t)number(p, "sequence"), json_double(p, "attributed_percent"));
	/* A serial line tells it to some 100 us; stamps are to tell more. */
	assert_true(json_double(p, "clock_error_us") < 150);
}

static void worst_periods_are_explained(void **state)
{
	cleanup_json struct json_object *worst = open_json("worst.json");
	struct json_object *periods = json_array(worst, "periods");

	(void)state;
	assert_int_equal(json_count(periods), 10); /* 5 of each policy */
	for (unsigned long i = 0; i < json_count(periods); i++)
		check_period(json_row(periods, i));
}

static double us_of(struct json_object *p, const char *cause, const char *who)
{
	struct json_object *causes = json_array(p, "causes");
	double sum = 0;

	for (unsigned long i = 0; i < json_count(causes); i++) {
		struct json_object *row = json_row(causes, i);

		if (!strcmp(json_text(row, "cause"), cause) && strstr(json_text(row, "who"), who))
			sum += json_double(row, "us");
	}
	return sum;
}

/* Nothing protects the control VM: it waits for whom it shares the core with. */
static void neighbour_is_named(void **state)
{
	cleanup_json struct json_object *worst = open_json("worst.json");
	struct json_object *periods = json_array(worst, "periods");
	double longest = 0, work = 0;

	(void)state;
	for (unsigned long i = 0; i < json_count(periods); i++) {
		struct json_object *p = json_row(periods, i);

		if (strcmp(json_text(p, "policy"), "none"))
			continue;
		longest = fmax(longest, us_of(p, "waiting", "for neighbour, vCPU 0"));
		work = fmax(work, us_of(p, "work", "ring 1"));
	}
	assert_true(longest > 1000);
	assert_true(work > 500);
}

/* How many events of that kind have a name that begins so. */
static unsigned int count(struct json_object *file, const char *kind, const char *name)
{
	struct json_object *events = json_array(file, "traceEvents");
	unsigned int n = 0;

	for (unsigned long i = 0; i < json_count(events); i++) {
		struct json_object *e = json_row(events, i);

		n += !strcmp(json_text(e, "ph"), kind) &&
		     !strncmp(json_text(e, "name"), name, strlen(name));
	}
	return n;
}

static void everything_is_exported(void **state)
{
	(void)state;
	for (int cell = 1; cell <= 2; cell++) {
		cleanup_free char *name = folder_path(".", "perfetto-%d.json", cell);
		cleanup_json struct json_object *file = open_json(name);
		bool ring = !strcmp(json_text(json_dict(file, "otherData"), "policy"), "ring");

		perfetto_check(file);
		assert_int_equal(count(file, "X", "solo"), 1);
		assert_int_equal(count(file, "X", "shared"), 1);
		assert_true(count(file, "X", "control, vCPU 0") > 800);
		assert_true(count(file, "X", "neighbour, vCPU 0") > 100);
		assert_true(count(file, "X", "waits for neighbour, vCPU 0") > 50);
		assert_true(count(file, "X", "period ") > 600);
		assert_true(count(file, "X", "turn ") > 2400);
		if (!ring)
			continue;
		assert_true(count(file, "b", "START ring 1") > 600);
		assert_int_equal(count(file, "b", "START"), count(file, "e", "START"));
		assert_true(count(file, "C", "vCPU 0:") > 1200);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trace_agrees_with_schedstat),
		cmocka_unit_test(worst_periods_are_explained),
		cmocka_unit_test(neighbour_is_named),
		cmocka_unit_test(everything_is_exported),
	};

	if (!getenv("SHORT_RUN")) {
		fprintf(stderr, "SHORT_RUN names the run's folder\n");
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
