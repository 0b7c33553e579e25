/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The device and its two virtqueues; only device.c, notify.c and event.c look inside. */
#ifndef RINGSCHED_DEVICE_H
#define RINGSCHED_DEVICE_H

#include <linux/completion.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "../uapi/ringsched.h"

struct virtio_device;
struct virtqueue;

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

/* The one that messages go to. Written by start and stop only. */
extern struct rs_device __rcu *rs_active_device;

/* Bring a device up: queues, ATTACH; then it is the one messages go to. Process context. */
int rs_device_start(struct rs_device *device);
/* The reverse: no sender is left inside when the device is reset; BYE is the last message. */
void rs_device_stop(struct rs_device *device);

struct rs_device *rs_device_new(struct virtio_device *vdev);
void rs_device_free(struct rs_device *device);

bool rs_device_present(void);

/*
 * For people: "absent", "present", or "broken", where the host made no sense of
 * a queue: nothing is sent any more until the device is bound again.
 */
const char *rs_device_state(void);

/* ---- notify.c, for start and stop ---- */

/* ATTACH and BYE, where no one else sends. */
void rs_notify_own(struct rs_device *device, enum rs_kind kind, u32 arg0);
/* Until the host has used every message, BYE included, or BYE_WAIT_MS are over. */
void rs_notify_wait(struct rs_device *device);
void rs_notify_used(struct virtqueue *queue); /* the notify queue's callback */

/* ---- event.c ---- */

void rs_event_offer(struct rs_device *device); /* all buffers, to begin with */
void rs_event_used(struct virtqueue *queue); /* the event queue's callback */

#endif /* RINGSCHED_DEVICE_H */
