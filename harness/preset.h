/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many boots a policy gets, by name, and what that many can tell.
 */
#ifndef RINGSCHED_PRESET_H
#define RINGSCHED_PRESET_H

#include <stdio.h>

struct rs_error;

struct preset {
	const char *name; /* as in --preset, PRESET= and summary.json */
	unsigned int boots; /* a policy */
	const char *help; /* one line, what it is for */
};

extern const struct preset presets[]; /* ended by a row without name */

/* NULL with *err set, whose sentence lists the names there are. */
const struct preset *preset_find(const char *name, struct rs_error **err);

/* Their names by index, NULL after the last: the words of an option. */
const char *preset_word(unsigned int index);

/*
 * One paragraph on what `boots` boots a policy can tell and what not: the
 * bound on a miss never seen, whether a comparison can be significant at
 * all, and that fewer than 6 boots are a demonstration. Returns an
 * allocated string (caller frees) or NULL without memory.
 */
char *preset_can_tell(unsigned int boots);

#endif
