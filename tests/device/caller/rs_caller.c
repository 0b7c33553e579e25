// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A kernel client of ringsched: says START when it is loaded and END when it is
 * unloaded, on the vCPU that does so. Loads only if every call did as it should.
 */
#include <linux/module.h>

int g_sched_notify_start(unsigned int ring_id, unsigned int ring_prio);
int g_sched_notify_end(unsigned int ring_id, unsigned int ring_prio);

static unsigned int ring;
static unsigned int prio;
module_param(ring, uint, 0444);
module_param(prio, uint, 0444);

static int __init caller_init(void)
{
	if (g_sched_notify_start(16, prio) != -EINVAL || g_sched_notify_start(ring, 0) != -EINVAL ||
	    g_sched_notify_end(ring, 100) != -EINVAL)
		return -EBADE;
	return g_sched_notify_start(ring, prio);
}

static void __exit caller_exit(void)
{
	WARN_ON(g_sched_notify_end(ring, prio));
}

module_init(caller_init);
module_exit(caller_exit);

MODULE_DESCRIPTION("caller of ringsched's exported functions, for its test");
MODULE_LICENSE("GPL");
