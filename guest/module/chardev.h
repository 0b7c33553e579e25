/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /dev/ringsched: one open file is at most one member and owns any number of rings. */
#ifndef RINGSCHED_CHARDEV_H
#define RINGSCHED_CHARDEV_H

#include <linux/container_of.h>
#include <linux/mutex.h>
#include <linux/types.h>

#include "ring.h"

struct pid;
struct task_struct;

/* The scheduling of a member that is on a visit, as it was before; see priority.c. */
struct rs_home_priority {
	struct mutex lock;
	u32 visit; /* priority of the ring it visits, 0: the member has its own */
	bool changed; /* the task was changed, and policy and prio are its own */
	u32 policy;
	u32 prio;
	u64 flags;
};

struct rs_file {
	struct rs_member member; /* under the engine's lock */
	struct task_struct *task; /* who joined; referenced; under the engine's lock */
	struct mutex lock; /* creator */
	struct pid *creator; /* process that made rings with this file; referenced */
	struct rs_home_priority home;
};

static inline struct rs_file *rs_file_of(struct rs_member *member)
{
	return container_of(member, struct rs_file, member);
}

/*
 * Give the task the priority `visit` of the ring it is about to visit, or its
 * own again (0). Process context, may sleep. A task that is not FIFO or RR
 * stays as it is: a visit must not make an ordinary process real-time.
 */
void rs_priority_set(struct rs_home_priority *home, struct task_struct *task, u32 visit);

int rs_chardev_register(void);
void rs_chardev_deregister(void);

#endif /* RINGSCHED_CHARDEV_H */
