/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long a ring is kept from its work by a resource it shares with a lower
 * ring, by each way of having it (P6). Definitions: docs/results.md.
 */
#ifndef RINGSCHED_BLOCKING_H
#define RINGSCHED_BLOCKING_H

#include "harness/measure.h"
#include "harness/uses.h"

struct blocking {
	size_t periods; /* of phase solo in which this way was in force */
	size_t unended; /* of them those that never ended: no time is known */
	size_t uses, waits; /* of the resource; of them those that waited for the lock */
	double longest_us; /* outside stained windows; NaN where there is no period */
	double longest_any_us; /* with them */
	double longest_begun_us; /* outside them, and only from the first process's start on */
	double longest_wait_us; /* for the lock; 0 where none waited */
	struct durations blocked; /* owned; us, every period that ended */
	struct durations used; /* owned; us, from wanting the resource to being done */
};

struct ring_change {
	bool present; /* a ring of the cell uses a resource */
	struct blocking ways[WAY_COUNT];
	double ratio; /* of longest_us, change / lock; NaN where nothing waited for the lock */
};

int ring_change_measure(struct ring_change *r, const struct cell *cell, struct rs_error **err);
void ring_change_clear(struct ring_change *r);

#endif
