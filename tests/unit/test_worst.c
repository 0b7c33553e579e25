// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `ringsched worst` and `ringsched trace` of a run whose numbers are known: one
 * late period among good ones, in the cell of `none` with a trace of the host.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/chrome.h"
#include "harness/folder.h"
#include "harness/hosttrace.h"
#include "harness/jsonread.h"
#include "harness/worst.h"
#include "host/cleanup.h"
#include "host/error.h"
#include "tests/unit/number.h"
#include "tests/unit/synthetic_run.h"
#include "tests/worst/perfetto.h"

#define VCPU 100
#define NEIGHBOUR 200
#define QEMU 300
#define PERIODS 50 /* a phase */
#define LATE 10 /* of phase boot: 25 ms, of which it waits 16 */
#define SOLO_US 6000.0
#define MARGIN_NS 20000 /* the vCPU runs so long before and after what the guest notes */

static const char *const policies[] = { "none", "ring_boot", NULL };

/* The late period leaves out the one after it. */
static struct synth_period period(const char *policy, unsigned int boot, enum phase phase,
				  unsigned int i)
{
	struct synth_period p = { .wakeup_us = 500, .response_us = SOLO_US };

	(void)policy;
	(void)boot;
	if (phase != PHASE_BOOT)
		return p;
	if (i == LATE) {
		p.wakeup_us = 16500;
		p.response_us = 25000;
	}
	p.skip = i == LATE + 1;
	return p;
}

static uint64_t wait_ns(const char *policy, enum phase phase)
{
	(void)policy;
	return phase == PHASE_BOOT ? 50000000 : 1000000;
}

static const struct synth synth = {
	.preset = "demo",
	.policies = policies,
	.boots = 1,
	.planned = 1,
	.periods = { [PHASE_SOLO] = PERIODS, [PHASE_BOOT] = PERIODS },
	.period = period,
	.wait_ns = wait_ns,
	.stalls = "[]",
	.speed = "[]",
};

/* ---- what the host saw ---- */

struct recording {
	struct host_event events[16 * PERIODS];
	size_t count;
};

static void put(struct recording *r, uint64_t ns, enum host_event_kind kind, int from, int to)
{
	r->events[r->count++] = (struct host_event){ ns, from, to, 1, (uint8_t)kind };
}

/* QEMU wakes the vCPU at the release; in the late period the neighbour keeps
 * the core until the process can start. */
static void record_period(struct recording *r, uint64_t release, struct synth_period p)
{
	uint64_t start = release + (uint64_t)(p.wakeup_us * 1e3);
	uint64_t end = release + (uint64_t)(p.response_us * 1e3);

	put(r, release + 300000, HOST_WAKE, QEMU, VCPU);
	put(r, start - MARGIN_NS, HOST_PREEMPT, NEIGHBOUR, VCPU);
	put(r, end + MARGIN_NS, HOST_SLEEP, VCPU, NEIGHBOUR);
}

static void record_cell(struct recording *r, uint64_t at)
{
	for (int phase = 0; phase <= PHASE_BOOT; phase++)
		for (unsigned int i = 0; i < PERIODS; i++, at += SYNTH_PERIOD_NS) {
			struct synth_period p = period("none", 1, (enum phase)phase, i);

			if (!p.skip)
				record_period(r, at + SYNTH_PERIOD_NS / 2, p);
		}
}

