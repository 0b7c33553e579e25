// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rq_scan: the rival design of P2. The daemon reads every guest's run queues at
 * an interval, and a vCPU has the priority of the highest real-time task that
 * can run there (Figure 1's rule), within the VM's ceiling; with none its own
 * scheduling. Good where a guest's processes form no rings: it reports nothing,
 * and nothing is added to its kernel. Known limits: a task that becomes
 * runnable is seen up to one interval later, and only once its vCPU has had the
 * core to make it so; what begins and ends between two readings is not seen; the
 * cost is there whether a task runs or not, and grows with the VMs. A guest's
 * own real-time threads (interrupts with PREEMPT_RT) count like any other, its
 * SCHED_DEADLINE tasks do not.
 */
#include "host/policy/policies.h"
#include "host/vm.h"

static int follow(struct vm *vm)
{
	int priority[RS_VCPU_MAX], first = 0;

	vm_scan(vm, priority);
	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		int ret;

		if (!vm->vcpus[i].present || priority[i] == VM_SCAN_UNKNOWN)
			continue;
		ret = priority[i] ? vm_realtime(vm, i, (unsigned int)priority[i]) :
				    vm_normal(vm, i);
		first = first ? first : ret;
	}
	return first;
}

static int scan_start(struct vm *vm, struct rs_error **err)
{
	(void)err;
	vm_want_realtime(vm);
	return follow(vm);
}

/* A guest whose driver left is not known any more. */
static int scan_event(struct vm *vm, const struct message *msg)
{
	(void)msg;
	return follow(vm);
}

const struct policy policy_rq_scan = {
	.name = "rq_scan",
	.help = "real-time as the highest real-time task in the guest's run queue, read each ms",
	.needs = RS_SOURCE_SCAN,
	.start = scan_start,
	.event = scan_event,
	.tick = follow,
	.tick_us = 1000,
	.stop = vm_restore,
};
