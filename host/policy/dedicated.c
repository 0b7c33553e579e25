// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dedicated: each VM its own core, the usual answer (P1). A neighbour's vCPUs
 * leave the core they share with the control VM for the cores it was given
 * instead, before its first instruction; a control VM is left as it is, alone
 * on its core. No notification, no priority. Known limit: it takes a core more
 * than the others, which the paper's sites do not have; without one the
 * neighbour goes to the housekeeping core and disturbs what runs there.
 */
#include "host/policy/policies.h"
#include "host/vm.h"

static int dedicated_start(struct vm *vm, struct rs_error **err)
{
	return vm->role == VM_ROLE_NEIGHBOUR ? vm_elsewhere(vm, err) : 0;
}

const struct policy policy_dedicated = {
	.name = "dedicated",
	.help = "the control VM alone on its core, neighbours moved to another",
	.needs = RS_SOURCE_NONE,
	.moves_neighbours = true,
	.start = dedicated_start,
	.stop = vm_restore,
};
