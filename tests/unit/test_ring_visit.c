// SPDX-License-Identifier: GPL-2.0-or-later
/* The ring engine: visits (P6), and its invariants under random use. */
#include "tests/unit/ring_world.h"

/* Home: ring 1, members 0 and 1. Visited: ring 2, members 10 and 11, 10 ms later. */
static struct rs_ring *home, *visited;

static int setup(void **state)
{
	world_setup(state);
	home = world_ring(1, 40, 0, 2);
	world_pass(10 * MS);
	visited = world_ring(2, 60, 10, 2);
	world_until(1000 * MS + PERIOD);
	return 0;
}

static int change(unsigned int member, __u32 ring_id)
{
	return rs_member_change(&w.engine, &w.members[member], ring_id, w.now);
}

/* Member 0 uses its turn at home to change, member 1 has its turn. */
static void go_visiting(void)
{
	world_resume(0);
	assert_int_equal(change(0, 2), 0);
	world_pass(MS);
	assert_int_equal(world_wait(0, NULL), -EAGAIN);
	world_turn(1, MS);
}

static void a_visitor_is_last_in_exactly_one_period(void **state)
{
	struct rs_turn turn;

	(void)state;
	go_visiting();
	assert_int_equal(w.sent_count, 3);
	assert_sent(0, RS_KIND_START, 1);
	assert_sent(1, RS_KIND_RING_CHANGE, 2);
	assert_int_equal(w.sent[1].arg0, 1);
	assert_sent(2, RS_KIND_END, 1);

	world_until(1010 * MS + PERIOD);
	assert_int_equal(world_turn(10, MS).flags, RS_TURN_FIRST);
	assert_int_equal(world_turn(11, MS).flags, 0); /* one more comes */
	assert_int_equal(w.sent_count, 4);
	turn = world_turn(0, MS);
	assert_int_equal(turn.flags, RS_TURN_VISIT | RS_TURN_LAST);
	assert_int_equal(turn.ring_id, 2);
	assert_int_equal(turn.release_ns, 1010 * MS + PERIOD);
	assert_int_equal(w.sent_count, 5);
	assert_sent(4, RS_KIND_END, 2);

	/* Back at home on its own, in its old place. */
	world_until(1000 * MS + 2 * PERIOD);
	assert_int_equal(world_turn(0, MS).flags, RS_TURN_FIRST | RS_TURN_RETURNED);
	assert_int_equal(world_turn(1, MS).flags, RS_TURN_LAST);
	world_until(1010 * MS + 2 * PERIOD);
	world_turn(10, MS);
	assert_int_equal(world_turn(11, MS).flags, RS_TURN_LAST);
	assert_false(w.woken[0]);
	world_until(1000 * MS + 3 * PERIOD);
	assert_int_equal(world_turn(0, MS).flags, RS_TURN_FIRST);
	assert_int_equal(visited->counts.visits, 1);
	assert_int_equal(visited->counts.visits_done, 1);
	assert_int_equal(w.engine.total.turns_skipped, 0);
}

static void home_passes_over_who_is_away(void **state)
{
	(void)state;
	visited->next_release += 2 * PERIOD; /* so that home has periods meanwhile */
	go_visiting();
	world_until(1000 * MS + 2 * PERIOD);
	assert_true(w.woken[1]); /* at once, not after a deadline */
	assert_false(w.woken[0]);
	assert_int_equal(world_turn(1, MS).flags, RS_TURN_FIRST | RS_TURN_LAST);
	assert_int_equal(home->counts.turns_skipped, 0);
}

static void a_turn_that_waits_at_home_is_given_up(void **state)
{
	(void)state;
	rs_member_unwait(&w.members[0]); /* given the turn, has not taken it */
	assert_int_equal(change(0, 2), 0);
	assert_true(w.woken[1]);
	assert_int_equal(home->counts.turns_skipped, 0);
}

static void a_period_that_runs_is_not_joined(void **state)
{
	(void)state;
	world_turn(0, MS);
	world_resume(1);
	world_pass(MS);
	home->params.deadline_ns = PERIOD; /* member 1 holds on to its turn */
	world_until(1010 * MS + PERIOD);
	world_turn(10, MS);
	assert_int_equal(change(1, 2), 0);
	assert_int_equal(world_wait(1, NULL), -EAGAIN);
	assert_int_equal(world_turn(11, MS).flags, RS_TURN_LAST);
	assert_false(w.woken[1]);
	world_until(1010 * MS + 2 * PERIOD - MS);
	world_turn(0, MS / 2);
	world_pass(MS / 2);
	world_turn(10, MS);
	world_turn(11, MS);
	assert_int_equal(world_turn(1, MS).flags, RS_TURN_VISIT | RS_TURN_LAST);
}

