/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Samples of a ring: memory reserved before the run, shared by the agent and
 * all processes it forks, written by the processes without a system call and
 * turned into CSV (docs/guest-protocol.md) after the run.
 */
#ifndef RINGSCHED_CONTROL_SAMPLE_H
#define RINGSCHED_CONTROL_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest/control/csv.h"
#include "guest/uapi/ringsched.h"

/*
 * One mapping, made and populated once: what is taken from it later is at
 * the same address in every process forked since, and already has its pages.
 */
struct rsc_arena {
	char *base;
	size_t size;
	size_t used;
};

int rsc_arena_open(struct rsc_arena *arena, size_t size);
/* Zeroed, on a cache line of its own; NULL where the arena is used up. */
void *rsc_arena_take(struct rsc_arena *arena, size_t size);
/* Give back what was taken since arena->used was mark. */
void rsc_arena_rewind(struct rsc_arena *arena, size_t mark);

#define RSC_CUT_OFF 0x1u /* flags column: a turn was ended by the deadline */

/* Lives in the arena. A column is a process; visitors (P6) come last. */
struct rsc_log {
	uint64_t capacity; /* periods there is room for */
	uint64_t deadline_ns; /* longest turn, from when it is given */
	uint32_t columns;
	bool by_interrupt; /* set before the ring starts: raised_ns is a column, too */
	uint64_t *cell; /* capacity rows: release, raised, then start and end a column */
	/* Turns beyond the capacity; each process writes its own. */
	uint64_t lost[RS_MEMBER_MAX];
};

/* NULL where the arena cannot hold it. */
struct rsc_log *rsc_log_take(struct rsc_arena *arena, uint32_t columns, uint64_t capacity,
			     uint64_t deadline_ns);

/* Before the ring starts: one more column. -ENOMEM, -ENOSPC. */
int rsc_log_widen(struct rsc_arena *arena, struct rsc_log *log);

/* Called by the processes in their turn; false = no room, counted as lost. */
bool rsc_log_begin(struct rsc_log *log, uint32_t column, const struct rs_turn *turn,
		   uint64_t start_ns);
void rsc_log_end(struct rsc_log *log, uint32_t column, uint64_t sequence, uint64_t end_ns);

/* Counts of the whole ring's processes. */
struct rsc_log_notes {
	uint64_t handover_errors; /* a last line of the CSV, unless 0 */
	uint64_t handover_gaps;
	uint64_t handover_late;
};

int rsc_log_csv(const struct rsc_log *log, const struct rsc_log_notes *notes, rsc_sink sink,
		void *to);

#endif
