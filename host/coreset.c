// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/coreset.h"

#include <stdio.h>
#include <string.h>

bool coreset_empty(const struct coreset *cores)
{
	static const struct coreset none;

	return coreset_same(cores, &none);
}

bool coreset_has(const struct coreset *cores, unsigned int core)
{
	return core < CORESET_MAX && cores->bits[core / 64] >> core % 64 & 1;
}

bool coreset_add(struct coreset *cores, unsigned int core)
{
	if (core >= CORESET_MAX)
		return false;
	cores->bits[core / 64] |= 1ull << core % 64;
	return true;
}

bool coreset_same(const struct coreset *a, const struct coreset *b)
{
	return !memcmp(a, b, sizeof(*a));
}

/* Digits alone, below CORESET_MAX. */
static const char *parse_core(const char *text, unsigned int *core)
{
	if (*text < '0' || *text > '9')
		return NULL;
	for (*core = 0; *text >= '0' && *text <= '9'; text++) {
		*core = 10 * *core + (unsigned int)(*text - '0');
		if (*core >= CORESET_MAX)
			return NULL;
	}
	return text;
}

bool coreset_parse(const char *text, struct coreset *cores)
{
	unsigned int first, last;

	while (*text) {
		text = parse_core(text, &first);
		last = first;
		if (text && *text == '-')
			text = parse_core(text + 1, &last);
		if (!text || (*text && *text != ',') || last < first)
			return false;
		for (; first <= last; first++)
			coreset_add(cores, first);
		text += *text == ',';
	}
	return true;
}

bool coreset_text(const struct coreset *cores, char *text, size_t size)
{
	size_t used = 0;

	*text = '\0';
	for (unsigned int first = 0, last; first < CORESET_MAX; first = last + 1) {
		int n;

		last = first;
		if (!coreset_has(cores, first))
			continue;
		while (coreset_has(cores, last + 1))
			last++;
		n = snprintf(text + used, size - used, first == last ? "%s%u" : "%s%u-%u",
			     used ? "," : "", first, last);
		used += (size_t)n;
		if (used >= size)
			return false;
	}
	return true;
}
