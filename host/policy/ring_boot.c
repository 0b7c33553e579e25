// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ring_boot: ring, and a VM about to boot is low (P13): all its threads, from
 * before its first instruction until its first START. A VM that has run
 * already when the policy is chosen is not pushed low. Known limit: a VM that
 * never starts a ring stays low until the policy changes.
 */
#include "host/message.h"
#include "host/policy/policies.h"
#include "host/vm.h"

static int boot_start(struct vm *vm, struct rs_error **err)
{
	vm_want_realtime(vm);
	if (vm->low || !vm->has_run)
		return vm_low(vm);
	return ring_start(vm, err);
}

static int boot_event(struct vm *vm, const struct message *msg)
{
	int lifted, ret;

	if (!vm->low)
		return ring_event(vm, msg);
	if (msg->kind != RS_KIND_START)
		return 0;
	lifted = vm_lift(vm);
	ret = ring_event(vm, msg); /* the rings matter all the same */
	return lifted ? lifted : ret;
}

const struct policy policy_ring_boot = {
	.name = "ring_boot",
	.help = "ring, and a VM is low from before its boot until its first START",
	.needs = RS_SOURCE_RING,
	.start = boot_start,
	.event = boot_event,
	.stop = vm_restore,
};
