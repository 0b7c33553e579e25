/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "Did you mean ...?": the candidate nearest to a mistyped word. Offer every
 * valid name in turn; what is left in `best` is near enough to be worth
 * saying, or NULL.
 */
#ifndef RINGSCHED_SUGGEST_H
#define RINGSCHED_SUGGEST_H

#include <stddef.h>

#define SUGGEST_LENGTH_MAX 64 /* longer words are not compared */

struct suggestion {
	const char *word; /* what was typed */
	const char *best; /* borrowed from the caller's table */
	size_t distance;
};

/* Edits (insert, delete, replace, swap of neighbours) from a to b;
 * (size_t)-1 where one is longer than SUGGEST_LENGTH_MAX. */
size_t edit_distance(const char *a, const char *b);

void suggest_offer(struct suggestion *s, const char *candidate);

#endif
