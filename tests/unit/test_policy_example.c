// SPDX-License-Identifier: GPL-2.0-or-later
/* The worked example of docs/adding-a-policy.md does what its page says. */
/* Before the world, whose `vm` the example's parameters would shadow. */
#include "docs/examples/floor.c"

#include "tests/unit/policy_world.h"

static void connect_example(enum vm_role role)
{
	connect_vm("none", role); /* the example has no row in the table */
	assert_int_equal(vm_choose_policy(vm, &policy_floor, NULL), 0);
}

static void test_between_rings_on_the_floor(void **state)
{
	(void)state;
	connect_example(VM_ROLE_CONTROL);
	assert_all_normal(); /* it has not begun to work */
	send(RS_KIND_START, 1, 50);
	assert_sched(p.vcpu[0], SCHED_FIFO, 50);
	assert_sched(p.vcpu[1], SCHED_FIFO, RS_PRIO_MIN);
	send(RS_KIND_END, 1, 50);
	assert_sched(p.vcpu[0], SCHED_FIFO, RS_PRIO_MIN);
	choose("none"); /* stop() gives every thread its own back */
	assert_all_normal();
}

static void test_neighbours_have_no_floor(void **state)
{
	(void)state;
	connect_example(VM_ROLE_NEIGHBOUR);
	send(RS_KIND_START, 1, 30);
	assert_sched(p.vcpu[0], SCHED_FIFO, 30);
	send(RS_KIND_END, 1, 30);
	assert_all_normal();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_between_rings_on_the_floor),
		T(test_neighbours_have_no_floor),
	};

	if (!realtime_permitted())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
