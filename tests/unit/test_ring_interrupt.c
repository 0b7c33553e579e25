// SPDX-License-Identifier: GPL-2.0-or-later
/* Rings that an external interrupt releases (P11, P14c). */
#include "tests/unit/ring_world.h"

#define SOURCE 3
#define HOST_AHEAD (7000 * MS) /* the host's clock is not the guest's */

static __u32 events; /* sequence of the last one */

static int set_up(void **state)
{
	events = 0;
	return world_setup(state);
}

/* How many rings it released. */
static unsigned int raise(__u32 number)
{
	const struct rs_interrupt interrupt = {
		.number = number,
		.event = ++events,
		.raised = w.now + HOST_AHEAD,
		.handled = w.now,
	};

	return rs_engine_interrupt(&w.engine, &interrupt, w.now);
}

/* As world_ring(), released by SOURCE. */
static struct rs_ring *interrupt_ring(__u32 id, __u32 prio, unsigned int first, unsigned int count)
{
	struct rs_ring_params params = world_params(id, prio, count);
	struct rs_ring *ring;

	params.trigger = RS_TRIGGER_INTERRUPT;
	params.interrupt = SOURCE;
	assert_int_equal(rs_ring_create(&w.engine, &params, NULL), 0);
	ring = rs_ring_find(&w.engine, id);
	for (unsigned int i = 0; i < count; i++) {
		assert_int_equal(world_join(first + i, id, i), 0);
		assert_int_equal(world_wait(first + i, NULL), -EAGAIN);
	}
	assert_int_equal(rs_ring_start(ring, 0, w.now), 0);
	return ring;
}

static void an_interrupt_is_a_release(void **state)
{
	struct rs_turn turn;

	(void)state;
	interrupt_ring(1, 50, 0, 2);
	world_pass(100 * PERIOD); /* no period of its own */
	assert_int_equal(w.sent_count, 0);
	assert_false(w.woken[0]);
	for (unsigned int i = 0; i < 10; i++) {
		const __u64 handled = w.now;

		w.sent_count = 0;
		assert_int_equal(raise(SOURCE), 1);
		assert_int_equal(w.sent_count, 0); /* the process tells, not the handler */
		world_pass(MS);
		turn = world_turn(0, MS);
		assert_int_equal(turn.sequence, i);
		assert_int_equal(turn.release_ns, handled);
		assert_int_equal(turn.raised_ns, handled + HOST_AHEAD);
		assert_int_equal(turn.flags, RS_TURN_FIRST);
		turn = world_turn(1, MS);
		assert_int_equal(turn.raised_ns, handled + HOST_AHEAD);
		assert_int_equal(turn.flags, RS_TURN_LAST);
		assert_int_equal(w.sent_count, 2);
		assert_sent(0, RS_KIND_START, 1);
		assert_int_equal(w.sent[0].arg0, events); /* confirms this interrupt */
		assert_int_equal(w.sent[0].next_start, 0); /* nobody knows */
		assert_sent(1, RS_KIND_END, 1);
		assert_int_equal(w.sent[1].arg0, 0);
		world_pass(3 * MS);
	}
	assert_int_equal(w.engine.total.interrupts, 10);
	assert_int_equal(w.engine.total.interrupts_queued, 0);
	assert_int_equal(w.engine.total.periods_skipped, 0);
	assert_int_equal(w.timers[1], 0);
}

static void only_bound_and_running_rings(void **state)
{
	struct rs_ring *ring;

	(void)state;
	world_ring(0, 40, 10, 1);
	ring = interrupt_ring(1, 50, 0, 1);
	assert_int_equal(raise(SOURCE + 1), 0);
	assert_int_equal(raise(RS_INTERRUPT_MAX), 0);
	assert_false(w.woken[0]);
	interrupt_ring(2, 60, 1, 1);
	assert_int_equal(raise(SOURCE), 2); /* one source, two rings */
	assert_true(w.woken[0]);
	assert_true(w.woken[1]);
	assert_false(w.woken[10]);
	rs_ring_stop(ring, w.now);
	assert_int_equal(raise(SOURCE), 1);
	assert_int_equal(w.engine.rings[1].counts.interrupts, 1);
	assert_int_equal(w.engine.rings[2].counts.interrupts, 2);
	assert_int_equal(w.engine.rings[0].counts.interrupts, 0);
}

/* Its lateness shows: it is released when the handler saw it, and not later. */
static void one_waits_for_the_end_of_a_period(void **state)
{
	struct rs_turn turn;
	__u64 second;

	(void)state;
	interrupt_ring(1, 50, 0, 1);
	raise(SOURCE);
	world_resume(0);
	world_pass(MS);
	second = w.now;
	raise(SOURCE);
	assert_false(w.woken[0]);
	assert_int_equal(w.engine.total.interrupts_queued, 1);
	world_pass(2 * MS);
	/* It ends one period and begins the next without sleeping. */
	assert_int_equal(world_wait(0, &turn), 0);
	assert_int_equal(turn.sequence, 1);
	assert_int_equal(turn.release_ns, second);
	assert_int_equal(turn.raised_ns, second + HOST_AHEAD);
	assert_int_equal(w.sent_count, 3);
	assert_sent(1, RS_KIND_END, 1);
	assert_sent(2, RS_KIND_START, 1);
	assert_int_equal(w.sent[0].arg0, 1);
	assert_int_equal(w.sent[2].arg0, 2);
	assert_int_equal(world_wait(0, NULL), -EAGAIN);
	assert_int_equal(w.sent_count, 4);
	assert_int_equal(w.engine.total.periods_skipped, 0);
}

