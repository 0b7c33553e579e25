// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ring: the paper's rule (P7, P10, Figure 1). A vCPU is real-time at the
 * priority of its highest active ring, within the VM's ceiling; with none
 * active it has its own scheduling again. Known limit: until START arrives the
 * vCPU is an ordinary thread and may wait for the core.
 */
#include "host/policy/policies.h"
#include "host/vm.h"

/* Every vCPU, not only the message's: a ring that is started again on another
 * vCPU, a BYE and a change of policy concern the others. A vCPU that is right
 * already costs nothing. */
int ring_follow(struct vm *vm)
{
	int first = 0;

	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		unsigned int prio = vm_highest_ring(vm, i);
		int ret = 0;

		if (vm->vcpus[i].present)
			ret = prio ? vm_realtime(vm, i, prio) : vm_normal(vm, i);
		first = first ? first : ret;
	}
	return first;
}

int ring_start(struct vm *vm, struct rs_error **err)
{
	(void)err;
	vm_want_realtime(vm);
	return ring_follow(vm);
}

int ring_event(struct vm *vm, const struct message *msg)
{
	(void)msg; /* vm->rings holds what it said */
	return ring_follow(vm);
}

const struct policy policy_ring = {
	.name = "ring",
	.help = "real-time while a ring is active, at the highest active ring's priority",
	.needs = RS_SOURCE_RING,
	.start = ring_start,
	.event = ring_event,
	.stop = vm_restore,
};
