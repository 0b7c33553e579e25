/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the run tells its user while it works. On a terminal: what goes on now,
 * and below it a table of what was measured so far, drawn again every second;
 * lines that stay scroll past above it. Elsewhere: plain lines. With --quiet:
 * nothing but results.
 */
#ifndef RINGSCHED_PROGRESS_H
#define RINGSCHED_PROGRESS_H

#include <stdbool.h>

struct glance;
struct progress;

struct progress_plan { /* borrowed for the progress's life */
	unsigned int cells;
	double cell_s; /* a first guess at the length of a cell; measured ones replace it */
	bool quiet;
	char *const *policies;
	unsigned int policy_count;
	unsigned int boots; /* a policy */
	const char *phase; /* that is judged */
};

struct progress *progress_begin(const struct progress_plan *plan);
void progress_end(struct progress *p); /* NULL is allowed */

/* Is there anybody to tell? */
bool progress_is_shown(const struct progress *p);

/* A cell begins: its name, and its number from 0. */
void progress_cell(struct progress *p, unsigned int number, const char *policy, unsigned int boot);

/* It is in this phase now ("boot" ...). */
void progress_phase(struct progress *p, const char *phase);

/* A cell of the policy was measured, now or in a session before. */
void progress_result(struct progress *p, const char *policy, const struct glance *g);

/* It ended; `what` is its result in a few words, `g` its numbers or NULL. */
void progress_done(struct progress *p, const char *what, const struct glance *g);

/* A line of its own that stays. */
void progress_say(struct progress *p, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
