/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One ring in one phase of one cell, counted and timed (docs/results.md).
 */
#ifndef RINGSCHED_MEASURE_H
#define RINGSCHED_MEASURE_H

#include <stddef.h>

#include "harness/cellread.h"

struct rs_error;

/* A growing set of durations in microseconds; zeroed = empty. */
struct durations {
	double *us; /* owned; sorted once durations_sort() was called */
	size_t count, room;
};

int durations_add(struct durations *d, double us, struct rs_error **err);
int durations_append(struct durations *d, const struct durations *from, struct rs_error **err);
void durations_clear(struct durations *d);

/* NaN where there are too few samples behind it (docs/statistics.md). */
struct spread {
	double min, p50, p90, p99, p999, max;
	size_t count;
};

/* The names of struct spread's numbers, for JSON and tables. */
#define SPREAD_COUNT 6
extern const char *const spread_names[SPREAD_COUNT];
double spread_value(const struct spread *s, size_t index);

/* Sorts d. */
struct spread durations_spread(struct durations *d);

struct measure {
	size_t periods; /* planned releases in the phase, skipped ones included */
	size_t missed, missed_unstained; /* deadlines */
	size_t stained; /* periods in a window the witness marked */
	size_t skipped; /* never started */
	size_t cut; /* a process's turn was cut off */
	struct durations wakeup, response;
	struct durations handler; /* interrupt to its handler; empty for other rings */
};

/* Add the ring's periods of that phase to *m (zeroed to begin with). */
int measure_add(struct measure *m, const struct cell_ring *ring, const struct cell_phase *phase,
		struct rs_error **err);
void measure_clear(struct measure *m);

/* Time that the ring's VM wanted the core in that phase and had it not, us a
 * period; NaN where it is not known. */
double measure_wait_us(const struct cell_ring *ring, const struct cell_phase *phase,
		       size_t periods);

#endif
