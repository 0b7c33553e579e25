// SPDX-License-Identifier: GPL-2.0-or-later
/* The receiver of events: the host's choice of a source, and external interrupts. */
#include <linux/ktime.h>
#include <linux/scatterlist.h>
#include <linux/spinlock.h>
#include <linux/virtio.h>

#include "device.h"
#include "engine.h"
#include "source.h"
#include "stats.h"

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
void rs_event_used(struct virtqueue *queue)
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

void rs_event_offer(struct rs_device *device)
{
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&device->event_lock, flags);
	for (i = 0; i < device->event_slots; i++)
		offer_event(device, &device->events[i]);
	virtqueue_kick(device->queues[RS_QUEUE_EVENT]);
	raw_spin_unlock_irqrestore(&device->event_lock, flags);
}
