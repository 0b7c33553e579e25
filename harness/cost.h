/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a policy costs in one phase of one cell: the daemon, the guest, the
 * neighbour (docs/results.md defines every number).
 */
#ifndef RINGSCHED_COST_H
#define RINGSCHED_COST_H

#include "harness/cellread.h"

enum cost_number {
	COST_NOTIFICATIONS, /* a period */
	COST_READS, /* of a guest's run queue by the daemon, a period */
	COST_DAEMON_US_S, /* the daemon's CPU time, us a second */
	COST_DAEMON_US, /* the same, us a period */
	COST_NOTIFY_US_S, /* of that, its notification thread */
	COST_NOTIFY_US,
	COST_GUEST_US, /* CPU time of the control VMs' vCPU threads, us a period */
	COST_OVERHEAD_US, /* of that, outside of its processes' turns; phase solo only */
	COST_CONTROL_SHARE, /* that CPU time as a share of the phase */
	COST_NEIGHBOUR_SHARE, /* CPU time of the neighbours' vCPU threads, as a share of the phase */
	COST_CHANGES_S, /* of vCPU threads' scheduling, a second */
	COST_COUNT
};

/* As in summary.json. */
extern const char *const cost_names[COST_COUNT];

struct cost {
	double value[COST_COUNT]; /* NaN where not known */
};

void cost_of_phase(struct cost *c, const struct cell *cell, const struct cell_phase *phase);

/* Of one notification in that VM's guest: the median time onto the queue and
 * the median time of the kick, in us; NaN where the guest did not say. */
double cost_of_sending(const struct cell *cell, const char *vm);

#endif
