// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The priority of a member on a visit (P6). It is changed in process context,
 * by the member itself, before it goes to sleep for the turn: so it already
 * wakes with the priority of the ring it visits, and no ring of a priority
 * in between delays it. A task's priority cannot be changed in the timer's
 * interrupt, so a visitor whose turn is cut off while it runs keeps it until
 * its next RS_IOC_RING_WAIT.
 */
#include <linux/sched.h>
#include <linux/sched/prio.h>
#include <uapi/linux/sched/types.h>

#include "chardev.h"

static void set_scheduling(struct task_struct *task, u32 policy, u32 prio, u64 flags)
{
	const struct sched_attr attr = {
		.size = sizeof(attr),
		.sched_policy = policy,
		.sched_priority = prio,
		.sched_flags = flags,
	};
	int error = sched_setattr_nocheck(task, &attr);

	/* A task that is exiting may be refused; its priority matters no more. */
	if (error && !(task->flags & PF_EXITING))
		pr_warn_ratelimited("ringsched: priority %u of process %d is refused (%d)\n", prio,
				    task_pid_nr(task), error);
}

void rs_priority_set(struct rs_home_priority *home, struct task_struct *task, u32 visit)
{
	mutex_lock(&home->lock);
	if (visit == home->visit)
		goto unlock;
	if (!home->visit) {
		home->changed = task->policy == SCHED_FIFO || task->policy == SCHED_RR;
		home->policy = task->policy;
		home->prio = task->rt_priority;
		home->flags = task->sched_reset_on_fork ? SCHED_FLAG_RESET_ON_FORK : 0;
	}
	home->visit = visit;
	if (home->changed)
		set_scheduling(task, home->policy, visit ? visit : home->prio, home->flags);
unlock:
	mutex_unlock(&home->lock);
}
