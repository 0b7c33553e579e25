// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/suggest.h"

#include <string.h>

static size_t min2(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * Optimal string alignment over three rows: like Levenshtein's distance, but
 * two letters swapped ("preiod") are one slip of the fingers, not two.
 */
size_t edit_distance(const char *a, const char *b)
{
	size_t rows[3][SUGGEST_LENGTH_MAX + 1];
	size_t *before = rows[0], *last = rows[1], *now = rows[2], *spare;
	size_t la = strnlen(a, SUGGEST_LENGTH_MAX + 1);
	size_t lb = strnlen(b, SUGGEST_LENGTH_MAX + 1);
	size_t i, j;

	if (la > SUGGEST_LENGTH_MAX || lb > SUGGEST_LENGTH_MAX)
		return (size_t)-1;
	for (j = 0; j <= lb; j++)
		last[j] = j;
	for (i = 1; i <= la; i++) {
		now[0] = i;
		for (j = 1; j <= lb; j++) {
			now[j] = min2(last[j] + 1, now[j - 1] + 1);
			now[j] = min2(now[j], last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = min2(now[j], before[j - 2] + 1);
		}
		spare = before;
		before = last;
		last = now;
		now = spare;
	}
	return last[lb];
}

void suggest_offer(struct suggestion *s, const char *candidate)
{
	size_t distance = edit_distance(s->word, candidate);
	size_t length = strlen(candidate);

	/* More than a third of the letters wrong is another word. */
	if (distance > (length < 3 ? 1 : (length + 2) / 3))
		return;
	if (s->best && s->distance <= distance)
		return;
	s->best = candidate;
	s->distance = distance;
}
