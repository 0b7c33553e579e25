/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scheduling of threads: save, apply, read back, restore, explain. No other
 * file of the project changes the scheduling of a thread.
 *
 * The calls that change something return 0 or -errno and neither allocate nor
 * log, for they run on the notification path; sched_explain() makes a sentence
 * of the code afterwards. A tid of 0 is the calling thread.
 */
#ifndef RINGSCHED_SCHED_H
#define RINGSCHED_SCHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifndef SCHED_DEADLINE
#define SCHED_DEADLINE 6 /* C libraries lack it */
#endif

struct coreset;
struct rs_error;

/* Everything that sched_getattr(2) tells about a thread and that we restore. */
struct sched_state {
	uint32_t policy; /* SCHED_OTHER, SCHED_FIFO, ... */
	int32_t nice;
	uint32_t priority; /* 1 to 99 with a real-time policy, else 0 */
	uint32_t reset_on_fork; /* 0 or 1 */
	uint64_t runtime_ns; /* SCHED_DEADLINE: its three; else 0 */
	uint64_t deadline_ns;
	uint64_t period_ns;
};

int sched_read(pid_t tid, struct sched_state *state);

/* Apply, then read back: -EBADE if the kernel took it, yet says otherwise.
 * *now (may be NULL) = what was read back. */
int sched_apply_fifo(pid_t tid, unsigned int priority, struct sched_state *now);
int sched_apply_idle(pid_t tid, int nice, struct sched_state *now);
/* Period and deadline are the same. -EPERM also where the thread's core is
 * balanced with others (rootdomain.h), -EBUSY where the core has no room. */
int sched_apply_deadline(pid_t tid, uint64_t runtime_ns, uint64_t period_ns,
			 struct sched_state *now);
int sched_restore(pid_t tid, const struct sched_state *original, struct sched_state *now);

/* Where a thread may run. Applied and read back likewise: -EINVAL where its
 * cpuset has none of these cores, -EBADE where it has not all. */
int sched_read_cores(pid_t tid, struct coreset *cores);
int sched_apply_cores(pid_t tid, const struct coreset *cores);

/* Same policy and its parameters: priority, nice value, or runtime and period. */
bool sched_same(const struct sched_state *a, const struct sched_state *b);

/* "SCHED_FIFO" and so on; "unknown" otherwise. */
const char *sched_policy_name(uint32_t policy);

/*
 * Why applying `policy` at `priority` to thread `tid` of process `pid` failed
 * with `code` (an errno value): looks at the thread's cgroup, our capabilities
 * and limits. Returns -code. Not for the notification path.
 */
int sched_explain(struct rs_error **err, int code, pid_t pid, pid_t tid, uint32_t policy,
		  unsigned int priority);

/* Pin the calling thread to one core; cpu < 0 does nothing. */
int sched_pin(int cpu, struct rs_error **err);

#endif
