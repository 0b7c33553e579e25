/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much control VMs of lower priority are held up by those above them.
 */
#ifndef RINGSCHED_DELAY_H
#define RINGSCHED_DELAY_H

#include "harness/cellread.h"

/*
 * Of one control VM: time that its vCPUs waited for the core, per period of
 * its highest ring, divided by the CPU time that each control VM above it
 * (whose highest ring has a higher priority) used per period of its own, all
 * of them together. The largest over the control VMs. 1 = each of its periods
 * waited as long as all above it work once; both sides are CPU time of the
 * host, so that a slow core does not change it. NaN with one control VM alone,
 * or where the CPU time is not known.
 */
double delay_of_phase(const struct cell *cell, const struct cell_phase *phase);

#endif
