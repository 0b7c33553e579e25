/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The record: what every thread and cgroup knob that the daemon changed was
 * before, kept in a file that is mapped shared, so that it outlives a SIGKILL
 * of the daemon. Every entry has a fixed size and a checksum and is complete
 * before it is marked used; readers trust nothing else.
 *
 * An entry is made before the change and dropped after the change is undone.
 * Adding and dropping do not allocate and do not lock: the daemon calls them
 * from one thread (main) only.
 */
#ifndef RINGSCHED_RECORD_H
#define RINGSCHED_RECORD_H

#include <stdint.h>
#include <sys/types.h>

#include "host/sched.h"

#define RECORD_ENTRIES 4096 /* a VM needs its threads + some 6 knobs */
#define RECORD_PATH_MAX 384 /* of a knob, its ending NUL included */
#define RECORD_VALUE_MAX 32

struct coreset;
struct record;
struct rs_error;

/*
 * A new, empty record. With `path` NULL it is anonymous memory: then only
 * this process can restore. A file of that name is first refused if it still
 * holds entries of a daemon that is gone (EEXIST: record_restore() it first), or
 * belongs to one that runs (EBUSY, the sentence names it). Mode 0600.
 */
struct record *record_open(const char *path, struct rs_error **err);

/* Unmaps; removes the file if no entry is used any more. NULL is allowed. */
void record_close(struct record *rec);

/* One thread of a process; start times are field 22 of /proc/.../stat. */
struct record_thread {
	pid_t pid;
	pid_t tid;
	uint64_t pid_start; /* clock ticks since boot */
	uint64_t tid_start;
};

/*
 * Index of a new entry, or -ENOSPC (counted by the caller).
 * record_add_process(): threads that the process creates inherit SCHED_IDLE,
 * so on restore every SCHED_IDLE thread without an entry of its own gets the
 * scheduling given here, the main thread's original.
 */
int record_add_thread(struct record *rec, const struct record_thread *thread,
		      const struct sched_state *original);
int record_add_process(struct record *rec, const struct record_thread *main_thread,
		       const struct sched_state *original);
/* All threads of the process that have IOPRIO_BOOST get `value` then. */
int record_add_ioprio(struct record *rec, const struct record_thread *main_thread, int value);
int record_add_knob(struct record *rec, const char *path, const char *value);
/* Where the thread may run; put back after all knobs, for a cpuset limits it. */
int record_add_cores(struct record *rec, const struct record_thread *thread,
		     const struct coreset *original);
void record_drop(struct record *rec, int index); /* a negative index is ignored */
unsigned int record_used(const struct record *rec);

/*
 * Best effort restore of all entries from a signal handler of the process
 * that owns the record: system calls only.
 */
void record_restore_in_signal(struct record *rec);

/*
 * Undo what the record file of a daemon that is gone says, newest first, then
 * remove the file. Threads and processes that are gone, or whose start time
 * differs (the id was reused), and knobs that vanished are skipped. *count =
 * how many things were put back. No file is success with a count of 0.
 * EBUSY: the daemon that owns it still runs. Where somebody else is at it
 * already this waits for their end, which leaves nothing to do. EUCLEAN: the file is not a record
 * of this revision, or not ours alone to write; it is left as it is.
 */
int record_restore(const char *path, unsigned int *count, struct rs_error **err);

#endif
