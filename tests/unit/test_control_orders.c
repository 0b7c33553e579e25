// SPDX-License-Identifier: GPL-2.0-or-later
/* Orders between RING and START: which are taken, and what they set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "guest/control/csv.c"
#include "guest/control/orders.c"
#include "guest/control/resource.c"
#include "guest/control/sample.c"
#include "guest/control/work.c"

#define HIGH 1 /* two processes */
#define LOW 3 /* one process */

static struct rsc_rings rings;
static struct rsc_reason why;

static void make_ring(uint32_t id, uint32_t members)
{
	struct rsc_ring *ring = &rings.ring[id];

	ring->used = true;
	ring->spec.samples = 10;
	ring->spec.params.ring_id = id;
	ring->spec.params.members = members;
	ring->log = rsc_log_take(&rings.arena, members, 10, 1);
	assert_non_null(ring->log);
	for (uint32_t i = 0; i < members; i++)
		ring->seat[i] = rsc_arena_take(&rings.arena, sizeof(*ring->seat[i]));
}

static int fresh(void **state)
{
	struct rsc_arena arena = rings.arena;

	(void)state;
	if (!arena.base && rsc_arena_open(&arena, 1 << 16))
		return -1;
	rsc_arena_rewind(&arena, 0);
	rings = (struct rsc_rings){ .arena = arena, .speed = { .iterations_per_ms = 1000 } };
	make_ring(HIGH, 2);
	make_ring(LOW, 1);
	return 0;
}

static struct rsc_resource_spec good(void)
{
	return (struct rsc_resource_spec){
		.owner = LOW,
		.user = HIGH,
		.use_us = 500,
		.every = 4,
		.lock_us = 2000,
		.change_us = 1000,
	};
}

static int order(struct rsc_resource_spec spec)
{
	why.sentence[0] = '\0';
	return rsc_ring_resource(&rings, &spec, &why);
}

static void a_resource_gives_each_process_its_part(void **state)
{
	const struct rsc_seat *owner = rings.ring[LOW].seat[0];
	const struct rsc_seat *user = rings.ring[HIGH].seat[0];
	const struct rsc_seat *other = rings.ring[HIGH].seat[1];

	(void)state;
	assert_int_equal(order(good()), 0);
	assert_int_equal(owner->claim.role, RSC_CLAIM_OWNER);
	assert_ptr_equal(owner->claim.resource, rings.resource);
	assert_null(owner->claim.uses);
	assert_int_equal(user->claim.role, RSC_CLAIM_USER);
	assert_int_equal(user->claim.iterations, 500);
	assert_int_equal(user->claim.every, 4);
	assert_ptr_equal(user->claim.uses, rings.uses);
	assert_int_equal(user->change_to, LOW);
	assert_ptr_equal(user->change_log, rings.ring[LOW].log);
	assert_int_equal(user->change_column, 1);
	assert_int_equal(user->change_every, 0); /* it goes when it needs to */
	assert_int_equal(rings.ring[LOW].log->columns, 2);
	assert_int_equal(other->claim.role, RSC_CLAIM_NONE);
	assert_ptr_equal(other->claim.uses, rings.uses);
	assert_int_equal(rings.resource->lock_ns, 2000000);
	assert_int_equal(rings.resource->change_ns, 1000000);
	assert_int_equal(rings.uses->capacity, 10);
}

static void bad_orders_are_refused(void **state)
{
	struct rsc_resource_spec spec = good();

	(void)state;
	spec.owner = HIGH;
	assert_int_equal(order(spec), -EINVAL);
	spec.owner = 7;
	assert_int_equal(order(spec), -ENOENT);
	spec = good();
	spec.lock_us = spec.change_us = 0;
	assert_int_equal(order(spec), -EINVAL);
	rings.ring[HIGH].spec.samples = 1 << 20;
	assert_int_equal(order(good()), -ENOMEM);
	assert_true(why.sentence[0]);
	assert_null(rings.resource);
	rings.phase = RSC_PHASE_RUNNING;
	assert_int_equal(order(good()), -EBUSY);
}

/* One visit a process: the samples have one column for it. */
static void orders_exclude_each_other(void **state)
{
	(void)state;
	assert_int_equal(rsc_ring_change(&rings, HIGH, 0, LOW, 5, &why), 0);
	assert_int_equal(order(good()), -EEXIST);
	assert_int_equal(rsc_ring_change(&rings, HIGH, 0, LOW, 5, &why), -EEXIST);
	assert_int_equal(rsc_ring_change(&rings, HIGH, 2, LOW, 5, &why), -EINVAL);
	fresh(NULL);
	assert_int_equal(order(good()), 0);
	assert_int_equal(order(good()), -EEXIST);
	assert_int_equal(rsc_ring_change(&rings, HIGH, 0, LOW, 5, &why), -EEXIST);
	assert_int_equal(rsc_ring_change(&rings, HIGH, 1, LOW, 5, &why), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_resource_gives_each_process_its_part, fresh),
		cmocka_unit_test_setup(bad_orders_are_refused, fresh),
		cmocka_unit_test_setup(orders_exclude_each_other, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
