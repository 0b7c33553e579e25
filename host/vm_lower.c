// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The process-wide half of "low" (P13): every thread of QEMU but its vCPU
 * threads, which vm_level.c looks after, and the VM's cgroup. Main thread.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>

#include "host/error.h"
#include "host/log.h"
#include "host/proc.h"
#include "host/record.h"
#include "host/vm.h"

#define PASSES_MAX 100
/* Of one process: QEMU has some 100 at most. A file and a place in the record a
 * thread are what other VMs need too. */
#define THREADS_MAX 256
#define RECHECKS 5 /* after a lift, some 100 ms apart */

struct pass {
	struct vm *vm;
	bool first; /* of a lowering: who is SCHED_IDLE now was so before us */
	unsigned int changed;
};

static bool is_vcpu(const struct vm *vm, pid_t tid)
{
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		if (vm->vcpus[i].present && vm->vcpus[i].ref.tid == tid)
			return true;
	return false;
}

static struct vm_low_thread *find_low(const struct vm *vm, pid_t tid)
{
	for (size_t i = 0; i < vm->low_count; i++)
		if (vm->low_threads[i].ref.tid == tid && thread_ref_alive(&vm->low_threads[i].ref))
			return &vm->low_threads[i];
	return NULL;
}

/* Remember the thread's own scheduling, in the record too. */
static int remember(struct vm *vm, pid_t tid, const struct sched_state *original)
{
	struct vm_low_thread *grown, t = { .original = *original };
	struct record_thread id;
	int ret;

	if (vm->low_count == THREADS_MAX) {
		vm->counters.record_full++;
		return -ENOSPC;
	}
	ret = thread_ref_open(&t.ref, vm->pid, tid, NULL);
	if (ret)
		return ret;
	id = (struct record_thread){ vm->pid, tid, vm->pid_start, t.ref.start };
	t.record = record_add_thread(vm->record, &id, original);
	grown = realloc(vm->low_threads, (vm->low_count + 1) * sizeof(*grown));
	if (grown)
		vm->low_threads = grown;
	if (!grown || t.record < 0) {
		record_drop(vm->record, t.record);
		thread_ref_close(&t.ref);
		vm->counters.record_full++;
		return -ENOSPC;
	}
	grown[vm->low_count++] = t;
	return 0;
}

static int lower_thread(pid_t tid, void *arg)
{
	struct pass *pass = arg;
	struct vm *vm = pass->vm;
	struct sched_state now;
	int ret;

	if (is_vcpu(vm, tid) || sched_read(tid, &now))
		return 0;
	/* In later passes: inherited from a thread that we made low. */
	if (now.policy == SCHED_IDLE && !pass->first)
		return 0;
	ret = find_low(vm, tid) ? 0 : remember(vm, tid, &now);
	if (!ret && now.policy != SCHED_IDLE) {
		ret = sched_apply_idle(tid, now.nice, NULL);
		pass->changed += !ret;
	}
	if (ret && ret != -ESRCH)
		vm->counters.low_failed++;
	return 0;
}

static void lower_group(struct vm *vm)
{
	struct rs_error *err = NULL;
	struct cgroup_place place;

	/* Only a group that is known to be this VM's alone: libvirt's domain,
	 * of which vcpuN is a part. And only once libvirt has set it up: it
	 * writes cpu.shares, which the kernel refuses while cpu.idle is 1. */
	if (!vm->settled || vm->lowgroup.active || !vm->vcpu_count)
		return;
	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		if (!vm->vcpus[i].present ||
		    cgroup_find_cpu(vm->pid, vm->vcpus[i].ref.tid, &place, &err))
			continue;
		if (!place.version || !cgroup_is_vcpu_leaf(place.dir) ||
		    !cgroup_parent(place.mount, place.dir))
			return;
		if (lowgroup_apply(&vm->lowgroup, &place, vm->record, &err)) {
			vm->counters.low_failed++;
			vm_log_error(vm, &err);
		}
		return;
	}
	rs_error_free(&err);
}

