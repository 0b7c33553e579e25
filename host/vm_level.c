// SPDX-License-Identifier: GPL-2.0-or-later
/* The scheduling level of a VM's vCPU threads: the calls policies make. */
#include <errno.h>
#include <sched.h>

#include "host/error.h"
#include "host/vm.h"

void (*vm_wake_main)(void);

unsigned int vm_host_priority(const struct vm *vm, unsigned int ring_prio)
{
	if (ring_prio < RS_PRIO_MIN)
		return RS_PRIO_MIN;
	return ring_prio < vm->ceiling ? ring_prio : vm->ceiling;
}

unsigned int vm_highest_ring(const struct vm *vm, unsigned int vcpu)
{
	unsigned int highest = 0;

	for (unsigned int i = 0; i < RS_RING_MAX; i++)
		if (vm->rings[i].active && !vm->rings[i].boost.cut && vm->rings[i].vcpu == vcpu &&
		    vm->rings[i].ring_prio > highest)
			highest = vm->rings[i].ring_prio;
	for (unsigned int i = 0; i < RS_INTERRUPT_MAX; i++)
		if (vm->interrupts[i].ahead && vm->interrupts[i].vcpu == vcpu &&
		    vm->interrupts[i].ring_prio > highest)
			highest = vm->interrupts[i].ring_prio;
	return highest;
}

static int apply(const struct vm *vm, struct vm_vcpu *v, enum vm_level level, unsigned int priority)
{
	switch (level) {
	case VM_LEVEL_REALTIME:
		return sched_apply_fifo(v->ref.tid, priority, &v->now);
	case VM_LEVEL_LOW:
		return sched_apply_idle(v->ref.tid, v->original.nice, &v->now);
	case VM_LEVEL_DEADLINE:
		return sched_apply_deadline(v->ref.tid, vm->deadline_runtime_us * 1000ull,
					    vm->deadline_period_us * 1000ull, &v->now);
	default:
		return sched_restore(v->ref.tid, &v->original, &v->now);
	}
}

static void count_failure(struct vm *vm, int code, const struct vm_vcpu *v, enum vm_level level,
			  unsigned int priority)
{
	if (code == EBADE)
		vm->counters.readback_mismatch++;
	else
		vm->counters.apply_failed++;
	vm->failure = (struct vm_failure){
		.code = code,
		.tid = v->ref.tid,
		.policy = level == VM_LEVEL_REALTIME ? SCHED_FIFO :
			  level == VM_LEVEL_LOW	     ? SCHED_IDLE :
			  level == VM_LEVEL_DEADLINE ? SCHED_DEADLINE :
						       v->original.policy,
		.priority = level == VM_LEVEL_REALTIME ? priority : v->original.priority,
	};
	if (vm_wake_main)
		vm_wake_main();
}

static int set_level(struct vm *vm, unsigned int vcpu, enum vm_level level, unsigned int priority)
{
	struct vm_vcpu *v = &vm->vcpus[vcpu];
	bool was_realtime;
	int ret;

	if (vcpu >= vm->vcpu_count || !v->present)
		return -ESRCH;
	was_realtime = v->level == VM_LEVEL_REALTIME;
	if (v->level == level && v->priority == priority)
		return 0;
	/* See thread_ref: a reused thread id must not be touched. */
	if (!thread_ref_alive(&v->ref)) {
		vm->counters.threads_gone++;
		return -ESRCH;
	}
	ret = apply(vm, v, level, priority);
	if (ret) {
		count_failure(vm, -ret, v, level, priority);
		return ret;
	}
	vm->counters.changes++;
	if (level == VM_LEVEL_REALTIME)
		vm->counters.boosts++;
	else if (was_realtime)
		vm->counters.demotions++;
	v->level = level;
	v->priority = (uint8_t)priority;
	vm_budget_note(vm, v, was_realtime);
	return 0;
}

void vm_want_realtime(struct vm *vm)
{
	vm->wants_realtime = true;
}

static int follow_wish(struct vm *vm, unsigned int vcpu)
{
	unsigned int priority = vm->vcpus[vcpu].wished;

	if (!vm_bounds_allow(vm, vcpu) || !vm_budget_left(vm))
		return set_level(vm, vcpu, VM_LEVEL_NORMAL, 0);
	return set_level(vm, vcpu, VM_LEVEL_REALTIME, priority);
}

int vm_realtime(struct vm *vm, unsigned int vcpu, unsigned int ring_prio)
{
	if (vm->realtime_deferred)
		return 0;
	if (vcpu >= vm->vcpu_count)
		return -ESRCH;
	vm->vcpus[vcpu].wished = (uint8_t)vm_host_priority(vm, ring_prio);
	return follow_wish(vm, vcpu);
}

void vm_apply_wishes(struct vm *vm)
{
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		if (vm->vcpus[i].present && vm->vcpus[i].wished)
			follow_wish(vm, i); /* counts what goes wrong */
}

int vm_normal(struct vm *vm, unsigned int vcpu)
{
	if (vcpu < vm->vcpu_count)
		vm->vcpus[vcpu].wished = 0;
	return set_level(vm, vcpu, VM_LEVEL_NORMAL, 0);
}

void vm_defer_realtime(struct vm *vm)
{
	vm->realtime_deferred = true;
	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		vm->vcpus[i].wished = 0;
		if (vm->vcpus[i].level == VM_LEVEL_REALTIME)
			vm_normal(vm, i);
	}
}

int vm_set_deadline(struct vm *vm, unsigned int vcpu)
{
	return set_level(vm, vcpu, VM_LEVEL_DEADLINE, 0);
}

/* Every vCPU to one level without priority; the first failure. */
static int set_all(struct vm *vm, enum vm_level level)
{
	int first = 0;

	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		int ret = vm->vcpus[i].present ? set_level(vm, i, level, 0) : 0;

		vm->vcpus[i].wished = 0;
		first = first ? first : ret;
	}
	return first;
}

int vm_low(struct vm *vm)
{
	if (vm->has_run && !vm->low)
		return -EALREADY;
	vm->low = true;
	return set_all(vm, VM_LEVEL_LOW);
}

int vm_lift(struct vm *vm)
{
	vm->has_run = true;
	if (!vm->low)
		return 0;
	vm->low = false;
	if (vm_wake_main)
		vm_wake_main();
	return set_all(vm, VM_LEVEL_NORMAL);
}

int vm_elsewhere(struct vm *vm, struct rs_error **err)
{
	if (coreset_empty(&vm->other_cores))
		return rs_fail(err, EINVAL,
			       "there are no other cores it may go to: add-vm needs "
			       "\"other_cores\"");
	vm->elsewhere = true;
	return 0;
}

void vm_restore(struct vm *vm)
{
	bool main_is_due = vm->low || vm->elsewhere || vm->wants_deadline;

	vm->low = false;
	vm->elsewhere = false;
	vm->wants_deadline = false;
	vm->wants_realtime = false;
	set_all(vm, VM_LEVEL_NORMAL);
	if (main_is_due && vm_wake_main)
		vm_wake_main();
}
