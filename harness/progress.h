/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the run tells its user while it works: one line that changes on a
 * terminal, plain lines elsewhere, nothing but results with --quiet.
 */
#ifndef RINGSCHED_PROGRESS_H
#define RINGSCHED_PROGRESS_H

#include <stdbool.h>

struct progress;

/* `cell_s` is a first guess at the length of a cell; measured ones replace it. */
struct progress *progress_begin(unsigned int cells, double cell_s, bool quiet);
void progress_end(struct progress *p); /* NULL is allowed */

/* A cell begins: its name, and its number from 0. */
void progress_cell(struct progress *p, unsigned int number, const char *policy, unsigned int boot);

/* It is in this phase now ("boot" ...). */
void progress_phase(struct progress *p, const char *phase);

/* It ended; `what` is its result in a few words. */
void progress_done(struct progress *p, const char *what);

/* A line of its own that stays. */
void progress_say(struct progress *p, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
