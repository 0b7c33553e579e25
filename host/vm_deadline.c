// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vCPU threads with SCHED_DEADLINE: the root domain first, then the threads. A
 * thread that has not run since libvirt moved it to its core is still counted
 * where it ran before, and refused; it is tried again at the policy's ticks.
 */
#include <errno.h>
#include <string.h>

#include "host/error.h"
#include "host/proc.h"
#include "host/rootdomain.h"
#include "host/vm.h"

#define TRIES 100 /* at ticks, before a refusal is told */

int vm_deadline(struct vm *vm, struct rs_error **err)
{
	if (!vm->deadline_runtime_us)
		return rs_fail(err, EINVAL,
			       "it has no budget: add-vm needs \"deadline_runtime_us\" and "
			       "\"deadline_period_us\"");
	vm->wants_deadline = true;
	return 0;
}

unsigned int vm_deadline_waiting(const struct vm *vm)
{
	unsigned int waiting = 0;

	for (unsigned int i = 0; vm->wants_deadline && i < vm->vcpu_count; i++)
		waiting += vm->vcpus[i].present && vm->vcpus[i].level != VM_LEVEL_DEADLINE;
	return waiting;
}

static bool anyone_wants(void)
{
	for (const struct vm *vm = vm_next(NULL); vm; vm = vm_next((struct vm *)vm))
		if (vm->connected && vm->wants_deadline)
			return true;
	return false;
}

/* Every VM's groups span the core as well, whatever its policy. */
static int part_groups_of(const struct vm *vm, struct rs_error **err)
{
	struct cgroup_place place;
	int ret = 0;

	for (unsigned int i = 0; !ret && i < vm->vcpu_count; i++) {
		if (!vm->vcpus[i].present)
			continue;
		ret = cgroup_find(vm->pid, vm->vcpus[i].ref.tid, "cpuset", &place, err);
		if (!ret && place.version == 1 && cgroup_is_vcpu_leaf(place.dir))
			ret = rootdomain_part(&place, vm->record, err);
	}
	return ret;
}

static int make_root_domain(struct rs_error **err)
{
	int ret = 0;

	for (const struct vm *vm = vm_next(NULL); !ret && vm; vm = vm_next((struct vm *)vm))
		if (vm->connected)
			ret = part_groups_of(vm, err);
	return ret;
}

/* Its last core is none of those it may run on now. */
static bool is_yet_to_move(pid_t pid, pid_t tid)
{
	struct proc_stat stat;
	struct coreset cores;

	return !proc_stat(pid, tid, &stat) && !sched_read_cores(tid, &cores) &&
	       !coreset_has(&cores, stat.core);
}

/* Under the lock. The first refusal that is not only a matter of time. */
static int set_vcpus(struct vm *vm)
{
	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		const struct vm_vcpu *v = &vm->vcpus[i];
		int ret;

		if (!v->present || v->level == VM_LEVEL_DEADLINE ||
		    is_yet_to_move(vm->pid, v->ref.tid))
			continue;
		ret = vm_set_deadline(vm, i);
		if (ret)
			return ret;
	}
	return 0;
}

/* What is refused leaves nothing changed. */
static void give_up(struct vm *vm)
{
	pthread_mutex_lock(&vm->lock);
	vm_restore(vm);
	pthread_mutex_unlock(&vm->lock);
	vm->share = (struct vm_share){ 0 };
	vm_deadline_end(vm);
}

int vm_deadline_begin(struct vm *vm, struct rs_error **err)
{
	struct vm_failure failure;
	int ret;

	/* Before libvirt is done the groups are not those of the vCPUs. */
	if (!anyone_wants() || !vm->settled)
		return 0;
	ret = make_root_domain(err);
	if (ret && vm->wants_deadline)
		give_up(vm);
	if (ret || !vm->wants_deadline)
		return ret ? rs_fail_wrap(err, "VM %s", vm->name) : 0;
	pthread_mutex_lock(&vm->lock);
	vm->deadline_tries = TRIES;
	ret = set_vcpus(vm);
	failure = vm->failure;
	vm->failure.code = 0; /* told here */
	pthread_mutex_unlock(&vm->lock);
	if (!ret)
		return 0;
	sched_explain(err, failure.code ? failure.code : -ret, vm->pid, failure.tid, failure.policy,
		      0);
	give_up(vm);
	return rs_fail_wrap(err, "VM %s: policy %s", vm->name, vm->policy->name);
}

int vm_deadline_retry(struct vm *vm)
{
	if (!vm->settled || !vm->deadline_tries || !vm_deadline_waiting(vm))
		return 0;
	vm->deadline_tries--;
	return set_vcpus(vm);
}

void vm_deadline_end(struct vm *vm)
{
	struct rs_error *err = NULL;

	if (!rootdomain_held() || anyone_wants())
		return;
	rootdomain_give_back(vm->record, &err);
	vm_log_error(vm, &err);
}
