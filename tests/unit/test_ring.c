// SPDX-License-Identifier: GPL-2.0-or-later
/* The ring engine: periods, turns, skips, members that go. */
#include "tests/unit/ring_world.h"

static void one_start_and_one_end_a_period(void **state)
{
	static const unsigned int sizes[] = { 1, 4, 16, RS_MEMBER_MAX };
	unsigned int i, member, period;

	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		const unsigned int size = sizes[i];
		__u64 base;

		world_setup(state);
		world_ring(1, 50, 0, size);
		base = w.now + PERIOD;
		for (period = 0; period < 100; period++) {
			w.sent_count = 0;
			world_until(base + period * PERIOD);
			/* Only a process that runs can tell that the work begins. */
			assert_int_equal(w.sent_count, 0);
			for (member = 0; member < size; member++) {
				struct rs_turn turn = world_turn(member, PERIOD / 64);

				assert_int_equal(turn.sequence, period);
				assert_int_equal(turn.release_ns, base + period * PERIOD);
				assert_int_equal(turn.ring_id, 1);
				assert_int_equal(turn.flags,
						 (member ? 0 : RS_TURN_FIRST) |
							 (member == size - 1 ? RS_TURN_LAST : 0));
			}
			assert_int_equal(w.sent_count, 2);
			assert_sent(0, RS_KIND_START, 1);
			assert_int_equal(w.sent[0].at, base + period * PERIOD);
			assert_sent(1, RS_KIND_END, 1);
			assert_int_equal(w.sent[1].at, w.now);
			assert_true(w.sent[1].owed);
		}
		assert_int_equal(w.engine.total.periods, 100);
		assert_int_equal(w.engine.total.turns, 100 * size);
		assert_int_equal(w.engine.total.periods_skipped, 0);
		assert_int_equal(w.engine.total.turns_skipped, 0);
	}
}

static void only_the_holder_is_woken(void **state)
{
	(void)state;
	world_ring(0, 50, 0, 3);
	world_pass(PERIOD);
	assert_true(w.woken[0]);
	assert_false(w.woken[1]);
	world_turn(0, MS);
	assert_true(w.woken[1]);
	assert_false(w.woken[2]);
}

static void messages_tell_the_time_to_the_next_start(void **state)
{
	(void)state;
	world_ring(0, 50, 0, 1);
	world_pass(PERIOD + MS); /* woken at the release, runs 1 ms later */
	world_turn(0, 3 * MS);
	assert_int_equal(w.sent[0].next_start, PERIOD - MS);
	assert_int_equal(w.sent[1].next_start, PERIOD - 4 * MS);
}

static void timer_is_set_once_a_period(void **state)
{
	struct rs_ring *ring;
	unsigned int i, before;

	(void)state;
	ring = world_ring(0, 50, 0, 4);
	ring->params.deadline_ns = PERIOD;
	world_pass(PERIOD);
	before = w.arms;
	for (i = 0; i < 10; i++) {
		world_turn(0, MS);
		world_turn(1, MS);
		world_turn(2, MS);
		world_turn(3, MS);
		world_pass(PERIOD - 4 * MS);
	}
	assert_int_equal(w.arms - before, 10);
}

static void release_while_the_period_runs_is_skipped(void **state)
{
	struct rs_ring *ring;
	struct rs_turn turn;

	(void)state;
	ring = world_ring(0, 50, 0, 1);
	ring->params.deadline_ns = 10 * PERIOD;
	world_pass(PERIOD);
	turn = world_turn(0, 2 * PERIOD + MS); /* two releases in it */
	assert_int_equal(turn.sequence, 0);
	assert_int_equal(ring->counts.periods_skipped, 2);
	assert_int_equal(w.sent_count, 2);
	assert_false(w.woken[0]); /* not queued: nothing before the next release */
	world_pass(PERIOD - 2 * MS);
	assert_false(w.woken[0]);
	world_pass(MS);
	assert_int_equal(world_resume(0).sequence, 3);
	assert_int_equal(ring->counts.periods, 2);
}

static void completion_after_an_unseen_release_skips_it(void **state)
{
	struct rs_ring *ring;

	(void)state;
	ring = world_ring(0, 50, 0, 1);
	ring->params.deadline_ns = 10 * PERIOD;
	world_pass(PERIOD);
	world_resume(0);
	w.now += PERIOD; /* the timer's interrupt is late */
	assert_int_equal(world_wait(0, NULL), -EAGAIN);
	assert_int_equal(ring->counts.periods_skipped, 1);
	world_pass(0);
	assert_false(w.woken[0]);
	world_pass(PERIOD);
	assert_int_equal(world_resume(0).sequence, 2);
}

