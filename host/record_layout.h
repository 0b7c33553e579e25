/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The record's layout and its way back; record.c and record_restore.c only. */
#ifndef RINGSCHED_RECORD_LAYOUT_H
#define RINGSCHED_RECORD_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "host/coreset.h"
#include "host/record.h"

#define RECORD_MAGIC 0x3144524f43455253ull /* the bytes "SRECORD1" in memory order */
#define ENTRY_SIZE 512

enum entry_kind {
	ENTRY_THREAD = 1,
	ENTRY_PROCESS = 2,
	ENTRY_KNOB = 3,
	ENTRY_IOPRIO = 4,
	ENTRY_CORES = 5,
};

/* One thing to put back. Fixed size; written whole, then marked used. */
struct entry {
	uint32_t used; /* 1 = the rest holds; written last, cleared first */
	uint32_t kind; /* enum entry_kind */
	uint64_t sum; /* checksum of all that follows and of kind */
	uint64_t sequence; /* order of making, from 1 */
	struct record_thread thread; /* all but KNOB */
	struct sched_state original; /* THREAD, PROCESS; IOPRIO: the value is its `priority` */
	union {
		struct coreset cores; /* CORES */
		struct { /* KNOB */
			char path[RECORD_PATH_MAX]; /* absolute, NUL-ended */
			char value[RECORD_VALUE_MAX]; /* what to write */
		};
	};
};

struct header {
	uint64_t magic;
	uint32_t entry_size;
	uint32_t entries;
	uint64_t owner_start; /* of the daemon: clock ticks since boot */
	int32_t owner_pid;
	uint32_t reserved;
};

union slot {
	struct header header;
	struct entry entry;
	char bytes[ENTRY_SIZE];
};
_Static_assert(sizeof(union slot) == ENTRY_SIZE, "an entry has outgrown its slot");

#define FILE_SIZE ((size_t)ENTRY_SIZE * (RECORD_ENTRIES + 1))

/* Of all that follows `sum`, and of kind. */
uint64_t record_checksum(const struct entry *e);
/* Used, whole, and something that this project would have written. */
bool record_entry_holds(const struct entry *e);

struct record_restoring {
	union slot *slots;
	const struct entry *entry; /* the process being searched */
	unsigned int restored;
	int first_failure; /* errno value, 0 = none */
	const struct entry *failed;
};

/* Undo every entry, newest first; system calls only. */
void record_restore_all(struct record_restoring *r);

#endif
