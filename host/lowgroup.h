/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cgroup half of "low": SCHED_IDLE ranks a thread within its cgroup only,
 * and groups compete by their shares, so a VM in a group of its own is low
 * only if its group is. cpu.idle does that; older kernels lack it, there the
 * smallest share must do. Main thread only.
 */
#ifndef RINGSCHED_LOWGROUP_H
#define RINGSCHED_LOWGROUP_H

#include "host/cgroup.h"

struct record;
struct rs_error;

struct lowgroup {
	bool active;
	bool by_shares; /* cpu.idle was not there or refused */
	int version;
	char dir[CGROUP_DIR_MAX];
	char shares[32]; /* before; cpu.weight in a version 2 hierarchy */
	int record_shares, record_idle; /* negative = none */
};

/* `place` is the group that all threads of the VM are below. */
int lowgroup_apply(struct lowgroup *low, const struct cgroup_place *place, struct record *record,
		   struct rs_error **err);

/* A group that vanished is success. Does nothing unless active. */
int lowgroup_restore(struct lowgroup *low, struct record *record, struct rs_error **err);

/* The knob that makes it low, for status: its path and what it reads now. */
bool lowgroup_read(const struct lowgroup *low, char *path, size_t path_size, char *value,
		   size_t value_size);

#endif
