// SPDX-License-Identifier: GPL-2.0-or-later
/* Periods whose time went where the test says: what a thread did, the guest's
 * clock, and the causes, from events made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "harness/align.h"
#include "harness/explain.h"
#include "harness/hosttrace.h"
#include "host/error.h"

#define VCPU 100
#define OTHER 200
#define QEMU 300
#define US 1000ull

/* All times below are in us from here on. */
#define T(us) ((uint64_t)(1000000000 + (int64_t)((us)*1000.0)))

static struct host_thread threads[] = {
	{ .tid = VCPU, .pid = 90, .name = "CPU 0/TCG", .vm = "control", .vcpu = 0 },
	{ .tid = OTHER, .pid = 190, .name = "CPU 0/TCG", .vm = "neighbour", .vcpu = 0 },
	{ .tid = QEMU, .pid = 90, .name = "qemu-system-x86", .vm = "control", .vcpu = -1 },
};

static struct hosttrace trace_of(struct host_event *events, size_t count)
{
	return (struct hosttrace){
		.events = events,
		.count = count,
		.threads = threads,
		.thread_count = 3,
		.cores = { 1 },
		.core_count = 1,
		.wakeups = true,
		.begin = T(0),
		.end = T(100000),
	};
}

#define TRACE(events) trace_of(events, sizeof(events) / sizeof((events)[0]))

static struct host_event event(double us, enum host_event_kind kind, int from, int to)
{
	return (struct host_event){
		.ns = T(us), .kind = (uint8_t)kind, .from = from, .to = to, .core = 1
	};
}

struct taken {
	struct host_stretch rows[32];
	size_t count;
};

static void take(const struct host_stretch *s, void *arg)
{
	struct taken *t = arg;

	assert_true(t->count < 32);
	t->rows[t->count++] = *s;
}

/* What VCPU did from begin to end, in us. */
static struct taken follow(const struct hosttrace *t, double begin, double end)
{
	struct taken got = { .count = 0 };

	hosttrace_follow(t, VCPU, T(begin), T(end), take, &got);
	return got;
}

static void expect(const struct host_stretch *s, double begin, double end, enum host_state state,
		   int who)
{
	assert_int_equal(s->begin, T(begin));
	assert_int_equal(s->end, T(end));
	assert_int_equal(s->state, state);
	assert_int_equal(s->who, who);
}

/* Woken, held up by the neighbour, run, preempted, run, asleep. */
static void follows_a_thread(void **state)
{
	struct host_event events[] = {
		event(10, HOST_SLEEP, VCPU, OTHER),   event(50, HOST_WAKE, QEMU, VCPU),
		event(60, HOST_PREEMPT, OTHER, 0),    event(61, HOST_SLEEP, 0, VCPU),
		event(70, HOST_PREEMPT, VCPU, OTHER), event(75, HOST_PREEMPT, OTHER, VCPU),
		event(90, HOST_SLEEP, VCPU, 0),
	};
	struct hosttrace t = TRACE(events);
	struct taken got;

	(void)state;
	got = follow(&t, 20, 95);
	assert_int_equal(got.count, 7);
	expect(&got.rows[0], 20, 50, HOST_ASLEEP, QEMU);
	expect(&got.rows[1], 50, 60, HOST_WAITING, OTHER);
	expect(&got.rows[2], 60, 61, HOST_WAITING, 0);
	expect(&got.rows[3], 61, 70, HOST_RUNNING, VCPU);
	expect(&got.rows[4], 70, 75, HOST_WAITING, OTHER);
	expect(&got.rows[5], 75, 90, HOST_RUNNING, VCPU);
	expect(&got.rows[6], 90, 95, HOST_ASLEEP, -1);
}

/* Nothing is known between the last event before a loss and the thread's next. */
static void lost_events_make_it_unknown(void **state)
{
	struct host_event events[] = {
		event(10, HOST_SLEEP, OTHER, VCPU),
		event(30, HOST_WAKE, QEMU, OTHER),
		event(60, HOST_LOST, 12, 0),
		event(80, HOST_PREEMPT, VCPU, OTHER),
	};
	struct hosttrace t = TRACE(events);
	struct taken got;

	(void)state;
	got = follow(&t, 20, 90);
	assert_int_equal(got.count, 3);
	expect(&got.rows[0], 20, 30, HOST_RUNNING, VCPU);
	expect(&got.rows[1], 30, 80, HOST_UNKNOWN, -1);
	expect(&got.rows[2], 80, 90, HOST_WAITING, OTHER);
}

/* Another core's loss does not touch a thread that runs; one of a core that is
 * not watched can only have been a wake-up. */
