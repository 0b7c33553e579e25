// SPDX-License-Identifier: GPL-2.0-or-later
/* What each policy does with a VM's messages; see policy_world.h. */
#include "tests/unit/policy_world.h"

static void test_none_changes_nothing(void **state)
{
	(void)state;
	connect_vm("none", VM_ROLE_CONTROL);
	send(RS_KIND_START, 1, 50);
	assert_all_normal();
	send(RS_KIND_END, 1, 50);
	assert_all_normal();
	assert_int_equal(vm->counters.boosts, 0);
	assert_int_equal(vm->counters.messages[RS_KIND_START], 1);
}

static void test_static_by_role(void **state)
{
	(void)state;
	connect_vm("static", VM_ROLE_CONTROL);
	assert_sched(p.vcpu[0], SCHED_FIFO, CEILING);
	assert_sched(p.vcpu[1], SCHED_FIFO, CEILING);
	assert_sched(p.worker, SCHED_OTHER, 0);
	vm_remove(vm);
	assert_all_normal();
	connect_vm("static", VM_ROLE_NEIGHBOUR);
	assert_all_normal();
}

/* Figure 1: the VM's priority is that of its highest active ring. */
static void test_ring_follows_highest(void **state)
{
	(void)state;
	connect_vm("ring", VM_ROLE_CONTROL);
	assert_all_normal();
	send(RS_KIND_START, 1, 20);
	assert_sched(p.vcpu[0], SCHED_FIFO, 20);
	assert_sched(p.vcpu[1], SCHED_OTHER, 0);
	send(RS_KIND_START, 2, 60);
	assert_sched(p.vcpu[0], SCHED_FIFO, 60);
	send(RS_KIND_START, 3, 40); /* a lower one within changes nothing */
	assert_sched(p.vcpu[0], SCHED_FIFO, 60);
	assert_int_equal(vm->counters.boosts, 2);
	send(RS_KIND_END, 2, 60);
	assert_sched(p.vcpu[0], SCHED_FIFO, 40);
	send(RS_KIND_END, 1, 20);
	assert_sched(p.vcpu[0], SCHED_FIFO, 40);
	send(RS_KIND_END, 3, 40);
	assert_all_normal();
	assert_int_equal(vm->counters.demotions, 1);
	assert_int_equal(vm->counters.lost, 0);
	assert_int_equal(vm->handling.count, 6);
}

static void test_ceiling(void **state)
{
	(void)state;
	connect_vm("ring", VM_ROLE_CONTROL);
	send(RS_KIND_START, 1, 99);
	assert_sched(p.vcpu[0], SCHED_FIFO, CEILING);
	send(RS_KIND_END, 1, 99);
	assert_all_normal();
}

static void test_rings_of_two_vcpus(void **state)
{
	(void)state;
	connect_vm("ring", VM_ROLE_CONTROL);
	send_to(0, RS_KIND_START, 1, 20);
	send_to(1, RS_KIND_START, 2, 30);
	assert_sched(p.vcpu[0], SCHED_FIFO, 20);
	assert_sched(p.vcpu[1], SCHED_FIFO, 30);
	/* The ring's last process may run elsewhere than its first: what was
	 * boosted is what START named. */
	send_to(1, RS_KIND_END, 1, 20);
	assert_sched(p.vcpu[0], SCHED_OTHER, 0);
	assert_sched(p.vcpu[1], SCHED_FIFO, 30);
	send_to(0, RS_KIND_START, 2, 30); /* started again, on the other vCPU */
	assert_sched(p.vcpu[0], SCHED_FIFO, 30);
	assert_sched(p.vcpu[1], SCHED_OTHER, 0);
	assert_int_equal(vm->counters.restarts, 1);
}

static void test_bye_reset_and_stray_ends(void **state)
{
	(void)state;
	connect_vm("ring", VM_ROLE_CONTROL);
	send(RS_KIND_END, 4, 40);
	assert_int_equal(vm->counters.stray_ends, 1);
	send(RS_KIND_START, 1, 40);
	send(RS_KIND_BYE, 0, 0);
	assert_all_normal();
	send(RS_KIND_START, 1, 40);
	assert_sched(p.vcpu[0], SCHED_FIFO, 40);
	pthread_mutex_lock(&vm->lock);
	vm_rings_clear(vm); /* the guest was reset */
	pthread_mutex_unlock(&vm->lock);
	assert_all_normal();
	send(RS_KIND_START, 1, 40);
	send(RS_KIND_ATTACH, 0, 0); /* a driver that says it is new */
	assert_all_normal();
}

static void test_sequence_gaps(void **state)
{
	(void)state;
	connect_vm("ring", VM_ROLE_CONTROL);
	send(RS_KIND_ATTACH, 0, 0);
	sequence += 3;
	send(RS_KIND_START, 1, 40);
	assert_int_equal(vm->counters.lost, 3);
	sequence -= 2;
	send(RS_KIND_END, 1, 40);
	assert_int_equal(vm->counters.reordered, 1);
	sequence = UINT32_MAX - 1; /* a jump, and then it wraps */
	send(RS_KIND_START, 1, 40);
	assert_int_equal(vm->counters.reordered, 2);
	assert_int_equal(vm->counters.lost, 3);
}

