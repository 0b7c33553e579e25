/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which cores a scenario's vCPUs are on: vCPU N of every VM on shared core N, in
 * a circle; and where neighbours are instead under a policy that moves them.
 */
#ifndef RINGSCHED_PLACEMENT_H
#define RINGSCHED_PLACEMENT_H

#include <stdbool.h>

#include "harness/scenario.h"

struct placement {
	int cores[SCENARIO_CORES_MAX];
	unsigned int count;
	bool housekeeping; /* there is no further shared core: these are housekeeping cores */
};

/* The shared core of a VM's vCPU. */
int placement_core(const struct scenario *s, unsigned int vcpu);

/* Cores for neighbours that leave the control VMs alone: the shared cores on
 * which no control VM has a vCPU, else the housekeeping cores. */
void placement_elsewhere(const struct scenario *s, struct placement *p);

/* The core is in the list. */
bool placement_has(const int *cores, unsigned int count, int core);

#endif