static void losses_elsewhere(void **state)
{
	struct host_event events[] = {
		event(10, HOST_SLEEP, OTHER, VCPU), event(20, HOST_LOST, 5, 0),
		event(30, HOST_SLEEP, VCPU, OTHER), event(40, HOST_LOST, 5, 0),
		event(50, HOST_SLEEP, OTHER, VCPU),
	};
	struct hosttrace t = TRACE(events);
	struct taken got;

	(void)state;
	events[1].core = events[3].core = 7;
	got = follow(&t, 15, 60);
	assert_int_equal(got.count, 3);
	expect(&got.rows[0], 15, 30, HOST_RUNNING, VCPU);
	expect(&got.rows[1], 30, 50, HOST_UNKNOWN, -1);
	expect(&got.rows[2], 50, 60, HOST_RUNNING, VCPU);
}

static void outside_nothing_is_known(void **state)
{
	struct host_event events[] = { event(10, HOST_SLEEP, OTHER, VCPU) };
	struct hosttrace t = TRACE(events);
	struct taken got;

	(void)state;
	t.begin = T(5);
	t.end = T(20);
	got = follow(&t, 0, 30);
	assert_int_equal(got.count, 3);
	expect(&got.rows[0], 0, 10, HOST_UNKNOWN, -1);
	expect(&got.rows[1], 10, 20, HOST_RUNNING, VCPU);
	expect(&got.rows[2], 20, 30, HOST_UNKNOWN, -1);
}

/* Who sleeps beside a busy core may be waiting for it: only an idle one tells. */
static void without_wakeups_sleep_is_told_by_an_idle_core(void **state)
{
	struct host_event events[] = {
		event(10, HOST_SLEEP, VCPU, 0),
		event(30, HOST_SLEEP, 0, OTHER),
		event(50, HOST_PREEMPT, OTHER, VCPU),
	};
	struct hosttrace t = TRACE(events);
	struct taken got;

	(void)state;
	t.wakeups = false;
	got = follow(&t, 10, 60);
	assert_int_equal(got.count, 3);
	expect(&got.rows[0], 10, 30, HOST_ASLEEP, 0);
	expect(&got.rows[1], 30, 50, HOST_UNKNOWN, OTHER);
	expect(&got.rows[2], 50, 60, HOST_RUNNING, VCPU);
}

/* ---- causes ---- */

static void has(const struct explanation *x, enum cause cause, const char *who, double us)
{
	for (size_t i = 0; i < x->count; i++)
		if (x->parts[i].cause == cause && !strcmp(x->parts[i].who, who)) {
			assert_int_equal(x->parts[i].ns, (uint64_t)(us * 1000));
			return;
		}
	fail_msg("no part '%s: %s'", cause_names[cause], who);
}

static uint64_t total(const struct explanation *x)
{
	uint64_t sum = 0;

	for (int i = 0; i < CAUSE_COUNT; i++)
		sum += explanation_sum(x, (enum cause)i);
	return sum;
}

/*
 * A period from 0 to 10000 with one of everything: QEMU's timer at 800, waiting
 * until 1200, the guest's wake-up until START is sent at 1300, which takes 40
 * and is in force at 1400, in spite of which the neighbour had the core from
 * 1350; turns 1340-3000 and 3100-10000, a stall 5000-6500, a ring above 7000-7300.
 */
static struct host_event everything[] = {
	{ T(-1), VCPU, OTHER, 1, HOST_SLEEP },	   { T(800), QEMU, VCPU, 1, HOST_WAKE },
	{ T(1200), OTHER, VCPU, 1, HOST_PREEMPT }, { T(1350), VCPU, OTHER, 1, HOST_PREEMPT },
	{ T(1380), OTHER, VCPU, 1, HOST_PREEMPT }, { T(8000), VCPU, OTHER, 1, HOST_PREEMPT },
	{ T(9000), OTHER, VCPU, 1, HOST_PREEMPT },
};

static const struct explain_stall one_stall[] = { { T(5000), T(6500) } };

static const struct explain_turn some_turns[] = {
	{ T(1340), T(3000), 1, 80, 0, true, true },
	{ T(3100), T(10000), 1, 80, 1, true, true },
	{ T(7000), T(7300), 2, 90, 0, false, false },
	{ T(1250), T(1500), 3, 10, 0, false, false },
};

static const struct explain_flight one_flight[] = { { T(1300), T(1400), T(1340) } };

static struct explain_input input_of(const struct hosttrace *t)
{
	return (struct explain_input){
		.begin = T(0),
		.end = T(10000),
		.ring_prio = 80,
		.trace = t,
		.tid = VCPU,
		.witness_core = 1,
		.stalls = one_stall,
		.stall_count = 1,
		.turns = some_turns,
		.turn_count = 4,
		.flights = one_flight,
		.flight_count = 1,
	};
}

