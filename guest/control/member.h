/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One process of a ring: set itself up, then wait, work, wait. */
#ifndef RINGSCHED_CONTROL_MEMBER_H
#define RINGSCHED_CONTROL_MEMBER_H

#include <stdint.h>

#include "guest/control/handover.h"
#include "guest/control/resource.h"
#include "guest/control/sample.h"

/* Lives in the arena: what the agent and the running process share. */
struct rsc_seat {
	/* Orders, written before the ring starts (P6). */
	uint32_t change_every; /* home periods between two visits; 0 = none */
	uint32_t change_to; /* ring visited */
	uint32_t change_column; /* this process's column there */
	struct rsc_log *change_log;
	struct rsc_claim claim;
	/* Counts, written by the process only. */
	uint64_t turns; /* at home */
	uint64_t visits;
	uint64_t changes_refused;
	uint64_t handover_errors;
	uint64_t handover_gaps; /* the process before had no turn */
	uint64_t handover_late; /* its own turn was cut off before it could write */
	int32_t error; /* why it ended: 0 = its ring was stopped, else errno */
};

struct rsc_member {
	struct rs_ring_params params;
	uint32_t slot;
	uint64_t iterations; /* of the work loop, each turn */
	struct rsc_log *log; /* of its ring */
	struct rsc_seat *seat;
	struct rsc_handover *page; /* NULL where nothing is shared */
};

/* What a new process says once, over RSC_CHILD_FD, when it has joined. */
struct rsc_member_report {
	int32_t error; /* 0 = joined, else a positive errno value */
	uint32_t step; /* of rsc_member_step(), where it failed */
};
const char *rsc_member_step(uint32_t step);

/* The life of the process; ends in _exit(): 0 = stopped, 1 = an error. */
_Noreturn void rsc_member_run(const struct rsc_member *member);

#endif
