// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The sender of messages; see notify.h.
 *
 * A message may be due in any context, the timer's hard interrupt included
 * (a turn that was cut off there can end a period), also with PREEMPT_RT. So
 * the path takes raw spinlocks only, allocates nothing (virtqueues do not for
 * a buffer of one piece) and does not sleep. Slots lie in memory taken when
 * the device starts; those the host has used are taken back at the next send,
 * with the queue's interrupts off.
 */
#include <linux/export.h>
#include <linux/completion.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/rcupdate.h>
#include <linux/scatterlist.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/virtio.h>

#include "device.h"
#include "notify.h"
#include "source.h"
#include "stats.h"

#define BYE_WAIT_MS 100 /* the longest a device that does not answer holds up its removal */

/* Under send_lock. A hostile used ring cannot name a slot the host does not have. */
static void reclaim(struct rs_device *device)
{
	struct virtqueue *queue = device->queues[RS_QUEUE_NOTIFY];
	struct rs_message *message;
	unsigned int length;

	while (device->free_count < device->slots) {
		message = virtqueue_get_buf(queue, &length);
		if (!message)
			break;
		device->free[device->free_count++] = message;
	}
}

static void fill(struct rs_message *message, const struct rs_report *report, u32 sequence)
{
	memset(message, 0, sizeof(*message));
	message->kind = cpu_to_le16(report->kind);
	message->revision = RS_REVISION;
	message->ring_prio = report->prio;
	message->ring_id = cpu_to_le16(report->ring_id);
	message->vcpu = cpu_to_le16(smp_processor_id());
	message->sequence = cpu_to_le32(sequence);
	message->arg0 = cpu_to_le32(report->arg0);
	message->guest_ns = cpu_to_le64(ktime_get_ns());
	message->period_ns = cpu_to_le64(report->period_ns);
	message->next_start_ns = cpu_to_le64(report->next_start_ns);
	message->address = cpu_to_le64(report->address);
}

/* Under send_lock. The sequence number is used up in any case: the host sees what it lost. */
static int queue_message(struct rs_device *device, const struct rs_report *report, bool *kick)
{
	struct virtqueue *queue = device->queues[RS_QUEUE_NOTIFY];
	struct rs_message *message;
	struct scatterlist sg;

	device->sequence++;
	reclaim(device);
	if (!device->free_count) {
		rs_stat_inc(RS_STAT_DROPPED);
		return -ENOSPC;
	}
	message = device->free[device->free_count - 1];
	fill(message, report, device->sequence);
	sg_init_one(&sg, message, sizeof(*message));
	if (virtqueue_add_outbuf(queue, &sg, 1, message, GFP_ATOMIC)) {
		rs_stat_inc(RS_STAT_BROKEN);
		return -EIO;
	}
	device->free_count--;
	rs_stat_inc(RS_STAT_MESSAGES_ATTACH + report->kind - RS_KIND_ATTACH);
	if (virtqueue_kick_prepare(queue))
		*kick = true;
	return 0;
}

/* Interrupts off. */
static int queue_timed(struct rs_device *device, const struct rs_report *report, bool *kick)
{
	u64 begin = ktime_get_ns();
	int error;

	raw_spin_lock(&device->send_lock);
	error = queue_message(device, report, kick);
	raw_spin_unlock(&device->send_lock);
	rs_stat_time(RS_TIME_QUEUE, ktime_get_ns() - begin);
	return error;
}

int rs_notify_queue(const struct rs_report *report, bool *kick)
{
	struct rs_device *device = rcu_dereference(rs_active_device);

	if (!device) {
		rs_stat_inc(RS_STAT_UNSENT);
		return -ENODEV;
	}
	if (!report->owed && !rs_source_reports(report->kind)) {
		rs_stat_inc(RS_STAT_MUTED);
		return -EOPNOTSUPP;
	}
	return queue_timed(device, report, kick);
}

static void kick_device(struct rs_device *device)
{
	u64 begin = ktime_get_ns();

	if (virtqueue_notify(device->queues[RS_QUEUE_NOTIFY]))
		rs_stat_inc(RS_STAT_KICKS);
	rs_stat_time(RS_TIME_KICK, ktime_get_ns() - begin);
}

void rs_notify_kick(void)
{
	struct rs_device *device = rcu_dereference(rs_active_device);

	if (device)
		kick_device(device);
}

int rs_notify(const struct rs_report *report)
{
	unsigned long flags;
	bool kick = false;
	int error;

	rcu_read_lock();
	local_irq_save(flags);
	error = rs_notify_queue(report, &kick);
	if (kick)
		rs_notify_kick();
	local_irq_restore(flags);
	rcu_read_unlock();
	return error;
}

static int notify_about(enum rs_kind kind, unsigned int ring_id, unsigned int ring_prio)
{
	const struct rs_report report = { .kind = kind, .prio = ring_prio, .ring_id = ring_id };
	int error;

	if (ring_id >= RS_RING_MAX || ring_prio < RS_PRIO_MIN || ring_prio > RS_PRIO_MAX)
		return -EINVAL;
	error = rs_notify(&report);
	/* A host that does not want to hear of it is no failure of the caller's. */
	return error == -EOPNOTSUPP ? 0 : error;
}

int g_sched_notify_start(unsigned int ring_id, unsigned int ring_prio)
{
	return notify_about(RS_KIND_START, ring_id, ring_prio);
}
EXPORT_SYMBOL_GPL(g_sched_notify_start);

int g_sched_notify_end(unsigned int ring_id, unsigned int ring_prio)
{
	return notify_about(RS_KIND_END, ring_id, ring_prio);
}
EXPORT_SYMBOL_GPL(g_sched_notify_end);

void rs_notify_own(struct rs_device *device, enum rs_kind kind, u32 arg0)
{
	const struct rs_report report = { .kind = kind, .arg0 = arg0 };
	unsigned long flags;
	bool kick = false;

	local_irq_save(flags);
	queue_timed(device, &report, &kick);
	local_irq_restore(flags);
	if (kick)
		kick_device(device);
}

void rs_notify_used(struct virtqueue *queue)
{
	struct rs_device *device = queue->vdev->priv;
	unsigned long flags;

	raw_spin_lock_irqsave(&device->send_lock, flags);
	virtqueue_disable_cb(queue);
	raw_spin_unlock_irqrestore(&device->send_lock, flags);
	complete(&device->used);
}

void rs_notify_wait(struct rs_device *device)
{
	struct virtqueue *queue = device->queues[RS_QUEUE_NOTIFY];
	unsigned long end = jiffies + msecs_to_jiffies(BYE_WAIT_MS);
	unsigned long flags;
	bool all, more;

	do {
		raw_spin_lock_irqsave(&device->send_lock, flags);
		reclaim(device);
		all = device->free_count == device->slots || virtqueue_is_broken(queue);
		more = !all && !virtqueue_enable_cb(queue);
		raw_spin_unlock_irqrestore(&device->send_lock, flags);
		if (all)
			return;
		if (!more)
			wait_for_completion_timeout(&device->used, msecs_to_jiffies(BYE_WAIT_MS));
	} while (time_before(jiffies, end));
}
