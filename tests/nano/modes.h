/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a nano guest can be told to do: one row a mode in modes.c. */
#ifndef NANO_MODES_H
#define NANO_MODES_H

#include "tests/nano/device.h"

/* From the command line, `-append "mode=rings count=3 ..."`. */
struct options {
	char mode[16];
	char attack[16]; /* of mode "attack" */
	uint32_t count; /* rings or hostile buffers to send */
	uint32_t work_us; /* from a START's used entry to its END */
	uint32_t ring;
	uint32_t prio;
};

struct mode {
	const char *name;
	const char *help;
	bool bye; /* the queue is sane afterwards: say BYE */
	enum nano_exit (*run)(struct device *d, const struct options *o);
};

/* NULL when there is none of that name. */
const struct mode *mode_find(const char *name);

/* Are the texts the same? */
bool same(const char *a, const char *b);

/* Say where the guest is, and stay there until the test answers; false where it
 * does not. */
bool pause_at(const char *where);

/* attacks.c: one of its table, until told to stop; then a proper ring. */
enum nano_exit run_attack(struct device *d, const struct options *o);

#endif
