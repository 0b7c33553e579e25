// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The sender of messages and the receiver of events; see notify.h.
 *
 * A message may be due in any context, the timer's hard interrupt included
 * (a turn that was cut off there can end a period), also with PREEMPT_RT. So
 * the path takes raw spinlocks only, allocates nothing (virtqueues do not for
 * a buffer of one piece) and does not sleep. Slots lie in memory taken when
 * the device starts; those the host has used are taken back at the next send,
 * with the queue's interrupts off.
 */
#include <linux/cpumask.h>
#include <linux/export.h>
#include <linux/completion.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/rcupdate.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>

#include "engine.h"
#include "notify.h"
#include "source.h"
#include "stats.h"

#define MESSAGE_SLOTS_MAX 256u
#define EVENT_SLOTS_MAX 64u /* interrupts of a vCPU that waits for the core */
#define BYE_WAIT_MS 100 /* the longest a device that does not answer holds up its removal */

struct rs_device {
	struct virtio_device *vdev;
	struct virtqueue *queues[RS_QUEUE_COUNT];
	bool running; /* between start and stop; not after a resume that failed */

	raw_spinlock_t send_lock; /* notify queue, sequence, free slots; innermost lock */
	u32 sequence;
	unsigned int slots;
	unsigned int free_count;
	struct rs_message **free; /* free_count slots no one uses */
	struct rs_message *messages;
	struct completion used; /* the host used a message; only while BYE is waited for */

	raw_spinlock_t event_lock; /* event queue */
	struct rs_event *events;
	unsigned int event_slots;
};

/* The device that messages go to. Written by probe, remove and suspend only. */
static struct rs_device __rcu *active_device;

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
	struct rs_device *device = rcu_dereference(active_device);

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
	struct rs_device *device = rcu_dereference(active_device);

	if (device)
		kick_device(device);
}

bool rs_device_present(void)
{
	return rcu_access_pointer(active_device);
}

