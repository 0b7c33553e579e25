// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Source "switch" (P3): on each vCPU, every task switch to or from a real-time
 * task, with the priority of the task that runs now, 0 = none. The kernel is
 * not patched: the probe hangs on its sched_switch tracepoint.
 *
 * The probe runs under the run queue's lock, interrupts off. So it wakes
 * nobody, and all it takes is the sender's raw lock, within which nobody wakes
 * anybody either. The kick is made under the run queue's lock as well, as a
 * paravirtualised task switch would: where the host puts the vCPU aside in it,
 * another vCPU that wants this run queue spins. That is part of P3's cost.
 *
 * Known limit: a priority that changes without a task switch (inheritance,
 * sched_setscheduler(2) of the running task) is told at the next switch.
 */
#include <linux/bits.h>
#include <linux/cpumask.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/prio.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <trace/events/sched.h>

#include "notify.h"
#include "source.h"
#include "stats.h"

#define UNTOLD 0xff /* no priority: the host does not know what runs here */

/* What the host was told last of this vCPU. Written by the vCPU itself, with
 * interrupts off; by switch_start() while there is no probe. */
static DEFINE_PER_CPU(u8, told);

static struct tracepoint *switch_tracepoint; /* found once; the kernel's own never go */

/* As the scheduler has it now, so an inherited priority counts. Deadline tasks
 * and the stopper rank above all others. */
static u8 priority_of(const struct task_struct *task)
{
	if (task->prio >= MAX_RT_PRIO)
		return 0;
	return clamp(MAX_RT_PRIO - 1 - task->prio, RS_PRIO_MIN, RS_PRIO_MAX);
}

static void task_switched(void *unused, bool preempt, struct task_struct *prev,
			  struct task_struct *next, unsigned int prev_state)
{
	const struct rs_report report = { .kind = RS_KIND_SWITCH, .prio = priority_of(next) };
	u8 before = __this_cpu_read(told);
	bool kick = false;

	/* The task before counts by what was told of it. */
	if (!before && !report.prio)
		return;
	rcu_read_lock();
	if (rs_notify_queue(&report, &kick)) {
		/* Counted by the sender. Whatever the next switch is, it is told. */
		__this_cpu_write(told, UNTOLD);
	} else {
		__this_cpu_write(told, report.prio);
		if (before == report.prio)
			rs_stat_inc(RS_STAT_SWITCH_SAME_PRIORITY);
	}
	if (kick)
		rs_notify_kick();
	rcu_read_unlock();
}

static void find_switch(struct tracepoint *tracepoint, void *unused)
{
	if (!strcmp(tracepoint->name, "sched_switch"))
		switch_tracepoint = tracepoint;
}

static int switch_start(void)
{
	int cpu;

	check_trace_callback_type_sched_switch(task_switched);
	for_each_possible_cpu(cpu) per_cpu(told, cpu) = UNTOLD;
	if (!switch_tracepoint)
		for_each_kernel_tracepoint(find_switch, NULL);
	if (!switch_tracepoint)
		return -ENOENT;
	return tracepoint_probe_register(switch_tracepoint, task_switched, NULL);
}

static void switch_stop(void)
{
	tracepoint_probe_unregister(switch_tracepoint, task_switched, NULL);
	/* No probe is still inside when the source, or the module, is gone. */
	tracepoint_synchronize_unregister();
}

const struct rs_source_ops rs_source_switch = {
	.name = "switch",
	.kinds = BIT(RS_KIND_SWITCH),
	.start = switch_start,
	.stop = switch_stop,
};