static void a_long_standstill_skips_all_but_the_first_release(void **state)
{
	struct rs_ring *ring;
	__u64 release;
	struct rs_turn turn;

	(void)state;
	ring = world_ring(0, 50, 0, 1);
	release = w.timers[0];
	w.now = release + 1000000 * PERIOD + MS;
	rs_ring_tick(ring, w.now);
	turn = world_resume(0);
	assert_int_equal(turn.sequence, 0);
	assert_int_equal(turn.release_ns, release);
	assert_int_equal(ring->counts.periods_skipped, 1000000);
	assert_int_equal(w.sent[0].next_start, PERIOD - MS);
	assert_int_equal(world_wait(0, NULL), -EAGAIN);
	world_pass(PERIOD - MS);
	assert_int_equal(world_resume(0).sequence, 1000001);
}

static void a_turn_past_the_deadline_passes_on(void **state)
{
	struct rs_ring *ring;

	(void)state;
	ring = world_ring(0, 50, 0, 2);
	world_pass(PERIOD);
	world_resume(0);
	world_pass(5 * MS - 1);
	assert_false(w.woken[1]);
	world_pass(1);
	assert_int_equal(ring->counts.turns_skipped, 1);
	assert_int_equal(world_turn(1, MS).flags, RS_TURN_LAST);
	assert_int_equal(w.sent_count, 2);
	assert_sent(1, RS_KIND_END, 0);
	/* Its late completion completes nothing, and it waits for the next period. */
	assert_int_equal(world_wait(0, NULL), -EAGAIN);
	assert_int_equal(w.sent_count, 2);
	world_until(1000 * MS + 2 * PERIOD);
	assert_int_equal(world_turn(0, MS).sequence, 1);
}

static void end_is_sent_from_the_timer_when_the_last_hangs(void **state)
{
	struct rs_ring *ring;

	(void)state;
	ring = world_ring(0, 50, 0, 2);
	world_pass(PERIOD);
	world_turn(0, MS);
	world_resume(1);
	world_pass(5 * MS);
	assert_int_equal(w.sent_count, 2);
	assert_sent(1, RS_KIND_END, 0);
	assert_int_equal(w.sent[1].at, 1000 * MS + PERIOD + 6 * MS);
	assert_false(ring->active);
	/* The ring goes on without it: its first member has its turn each period. */
	world_until(1000 * MS + 2 * PERIOD);
	world_turn(0, MS);
	world_pass(5 * MS);
	assert_int_equal(w.sent_count, 4);
	assert_int_equal(ring->counts.turns_skipped, 2);
}

static void a_member_that_does_not_wait_has_the_deadline_to_come(void **state)
{
	struct rs_ring *ring;
	struct rs_turn turn;

	(void)state;
	ring = world_ring(0, 50, 0, 3);
	world_pass(PERIOD);
	rs_member_unwait(&w.members[1]); /* a signal woke it */
	rs_member_unwait(&w.members[2]);
	world_turn(0, MS);
	world_pass(3 * MS);
	assert_int_equal(world_wait(1, &turn), 0); /* in time */
	assert_int_equal(turn.sequence, 0);
	world_pass(MS);
	assert_int_equal(world_wait(1, NULL), -EAGAIN);
	world_pass(5 * MS); /* member 2 never comes */
	assert_int_equal(ring->counts.turns_skipped, 1);
	assert_int_equal(w.sent_count, 2);
	assert_sent(1, RS_KIND_END, 0);
}

static void the_first_that_takes_a_turn_sends_start(void **state)
{
	(void)state;
	world_ring(0, 50, 0, 2);
	world_pass(PERIOD + 5 * MS); /* member 0 is woken but never runs */
	assert_int_equal(w.sent_count, 0);
	assert_int_equal(world_turn(1, MS).flags, RS_TURN_FIRST | RS_TURN_LAST);
	assert_int_equal(w.sent_count, 2);
	assert_sent(0, RS_KIND_START, 0);
	assert_sent(1, RS_KIND_END, 0);
}

static void a_period_without_a_turn_tells_nothing(void **state)
{
	struct rs_ring *ring;

	(void)state;
	ring = world_ring(0, 50, 0, 2);
	world_pass(PERIOD + 10 * MS);
	assert_int_equal(w.sent_count, 0);
	assert_int_equal(ring->counts.periods, 1);
	assert_int_equal(ring->counts.periods_empty, 1);
	assert_int_equal(ring->counts.turns_skipped, 2);
}

static void no_end_without_a_start_that_was_told(void **state)
{
	(void)state;
	world_ring(0, 50, 0, 1);
	w.deaf = true;
	world_pass(PERIOD);
	world_resume(0);
	w.deaf = false;
	world_pass(MS);
	assert_int_equal(world_wait(0, NULL), -EAGAIN);
	assert_int_equal(w.sent_count, 0);
	assert_int_equal(w.engine.total.periods_empty, 0);
}

static void end_follows_a_start_even_if_the_host_asked_for_silence(void **state)
{
	(void)state;
	world_ring(0, 50, 0, 1);
	world_pass(PERIOD);
	world_resume(0);
	w.deaf = true;
	assert_int_equal(world_wait(0, NULL), -EAGAIN);
	assert_int_equal(w.sent_count, 2);
	assert_sent(1, RS_KIND_END, 0);
}