static int raise_inherited(pid_t tid, void *arg)
{
	struct pass *pass = arg;
	struct vm *vm = pass->vm;
	const struct vm_low_thread *low;
	struct sched_state now;

	if (is_vcpu(vm, tid) || sched_read(tid, &now) || now.policy != SCHED_IDLE)
		return 0;
	low = find_low(vm, tid);
	if (low && low->original.policy == SCHED_IDLE)
		return 0;
	if (vm->main_original.policy == SCHED_IDLE)
		return 0;
	if (sched_restore(tid, low ? &low->original : &vm->main_original, NULL))
		vm->counters.low_failed++;
	else
		pass->changed++;
	return 0;
}

static void raise_rest(struct vm *vm)
{
	struct pass pass = { .vm = vm };
	int clean = 0;

	for (int i = 0; i < PASSES_MAX && clean < 2; i++) {
		pass.changed = 0;
		if (proc_each_task(vm->pid, raise_inherited, &pass))
			return;
		clean = pass.changed ? 0 : clean + 1;
	}
}

/* Still low although it was not so by itself: raising it has failed. */
static bool is_left_low(const struct vm_low_thread *t)
{
	struct sched_state now;

	return t->original.policy != SCHED_IDLE && thread_ref_alive(&t->ref) &&
	       !sched_read(t->ref.tid, &now) && now.policy == SCHED_IDLE;
}

static void forget_low(struct vm *vm)
{
	for (size_t i = 0; i < vm->low_count; i++) {
		/* What is not put back stays in the record, for `ringsched cleanup`. */
		if (is_left_low(&vm->low_threads[i]))
			vm->counters.record_kept++;
		else
			record_drop(vm->record, vm->low_threads[i].record);
		thread_ref_close(&vm->low_threads[i].ref);
	}
	free(vm->low_threads);
	vm->low_threads = NULL;
	vm->low_count = 0;
	record_drop(vm->record, vm->record_process);
	vm->record_process = -1;
}

void vm_lower_process(struct vm *vm)
{
	struct pass pass = { .vm = vm, .first = !vm->process_low };
	struct record_thread id = { vm->pid, vm->pid, vm->pid_start, vm->pid_start };

	if (!vm->process_low) {
		vm->low_checks = 0; /* of the lift before, if there was one */
		raise_rest(vm);
		forget_low(vm);
		if (sched_read(vm->pid, &vm->main_original))
			return;
		vm->record_process = record_add_process(vm->record, &id, &vm->main_original);
		if (vm->record_process < 0)
			vm->counters.record_full++;
	}
	vm->process_low = true;
	/* A thread made by one that was not low yet shows up in a later pass. */
	for (int i = 0; i < PASSES_MAX; i++) {
		pass.changed = 0;
		if (proc_each_task(vm->pid, lower_thread, &pass) || !pass.changed)
			break;
		pass.first = false;
	}
	lower_group(vm);
}

void vm_raise_process(struct vm *vm)
{
	struct rs_error *err = NULL;

	for (size_t i = 0; i < vm->low_count; i++) {
		const struct vm_low_thread *t = &vm->low_threads[i];
		int ret = thread_ref_alive(&t->ref) ?
				  sched_restore(t->ref.tid, &t->original, NULL) :
				  0;

		if (ret && ret != -ESRCH)
			vm->counters.low_failed++;
	}
	raise_rest(vm);
	if (lowgroup_restore(&vm->lowgroup, vm->record, &err)) {
		vm->counters.low_failed++;
		vm_log_error(vm, &err);
	}
	vm->process_low = false;
	vm->low_checks = RECHECKS;
}

bool vm_recheck_process(struct vm *vm)
{
	if (!vm->low_checks)
		return false;
	raise_rest(vm);
	if (--vm->low_checks)
		return true;
	forget_low(vm);
	return false;
}
