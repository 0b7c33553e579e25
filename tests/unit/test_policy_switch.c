// SPDX-License-Identifier: GPL-2.0-or-later
/* per_switch (P3): a vCPU has the priority of the task it runs; policy_world.h. */
#include "tests/unit/policy_world.h"

static void run_task(unsigned int vcpu, unsigned int prio)
{
	send_to(vcpu, RS_KIND_SWITCH, 0, prio);
}

/* Figure 1, each message. */
static void test_follows_the_running_task(void **state)
{
	(void)state;
	connect_vm("per_switch", VM_ROLE_CONTROL);
	assert_all_normal();
	run_task(0, 20);
	assert_sched(p.vcpu[0], SCHED_FIFO, 20);
	assert_sched(p.vcpu[1], SCHED_OTHER, 0);
	run_task(0, 60);
	assert_sched(p.vcpu[0], SCHED_FIFO, 60);
	run_task(0, 40); /* down again: it is the task that counts, not the highest */
	assert_sched(p.vcpu[0], SCHED_FIFO, 40);
	run_task(0, 0);
	assert_all_normal();
	assert_int_equal(vm->counters.boosts, 3);
	assert_int_equal(vm->counters.demotions, 1);
}

static void test_ceiling(void **state)
{
	(void)state;
	connect_vm("per_switch", VM_ROLE_CONTROL);
	run_task(0, 99);
	assert_sched(p.vcpu[0], SCHED_FIFO, CEILING);
	run_task(0, CEILING + 1);
	assert_sched(p.vcpu[0], SCHED_FIFO, CEILING);
	run_task(0, 0);
	assert_all_normal();
}

static void test_each_vcpu_for_itself(void **state)
{
	(void)state;
	connect_vm("per_switch", VM_ROLE_CONTROL);
	run_task(0, 20);
	run_task(1, 30);
	run_task(0, 0);
	assert_sched(p.vcpu[0], SCHED_OTHER, 0);
	assert_sched(p.vcpu[1], SCHED_FIFO, 30);
	run_task(1, 0);
	assert_all_normal();
}

/* A period of a ring of four: five messages, of which three tell nothing new. */
static void test_counts_by_priority(void **state)
{
	(void)state;
	connect_vm("per_switch", VM_ROLE_CONTROL);
	for (unsigned int i = 0; i < 4; i++)
		run_task(0, 50);
	run_task(0, 0);
	run_task(1, 30);
	run_task(1, 20); /* to 20, not from 30 */
	run_task(1, 0);
	assert_int_equal(vm->counters.switches_by_priority[50], 5);
	assert_int_equal(vm->counters.switches_by_priority[30], 1);
	assert_int_equal(vm->counters.switches_by_priority[20], 2);
	assert_int_equal(vm->counters.switches_by_priority[0], 0);
	assert_int_equal(vm->counters.switch_same_priority, 3);
	assert_int_equal(vm->counters.messages[RS_KIND_SWITCH], 8);
	assert_int_equal(vm->counters.boosts, 3);
}

/* The guest's queue was full: the next message says what holds. */
static void test_lost_message(void **state)
{
	(void)state;
	connect_vm("per_switch", VM_ROLE_CONTROL);
	run_task(0, 50);
	sequence++;
	run_task(0, 30);
	assert_sched(p.vcpu[0], SCHED_FIFO, 30);
	assert_int_equal(vm->counters.lost, 1);
	sequence++;
	run_task(0, 0);
	assert_all_normal();
}

static void test_driver_goes(void **state)
{
	(void)state;
	connect_vm("per_switch", VM_ROLE_CONTROL);
	run_task(0, 50);
	run_task(1, 40);
	send(RS_KIND_BYE, 0, 0);
	assert_all_normal();
	run_task(1, 40);
	send(RS_KIND_ATTACH, 0, 0);
	assert_all_normal();
	run_task(1, 40);
	pthread_mutex_lock(&vm->lock);
	vm_rings_clear(vm); /* the guest was reset */
	pthread_mutex_unlock(&vm->lock);
	assert_all_normal();
}

/* What one source told must not outlive it: the other never takes it back. */
static void test_change_of_source(void **state)
{
	(void)state;
	connect_vm("per_switch", VM_ROLE_CONTROL);
	run_task(0, 50);
	choose("ring");
	assert_all_normal();
	run_task(0, 50); /* was under way still */
	assert_all_normal();
	send(RS_KIND_START, 1, 40);
	assert_sched(p.vcpu[0], SCHED_FIFO, 40);
	choose("per_switch");
	assert_all_normal();
	run_task(0, 30);
	assert_sched(p.vcpu[0], SCHED_FIFO, 30);
	vm_remove(vm);
	vm = NULL;
	assert_all_normal();
	assert_int_equal(record_used(record), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_follows_the_running_task),
		T(test_ceiling),
		T(test_each_vcpu_for_itself),
		T(test_counts_by_priority),
		T(test_lost_message),
		T(test_driver_goes),
		T(test_change_of_source),
	};

	if (!realtime_permitted())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
