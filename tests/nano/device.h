/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ringsched device as the nano guest drives it: modern virtio over PCI,
 * polled. The descriptor table and both rings are open to a caller, so that a
 * mode can misuse them on purpose.
 */
#ifndef NANO_DEVICE_H
#define NANO_DEVICE_H

#include <linux/virtio_ring.h>

#include "guest/uapi/ringsched.h"
#include "tests/nano/platform.h"

#define DEVICE_QUEUE_SIZE 64

struct queue {
	struct vring_desc desc[DEVICE_QUEUE_SIZE] __attribute__((aligned(16)));
	struct {
		uint16_t flags;
		uint16_t index;
		uint16_t ring[DEVICE_QUEUE_SIZE];
	} avail __attribute__((aligned(2)));
	struct {
		uint16_t flags;
		volatile uint16_t index;
		struct vring_used_elem ring[DEVICE_QUEUE_SIZE];
	} used __attribute__((aligned(4)));
	volatile uint16_t *doorbell;
	uint16_t number;
};

struct device {
	volatile uint8_t *common; /* struct virtio_pci_common_cfg */
	volatile uint8_t *config; /* struct rs_config */
	volatile uint8_t *notify;
	uint32_t notify_step; /* bytes between two queues' doorbells */
	struct queue queue[RS_QUEUE_COUNT];
	struct rs_message message[DEVICE_QUEUE_SIZE]; /* one a descriptor */
	struct rs_event event[DEVICE_QUEUE_SIZE];
	uint32_t sequence;
	uint16_t events_seen;
};

/* Where the parts of a queue are said to be. */
struct queue_place {
	uint64_t desc;
	uint64_t avail;
	uint64_t used;
	uint16_t size;
};

/* Find it, negotiate and start both queues; exits the guest on failure. */
void device_start(struct device *d);

/* After a reset: negotiate, both queues afresh. With `places` these are said to
 * be there (RS_QUEUE_COUNT of them), whatever is there. */
void device_start_again(struct device *d, const struct queue_place *places);

/* Tell the device where a queue is, also of one that is in use. */
void device_place(struct device *d, uint16_t number, const struct queue_place *place);

/* Write 0 to the status register and wait until the device is reset. */
void device_reset(struct device *d);

/* The next message, filled in and not yet sent; *slot is its descriptor. */
struct rs_message *device_message(struct device *d, enum rs_kind kind, uint16_t *slot);

/* Put descriptor `head` into the available ring and kick; do not wait. */
void queue_post(struct queue *q, uint16_t head);

/* Wait until everything posted is used; false after limit_ns. */
bool queue_drained(struct queue *q, uint64_t limit_ns);

/* Fill, post and wait; exits the guest when no used entry comes. */
void device_send(struct device *d, enum rs_kind kind, uint16_t ring_id, uint8_t ring_prio);

/* The next event of the host, or NULL when there is none now. */
const struct rs_event *device_event(struct device *d);

#endif
