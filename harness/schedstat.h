/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the host's scheduler itself counts: of a thread, of a core.
 */
#ifndef RINGSCHED_SCHEDSTAT_H
#define RINGSCHED_SCHEDSTAT_H

#include <stdint.h>
#include <sys/types.h>

struct rs_error;

/* /proc/PID/task/TID/schedstat, since the thread began. */
struct schedstat {
	uint64_t run_ns; /* on a core */
	uint64_t wait_ns; /* runnable, but not running */
	uint64_t slices;
};

int schedstat_read(pid_t pid, pid_t tid, struct schedstat *s, struct rs_error **err);

/* Time that a hypervisor below us took from this core, since boot, in us;
 * the kernel counts it in steps of 10 ms. 0 where it is not known. */
uint64_t schedstat_steal_us(int core);

/* Cores the thread may run on, as "0-1,3"; what the kernel says. */
int schedstat_allowed(pid_t pid, pid_t tid, char *text, size_t size, struct rs_error **err);

/* Does a list as "0-1,3" name the core? */
int schedstat_names(const char *list, int core);

#endif
