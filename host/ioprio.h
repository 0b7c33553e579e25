/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads' I/O priority (ioprio_set(2)), and whether anybody heeds it. Sets
 * I/O priority only: what a thread's CPU scheduling is belongs to sched.h.
 *
 * System calls only, but for the search of a device: signal handlers and the
 * notification path may call the rest.
 */
#ifndef RINGSCHED_IOPRIO_H
#define RINGSCHED_IOPRIO_H

#include <stdbool.h>
#include <sys/types.h>

struct rs_error;

/* A class and a level within it: 0 = none of its own, which goes by nice. */
#define IOPRIO(class, level) ((class) << 13 | (level))
#define IOPRIO_NONE 0
/* The real-time class, for mq-deadline knows of no levels; its middle level. */
#define IOPRIO_BOOST IOPRIO(1, 4)
#define IOPRIO_LIMIT IOPRIO(4, 0) /* every value is below */

/* The thread's own value (0 or more), or -errno. A tid of 0: the caller. */
int ioprio_read(pid_t tid);

/* Set, then read back: -EBADE if the kernel took it, yet says otherwise. */
int ioprio_apply(pid_t tid, int value);

struct ioprio_device {
	char name[32]; /* of the block device, "vda"; empty = none found */
	char scheduler[32]; /* of its queue */
	bool heeds; /* requests are served by their priority */
};

/*
 * The block device that holds the files which the process has open for reading
 * and writing: a VM's disks. Of several the first that heeds priorities. 0 also
 * where there is none; -errno only where the process cannot be looked at.
 */
int ioprio_find_device(pid_t pid, struct ioprio_device *device, struct rs_error **err);
/* The same of a file, or a block device, that is known to be the VM's disk. */
int ioprio_device_of(const char *path, struct ioprio_device *device, struct rs_error **err);

#endif