static void a_member_that_goes_passes_its_turn_on(void **state)
{
	struct rs_ring *ring;

	(void)state;
	ring = world_ring(0, 50, 0, 3);
	world_pass(PERIOD);
	world_resume(0);
	assert_int_equal(rs_member_leave(&w.members[0], w.now), 0); /* had the turn */
	assert_true(w.woken[1]);
	assert_int_equal(rs_member_leave(&w.members[1], w.now), 0); /* was given it */
	assert_int_equal(world_turn(2, MS).flags, RS_TURN_LAST);
	assert_int_equal(w.sent_count, 2);
	assert_int_equal(ring->counts.members_left, 2);
	assert_int_equal(ring->counts.turns_skipped, 0);
	assert_int_equal(rs_member_leave(&w.members[0], w.now), -ENOTCONN);
	/* Nobody waits for the empty places, and they can be filled again. */
	world_until(1000 * MS + 2 * PERIOD);
	assert_int_equal(world_turn(2, MS).flags, RS_TURN_FIRST | RS_TURN_LAST);
	assert_int_equal(world_join(0, 0, 1), 0);
	assert_int_equal(world_wait(0, NULL), -EAGAIN);
	world_until(1000 * MS + 3 * PERIOD);
	assert_int_equal(world_turn(0, MS).flags, RS_TURN_FIRST);
}

static void end_is_sent_when_all_are_gone(void **state)
{
	struct rs_ring *ring;

	(void)state;
	ring = world_ring(0, 50, 0, 2);
	world_pass(PERIOD);
	world_resume(0);
	rs_member_leave(&w.members[1], w.now);
	assert_int_equal(w.sent_count, 1);
	rs_member_leave(&w.members[0], w.now);
	assert_int_equal(w.sent_count, 2);
	assert_sent(1, RS_KIND_END, 0);
	world_pass(10 * PERIOD);
	assert_int_equal(w.sent_count, 2);
	assert_int_equal(ring->counts.periods_empty, 10);
}

static void rings_report_each_for_itself(void **state)
{
	(void)state;
	world_ring(3, 40, 0, 1);
	world_pass(5 * MS);
	world_ring(7, 60, 1, 1);
	world_pass(PERIOD - 5 * MS);
	world_resume(0);
	world_pass(5 * MS - 1);
	world_pass(1);
	/* Ring 3's deadline of 5 ms is over at the release of ring 7. */
	assert_int_equal(w.sent_count, 2);
	world_turn(1, MS);
	assert_sent(0, RS_KIND_START, 3);
	assert_sent(1, RS_KIND_END, 3);
	assert_sent(2, RS_KIND_START, 7);
	assert_sent(3, RS_KIND_END, 7);
	assert_int_equal(w.engine.rings[3].counts.periods, 1);
	assert_int_equal(w.engine.rings[7].counts.periods, 1);
	assert_int_equal(w.engine.total.periods, 2);
}

static void a_ring_inside_another_nests_its_messages(void **state)
{
	(void)state;
	world_ring(3, 40, 0, 1);
	world_pass(2 * MS);
	world_ring(7, 60, 1, 1);
	world_pass(PERIOD - 2 * MS);
	world_resume(0);
	world_pass(2 * MS);
	world_turn(1, MS);
	assert_int_equal(world_wait(0, NULL), -EAGAIN);
	assert_int_equal(w.sent_count, 4);
	assert_sent(0, RS_KIND_START, 3);
	assert_sent(1, RS_KIND_START, 7);
	assert_sent(2, RS_KIND_END, 7);
	assert_sent(3, RS_KIND_END, 3);
}

#define RING_TEST(function) cmocka_unit_test_setup(function, world_setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RING_TEST(one_start_and_one_end_a_period),
		RING_TEST(only_the_holder_is_woken),
		RING_TEST(messages_tell_the_time_to_the_next_start),
		RING_TEST(timer_is_set_once_a_period),
		RING_TEST(release_while_the_period_runs_is_skipped),
		RING_TEST(completion_after_an_unseen_release_skips_it),
		RING_TEST(a_long_standstill_skips_all_but_the_first_release),
		RING_TEST(a_turn_past_the_deadline_passes_on),
		RING_TEST(end_is_sent_from_the_timer_when_the_last_hangs),
		RING_TEST(a_member_that_does_not_wait_has_the_deadline_to_come),
		RING_TEST(the_first_that_takes_a_turn_sends_start),
		RING_TEST(a_period_without_a_turn_tells_nothing),
		RING_TEST(no_end_without_a_start_that_was_told),
		RING_TEST(end_follows_a_start_even_if_the_host_asked_for_silence),
		RING_TEST(a_member_that_goes_passes_its_turn_on),
		RING_TEST(end_is_sent_when_all_are_gone),
		RING_TEST(rings_report_each_for_itself),
		RING_TEST(a_ring_inside_another_nests_its_messages),
	};

	return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}
