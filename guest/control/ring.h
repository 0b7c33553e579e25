/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rings of this guest's control workload, from RING over START and STOP
 * to the reading of their samples.
 */
#ifndef RINGSCHED_CONTROL_RING_H
#define RINGSCHED_CONTROL_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest/control/child.h"
#include "guest/control/member.h"
#include "guest/control/reason.h"
#include "guest/control/work.h"

struct rsc_ring_spec {
	struct rs_ring_params params;
	bool share; /* hand shared data over */
	uint64_t samples; /* periods to reserve memory for */
	uint64_t work_us[RS_MEMBER_MAX];
};

struct rsc_ring {
	bool used;
	struct rsc_ring_spec spec;
	struct rsc_log *log;
	struct rsc_handover *page;
	struct rsc_seat *seat[RS_MEMBER_MAX];
	struct rsc_child child[RS_MEMBER_MAX];
	uint32_t died; /* processes that ended before STOP */
	uint32_t killed; /* that did not end within 2 s of STOP */
};

enum rsc_phase {
	RSC_PHASE_SETUP, /* rings may be made */
	RSC_PHASE_RUNNING,
	RSC_PHASE_STOPPED, /* samples may be read; the next RING begins afresh */
};

struct rsc_rings {
	enum rsc_phase phase;
	int device; /* -1 = not open */
	struct rsc_arena arena;
	struct rsc_speed speed;
	struct rsc_ring ring[RS_RING_MAX];
	/* Of one ring, used by another (P6); NULL = there is none. */
	struct rsc_resource *resource;
	uint32_t resource_user;
	struct rsc_uses *uses;
};

struct rsc_resource_spec {
	uint32_t owner, user; /* rings */
	uint64_t use_us; /* work of one use */
	uint32_t every; /* turns at home between two uses */
	uint64_t lock_us, change_us; /* stretches of the two ways */
};

/* All return 0 or -errno with the reason in *why. */
int rsc_rings_open(struct rsc_rings *rings, size_t arena_size, struct rsc_reason *why);
int rsc_ring_make(struct rsc_rings *rings, const struct rsc_ring_spec *spec,
		  struct rsc_reason *why);
int rsc_rings_start(struct rsc_rings *rings, uint64_t *base_ns, struct rsc_reason *why);

/* Orders between RING and START (orders.c). */
int rsc_ring_change(struct rsc_rings *rings, uint32_t id, uint32_t slot, uint32_t to,
		    uint32_t every, struct rsc_reason *why);
int rsc_ring_resource(struct rsc_rings *rings, const struct rsc_resource_spec *spec,
		      struct rsc_reason *why);

/* The ring, if its samples may be read now. */
int rsc_rings_stopped(const struct rsc_rings *rings, uint32_t id, const struct rsc_ring **ring,
		      struct rsc_reason *why);

/* Ends every ring and process; what had to be forced is counted in them. */
struct rsc_stop_result {
	uint32_t died;
	uint32_t killed;
};
struct rsc_stop_result rsc_rings_stop(struct rsc_rings *rings);

void rsc_ring_notes(const struct rsc_ring *ring, struct rsc_log_notes *notes);
#endif
