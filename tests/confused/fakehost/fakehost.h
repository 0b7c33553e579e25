/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host that cannot be trusted, inside the guest: a virtio transport with one
 * ringsched device, whose answers are right or wrong as the test says. What a
 * real host could write into the guest's memory at any time, this writes at the
 * moment that is wanted. It stands for QEMU and the daemon together.
 */
#ifndef TESTS_FAKEHOST_H
#define TESTS_FAKEHOST_H

#include <linux/irq_work.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/virtio.h>
#include <linux/virtio_ring.h>

#include "guest/uapi/ringsched.h"

struct host {
	struct virtio_device vdev;
	struct irq_work work; /* our own time: what was kicked is looked at here */
	raw_spinlock_t lock; /* the fields below, and what is written into the queues */
	struct virtqueue *queues[RS_QUEUE_COUNT]; /* NULL: the driver has none */
	u16 seen[RS_QUEUE_COUNT]; /* available entries that were looked at */
	bool serving; /* uses what is sent, as it should */
	u8 status;
	u32 generation;
};

/* ---- the queues, seen from the other side; the host's lock is held (queue.c) ---- */

const struct vring *host_ring(struct host *h, unsigned int queue);
u16 host_u16(struct host *h, __virtio16 value);
/* The next available head, or -1. */
int host_take(struct host *h, unsigned int queue);
void host_push(struct host *h, unsigned int queue, u32 id, u32 length);
void host_move(struct host *h, unsigned int queue, u16 by); /* the used index */

/* ---- a good host (transport.c) ---- */

void host_serve(struct irq_work *work);
extern const struct virtio_config_ops host_transport;

#endif