/* It can be explained, and every ns of the period has a cause. */
static struct explanation explained(const struct explain_input *in)
{
	struct explanation x;

	assert_int_equal(explain(in, &x, NULL), 0);
	assert_int_equal(total(&x), in->end - in->begin);
	return x;
}

static void every_cause(void **state)
{
	struct hosttrace t = TRACE(everything);
	struct explain_input in = input_of(&t);
	struct explanation x;

	(void)state;
	t.begin = T(-10);
	x = explained(&in);
	has(&x, CAUSE_EMULATOR, "woken by QEMU of control", 800);
	has(&x, CAUSE_WAITING, "for neighbour, vCPU 0", 400 + 1000);
	has(&x, CAUSE_GUEST, "from the timer to the first process", 50);
	has(&x, CAUSE_GUEST, "ring 3, which is below", 50);
	has(&x, CAUSE_NOTIFICATION, "sending START", 40);
	has(&x, CAUSE_NOTIFICATION, "START not in force, for neighbour, vCPU 0", 30);
	has(&x, CAUSE_GUEST, "from process to process", 100);
	has(&x, CAUSE_GUEST, "ring 2, which is above", 300);
	has(&x, CAUSE_HOST, "the witness woke late", 1500);
	has(&x, CAUSE_WORK, "ring 1", 10000 - 800 - 1400 - 100 - 70 - 100 - 300 - 1500);
	assert_int_equal(explanation_sum(&x, CAUSE_UNEXPLAINED), 0);
	assert_true(x.parts[0].ns >= x.parts[x.count - 1].ns);
}

/* The stall is of the witness's core; the vCPU was on another. */
static void a_stall_of_another_core(void **state)
{
	struct hosttrace t = TRACE(everything);
	struct explain_input in = input_of(&t);
	struct explanation x;

	(void)state;
	in.witness_core = 2;
	x = explained(&in);
	assert_int_equal(explanation_sum(&x, CAUSE_HOST), 0);
}

/* What is not seen is not given to anybody. */
static void lost_events_stay_unexplained(void **state)
{
	struct host_event events[] = {
		event(-1, HOST_SLEEP, OTHER, VCPU),
		event(4000, HOST_WAKE, QEMU, OTHER),
		event(4600, HOST_LOST, 100, 0),
		event(4700, HOST_PREEMPT, OTHER, VCPU),
	};
	struct hosttrace t = TRACE(events);
	struct explain_input in = input_of(&t);
	struct explanation x;

	(void)state;
	t.begin = T(-10);
	x = explained(&in);
	has(&x, CAUSE_UNEXPLAINED, "no events of the host", 700);
}

/* Overlapping turns of an earlier, late period and of the next. */
static void a_skipped_period(void **state)
{
	static const struct explain_turn turns[] = {
		{ T(-5000), T(2000), 1, 80, 1, true, false },
		{ T(3000), T(10000), 1, 80, 0, true, true },
	};
	struct host_event events[] = { event(-1, HOST_SLEEP, OTHER, VCPU) };
	struct hosttrace t = TRACE(events);
	struct explain_input in = input_of(&t);
	struct explanation x;

	(void)state;
	t.begin = T(-10);
	in.turns = turns;
	in.turn_count = 2;
	in.stall_count = in.flight_count = 0;
	x = explained(&in);
	has(&x, CAUSE_WORK, "ring 1, an earlier period", 2000);
	has(&x, CAUSE_GUEST, "from the timer to the first process", 1000);
	has(&x, CAUSE_WORK, "ring 1", 7000);
}

/* More names than parts: each cause still has its sum. */
static void many_holders(void **state)
{
	struct host_event events[200];
	struct hosttrace t;
	struct explain_input in;
	struct explanation x;

	(void)state;
	for (int i = 0; i < 100; i++) {
		events[2 * i] = event(100 * i, HOST_PREEMPT, VCPU, 1000 + i);
		events[2 * i + 1] = event(100 * i + 40, HOST_PREEMPT, 1000 + i, VCPU);
	}
	t = TRACE(events);
	in = input_of(&t);
	in.stall_count = in.flight_count = 0;
	x = explained(&in);
	assert_true(x.count <= EXPLAIN_PARTS_MAX);
	assert_int_equal(explanation_sum(&x, CAUSE_WAITING), 4000 * US);
}

