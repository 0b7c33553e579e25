// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * floor: ring, but a control VM that has begun to work never falls back to an
 * ordinary thread: between its rings its vCPUs stay real-time at the lowest
 * priority. Good where the gap before START hurts and the control VM has
 * little other work; known limit: whatever else it does, it does before every
 * ordinary VM, as with `static`. An END makes two changes, down and up again:
 * short to read; a policy in earnest decides before it acts.
 *
 * The worked example of docs/adding-a-policy.md; tests/unit/test_policy_example.c
 * compiles and runs it. The daemon does not offer it.
 */
#include "host/message.h"
#include "host/policy/policies.h"
#include "host/vm.h"

static int settle_on_floor(struct vm *vm)
{
	int first = 0;

	if (vm->role != VM_ROLE_CONTROL || !vm->has_run)
		return 0;
	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		int ret = 0;

		if (vm->vcpus[i].present && !vm_highest_ring(vm, i))
			ret = vm_realtime(vm, i, RS_PRIO_MIN);
		first = first ? first : ret;
	}
	return first;
}

static int floor_start(struct vm *vm, struct rs_error **err)
{
	int ret = ring_start(vm, err);

	return ret ? ret : settle_on_floor(vm);
}

static int floor_event(struct vm *vm, const struct message *msg)
{
	int ret = ring_event(vm, msg);

	return ret ? ret : settle_on_floor(vm);
}

const struct policy policy_floor = {
	.name = "floor",
	.help = "ring, and real-time at the lowest priority between the rings",
	.needs = RS_SOURCE_RING,
	.start = floor_start,
	.event = floor_event,
	.stop = vm_restore,
};
