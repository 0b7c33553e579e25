// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * static: every vCPU of a control VM is real-time at the VM's ceiling from its
 * connection to its end; a neighbour is left as it is. What one does without
 * any notification. Good where the control VM idles most of the time; known
 * limit: its housekeeping, and a guest gone wild, hold the core just as well.
 */
#include "host/policy/policies.h"
#include "host/vm.h"

static int static_start(struct vm *vm, struct rs_error **err)
{
	int first = 0;

	(void)err;
	if (vm->role != VM_ROLE_CONTROL)
		return 0;
	vm_want_realtime(vm);
	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		int ret = vm->vcpus[i].present ? vm_realtime(vm, i, vm->ceiling) : 0;

		first = first ? first : ret;
	}
	return first;
}

const struct policy policy_static = {
	.name = "static",
	.help = "control VMs are always real-time, at their ceiling",
	.needs = RS_SOURCE_NONE,
	.start = static_start,
	.stop = vm_restore,
};
