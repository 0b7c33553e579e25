// SPDX-License-Identifier: GPL-2.0-or-later
/* When a policy's tick() is called; the time is the test's own. */
#include "host/tick.h"
#include "tests/unit/policy_world.h"

#define MS 1000000ull
#define T0 (5000 * MS)

static unsigned int ticks;
static int tick_result;

static int start(struct vm *v, struct rs_error **err)
{
	(void)v;
	(void)err;
	return 0;
}

static int tick(struct vm *v)
{
	(void)v;
	ticks++;
	return tick_result;
}

static const struct policy ticking = { .name = "ticking",
				       .start = start,
				       .tick = tick,
				       .tick_us = 1000,
				       .stop = vm_restore };
static const struct policy slower = { .name = "slower",
				      .start = start,
				      .tick = tick,
				      .tick_us = 10000,
				      .stop = vm_restore };

static void use(const struct policy *policy)
{
	connect_vm("none", VM_ROLE_CONTROL);
	assert_int_equal(vm_choose_policy(vm, policy, NULL), 0);
	ticks = 0;
	tick_result = 0;
}

static void test_nobody_wants_ticks(void **state)
{
	(void)state;
	assert_int_equal(tick_run(T0), 0);
	connect_vm("ring", VM_ROLE_CONTROL);
	assert_int_equal(tick_run(T0), 0);
}

/* At multiples of the interval, so that VMs share a wake-up. */
static void test_interval(void **state)
{
	(void)state;
	use(&ticking);
	assert_int_equal(tick_run(T0 + 300000), T0 + MS);
	assert_int_equal(ticks, 1);
	assert_int_equal(tick_run(T0 + 999999), T0 + MS);
	assert_int_equal(ticks, 1);
	assert_int_equal(tick_run(T0 + MS), T0 + 2 * MS);
	assert_int_equal(tick_run(T0 + 2 * MS + 10), T0 + 3 * MS);
	assert_int_equal(ticks, 3);
	assert_int_equal(vm->counters.ticks_late, 0);
}

static void test_late_ticks_are_left_out(void **state)
{
	(void)state;
	use(&ticking);
	tick_run(T0);
	assert_int_equal(tick_run(T0 + 4 * MS + 5), T0 + 5 * MS);
	assert_int_equal(ticks, 2);
	assert_int_equal(vm->counters.ticks_late, 3);
}

static void test_another_policy(void **state)
{
	(void)state;
	use(&slower);
	assert_int_equal(tick_run(T0 + 1), T0 + 10 * MS);
	assert_int_equal(vm_choose_policy(vm, &ticking, NULL), 0);
	assert_int_equal(tick_run(T0 + 2 * MS), T0 + 3 * MS);
	assert_int_equal(ticks, 2);
	assert_int_equal(vm->counters.ticks_late, 0);
	assert_int_equal(vm_choose_policy(vm, policy_find("none", NULL), NULL), 0);
	assert_int_equal(tick_run(T0 + 3 * MS), 0);
}

static void test_ends_with_the_connection(void **state)
{
	(void)state;
	use(&ticking);
	tick_run(T0);
	vm_disconnect(vm);
	assert_int_equal(tick_run(T0 + MS), 0);
	assert_int_equal(ticks, 1);
}

static void test_failures_are_counted(void **state)
{
	(void)state;
	use(&ticking);
	tick_result = -EIO;
	tick_run(T0);
	assert_int_equal(vm->counters.policy_errors, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_nobody_wants_ticks),	  T(test_interval),
		T(test_late_ticks_are_left_out),  T(test_another_policy),
		T(test_ends_with_the_connection), T(test_failures_are_counted),
	};

	if (!realtime_permitted())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