/* Without events: what solo takes is known, what goes beyond is not forced. */
static void coarsely(void **state)
{
	static const struct explain_usual usual = {
		.wake_ns = 500 * US,
		.turn_ns = { 1000 * US, 2000 * US },
		.handover_ns = 60 * US,
	};
	struct explain_input in = input_of(NULL);
	struct explanation x;

	(void)state;
	in.turn_count = 2;
	explain_coarsely(&in, &usual, &x);
	assert_int_equal(total(&x), 10000 * US);
	has(&x, CAUSE_HOST, "the witness woke late", 1500);
	has(&x, CAUSE_WORK, "the ring", 3000);
	has(&x, CAUSE_GUEST, "from the timer to the first process", 500);
	has(&x, CAUSE_GUEST, "from process to process", 60);
	assert_int_equal(explanation_sum(&x, CAUSE_UNEXPLAINED), (10000 - 1500 - 3000 - 560) * US);
}

/* ---- clocks ---- */

#define PERIODS 100

/* In each period the vCPU runs for 3 ms; the guest stamps 30 us after it came
 * and 50 us before it goes, and its message is seen 40 us after it was sent. */
static size_t make_stamps(struct host_event *events, struct align_stamp *stamps, int64_t wrong_ns)
{
	for (int i = 0; i < PERIODS; i++) {
		double at = 500 * i;
		struct align_stamp *s = &stamps[2 * i];

		events[2 * i] = event(at, HOST_SLEEP, OTHER, VCPU);
		events[2 * i + 1] = event(at + 300, HOST_SLEEP, VCPU, OTHER);
		s[0] = (struct align_stamp){ .at = T(at + 30) - (uint64_t)wrong_ns };
		s[1] = (struct align_stamp){ .at = T(at + 250) - (uint64_t)wrong_ns,
					     .seen = T(at + 290) };
	}
	return 2 * PERIODS;
}

static void a_wrong_clock_is_put_right(void **state)
{
	static const int64_t wrongs[] = { 0, 70000, -110000 };
	struct host_event events[2 * PERIODS];
	struct align_stamp stamps[2 * PERIODS];
	struct hosttrace t = TRACE(events);
	struct align a;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		size_t n = make_stamps(events, stamps, wrongs[i]);

		assert_int_equal(align_find(&t, VCPU, stamps, n, 150000, &a, NULL), 0);
		assert_int_equal(a.contradictions, 0);
		/* Between 30 us too early and 40 us too late: known to +-35 us. */
		assert_int_equal(a.error_ns, 35000);
		assert_int_equal(a.correction_ns, wrongs[i] + 5000);
	}
}

static void one_impossible_stamp_does_not_decide(void **state)
{
	struct host_event events[2 * PERIODS];
	struct align_stamp stamps[2 * PERIODS + 1];
	struct hosttrace t = TRACE(events);
	struct align a;
	size_t n = make_stamps(events, stamps, 70000);

	(void)state;
	/* In the middle of a stretch in which the vCPU slept. */
	stamps[n] = (struct align_stamp){ .at = T(500 * PERIODS - 101) };
	assert_int_equal(align_find(&t, VCPU, stamps, n + 1, 90000, &a, NULL), 0);
	assert_true(a.correction_ns > 35000 && a.correction_ns < 105000);
	assert_true(a.error_ns <= 35000);
}

static void without_stamps_the_error_stays(void **state)
{
	struct host_event events[] = { event(0, HOST_SLEEP, OTHER, VCPU) };
	struct hosttrace t = TRACE(events);
	struct align_stamp stamp = { .at = T(50) };
	struct align a;

	(void)state;
	assert_int_equal(align_find(&t, VCPU, NULL, 0, 90000, &a, NULL), 0);
	assert_int_equal(a.correction_ns, 0);
	assert_int_equal(a.error_ns, 90000);
	/* One that fits wherever it is tells nothing either. */
	assert_int_equal(align_find(&t, VCPU, &stamp, 1, 20000, &a, NULL), 0);
	assert_int_equal(a.correction_ns, 0);
	assert_int_equal(a.error_ns, 20000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_a_thread),
		cmocka_unit_test(lost_events_make_it_unknown),
		cmocka_unit_test(losses_elsewhere),
		cmocka_unit_test(outside_nothing_is_known),
		cmocka_unit_test(without_wakeups_sleep_is_told_by_an_idle_core),
		cmocka_unit_test(every_cause),
		cmocka_unit_test(a_stall_of_another_core),
		cmocka_unit_test(lost_events_stay_unexplained),
		cmocka_unit_test(a_skipped_period),
		cmocka_unit_test(many_holders),
		cmocka_unit_test(coarsely),
		cmocka_unit_test(a_wrong_clock_is_put_right),
		cmocka_unit_test(one_impossible_stamp_does_not_decide),
		cmocka_unit_test(without_stamps_the_error_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