/* Every interrupt has a number, so those not served are a gap; and the START
 * of the one that was served says which were there by then. */
static void more_are_skipped_releases(void **state)
{
	struct rs_turn turn;

	(void)state;
	interrupt_ring(1, 50, 0, 1);
	raise(SOURCE);
	world_resume(0);
	for (unsigned int i = 0; i < 3; i++) {
		world_pass(MS);
		raise(SOURCE);
	}
	assert_int_equal(w.engine.total.interrupts, 4);
	assert_int_equal(w.engine.total.interrupts_queued, 1);
	assert_int_equal(w.engine.total.periods_skipped, 2);
	assert_int_equal(world_wait(0, &turn), 0);
	assert_int_equal(turn.sequence, 1);
	assert_int_equal(w.sent[2].arg0, 4);
	world_pass(MS);
	assert_int_equal(world_wait(0, NULL), -EAGAIN);
	raise(SOURCE);
	turn = world_resume(0);
	assert_int_equal(turn.sequence, 4);
	assert_int_equal(w.sent[4].arg0, 5);
}

/* One that comes between the release and the first turn is not confirmed by
 * this START: the host keeps its boost past the END. */
static void start_confirms_what_its_period_is_about(void **state)
{
	(void)state;
	interrupt_ring(1, 50, 0, 1);
	raise(SOURCE);
	world_pass(MS);
	raise(SOURCE);
	world_resume(0);
	assert_int_equal(w.sent[0].arg0, 1);
}

static void a_turn_is_cut_off_at_its_deadline(void **state)
{
	(void)state;
	interrupt_ring(1, 50, 0, 2);
	raise(SOURCE);
	assert_int_equal(w.timers[1], w.now + 5 * MS);
	world_resume(0); /* and hangs */
	world_pass(MS);
	raise(SOURCE);
	world_pass(4 * MS);
	assert_int_equal(w.engine.total.turns_skipped, 1);
	world_turn(1, MS);
	/* The interrupt that waited: its first member hangs still. */
	assert_int_equal(w.engine.total.periods, 2);
	world_pass(5 * MS);
	assert_int_equal(w.engine.total.turns_skipped, 2);
	world_turn(1, MS);
	assert_int_equal(w.timers[1], 0);
	assert_int_equal(w.sent_count, 4); /* each period was told by who took a turn */
}

static void stop_forgets_the_one_that_waits(void **state)
{
	struct rs_ring *ring;
	struct rs_turn turn;

	(void)state;
	ring = interrupt_ring(1, 50, 0, 1);
	raise(SOURCE);
	world_resume(0);
	raise(SOURCE);
	assert_int_equal(rs_ring_stop(ring, w.now), 0);
	assert_int_equal(world_wait(0, NULL), -ESHUTDOWN);
	assert_int_equal(w.sent_count, 2);
	assert_int_equal(rs_ring_start(ring, 0, w.now), 0);
	assert_int_equal(world_wait(0, NULL), -EAGAIN);
	assert_int_equal(w.sent_count, 2);
	raise(SOURCE);
	turn = world_resume(0);
	assert_int_equal(turn.sequence, 0);
}

/* P6: a visitor takes part in the next period, also where it is about an
 * interrupt that waits already. */
static void a_visit_joins_the_period_of_the_one_that_waits(void **state)
{
	struct rs_turn turn;

	(void)state;
	interrupt_ring(1, 50, 0, 1);
	world_ring(2, 40, 1, 1);
	raise(SOURCE);
	world_resume(0);
	raise(SOURCE);
	assert_int_equal(rs_member_change(&w.engine, &w.members[1], 1, w.now), 0);
	assert_int_equal(world_wait(1, NULL), -EAGAIN);
	assert_int_equal(world_wait(0, &turn), 0);
	assert_int_equal(turn.flags, RS_TURN_FIRST);
	assert_int_equal(world_wait(0, NULL), -EAGAIN);
	turn = world_resume(1);
	assert_int_equal(turn.flags, RS_TURN_VISIT | RS_TURN_LAST);
	assert_int_equal(turn.sequence, 1);
}

static void interrupts_have_bounds(void **state)
{
	struct rs_ring_params params = world_params(0, 50, 1);

	(void)state;
	params.trigger = RS_TRIGGER_INTERRUPT;
	params.interrupt = RS_INTERRUPT_MAX;
	assert_int_equal(rs_ring_create(&w.engine, &params, NULL), -EINVAL);
	params.interrupt = RS_INTERRUPT_MAX - 1;
	params.offset_ns = 1;
	assert_int_equal(rs_ring_create(&w.engine, &params, NULL), -EINVAL);
	params.offset_ns = 0;
	assert_int_equal(rs_ring_create(&w.engine, &params, NULL), 0);
}

#define T(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_interrupt_is_a_release),
		T(only_bound_and_running_rings),
		T(one_waits_for_the_end_of_a_period),
		T(more_are_skipped_releases),
		T(start_confirms_what_its_period_is_about),
		T(a_turn_is_cut_off_at_its_deadline),
		T(stop_forgets_the_one_that_waits),
		T(a_visit_joins_the_period_of_the_one_that_waits),
		T(interrupts_have_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
