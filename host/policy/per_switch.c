// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * per_switch: what the paper argues against (P3). The guest tells of every
 * task switch to or from a real-time task, and a vCPU is real-time at the
 * priority of the task it runs (Figure 1), within the VM's ceiling; with none
 * it has its own scheduling. Follows every real-time task, also those that are
 * in no ring. Known limit: its price, a notification for each process of a
 * ring and one more, where `ring` has two a period.
 */
#include "host/policy/policies.h"
#include "host/vm.h"

/* All vCPUs, as in ring.c: a BYE concerns the others too. */
static int follow(struct vm *vm)
{
	int first = 0;

	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		int ret = 0;

		if (vm->vcpus[i].present)
			ret = vm->running[i] ? vm_realtime(vm, i, vm->running[i]) :
					       vm_normal(vm, i);
		first = first ? first : ret;
	}
	return first;
}

static int switch_start(struct vm *vm, struct rs_error **err)
{
	(void)err;
	vm_want_realtime(vm);
	return follow(vm);
}

static int switch_event(struct vm *vm, const struct message *msg)
{
	(void)msg; /* vm->running holds what it said */
	return follow(vm);
}

const struct policy policy_per_switch = {
	.name = "per_switch",
	.help = "real-time while a real-time task runs, told at every task switch",
	.needs = RS_SOURCE_SWITCH,
	.start = switch_start,
	.event = switch_event,
	.stop = vm_restore,
};
