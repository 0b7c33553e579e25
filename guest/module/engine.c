// SPDX-License-Identifier: GPL-2.0-or-later
/* Lock, timers and sender of the ring engine; see engine.h. */
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/spinlock.h>

#include "chardev.h"
#include "engine.h"
#include "notify.h"

struct rs_engine rs_engine; /* under engine_lock */

static DEFINE_RAW_SPINLOCK(engine_lock); /* outside of a device's send_lock */
static bool kick_due; /* under engine_lock */
static struct hrtimer timers[RS_RING_MAX];

unsigned long rs_engine_enter(void) __acquires(RCU) __acquires(&engine_lock)
{
	unsigned long flags;

	/* Off until the very end, so that a wake-up made inside is acted on then. */
	preempt_disable();
	rcu_read_lock(); /* the device that is queued to is the device that is kicked */
	local_irq_save(flags);
	raw_spin_lock(&engine_lock);
	return flags;
}

/*
 * The lock is dropped before the kick: at a kick that says END the host may
 * put this vCPU aside at once, and another vCPU would spin on the lock.
 */
void rs_engine_leave(unsigned long flags) __releases(&engine_lock) __releases(RCU)
{
	bool kick = kick_due;

	kick_due = false;
	raw_spin_unlock(&engine_lock);
	if (kick)
		rs_notify_kick();
	local_irq_restore(flags);
	rcu_read_unlock();
	preempt_enable();
}

static enum hrtimer_restart timer_expired(struct hrtimer *timer)
{
	struct rs_ring *ring = &rs_engine.rings[timer - timers];
	unsigned long flags;

	flags = rs_engine_enter();
	rs_ring_tick(ring, ktime_get_ns()); /* sets the timer anew if it is to run on */
	rs_engine_leave(flags);
	return HRTIMER_NORESTART;
}

static void engine_wake(struct rs_member *member)
{
	wake_up_process(rs_file_of(member)->task);
}

/*
 * Pinned: a ring that belongs to a vCPU is started there (chardev.c), and its
 * timer stays there, so that no other vCPU has to run for its release.
 */
static void engine_arm(struct rs_ring *ring, __u64 expires)
{
	struct hrtimer *timer = &timers[ring - rs_engine.rings];

	if (expires)
		hrtimer_start(timer, ns_to_ktime(expires), HRTIMER_MODE_ABS_PINNED_HARD);
	else
		/* Where it runs right now it finds nothing due. */
		hrtimer_try_to_cancel(timer);
}

static bool engine_send(struct rs_ring *ring, enum rs_kind kind, __u32 arg0, __u64 now,
			__u64 next_start, bool owed)
{
	const struct rs_report report = {
		.kind = kind,
		.prio = ring->params.ring_prio,
		.ring_id = ring->params.ring_id,
		.arg0 = arg0,
		.period_ns = ring->params.period_ns,
		.next_start_ns = next_start,
		.owed = owed,
	};

	return !rs_notify_queue(&report, &kick_due);
}

static const struct rs_ring_ops engine_ops = {
	.wake = engine_wake,
	.arm = engine_arm,
	.send = engine_send,
};

void rs_engine_start(void)
{
	unsigned int i;

	rs_engine_init(&rs_engine, &engine_ops);
	for (i = 0; i < RS_RING_MAX; i++) {
		hrtimer_init(&timers[i], CLOCK_MONOTONIC, HRTIMER_MODE_ABS_PINNED_HARD);
		timers[i].function = timer_expired;
	}
}

void rs_engine_halt(void)
{
	unsigned int i;

	for (i = 0; i < RS_RING_MAX; i++)
		hrtimer_cancel(&timers[i]);
}