/* The folder of policy `none` is that of order 2. */
static void add_host_trace(const char *out)
{
	struct host_thread threads[] = {
		{ .tid = VCPU, .pid = QEMU, .name = "CPU 0/TCG", .vm = "control", .vcpu = 0 },
		{ .tid = NEIGHBOUR, .pid = 190, .name = "CPU 0/TCG", .vm = "neighbour" },
		{ .tid = QEMU, .pid = QEMU, .name = "qemu", .vm = "control", .vcpu = -1 },
	};
	uint64_t begin = SYNTH_FIRST_NS + 2 * SYNTH_CELL_NS;
	cleanup_free struct recording *r = calloc(1, sizeof(*r));
	cleanup_free char *path = folder_path(out, "cells/002-none-1/cell.json");
	cleanup_free char *file = folder_path(out, "cells/002-none-1/" HOSTTRACE_FILE);
	cleanup_json struct json_object *cell = json_read(path, NULL);
	struct hosttrace t = {
		.events = r->events,
		.threads = threads,
		.thread_count = 3,
		.cores = { 1 },
		.core_count = 1,
		.wakeups = true,
		.begin = begin,
		.end = begin + 2 * PERIODS * SYNTH_PERIOD_NS,
	};

	put(r, begin + 1000, HOST_SLEEP, VCPU, NEIGHBOUR);
	record_cell(r, begin);
	t.count = r->count;
	assert_int_equal(hosttrace_write(&t, file, NULL), 0);
	json_object_object_add(cell, "host_trace", hosttrace_json(&t));
	assert_int_equal(json_write(cell, path, NULL), 0);
}

static int make_run(void **state)
{
	*state = strdup("/tmp/ringsched-test-XXXXXX");
	if (!*state || !mkdtemp(*state))
		return -1;
	synth_run(&synth, *state);
	add_host_trace(*state);
	return 0;
}

static int remove_run(void **state)
{
	int ret = folder_remove(*state, NULL);

	free(*state);
	return ret;
}

/* ---- worst ---- */

static double us_of(struct json_object *p, const char *cause, const char *who)
{
	struct json_object *causes = json_array(p, "causes");
	double sum = 0;

	for (unsigned long i = 0; i < json_count(causes); i++) {
		struct json_object *row = json_row(causes, i);

		if (!strcmp(json_text(row, "cause"), cause) &&
		    (!who || !strcmp(json_text(row, "who"), who)))
			sum += json_double(row, "us");
	}
	return sum;
}

static double all_us(struct json_object *p)
{
	double sum = 0;

	for (int i = 0; i < CAUSE_COUNT; i++)
		sum += us_of(p, cause_names[i], NULL);
	return sum;
}

static struct json_object *find(const struct run *run, const struct worst_options *o)
{
	struct worst w;
	struct json_object *json;

	assert_int_equal(worst_find(&w, run, o, NULL), 0);
	json = worst_json(&w);
	worst_clear(&w);
	return json;
}

static bool near(double value, double wanted)
{
	return fabs(value - wanted) < 0.5;
}

static void the_late_period_is_explained(void **state)
{
	const struct worst_options o = { .policy = "none", .count = 2 };
	cleanup_run struct run *run = run_read(*state, NULL);
	cleanup_json struct json_object *json = find(run, &o);
	struct json_object *late, *skipped;
	double emulator;

	assert_int_equal(json_count(json_array(json, "periods")), 2);
	late = json_row(json_array(json, "periods"), 1);
	assert_string_equal(json_text(late, "cell"), "002-none-1");
	assert_string_equal(json_text(late, "phase"), "boot");
	assert_true(near(json_double(late, "us"), 25000));
	assert_true(near(all_us(late), 25000));
	/* Stamps lie 20 us inside of where the vCPU ran, on both sides. */
	assert_true(near(json_double(late, "clock_error_us"), MARGIN_NS / 1e3));
	assert_number(json_double(late, "phase_steal_us"), 2500, 0);
	emulator = us_of(late, "emulator", "woken by QEMU of control");
	assert_true(near(emulator, 300));
	assert_true(near(us_of(late, "waiting", "for neighbour, vCPU 0"), 16500 - 20 - 300));
	assert_true(near(us_of(late, "guest", "from the timer to the first process"), 20));
	assert_true(near(us_of(late, "work", "ring 1"), 8500));
	assert_true(json_double(late, "attributed_percent") > 99.9);
	/* The one left out is worse: it is only there when the next has ended. */
	skipped = json_row(json_array(json, "periods"), 0);
	assert_true(json_object_get_boolean(json_object_object_get(skipped, "skipped")));
	assert_true(near(json_double(skipped, "us"), 20000 + SOLO_US));
	assert_true(near(us_of(skipped, "work", "ring 1, an earlier period"), 5000));
	assert_true(near(us_of(skipped, "skipped", NULL), 15000));
	assert_true(near(us_of(skipped, "work", "ring 1"), SOLO_US - 500));
	assert_true(near(all_us(skipped), 20000 + SOLO_US));
}