static void change_refuses_with_its_own_errno(void **state)
{
	const struct rs_ring_params full = world_params(5, 70, RS_MEMBER_MAX);
	const struct rs_ring_params idle = world_params(6, 71, 1);
	struct rs_ring *ring;
	unsigned int i;

	(void)state;
	world_resume(0);
	assert_int_equal(change(0, 9), -ENOENT);
	assert_int_equal(change(0, 0xffffffff), -ENOENT);
	assert_int_equal(change(0, 1), -EINVAL);
	assert_int_equal(change(60, 2), -ENOTCONN);
	assert_int_equal(rs_ring_create(&w.engine, &idle, NULL), 0);
	assert_int_equal(change(0, 6), -ESHUTDOWN);
	assert_int_equal(rs_ring_create(&w.engine, &full, NULL), 0);
	for (i = 0; i < RS_MEMBER_MAX; i++)
		assert_int_equal(world_join(20 + i, 5, i), 0);
	ring = rs_ring_find(&w.engine, 5);
	assert_int_equal(rs_ring_start(ring, w.now + PERIOD, w.now), 0);
	assert_int_equal(change(0, 5), -ENOSPC);
	assert_int_equal(change(0, 2), 0);
	assert_int_equal(change(0, 2), -EBUSY);
	assert_int_equal(change(0, 5), -EBUSY);
	assert_int_equal(w.engine.total.visits, 1);
}

static void visitors_fill_a_ring_up(void **state)
{
	const struct rs_ring_params almost = world_params(5, 70, RS_MEMBER_MAX - 1);
	struct rs_ring *ring;
	unsigned int i;

	(void)state;
	assert_int_equal(rs_ring_create(&w.engine, &almost, NULL), 0);
	for (i = 0; i < RS_MEMBER_MAX - 1; i++)
		assert_int_equal(world_join(20 + i, 5, i), 0);
	ring = rs_ring_find(&w.engine, 5);
	assert_int_equal(rs_ring_start(ring, w.now + PERIOD, w.now), 0);
	assert_int_equal(change(0, 5), 0);
	assert_int_equal(change(1, 5), -ENOSPC);
	rs_member_leave(&w.members[0], w.now); /* its place is free again */
	assert_int_equal(change(1, 5), 0);
}

static void a_visit_cut_off_by_the_deadline_is_over(void **state)
{
	(void)state;
	go_visiting();
	world_until(1010 * MS + PERIOD);
	world_turn(10, MS);
	world_turn(11, MS);
	world_resume(0);
	world_pass(5 * MS);
	assert_int_equal(visited->counts.turns_skipped, 1);
	assert_int_equal(visited->counts.visits_done, 0);
	assert_sent(4, RS_KIND_END, 2);
	assert_int_equal(world_wait(0, NULL), -EAGAIN);
	world_until(1000 * MS + 2 * PERIOD);
	assert_int_equal(world_turn(0, MS).flags, RS_TURN_FIRST | RS_TURN_RETURNED);
}

static void a_visitor_that_never_takes_its_turn_is_sent_home(void **state)
{
	(void)state;
	go_visiting();
	world_until(1010 * MS + PERIOD);
	world_turn(10, MS);
	world_turn(11, MS);
	world_pass(5 * MS); /* woken, never ran */
	assert_null(w.members[0].visited);
	assert_int_equal(rs_member_take(&w.members[0], w.now, &(struct rs_turn){ 0 }), -EAGAIN);
	world_until(1000 * MS + 2 * PERIOD);
	world_turn(0, MS);
}

static void a_visitor_that_dies_ends_the_visited_period(void **state)
{
	(void)state;
	go_visiting();
	world_until(1010 * MS + PERIOD);
	world_turn(10, MS);
	world_turn(11, MS);
	world_resume(0);
	assert_int_equal(rs_member_leave(&w.members[0], w.now), 0);
	assert_int_equal(w.sent_count, 5);
	assert_sent(4, RS_KIND_END, 2);
	world_until(1000 * MS + 2 * PERIOD);
	assert_true(w.woken[1]);
}

static void a_visited_ring_that_stops_sends_visitors_home(void **state)
{
	(void)state;
	go_visiting();
	rs_ring_destroy(visited, w.now);
	assert_true(w.woken[0]); /* to take its own priority back */
	assert_int_equal(rs_member_take(&w.members[0], w.now, &(struct rs_turn){ 0 }), -EAGAIN);
	world_until(1000 * MS + 2 * PERIOD);
	assert_int_equal(world_turn(0, MS).flags, RS_TURN_FIRST | RS_TURN_RETURNED);
}

static void a_home_ring_that_goes_recalls_its_visitors(void **state)
{
	(void)state;
	go_visiting();
	world_until(1010 * MS + PERIOD);
	world_turn(10, MS);
	world_turn(11, MS);
	world_resume(0);
	rs_ring_destroy(home, w.now);
	assert_int_equal(w.sent_count, 5);
	assert_sent(4, RS_KIND_END, 2); /* nobody is left in the visited period */
	assert_int_equal(world_wait(0, NULL), -ESHUTDOWN);
	world_until(1010 * MS + 2 * PERIOD);
	world_turn(10, MS);
	assert_int_equal(world_turn(11, MS).flags, RS_TURN_LAST);
}

