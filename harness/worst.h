/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The worst periods of a run, and where their time went (docs/worst-case.md).
 */
#ifndef RINGSCHED_WORST_H
#define RINGSCHED_WORST_H

#include <stdio.h>

#include "harness/align.h"
#include "harness/cellread.h"
#include "harness/explain.h"

struct json_object;
struct rs_error;

#define WORST_DEFAULT 5 /* periods a policy */

struct worst_options { /* all borrowed */
	const char *policy; /* NULL = every one of the run */
	const char *ring; /* "VM/ID"; NULL = the judged one */
	unsigned int count; /* periods a policy */
};

struct worst_period {
	const struct cell *cell; /* the run's */
	const struct cell_ring *ring;
	const struct period *period;
	enum phase phase;
	uint64_t begin, end; /* host time, by the corrected clock */
	unsigned int also; /* other periods that this one overlaps: the same incident */
	bool traced; /* by events of the host; else coarsely */
	char why_coarse[160]; /* where not */
	struct align align; /* of the guest's clock */
	double speed_permille; /* of the core, of the cell's median; NaN = not known */
	double phase_wait_us; /* what its vCPU waited a period in that phase; NaN = not known */
	double phase_steal_us; /* of the shared cores in that phase; NaN = not known */
	struct explanation explanation;
};

struct worst {
	const struct run *run; /* borrowed */
	struct worst_period *rows; /* owned; policies in the scenario's order, worst first */
	size_t count;
};

/* Finds and explains them. What *w holds is the caller's, worst_clear(). */
int worst_find(struct worst *w, const struct run *run, const struct worst_options *options,
	       struct rs_error **err);
void worst_clear(struct worst *w);

/* Find, explain and write them, at the end of a run that has a trace. */
int worst_make(const char *dir, struct rs_error **err);

/* Share of the period that has a cause, in percent. */
double worst_attributed(const struct worst_period *p);

/* worst_write.c: for files and for a terminal. */
struct json_object *worst_json(const struct worst *w); /* caller owns it */
void worst_print(const struct worst *w, FILE *to);
void worst_print_md(const struct worst *w, FILE *to);
int worst_write(const struct worst *w, struct rs_error **err); /* worst.json, worst.md of the run */

/* worst_look.c: explain one; the rest of *p is filled in from what it names. */
int worst_explain(const struct run *run, struct worst_period *p, struct rs_error **err);

#endif