/* The same numbers, but nothing says who had the core. */
static void without_a_trace_it_is_coarse(void **state)
{
	const struct worst_options o = { .policy = "ring_boot", .count = 2 };
	cleanup_run struct run *run = run_read(*state, NULL);
	cleanup_json struct json_object *json = find(run, &o);
	struct json_object *late = json_row(json_array(json, "periods"), 1);

	assert_false(json_object_get_boolean(json_object_object_get(late, "traced")));
	assert_string_equal(json_text(late, "why_coarse"), "the run was made without --trace");
	assert_true(near(us_of(late, "work", NULL), SOLO_US - 500));
	assert_true(near(us_of(late, "guest", NULL), 500));
	assert_true(near(us_of(late, "unexplained", NULL), 25000 - SOLO_US));
	assert_true(near(json_double(late, "phase_wait_us_per_period"), 1000));
}

/* The guest's clock is 60 us wrong: the events say so. */
static void a_wrong_clock_changes_nothing(void **state)
{
	const struct worst_options o = { .policy = "none", .count = 2 };
	cleanup_free char *path = folder_path(*state, "cells/002-none-1/cell.json");
	cleanup_json struct json_object *cell = json_read(path, NULL);
	struct json_object *clock = json_dict(json_dict(cell, "clock"), "control");
	cleanup_run struct run *run = NULL;
	cleanup_json struct json_object *json = NULL;
	struct json_object *late;

	json_object_object_add(clock, "offset_ns", json_object_new_int64(SYNTH_OFFSET_NS + 60000));
	assert_int_equal(json_write(cell, path, NULL), 0);
	run = run_read(*state, NULL);
	json = find(run, &o);
	late = json_row(json_array(json, "periods"), 1);
	assert_true(near(us_of(late, "waiting", "for neighbour, vCPU 0"), 16500 - 20 - 300));
	assert_true(near(us_of(late, "work", "ring 1"), 8500));
}

static void options_are_checked(void **state)
{
	static const struct {
		struct worst_options o;
		const char *why;
	} wrong[] = {
		{ { .policy = "static", .count = 1 }, "has policy 'static'" },
		{ { .ring = "control/2", .count = 1 }, "no ring 'control/2'" },
		{ { .ring = "control", .count = 1 }, "no ring 'control'" },
		{ { .ring = "control/1x", .count = 1 }, "no ring 'control/1x'" },
	};
	const struct worst_options neighbour = { .ring = "neighbour/1", .count = 1 };
	cleanup_run struct run *run = run_read(*state, NULL);
	cleanup_json struct json_object *json = find(run, &neighbour);
	struct worst w;

	assert_int_equal(json_count(json_array(json, "periods")), 0); /* it ran in no phase */
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		cleanup_error struct rs_error *err = NULL;

		assert_int_equal(worst_find(&w, run, &wrong[i].o, &err), -ENOENT);
		assert_non_null(strstr(err->message, wrong[i].why));
	}
}

static void texts_are_written(void **state)
{
	const struct worst_options o = { .count = 1 };
	cleanup_run struct run *run = run_read(*state, NULL);
	cleanup_free char *text = NULL;
	struct worst w;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	assert_int_equal(worst_find(&w, run, &o, NULL), 0);
	worst_print(&w, to);
	worst_print_md(&w, to);
	worst_clear(&w);
	fclose(to);
	assert_non_null(strstr(text, "none, boot 1, phase boot: control/1 period"));
	assert_non_null(strstr(text, "ring_boot, boot 1, phase boot: control/1 period"));
	assert_non_null(strstr(text, "the guest's clock is aligned to +-20 us"));
	assert_non_null(strstr(text, "coarse: the run was made without --trace"));
	assert_non_null(strstr(text, "; 2.50 ms of this phase were taken away below the host"));
	assert_non_null(strstr(text, "| skipped | until the next release | 15000 |"));
}

/* ---- the file for Perfetto ---- */

