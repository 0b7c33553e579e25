/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A cell as one file of Chrome's trace format (JSON), which Perfetto's UI
 * opens: who had the shared cores, the guests' rings and their processes,
 * notifications, priorities of vCPUs, phases, missed deadlines
 * (docs/worst-case.md).
 */
#ifndef RINGSCHED_CHROME_H
#define RINGSCHED_CHROME_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "harness/cellread.h"

struct rs_error;

struct chrome_options {
	double begin_s, end_s; /* from the cell's first phase on; NaN = all there is */
};

/* *traced says whether the host's events were there. */
int chrome_write(const struct run *run, const struct cell *cell, const struct chrome_options *o,
		 FILE *to, bool *traced, struct rs_error **err);

/* The cell with that number in the run, or of that name; NULL with *err set. */
const struct cell *chrome_find_cell(const struct run *run, const char *name, struct rs_error **err);

#endif
