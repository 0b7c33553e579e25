/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A run's folder read back (docs/run-folder.md): run.json, the scenario and
 * every finished cell with its rings' periods, in the host's time. Nothing
 * is judged here; the only interpretation is what a period is.
 */
#ifndef RINGSCHED_CELLREAD_H
#define RINGSCHED_CELLREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/scenario.h"

struct json_object;
struct rs_error;
struct samples;
struct uses;

/*
 * One period as planned, whether it ran or not. Times are the host's
 * CLOCK_MONOTONIC in ns; 0 = did not happen.
 */
struct period {
	uint64_t sequence;
	uint64_t release; /* planned; of an interrupt: when it came to the host */
	uint64_t handler; /* of an interrupt: the guest's handler; as start where skipped */
	uint64_t start; /* of the first process that had a turn; see skipped */
	uint64_t end; /* of the last process; 0 where it has none; see skipped */
	bool skipped; /* a gap in the sequence: start and end are those of
		       * the next period that ran, 0 where none did */
	bool cut; /* a turn was cut off by the ring engine's deadline */
	bool stained; /* the witness saw the host disturb it; see period.c */
	size_t row; /* in samples; SIZE_MAX where skipped */
};

struct cell_ring {
	char *vm; /* owned */
	int vm_index; /* in the scenario; -1 = not there */
	bool control; /* a ring of a control VM: it is judged */
	unsigned int id, prio, processes;
	bool by_interrupt; /* released by an external interrupt (P11) */
	uint64_t period_ns, deadline_ns;
	/* Sent to the host in so many of its periods (docs/results.md); 0 periods:
	 * not known. */
	uint64_t notified_periods, notifications, priority_changes;
	struct samples *samples; /* owned; guest's clock */
	struct uses *uses; /* owned; of another ring's resource; NULL = it uses none */
	struct period *periods; /* owned; by rising release */
	size_t period_count;
};

struct cell_vcpu { /* sum over a VM's vCPUs */
	bool known;
	uint64_t run_ns, wait_ns;
};

struct cell_phase {
	bool present;
	uint64_t begin, end; /* [begin, end) */
	struct cell_vcpu vms[SCENARIO_VMS_MAX]; /* in the scenario's order */
	struct cell_vcpu control, neighbour; /* sums over the VMs of a role */
	struct json_object *json; /* borrowed; the phase in cell.json */
};

/* A guest's clock that stands still, or runs at twice our speed: the most that is
 * believed. */
#define CELL_DRIFT_MAX_PPB 1000000000

struct cell_clock {
	char *vm; /* owned */
	int64_t offset_ns, drift_ppb;
	uint64_t at_guest_ns, error_ns;
};

struct cell_stall {
	uint64_t begin, end;
};

struct cell_speed {
	uint64_t from, to; /* the stretch this probe stands for */
	double permille; /* of the cell's median */
};

struct cell {
	char *name; /* owned; the folder's */
	char *policy; /* owned */
	unsigned int boot, order; /* from 1 */
	struct cell_phase phases[PHASE_COUNT];
	struct cell_ring *rings;
	size_t ring_count;
	struct cell_clock *clocks;
	size_t clock_count;
	struct cell_stall *stalls; /* longer than WITNESS_STALL_NS, by time */
	size_t stall_count;
	struct cell_speed *speeds; /* by time */
	size_t speed_count;
	struct json_object *json; /* owned; cell.json */
};

struct cell_failure {
	char *name, *why; /* owned */
};

struct run {
	char *dir; /* owned */
	struct json_object *json; /* owned; run.json */
	struct scenario *scenario; /* owned */
	struct cell **cells; /* finished ones, by order */
	size_t cell_count;
	struct cell_failure *failures; /* cells that do not count, and why */
	size_t failure_count;
};

/* A host stall as long as this stains the periods it touches. */
#define WITNESS_STALL_NS 1000000ull
/* So does the core running below this share of the cell's median speed. */
#define WITNESS_SPEED_PERMILLE 500.0
/* A speed probe stands for the time half way to its neighbours, but for no
 * more than this on each side: where probes are missing, nothing is known. */
#define WITNESS_PROBE_REACH_NS 500000000ull

/*
 * The caller owns the result. NULL with *err set where run.json or the
 * scenario cannot be read. A cell that cannot be read becomes a failure, not
 * an error: the others still count.
 */
struct run *run_read(const char *dir, struct rs_error **err);
void run_free(struct run *run);

static inline void run_freep(struct run **run)
{
	run_free(*run);
}
#define cleanup_run __attribute__((cleanup(run_freep)))

/* One cell's folder; NULL with *err set. The scenario tells the VMs' roles. */
struct cell *cell_read(const char *dir, const struct scenario *scenario, struct rs_error **err);
void cell_free(struct cell *cell);

/* The control ring that is judged: the first control VM's highest; or NULL. */
const struct cell_ring *cell_judged_ring(const struct cell *cell);

/* Guest time of that VM in host time; false where its clock is not known. */
bool cell_host_ns(const struct cell *cell, const char *vm, uint64_t guest_ns, uint64_t *host_ns);

/* The trace of a cell: array of events, the caller's; NULL where there is none. */
struct json_object *cell_trace(const struct run *run, const struct cell *cell);
/* The same by the cell's folder. */
struct json_object *cell_trace_of(const char *dir);

/* Fill in stalls and speeds from cell->json (witnessread.c). */
int cell_read_witness(struct cell *cell, struct rs_error **err);

/*
 * Fill in ring->periods from its samples: host time, gaps, stains. The
 * samples' clock and the cell's phases must be read already (period.c).
 */
int ring_read_periods(const struct cell *cell, struct cell_ring *ring, struct rs_error **err);

/* The same for a ring that interrupts release: each that came is a period, by
 * the daemon's trace in the cell's folder (interruptread.c). */
int ring_read_interrupts(const struct cell *cell, const char *dir, struct cell_ring *ring,
			 struct rs_error **err);

/* Between period.c and interruptread.c. */
struct period period_of_row(const struct cell *cell, const struct cell_ring *ring, size_t row);
void ring_stain(const struct cell *cell, struct cell_ring *ring);

/* [*first, *last) = the ring's periods whose planned release is in the phase. */
void ring_phase(const struct cell_ring *ring, const struct cell_phase *phase, size_t *first,
		size_t *last);

/* Ended after its deadline, never ended, or never started. */
bool period_missed(const struct cell_ring *ring, const struct period *p);

#endif
