// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a VM is granted of real-time: its share beside the other VMs', budgets
 * for its cgroups, and who keeps them. Main thread.
 */
#include <string.h>

#include "host/budget.h"
#include "host/cgroup.h"
#include "host/error.h"
#include "host/vm.h"

/* Whether the cgroup is one that libvirt will move the vCPU threads out of. */
static bool place_is_passing(const struct cgroup_place *place)
{
	return strstr(place->dir, "libvirt") && !cgroup_is_vcpu_leaf(place->dir);
}

/* The groups of the VM's vCPU threads that the kernel keeps a budget for, with
 * their parts of the VM's; false if it is too early to say. */
static bool find_leaves(const struct vm *vm, struct budget_leaf *leaves, unsigned int *count)
{
	unsigned int present = 0;

	*count = 0;
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		present += vm->vcpus[i].present;
	for (unsigned int i = 0; vm->wants_realtime && i < vm->vcpu_count; i++) {
		struct budget_leaf *leaf = &leaves[*count];

		if (!vm->vcpus[i].present ||
		    cgroup_find_cpu(vm->pid, vm->vcpus[i].ref.tid, &leaf->place, NULL) ||
		    leaf->place.version != 1 || leaf->place.root ||
		    !cgroup_has(leaf->place.dir, "cpu.rt_runtime_us"))
			continue;
		if (!vm->settled && place_is_passing(&leaf->place))
			return false;
		/* The groups above hold the sum, so vCPUs share the VM's budget. */
		leaf->permille = vm->budget.permille / present;
		/* In a group that is not the vCPU's own, others would meet it. */
		leaf->period_us = cgroup_is_vcpu_leaf(leaf->place.dir) ?
					  (unsigned int)(vm->budget.period_ns / 1000) :
					  0;
		++*count;
	}
	return true;
}

static bool all_own(const struct budget_leaf *leaves, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		if (!cgroup_is_vcpu_leaf(leaves[i].place.dir))
			return false;
	return count > 0;
}

/* Who can keep its budget; `kept`: the kernel does, for all of its groups. */
static enum vm_budget_by choose_keeper(const struct vm *vm, bool kept)
{
	if (!vm->wants_realtime)
		return VM_BUDGET_NOBODY;
	if (kept && vm->budget.asked != VM_BUDGET_DAEMON)
		return VM_BUDGET_KERNEL;
	return vm->budget.asked == VM_BUDGET_KERNEL ? VM_BUDGET_NOBODY : VM_BUDGET_DAEMON;
}

static unsigned int deadline_permille(const struct vm *vm)
{
	uint64_t period_us = vm->deadline_period_us;

	return (unsigned int)((vm->deadline_runtime_us * 1000ull + period_us - 1) / period_us);
}

/* What has no keeper has no bound either, so there is no share to speak of. */
static int take_share(struct vm *vm, enum vm_budget_by by, struct rs_error **err)
{
	int ret;

	if (vm->wants_deadline)
		ret = vm_share_take(vm, deadline_permille(vm), true, err);
	else
		ret = vm_share_take(vm, by == VM_BUDGET_NOBODY ? 0 : vm->budget.permille, false,
				    err);
	if (!ret)
		return 0;
	pthread_mutex_lock(&vm->lock);
	if (vm->wants_deadline)
		vm_restore(vm);
	else
		vm_defer_realtime(vm);
	pthread_mutex_unlock(&vm->lock);
	vm_deadline_end(vm);
	return ret;
}

static void begin_budget(struct vm *vm, enum vm_budget_by by)
{
	struct rs_error *err = NULL;

	pthread_mutex_lock(&vm->lock);
	if (vm_budget_begin(vm, by, &err))
		vm->counters.grant_failed++;
	pthread_mutex_unlock(&vm->lock);
	vm_log_error(vm, &err);
}

int vm_grant(struct vm *vm, bool *early, struct rs_error **err)
{
	struct budget_leaf leaves[RS_VCPU_MAX];
	struct rs_error *why = NULL;
	unsigned int count;
	bool kept;
	int ret;

	*early = !find_leaves(vm, leaves, &count);
	if (*early)
		return 0;
	kept = all_own(leaves, count) && budget_kernel_keeps();
	ret = take_share(vm, choose_keeper(vm, kept), err);
	if (ret)
		count = 0;
	if (vm->budget.asked == VM_BUDGET_DAEMON) /* its own windows, not the kernel's */
		for (unsigned int i = 0; i < count; i++)
			leaves[i].period_us = 0;
	if (budget_set(vm, leaves, count, vm->record, &why)) {
		vm->counters.grant_failed++;
		vm_log_error(vm, &why);
		kept = false;
	}
	begin_budget(vm, ret ? VM_BUDGET_NOBODY : choose_keeper(vm, kept));
	return ret;
}