const char *rs_device_state(void)
{
	const char *state = "absent";
	struct rs_device *device;
	unsigned int i;

	rcu_read_lock();
	device = rcu_dereference(active_device);
	if (device)
		state = "present";
	for (i = 0; device && i < RS_QUEUE_COUNT; i++)
		if (virtqueue_is_broken(device->queues[i]))
			state = "broken";
	rcu_read_unlock();
	return state;
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

/* ATTACH and BYE: by the device's own start and stop, where no one else sends. */
static void send_own(struct rs_device *device, enum rs_kind kind, u32 arg0)
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

static bool take_source(const struct rs_event *event)
{
	u32 id = le32_to_cpu(event->arg0);

	if (!rs_source_known(id))
		return false;
	rs_source_set_later(id);
	return true;
}

/* P11: this is the interrupt's handler; what it starts is the ring's first process (P14c). */
static bool take_interrupt(const struct rs_event *event)
{
	const u64 now = ktime_get_ns();
	const struct rs_interrupt interrupt = {
		.number = le32_to_cpu(event->arg0),
		.event = le32_to_cpu(event->sequence),
		.raised = le64_to_cpu(event->host_ns),
		.handled = now,
	};
	unsigned long flags;
	unsigned int bound;

	if (interrupt.number >= RS_INTERRUPT_MAX)
		return false;
	flags = rs_engine_enter();
	bound = rs_engine_interrupt(&rs_engine, &interrupt, now);
	rs_engine_leave(flags);
	rs_stat_inc(RS_STAT_INTERRUPTS);
	if (!bound)
		rs_stat_inc(RS_STAT_INTERRUPTS_UNBOUND);
	return true;
}

static bool accept_event(const struct rs_event *event, unsigned int length)
{
	if (length != sizeof(*event) || event->revision != RS_REVISION)
		return false;
	switch (le16_to_cpu(event->kind)) {
	case RS_EVENT_SOURCE:
		return take_source(event);
	case RS_EVENT_INTERRUPT:
		return take_interrupt(event);
	default:
		return false;
	}
}

/* Under event_lock. */
static void offer_event(struct rs_device *device, struct rs_event *event)
{
	struct scatterlist sg;

	sg_init_one(&sg, event, sizeof(*event));
	if (virtqueue_add_inbuf(device->queues[RS_QUEUE_EVENT], &sg, 1, event, GFP_ATOMIC))
		rs_stat_inc(RS_STAT_BROKEN);
}

/* A copy of the next event, its buffer offered again: the host can still write to it. */
static bool next_event(struct rs_device *device, struct rs_event *copy, unsigned int *length)
{
	struct rs_event *event;
	unsigned long flags;

	raw_spin_lock_irqsave(&device->event_lock, flags);
	event = virtqueue_get_buf(device->queues[RS_QUEUE_EVENT], length);
	if (event) {
		*copy = *event;
		offer_event(device, event);
	}
	raw_spin_unlock_irqrestore(&device->event_lock, flags);
	return event;
}

/* Events are acted on with the queue's lock dropped: an interrupt takes the engine's. */
static void event_used(struct virtqueue *queue)
{
	struct rs_device *device = queue->vdev->priv;
	struct rs_event event;
	unsigned int length, budget;
	unsigned long flags;

	/*
	 * A host that refills as fast as we read must not hold this interrupt
	 * for ever; what is left is read at its next one.
	 */
	for (budget = 2 * device->event_slots; budget; budget--) {
		if (!next_event(device, &event, &length))
			break;
		rs_stat_inc(accept_event(&event, length) ? RS_STAT_EVENTS : RS_STAT_EVENTS_REFUSED);
	}
	raw_spin_lock_irqsave(&device->event_lock, flags);
	virtqueue_kick(queue);
	raw_spin_unlock_irqrestore(&device->event_lock, flags);
}

static void message_used(struct virtqueue *queue)
{
	struct rs_device *device = queue->vdev->priv;
	unsigned long flags;

	raw_spin_lock_irqsave(&device->send_lock, flags);
	virtqueue_disable_cb(queue);
	raw_spin_unlock_irqrestore(&device->send_lock, flags);
	complete(&device->used);
}

/* Until the host has used every message, BYE included, or BYE_WAIT_MS are over. */
static void wait_used(struct rs_device *device)
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

static int allocate_slots(struct rs_device *device)
{
	unsigned int i;

	device->slots =
		min(virtqueue_get_vring_size(device->queues[RS_QUEUE_NOTIFY]), MESSAGE_SLOTS_MAX);
	device->event_slots =
		min(virtqueue_get_vring_size(device->queues[RS_QUEUE_EVENT]), EVENT_SLOTS_MAX);
	device->messages = kcalloc(device->slots, sizeof(*device->messages), GFP_KERNEL);
	device->free = kcalloc(device->slots, sizeof(*device->free), GFP_KERNEL);
	device->events = kcalloc(device->event_slots, sizeof(*device->events), GFP_KERNEL);
	if (!device->messages || !device->free || !device->events)
		return -ENOMEM;
	for (i = 0; i < device->slots; i++)
		device->free[i] = &device->messages[i];
	device->free_count = device->slots;
	return 0;
}

static void free_slots(struct rs_device *device)
{
	kfree(device->events);
	kfree(device->free);
	kfree(device->messages);
	device->events = NULL;
	device->free = NULL;
	device->messages = NULL;
}

static void offer_events(struct rs_device *device)
{
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&device->event_lock, flags);
	for (i = 0; i < device->event_slots; i++)
		offer_event(device, &device->events[i]);
	virtqueue_kick(device->queues[RS_QUEUE_EVENT]);
	raw_spin_unlock_irqrestore(&device->event_lock, flags);
}

int rs_device_start(struct rs_device *device)
{
	static const char *const names[] = { "notify", "event" };
	static vq_callback_t *callbacks[] = { message_used, event_used };
	int error;

	error = virtio_find_vqs(device->vdev, RS_QUEUE_COUNT, device->queues, callbacks, names,
				NULL);
	if (error)
		return error;
	error = allocate_slots(device);
	if (error)
		goto delete_queues;
	device->sequence = 0;
	virtqueue_disable_cb(device->queues[RS_QUEUE_NOTIFY]);
	virtio_device_ready(device->vdev);
	offer_events(device);
	send_own(device, RS_KIND_ATTACH, num_online_cpus());
	device->running = true;
	rcu_assign_pointer(active_device, device);
	rs_source_tell();
	return 0;

delete_queues:
	device->vdev->config->del_vqs(device->vdev);
	free_slots(device);
	return error;
}

void rs_device_stop(struct rs_device *device)
{
	if (!device->running)
		return;
	device->running = false;
	RCU_INIT_POINTER(active_device, NULL);
	synchronize_rcu();
	send_own(device, RS_KIND_BYE, 0);
	wait_used(device);
	virtio_reset_device(device->vdev);
	device->vdev->config->del_vqs(device->vdev);
	/* No event can come any more; one that came is not to act on the next device. */
	rs_source_settle();
	free_slots(device);
}

struct rs_device *rs_device_new(struct virtio_device *vdev)
{
	struct rs_device *device = kzalloc(sizeof(*device), GFP_KERNEL);

	if (!device)
		return NULL;
	device->vdev = vdev;
	raw_spin_lock_init(&device->send_lock);
	raw_spin_lock_init(&device->event_lock);
	init_completion(&device->used);
	return device;
}

void rs_device_free(struct rs_device *device)
{
	kfree(device);
}
