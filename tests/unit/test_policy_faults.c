// SPDX-License-Identifier: GPL-2.0-or-later
/* Threads that vanish, changes that fail, and what is remembered of them. */
#include "tests/unit/policy_world.h"

static void test_thread_that_exited(void **state)
{
	(void)state;
	connect_vm("ring", VM_ROLE_CONTROL);
	send_to(1, RS_KIND_START, 1, 40);
	assert_sched(p.vcpu[1], SCHED_FIFO, 40);
	fake_process_order(&p, 'x');
	send_to(1, RS_KIND_END, 1, 40);
	assert_int_equal(vm->counters.threads_gone, 1);
	assert_int_equal(vm->counters.policy_errors, 1);
	send_to(0, RS_KIND_START, 2, 30); /* the other vCPU is served on */
	assert_sched(p.vcpu[0], SCHED_FIFO, 30);
}

/* The number of a vCPU that exited now belongs to somebody else: the held
 * file is of the thread that is gone, the number of a live one. */
static void test_reused_thread_id(void **state)
{
	(void)state;
	connect_vm("ring", VM_ROLE_CONTROL);
	fake_process_order(&p, 'x');
	vm->vcpus[1].ref.tid = p.worker;
	send_to(1, RS_KIND_START, 1, 40);
	assert_sched(p.worker, SCHED_OTHER, 0);
	assert_int_equal(vm->counters.threads_gone, 1);
	assert_int_equal(vm->counters.boosts, 0);
}

/* Someone else changes the thread: seen when the VM is settled, put right,
 * and on stop it gets that someone's scheduling. */
static void test_changed_by_someone_else(void **state)
{
	const struct sched_param own = { .sched_priority = 3 };

	(void)state;
	connect_vm("ring_boot", VM_ROLE_NEIGHBOUR);
	assert_sched(p.vcpu[0], SCHED_IDLE, 0);
	assert_int_equal(sched_setscheduler(p.vcpu[0], SCHED_RR, &own), 0);
	assert_int_equal(vm_settle(vm, NULL), 0);
	assert_sched(p.vcpu[0], SCHED_IDLE, 0);
	choose("none");
	assert_sched(p.vcpu[0], SCHED_RR, 3);
	assert_sched(p.vcpu[1], SCHED_OTHER, 0);
}

static void test_failed_apply_is_counted(void **state)
{
	(void)state;
	connect_vm("ring", VM_ROLE_CONTROL);
	vm->ceiling = 120; /* no real-time priority: the kernel says EINVAL */
	send(RS_KIND_START, 1, 110);
	assert_int_equal(vm->counters.apply_failed, 1);
	assert_int_equal(vm->counters.policy_errors, 1);
	assert_all_normal();
}

static void test_readback_mismatch_is_counted(void **state)
{
	(void)state;
	connect_vm("ring", VM_ROLE_CONTROL);
	swallow_setattr = true;
	send(RS_KIND_START, 1, 40);
	swallow_setattr = false;
	assert_all_normal();
	assert_int_equal(vm->counters.readback_mismatch, 1);
	assert_int_equal(vm->counters.boosts, 0);
	send(RS_KIND_START, 2, 30); /* the level is not believed: it is tried again */
	assert_sched(p.vcpu[0], SCHED_FIFO, 40);
}

/* A thread that could not be given its scheduling back stays in the record. */
static void test_failed_restore_stays_in_the_record(void **state)
{
	(void)state;
	connect_vm("ring", VM_ROLE_CONTROL);
	send(RS_KIND_START, 1, 40);
	swallow_setattr = true;
	vm_disconnect(vm);
	swallow_setattr = false;
	assert_sched(p.vcpu[0], SCHED_FIFO, 40);
	assert_int_equal(vm->counters.record_kept, 1);
	assert_int_equal(record_used(record), 1);
	record_restore_in_signal(record);
	assert_all_normal();
}

/* The same of the process-wide half: the worker stays low. */
static void test_failed_raise_stays_in_the_record(void **state)
{
	(void)state;
	connect_vm("ring_boot", VM_ROLE_CONTROL);
	assert_sched(p.worker, SCHED_IDLE, 0);
	swallow_setattr = true;
	vm_disconnect(vm);
	swallow_setattr = false;
	/* Two vCPU threads, the worker and the main thread. */
	assert_int_equal(vm->counters.record_kept, 4);
	assert_int_equal(record_used(record), 4);
	record_restore_in_signal(record);
	assert_sched(p.worker, SCHED_OTHER, 0);
	assert_all_normal();
}

/* A ring that is reported before budgets are granted is boosted afterwards. */
static void test_start_before_settle(void **state)
{
	(void)state;
	connect_vm("ring", VM_ROLE_CONTROL);
	vm->realtime_deferred = true;
	send(RS_KIND_START, 1, 40);
	assert_all_normal();
	assert_int_equal(vm->counters.starts_deferred, 1);
	assert_int_equal(vm_settle(vm, NULL), 0);
	assert_sched(p.vcpu[0], SCHED_FIFO, 40);
	assert_int_equal(vm->counters.starts_deferred, 1);
}

static void test_identity_by_vring(void **state)
{
	(void)state;
	connect_vm("none", VM_ROLE_CONTROL);
	vm->vring_user_address = 0x7f0000001000;
	assert_ptr_equal(vm_find_by_vring(p.pid, 0x7f0000001000), vm);
	assert_null(vm_find_by_vring(p.pid + 1, 0x7f0000001000));
	assert_null(vm_find_by_vring(p.pid, 0x7f0000002000));
}

static void test_process_dies(void **state)
{
	(void)state;
	connect_vm("ring_boot", VM_ROLE_NEIGHBOUR);
	fake_process_end(&p);
	vm_disconnect(vm);
	assert_false(vm->connected);
	assert_int_equal(vm->vcpu_count, 0);
	assert_int_equal(record_used(record), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_thread_that_exited),
		T(test_reused_thread_id),
		T(test_changed_by_someone_else),
		T(test_failed_apply_is_counted),
		T(test_readback_mismatch_is_counted),
		T(test_failed_restore_stays_in_the_record),
		T(test_failed_raise_stays_in_the_record),
		T(test_start_before_settle),
		T(test_identity_by_vring),
		T(test_process_dies),
	};

	if (!realtime_permitted())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
