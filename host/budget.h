/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Real-time budgets where the kernel has RT_GROUP_SCHED: a thread in a cgroup
 * whose cpu.rt_runtime_us is 0 cannot be real-time. A VM's budget is granted
 * to the groups of its vCPU threads and to all groups above them, each of
 * which must hold at least the sum of what is below it.
 *
 * The kernel stops a group's real-time threads, whatever their priority, once
 * they have used cpu.rt_runtime_us within cpu.rt_period_us, on each core by
 * itself. It looks at its ticks: a tick's length (1 to 10 ms) may be used
 * beyond, and is then lacking in the next period. A group's period is its
 * own, what is compared from level to level is the share of time.
 *
 * One table for all VMs, because they share the upper groups. Main thread only.
 */
#ifndef RINGSCHED_BUDGET_H
#define RINGSCHED_BUDGET_H

#include "host/cgroup.h"

struct record;
struct rs_error;

struct budget_leaf {
	struct cgroup_place place;
	unsigned int permille; /* of one core */
	unsigned int period_us; /* cpu.rt_period_us while it is granted; 0 = as it is */
};

/*
 * Replace what `owner` holds by these leaves (none: take all back), and write
 * the changed groups: raised from the top down, lowered from the bottom up.
 * A refusal is explained in *err; what could be granted stays granted.
 */
int budget_set(const void *owner, const struct budget_leaf *leaves, unsigned int count,
	       struct record *record, struct rs_error **err);

/* Whether the kernel holds groups to their budgets: not where real-time
 * throttling is off, nor where a core may lend its part to another. */
bool budget_kernel_keeps(void);

/* Every group that `owner` needs: what it should hold and what it reads now
 * (-1: cannot be read). */
typedef void (*budget_visit)(const char *path, long long wanted, long long value, void *arg);
void budget_each(const void *owner, budget_visit visit, void *arg);

#endif
