// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/delay.h"

#include <math.h>

/* The ring of highest priority of that VM, where it is a control VM. */
static const struct cell_ring *highest_of(const struct cell *cell, int vm)
{
	const struct cell_ring *best = NULL;

	for (size_t i = 0; i < cell->ring_count; i++) {
		const struct cell_ring *r = &cell->rings[i];

		if (r->control && r->vm_index == vm && (!best || r->prio > best->prio))
			best = r;
	}
	return best;
}

/* NaN where it had none in the phase. */
static double us_per_period(uint64_t ns, const struct cell_ring *ring,
			    const struct cell_phase *phase)
{
	size_t first, last;

	ring_phase(ring, phase, &first, &last);
	return last > first ? (double)ns / 1e3 / (double)(last - first) : NAN;
}

static double delay_of_vm(const struct cell *cell, const struct cell_phase *phase,
			  const struct cell_ring *ring)
{
	double above = 0;

	for (int vm = 0; vm < SCENARIO_VMS_MAX; vm++) {
		const struct cell_ring *other = highest_of(cell, vm);

		if (other && other->prio > ring->prio)
			above += phase->vms[vm].known ?
					 us_per_period(phase->vms[vm].run_ns, other, phase) :
					 NAN;
	}
	if (above == 0 || !phase->vms[ring->vm_index].known)
		return NAN; /* nobody is above it */
	return us_per_period(phase->vms[ring->vm_index].wait_ns, ring, phase) / above;
}

double delay_of_phase(const struct cell *cell, const struct cell_phase *phase)
{
	double most = NAN;

	for (int vm = 0; vm < SCENARIO_VMS_MAX; vm++) {
		const struct cell_ring *ring = highest_of(cell, vm);

		if (ring)
			most = fmax(most,
				    delay_of_vm(cell, phase, ring)); /* of NaN and a number: that */
	}
	return most;
}