static struct json_object *export(const struct run *run, const char *cell, double begin, double end,
				  bool *traced)
{
	const struct chrome_options o = { .begin_s = begin, .end_s = end };
	cleanup_free char *text = NULL;
	struct json_object *json;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	assert_int_equal(chrome_write(run, chrome_find_cell(run, cell, NULL), &o, to, traced, NULL),
			 0);
	fclose(to);
	json = json_tokener_parse(text);
	assert_non_null(json); /* the whole text is JSON */
	return json;
}

/* How many events of that kind with that name, or a name that begins so. */
static unsigned int count(struct json_object *json, const char *kind, const char *name)
{
	struct json_object *events = json_array(json, "traceEvents");
	unsigned int n = 0;

	for (unsigned long i = 0; i < json_count(events); i++) {
		struct json_object *e = json_row(events, i);

		n += !strcmp(json_text(e, "ph"), kind) &&
		     !strncmp(json_text(e, "name"), name, strlen(name));
	}
	return n;
}

/* A number of the first event of that kind whose name begins so: `ts` in us, `tid`. */
static double first(struct json_object *json, const char *kind, const char *name, const char *key)
{
	struct json_object *events = json_array(json, "traceEvents");

	for (unsigned long i = 0; i < json_count(events); i++) {
		struct json_object *e = json_row(events, i);

		if (!strcmp(json_text(e, "ph"), kind) &&
		    !strncmp(json_text(e, "name"), name, strlen(name)))
			return json_double(e, key);
	}
	fail_msg("no %s %s", kind, name);
	return NAN;
}

static void everything_is_in_the_file(void **state)
{
	cleanup_run struct run *run = run_read(*state, NULL);
	bool traced;
	cleanup_json struct json_object *none = export(run, "2", NAN, NAN, &traced);

	assert_true(traced);
	perfetto_check(none);
	assert_int_equal(count(none, "X", "solo"), 1);
	/* A second before the first phase is shown, and no event is before 0. */
	assert_number(first(none, "X", "solo", "ts"), 1e6, 0);
	assert_int_equal(count(none, "X", "boot"), 1);
	assert_int_equal(count(none, "X", "period "), 10 + 2 * PERIODS - 1);
	assert_int_equal(count(none, "X", "turn "), 4 * (10 + 2 * PERIODS - 1));
	assert_int_equal(count(none, "i", "DEADLINE MISSED"), 1);
	assert_int_equal(count(none, "i", "SKIPPED"), 1);
	/* Marks look alike: those of misses are not among the releases. */
	assert_true(first(none, "i", "DEADLINE MISSED", "tid") ==
		    first(none, "i", "SKIPPED", "tid"));
	assert_true(first(none, "i", "SKIPPED", "tid") != first(none, "i", "release ", "tid"));
	assert_int_equal(count(none, "X", "control, vCPU 0"), 2 * PERIODS - 1);
	assert_int_equal(count(none, "X", "waits for neighbour, vCPU 0"), 2 * PERIODS - 1);
	assert_string_equal(json_text(json_dict(none, "otherData"), "policy"), "none");
}

static void a_cell_without_a_trace(void **state)
{
	cleanup_run struct run *run = run_read(*state, NULL);
	bool traced;
	cleanup_json struct json_object *ring = export(run, "001-ring_boot-1", NAN, NAN, &traced);

	assert_false(traced);
	perfetto_check(ring);
	assert_int_equal(count(ring, "b", "START ring 1"), 10 + 2 * PERIODS - 1);
	assert_int_equal(count(ring, "e", "END ring 1"), 10 + 2 * PERIODS - 1);
	assert_int_equal(count(ring, "C", "vCPU 0:"), 2 * (10 + 2 * PERIODS - 1));
	assert_int_equal(count(ring, "X", "control, vCPU 0"), 0);
}

static void a_piece_of_it(void **state)
{
	cleanup_run struct run *run = run_read(*state, NULL);
	bool traced;
	cleanup_json struct json_object *piece = export(run, "2", 0.1, 0.2, &traced);

	perfetto_check(piece);
	assert_int_equal(count(piece, "X", "period "), 5);
	assert_int_equal(count(piece, "X", "solo"), 1);
	assert_number(first(piece, "X", "solo", "ts"), 0, 0);
	assert_int_equal(count(piece, "X", "boot"), 0);
}

