/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What became of the periods of a ring that uses another ring's resource,
 * read from the CSV of docs/guest-protocol.md (command USES). It comes from a
 * guest: every byte is checked.
 */
#ifndef RINGSCHED_USES_H
#define RINGSCHED_USES_H

#include <stddef.h>
#include <stdint.h>

struct rs_error;

/* How the resource is had (P6). */
enum way { WAY_LOCK, WAY_CHANGE, WAY_COUNT };
extern const char *const way_names[WAY_COUNT];

struct use {
	uint64_t sequence; /* of the period */
	enum way way; /* in force in it, whether it used the resource or not */
	uint64_t own_ns; /* CPU time of the ring's processes, at home */
	uint64_t wait_ns; /* for the lock */
	uint64_t use_ns; /* from wanting the resource to being done; 0 = no use */
};

struct uses {
	struct use *rows; /* by rising sequence */
	size_t count;
};

/* NULL with *err set (file, line, what is wrong) on a malformed file. */
struct uses *uses_load(const char *path, struct rs_error **err);
void uses_free(struct uses *u);

/* The row of that period, or NULL. */
const struct use *uses_find(const struct uses *u, uint64_t sequence);

#endif
