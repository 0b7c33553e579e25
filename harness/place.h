/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the parts of ringsched are: in the source tree that this program was
 * built in, or below the prefix it was installed to (scripts/install). Found
 * from where the program itself is, so that an installed tree may be moved.
 */
#ifndef RINGSCHED_PLACE_H
#define RINGSCHED_PLACE_H

enum place {
	PLACE_DAEMON,
	PLACE_GUESTS, /* folder of kernels and images; RINGSCHED_GUESTS names another */
	PLACE_SCENARIOS, /* folder of those that come with it */
	PLACE_COUNT,
};

/* Its path, allocated; NULL without memory. Nothing need be there yet. */
char *place_find(enum place place);

/*
 * The file that is meant by the scenario `name`: a file of that name, else one
 * of those that come with ringsched, with or without "scenarios/" before and
 * ".yaml" after it. Allocated; NULL without memory. Where there is none, `name`.
 */
char *place_scenario(const char *name);

/* Of those that come with ringsched the one whose name is nearest; allocated.
 * NULL where none is near. */
char *place_nearest_scenario(const char *name);

/*
 * The command of the step "guests" or "setup", for sentences: `make guests` in
 * the source tree, else the path of its script. Allocated; NULL without memory.
 */
char *place_command(const char *step);

#endif
