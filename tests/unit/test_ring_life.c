// SPDX-License-Identifier: GPL-2.0-or-later
/* The ring engine: rings that are made, started, stopped and destroyed. */
#include "tests/unit/ring_world.h"

static void stop_ends_the_period_and_start_begins_anew(void **state)
{
	struct rs_ring *ring;

	(void)state;
	ring = world_ring(0, 50, 0, 2);
	world_pass(PERIOD);
	world_turn(0, MS);
	world_resume(1);
	assert_int_equal(rs_ring_stop(ring, w.now), 0);
	assert_int_equal(w.sent_count, 2);
	assert_sent(1, RS_KIND_END, 0);
	assert_true(w.woken[0]);
	assert_int_equal(w.timers[0], 0);
	assert_int_equal(world_wait(0, NULL), -ESHUTDOWN);
	assert_int_equal(world_wait(1, NULL), -ESHUTDOWN);
	assert_int_equal(rs_ring_stop(ring, w.now), -EALREADY);
	assert_int_equal(rs_ring_start(ring, 0, w.now), 0);
	world_pass(0);
	assert_int_equal(world_wait(0, NULL), 0);
	assert_int_equal(ring->sequence, 0);
	assert_int_equal(w.sent_count, 3);
}

static void destroy_shuts_members_out(void **state)
{
	struct rs_ring *ring;

	(void)state;
	ring = world_ring(0, 50, 0, 2);
	world_pass(PERIOD);
	world_resume(0);
	rs_ring_destroy(ring, w.now);
	assert_sent(1, RS_KIND_END, 0);
	assert_true(w.woken[1]);
	assert_int_equal(world_wait(1, NULL), -ESHUTDOWN);
	assert_int_equal(world_wait(0, NULL), -ESHUTDOWN);
	assert_null(rs_ring_find(&w.engine, 0));
	assert_int_equal(w.timers[0], 0);
	assert_int_equal(rs_member_leave(&w.members[0], w.now), -ENOTCONN);
	assert_int_equal(world_wait(0, NULL), -ENOTCONN);
	world_ring(0, 50, 0, 2); /* id, priority and members are free again */
}

static void start_has_its_conditions(void **state)
{
	const struct rs_ring_params params = world_params(0, 50, 2);
	struct rs_ring *ring;

	(void)state;
	assert_int_equal(rs_ring_create(&w.engine, &params, NULL), 0);
	ring = rs_ring_find(&w.engine, 0);
	assert_int_equal(world_join(0, 0, 0), 0);
	assert_int_equal(rs_ring_start(ring, 0, w.now), -EAGAIN);
	assert_int_equal(world_join(1, 0, 1), 0);
	assert_int_equal(rs_ring_start(ring, w.now + RS_START_AHEAD_MAX_NS + 1, w.now), -EINVAL);
	ring->params.offset_ns = 7 * MS;
	assert_int_equal(rs_ring_start(ring, w.now + MS, w.now), 0);
	assert_int_equal(w.timers[0], w.now + 8 * MS);
	assert_int_equal(rs_ring_start(ring, 0, w.now), -EALREADY);
	rs_ring_stop(ring, w.now);
	assert_int_equal(rs_ring_start(ring, 1, w.now), 0); /* the past is now */
	assert_int_equal(w.timers[0], w.now + 7 * MS);
}

static void create_checks_every_parameter(void **state)
{
	static const struct {
		size_t offset;
		size_t size;
		__u64 good, bad;
	} cases[] = {
#define CASE(field, good_value, bad_value)                                                     \
	{ offsetof(struct rs_ring_params, field), sizeof(((struct rs_ring_params *)0)->field), \
	  good_value, bad_value }
		CASE(ring_id, RS_RING_MAX - 1, RS_RING_MAX),
		CASE(ring_id, 0, 0xffffffff),
		CASE(ring_prio, RS_PRIO_MIN, 0),
		CASE(ring_prio, RS_PRIO_MAX, RS_PRIO_MAX + 1),
		CASE(members, 1, 0),
		CASE(members, RS_MEMBER_MAX, RS_MEMBER_MAX + 1),
		CASE(vcpu, (__u32)-1, (__u32)-2),
		CASE(period_ns, RS_PERIOD_MIN_NS * 10, RS_PERIOD_MIN_NS - 1),
		CASE(period_ns, RS_PERIOD_MAX_NS, RS_PERIOD_MAX_NS + 1),
		CASE(deadline_ns, 1, 0),
		CASE(deadline_ns, 10 * PERIOD, 10 * PERIOD + 1),
		CASE(offset_ns, RS_PERIOD_MAX_NS, RS_PERIOD_MAX_NS + 1),
		CASE(trigger, RS_TRIGGER_INTERRUPT, RS_TRIGGER_INTERRUPT + 1),
		CASE(interrupt, 0, 1), /* a ring that its timer releases */
#undef CASE
	};
	unsigned int i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct rs_ring_params params = world_params(0, 50, 1);
		char *field = (char *)&params + cases[i].offset;

		world_setup(state);
		params.deadline_ns = MS;
		memcpy(field, &cases[i].bad, cases[i].size);
		assert_int_equal(rs_ring_create(&w.engine, &params, NULL), -EINVAL);
		memcpy(field, &cases[i].good, cases[i].size);
		assert_int_equal(rs_ring_create(&w.engine, &params, NULL), 0);
	}
}

static void ids_and_priorities_are_unique(void **state)
{
	struct rs_ring_params params = world_params(0, 50, 1);

	(void)state;
	assert_int_equal(rs_ring_create(&w.engine, &params, NULL), 0);
	params.ring_prio = 51;
	assert_int_equal(rs_ring_create(&w.engine, &params, NULL), -EEXIST);
	params = world_params(1, 50, 1);
	assert_int_equal(rs_ring_create(&w.engine, &params, NULL), -EEXIST);
	params.ring_prio = 51;
	assert_int_equal(rs_ring_create(&w.engine, &params, NULL), 0);
}

static void join_refuses_with_its_own_errno(void **state)
{
	const struct rs_ring_params params = world_params(2, 50, 2);

	(void)state;
	assert_int_equal(rs_ring_create(&w.engine, &params, NULL), 0);
	assert_int_equal(world_wait(0, NULL), -ENOTCONN);
	assert_int_equal(world_join(0, 3, 0), -ENOENT);
	assert_int_equal(world_join(0, 0xffffffff, 0), -ENOENT);
	assert_int_equal(world_join(0, 2, 2), -ENOSPC);
	assert_int_equal(world_join(0, 2, 0), 0);
	assert_int_equal(world_join(1, 2, 0), -EBUSY);
	assert_int_equal(world_join(0, 2, 1), -EISCONN);
	assert_int_equal(world_join(1, 2, 1), 0);
}

#define RING_TEST(function) cmocka_unit_test_setup(function, world_setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RING_TEST(stop_ends_the_period_and_start_begins_anew),
		RING_TEST(destroy_shuts_members_out),
		RING_TEST(start_has_its_conditions),
		RING_TEST(create_checks_every_parameter),
		RING_TEST(ids_and_priorities_are_unique),
		RING_TEST(join_refuses_with_its_own_errno),
	};

	return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}
