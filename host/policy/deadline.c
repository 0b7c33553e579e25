// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * deadline: what real-time research proposes for an unchanged guest. A control
 * VM's vCPUs are SCHED_DEADLINE with a budget and a period that were made from
 * its rings; neighbours are left as they are. No notification. Good where the
 * rings' work is known and hardly varies. Known limits: the budget must be
 * known beforehand, what goes beyond it waits for the next period even on an
 * idle core; the host's period is not in step with the guest's; and the cores
 * are taken out of the machine's load balancing while it lasts (rootdomain.h).
 */
#include "host/policy/policies.h"
#include "host/vm.h"

static int deadline_start(struct vm *vm, struct rs_error **err)
{
	return vm->role == VM_ROLE_CONTROL ? vm_deadline(vm, err) : 0;
}

const struct policy policy_deadline = {
	.name = "deadline",
	.help = "control VMs have SCHED_DEADLINE with their rings' work and period",
	.needs = RS_SOURCE_NONE,
	.from_work = true,
	.start = deadline_start,
	.tick = vm_deadline_retry,
	.tick_us = 100000,
	.stop = vm_restore,
};