/* The value of the first counter so named, and when it was, in us. */
static double level_of(struct json_object *json, const char *name, double *at)
{
	struct json_object *events = json_array(json, "traceEvents");
	double first = INFINITY, value = NAN;

	for (unsigned long i = 0; i < json_count(events); i++) {
		struct json_object *e = json_row(events, i);

		if (!strcmp(json_text(e, "ph"), "C") && !strcmp(json_text(e, "name"), name) &&
		    json_double(e, "ts") < first) {
			first = json_double(e, "ts");
			value = json_double(json_dict(e, "args"), "priority");
		}
	}
	*at = first;
	return value;
}

/* Some policies tell a priority once, before the file begins: it is there. */
static void a_priority_from_before(void **state)
{
	static const char *const told[] = { "SCHED_FIFO", "SCHED_IDLE", "SCHED_DEADLINE" };
	static const double levels[] = { 80, -1, 100 };
	cleanup_free char *path = folder_path(*state, "cells/001-ring_boot-1/trace.json.gz");
	cleanup_run struct run *run = run_read(*state, NULL);
	bool traced;
	double at;

	for (int i = 0; i < 3; i++) {
		cleanup_json struct json_object *json = NULL;
		gzFile trace = gzopen(path, "wb");

		gzprintf(trace,
			 "[{\"t\":7,\"vm\":\"control\",\"kind\":\"ATTACH\",\"ring_id\":0,"
			 "\"vcpu\":0,\"guest_ns\":0,\"policy\":\"%s\",\"priority\":%d,"
			 "\"handled_ns\":1}]",
			 told[i], i ? 0 : 80);
		gzclose(trace);
		json = export(run, "001-ring_boot-1", NAN, NAN, &traced);
		perfetto_check(json);
		assert_number(level_of(json, "vCPU 0:", &at), levels[i], 0);
		assert_number(at, 0, 0);
		assert_int_equal(count(json, "b", "ATTACH"), 0);
	}
}

static void no_such_cell(void **state)
{
	cleanup_run struct run *run = run_read(*state, NULL);
	cleanup_error struct rs_error *err = NULL;

	assert_null(chrome_find_cell(run, "7", &err));
	assert_non_null(strstr(err->message, "no finished cell '7'"));
	assert_null(chrome_find_cell(run, "2x", NULL));
}

/* Whatever a name holds, the file stays JSON. */
static void harmful_names(void **state)
{
	cleanup_free char *path = folder_path(*state, "cells/002-none-1/cell.json");
	cleanup_json struct json_object *cell = json_read(path, NULL);
	struct json_object *threads = json_array(json_dict(cell, "host_trace"), "threads");
	cleanup_run struct run *run = NULL;
	cleanup_json struct json_object *json = NULL;
	bool traced;

	json_object_object_add(json_row(threads, 1), "name",
			       json_object_new_string("\"},\n\x7f\\ \xc3"));
	json_object_object_del(json_row(threads, 1), "vm");
	json_object_object_del(json_row(threads, 1), "vcpu");
	assert_int_equal(json_write(cell, path, NULL), 0);
	run = run_read(*state, NULL);
	json = export(run, "2", NAN, NAN, &traced);
	assert_true(count(json, "X", "?},") > 0);
}

#define WITH_RUN(test) cmocka_unit_test_setup_teardown(test, make_run, remove_run)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_RUN(the_late_period_is_explained),
		WITH_RUN(without_a_trace_it_is_coarse),
		WITH_RUN(a_wrong_clock_changes_nothing),
		WITH_RUN(options_are_checked),
		WITH_RUN(texts_are_written),
		WITH_RUN(everything_is_in_the_file),
		WITH_RUN(a_cell_without_a_trace),
		WITH_RUN(a_piece_of_it),
		WITH_RUN(a_priority_from_before),
		WITH_RUN(no_such_cell),
		WITH_RUN(harmful_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