/* What must hold between any two calls. */
static void check_ring(const struct rs_ring *ring)
{
	unsigned int i;

	assert_int_equal(ring->active, ring->holder != NULL);
	assert_true(ring->begun || !ring->reported);
	if (ring->active) {
		assert_ptr_equal(ring->order[ring->position], ring->holder);
		assert_int_equal(ring->state, RS_RING_RUNNING);
	}
	if (ring->state == RS_RING_RUNNING)
		assert_true(ring->armed && w.timers[ring->params.ring_id] == ring->armed);
	for (i = 0; i < RS_MEMBER_MAX; i++) {
		const struct rs_member *member = ring->order[i];

		if (!member)
			continue;
		if (i < ring->params.members)
			assert_true(member->home == ring && member->slot == i);
		else
			assert_true(member->visited == ring && member->visit_slot == i);
	}
}

/* Each ring's messages are START, END, START, END ... */
static void check_pairs(bool *told)
{
	unsigned int i;

	assert_true(w.sent_count <= SENT_MAX);
	for (i = 0; i < w.sent_count; i++) {
		bool *open = &told[w.sent[i].ring_id];

		if (w.sent[i].kind == RS_KIND_RING_CHANGE)
			continue;
		assert_int_equal(*open, w.sent[i].kind == RS_KIND_END);
		*open = w.sent[i].kind == RS_KIND_START;
	}
	w.sent_count = 0;
	for (i = 0; i < RS_RING_MAX; i++)
		assert_int_equal(told[i], w.engine.rings[i].reported);
}

static void random_act(unsigned int member, __u32 ring_id)
{
	const struct rs_ring_params params = world_params(ring_id, 10 + ring_id, 1 + ring_id);
	struct rs_ring *ring = rs_ring_find(&w.engine, ring_id);
	unsigned int slot;

	switch (random() % 64) {
	case 0:
		if (ring && random() % 4 == 0)
			rs_ring_destroy(ring, w.now);
		break;
	case 1:
		if (ring)
			rs_ring_stop(ring, w.now);
		break;
	case 2:
		rs_member_leave(&w.members[member], w.now);
		break;
	case 3 ... 5:
		rs_ring_create(&w.engine, &params, NULL);
		break;
	case 6 ... 9:
		if (ring)
			rs_ring_start(ring, w.now + random() % PERIOD, w.now);
		break;
	case 10 ... 15:
		for (slot = 0; slot < 1 + ring_id; slot++)
			world_join((member + slot) % 16, ring_id, slot);
		break;
	case 16 ... 20:
		change(member, ring_id);
		break;
	case 21:
		rs_member_unwait(&w.members[member]);
		break;
	case 22:
		w.deaf = !w.deaf;
		break;
	default:
		world_wait(member, NULL);
	}
}

static void pairs_and_places_hold_under_random_use(void **state)
{
	bool told[RS_RING_MAX] = { false };
	unsigned int step, i;

	world_setup(state);
	srandom(1);
	for (step = 0; step < 200000; step++) {
		random_act(random() % 16, random() % 4);
		check_pairs(told);
		if (random() % 3 == 0)
			world_pass(random() % (2 * MS));
		if (random() % 512 == 0)
			w.now += 3 * PERIOD; /* the vCPU stood still, timers are late */
		world_pass(0);
		check_pairs(told);
		for (i = 0; i < 4; i++)
			check_ring(&w.engine.rings[i]);
	}
	/* The random use did reach what it is about. */
	assert_true(w.engine.total.turns > 1000);
	assert_true(w.engine.total.visits_done > 10);
	assert_true(w.engine.total.turns_skipped > 100);
	assert_true(w.engine.total.periods_skipped > 100);
	assert_true(w.engine.total.members_left > 10);
}

#define VISIT_TEST(function) cmocka_unit_test_setup(function, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		VISIT_TEST(a_visitor_is_last_in_exactly_one_period),
		VISIT_TEST(home_passes_over_who_is_away),
		VISIT_TEST(a_turn_that_waits_at_home_is_given_up),
		VISIT_TEST(a_period_that_runs_is_not_joined),
		VISIT_TEST(change_refuses_with_its_own_errno),
		VISIT_TEST(visitors_fill_a_ring_up),
		VISIT_TEST(a_visit_cut_off_by_the_deadline_is_over),
		VISIT_TEST(a_visitor_that_never_takes_its_turn_is_sent_home),
		VISIT_TEST(a_visitor_that_dies_ends_the_visited_period),
		VISIT_TEST(a_visited_ring_that_stops_sends_visitors_home),
		VISIT_TEST(a_home_ring_that_goes_recalls_its_visitors),
		VISIT_TEST(pairs_and_places_hold_under_random_use),
	};

	return cmocka_run_group_tests_name("ring visit", tests, NULL, NULL);
}