static void test_unknown_vcpu_is_refused(void **state)
{
	(void)state;
	connect_vm("ring", VM_ROLE_CONTROL);
	send_to(2, RS_KIND_START, 1, 40);
	send_to(63, RS_KIND_START, 1, 40);
	assert_all_normal();
	assert_int_equal(vm->counters.rejects[REJECT_VCPU], 2);
	assert_int_equal(vm->counters.messages[RS_KIND_START], 0);
}

static void test_ring_boot_low_then_lifted(void **state)
{
	pid_t made_low, made_after;

	(void)state;
	connect_vm("ring_boot", VM_ROLE_NEIGHBOUR);
	assert_sched(p.pid, SCHED_IDLE, 0);
	assert_sched(p.worker, SCHED_IDLE, 0);
	assert_sched(p.vcpu[0], SCHED_IDLE, 0);
	assert_sched(p.vcpu[1], SCHED_IDLE, 0);
	made_low = fake_process_order(&p, 'w'); /* inherits it */
	assert_sched(made_low, SCHED_IDLE, 0);
	send(RS_KIND_ATTACH, 0, 0);
	send(RS_KIND_END, 1, 40);
	assert_sched(p.vcpu[0], SCHED_IDLE, 0);

	send(RS_KIND_START, 1, 40); /* P13: its control process starts */
	assert_sched(p.vcpu[0], SCHED_FIFO, 40);
	assert_sched(p.vcpu[1], SCHED_OTHER, 0);
	assert_sched(p.pid, SCHED_OTHER, 0);
	assert_sched(p.worker, SCHED_OTHER, 0);
	assert_sched(made_low, SCHED_OTHER, 0);
	made_after = fake_process_order(&p, 'w');
	assert_sched(made_after, SCHED_OTHER, 0);
	send(RS_KIND_END, 1, 40);
	assert_all_normal();
	assert_false(vm->process_low);
	assert_int_equal(record_used(record), 2); /* the vCPUs', until it disconnects */
}

static void test_ring_boot_stops_before_start(void **state)
{
	(void)state;
	connect_vm("ring_boot", VM_ROLE_NEIGHBOUR);
	assert_sched(p.worker, SCHED_IDLE, 0);
	vm_remove(vm);
	vm = NULL;
	assert_all_normal();
	assert_int_equal(record_used(record), 0);
}

/* Of a process with any number of threads only so many are remembered: files and
 * the record's places are there for all VMs. */
static void test_ring_boot_has_a_bound(void **state)
{
	enum { REMEMBERED = 256, THREADS = REMEMBERED + 40 };
	pid_t last = 0;

	(void)state;
	for (int i = 0; i < THREADS; i++)
		last = fake_process_order(&p, 'w');
	connect_vm("ring_boot", VM_ROLE_NEIGHBOUR);
	assert_int_equal(vm->low_count, REMEMBERED);
	assert_true(vm->counters.record_full > 0);
	assert_sched(p.worker, SCHED_IDLE, 0);
	assert_sched(last, SCHED_OTHER, 0);
	assert_sched(p.vcpu[0], SCHED_IDLE, 0);
	vm_remove(vm);
	vm = NULL;
	assert_all_normal();
	assert_int_equal(record_used(record), 0);
}

static void test_switching_policies(void **state)
{
	(void)state;
	connect_vm("ring", VM_ROLE_CONTROL);
	send(RS_KIND_START, 1, 40);
	choose("static");
	assert_sched(p.vcpu[0], SCHED_FIFO, CEILING);
	assert_sched(p.vcpu[1], SCHED_FIFO, CEILING);
	choose("none");
	assert_all_normal();
	choose("ring"); /* the guest was silent in between: nothing is active */
	assert_all_normal();
	send(RS_KIND_START, 1, 40);
	assert_sched(p.vcpu[0], SCHED_FIFO, 40);
	choose("ring_boot"); /* it has run: its ring goes on, it is not pushed low */
	assert_sched(p.vcpu[0], SCHED_FIFO, 40);
	assert_sched(p.worker, SCHED_OTHER, 0);
	choose("none");
	assert_all_normal();
	choose("ring_boot");
	assert_all_normal();
}
static void test_table_of_policies(void **state)
{
	cleanup_error struct rs_error *err = NULL;

	(void)state;
	for (size_t i = 0; policies[i]; i++)
		assert_ptr_equal(policy_find(policies[i]->name, NULL), policies[i]);
	assert_null(policy_find("best", &err));
	assert_non_null(strstr(err->message, "none, static, ring, ring_boot"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_none_changes_nothing),
		T(test_static_by_role),
		T(test_ring_follows_highest),
		T(test_ceiling),
		T(test_rings_of_two_vcpus),
		T(test_bye_reset_and_stray_ends),
		T(test_sequence_gaps),
		T(test_unknown_vcpu_is_refused),
		T(test_ring_boot_low_then_lifted),
		T(test_ring_boot_stops_before_start),
		T(test_ring_boot_has_a_bound),
		T(test_switching_policies),
		cmocka_unit_test(test_table_of_policies),
	};

	if (!realtime_permitted())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
