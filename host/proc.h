/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What /proc says of processes and threads. Everything here is made of system
 * calls only (no allocation, no stdio), so signal handlers may call it.
 */
#ifndef RINGSCHED_PROC_H
#define RINGSCHED_PROC_H

#include <stdint.h>
#include <sys/types.h>

#define PROC_COMM_MAX 16 /* kernel's TASK_COMM_LEN, the ending NUL included */

/* Fields of /proc/PID/task/TID/stat that tell one thread from another. */
struct proc_stat {
	char state; /* field 3: 'Z' = ended, its parent has not asked yet */
	uint64_t start; /* field 22: clock ticks since boot */
	uint64_t cpu_ticks; /* fields 14 + 15: user and system time */
	unsigned int core; /* field 39: where it runs, or ran last */
};

/* 0, or -ESRCH (no such thread) or another -errno. */
int proc_stat(pid_t pid, pid_t tid, struct proc_stat *stat);
int proc_comm(pid_t pid, pid_t tid, char comm[PROC_COMM_MAX]);

/*
 * Call fn for each thread id of the process, in the kernel's order; a thread
 * made or gone meanwhile may be missed. Ends early when fn returns non-zero,
 * and returns that; -errno if the process cannot be listed; else 0.
 */
int proc_each_task(pid_t pid, int (*fn)(pid_t tid, void *arg), void *arg);

#endif
