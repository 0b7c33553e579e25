// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ring_irq: ring, and an external interrupt has its vCPU at its ring's
 * priority before it is raised (P11). The interrupt is a release of the ring
 * (P14c): START confirms the boost, END ends it, and one that no START
 * confirms in time is taken back. So the handler and the way to the ring's
 * first process do not wait for a busy core. Known limit: the boost is for
 * all that the guest does until START.
 */
#include "host/policy/policies.h"
#include "host/vm.h"

static int irq_interrupt(struct vm *vm, unsigned int number)
{
	(void)number; /* vm_highest_ring() counts it */
	return ring_follow(vm);
}

const struct policy policy_ring_irq = {
	.name = "ring_irq",
	.help = "ring, and a vCPU is boosted before an external interrupt is raised into it",
	.needs = RS_SOURCE_RING,
	.start = ring_start,
	.event = ring_event,
	.interrupt = irq_interrupt,
	.stop = vm_restore,
};
