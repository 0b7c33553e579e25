// SPDX-License-Identifier: GPL-2.0-or-later
/* External interrupts of a VM (P11): their sources are the daemon's. */
#include <errno.h>

#include "harness/cell_state.h"
#include "harness/journal.h"

/* Room for random times that come more often than their mean. */
#define EXPECTED_MARGIN 1.5

double cell_ring_interval_us(const struct scenario_vm *vm, const struct scenario_ring *ring)
{
	unsigned int i;

	for (i = 0; i < vm->interrupt_count; i++)
		if (vm->interrupts[i].ring == ring->id)
			return (double)vm->interrupts[i].interval_us / EXPECTED_MARGIN;
	return (double)ring->period_us;
}

double cell_interrupts_expected(const struct scenario *s)
{
	double expected = 0;
	unsigned int i, k;

	for (i = 0; i < s->vm_count; i++)
		for (k = 0; k < s->vms[i].interrupt_count; k++)
			if (s->vms[i].interrupts[k].interval_us)
				expected += EXPECTED_MARGIN * cell_longest_s(s) * 1e6 /
					    (double)s->vms[i].interrupts[k].interval_us;
	return expected;
}

static int add(struct cell_state *cell, const struct cell_vm *v,
	       const struct scenario_interrupt *irq, struct rs_error **err)
{
	const struct scenario_ring *ring = scenario_ring(v->vm, irq->ring);
	const struct daemon_interrupt request = {
		.vm = v->vm->name,
		.number = irq->number,
		.ring = ring->id,
		.priority = ring->prio,
		.vcpu = ring->vcpu < 0 ? 0 : (unsigned int)ring->vcpu,
		.confirm_us = irq->confirm_us,
		.source = scenario_sources[irq->source],
		.interval_us = irq->interval_us,
		.distribution = scenario_distributions[irq->distribution],
		.seed = irq->seed + cell->plan->boot, /* other times each boot, the same a policy */
		.path = irq->path,
		.port = irq->port,
	};

	/* A daemon that was killed leaves its socket. */
	if (irq->path && journal_add(cell->context->journal, err, "file %s", irq->path) < 0)
		return -EIO;
	return daemon_add_interrupt(cell->daemon, &request, err);
}

int cell_interrupts_begin(struct cell_state *cell, struct cell_vm *v, struct rs_error **err)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; ret == 0 && i < v->vm->interrupt_count; i++)
		ret = add(cell, v, &v->vm->interrupts[i], err);
	return ret;
}

int cell_interrupts_end(struct cell_state *cell, struct cell_vm *v, struct rs_error **err)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; ret == 0 && i < v->vm->interrupt_count; i++)
		ret = daemon_remove_interrupt(cell->daemon, v->vm->name,
					      v->vm->interrupts[i].number, err);
	return ret;
}
