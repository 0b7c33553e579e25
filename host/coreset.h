/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets of cores, and the kernel's way to write them: "0-1,3". */
#ifndef RINGSCHED_CORESET_H
#define RINGSCHED_CORESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CORESET_MAX 1024 /* core numbers are below */
#define CORESET_TEXT_MAX 128

struct coreset {
	uint64_t bits[CORESET_MAX / 64];
};

bool coreset_empty(const struct coreset *cores);
bool coreset_has(const struct coreset *cores, unsigned int core);
bool coreset_add(struct coreset *cores, unsigned int core); /* false: beyond CORESET_MAX */
bool coreset_same(const struct coreset *a, const struct coreset *b);

/* A list as the kernel writes it, added to *cores; false: it is none. */
bool coreset_parse(const char *text, struct coreset *cores);

/* As cpuset.cpus reads; false where it does not fit. */
bool coreset_text(const struct coreset *cores, char *text, size_t size);

#endif
