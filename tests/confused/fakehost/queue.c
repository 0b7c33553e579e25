// SPDX-License-Identifier: GPL-2.0-or-later
/* The queues, seen from the other side. The host's lock is held. */
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#include "fakehost.h"

const struct vring *host_ring(struct host *h, unsigned int queue)
{
	return virtqueue_get_vring(h->queues[queue]);
}

u16 host_u16(struct host *h, __virtio16 value)
{
	return virtio16_to_cpu(&h->vdev, value);
}

int host_take(struct host *h, unsigned int queue)
{
	const struct vring *r = host_ring(h, queue);
	u16 seen = h->seen[queue];

	if (host_u16(h, READ_ONCE(r->avail->idx)) == seen)
		return -1;
	smp_rmb(); /* the index is read before the entry it covers */
	h->seen[queue]++;
	return host_u16(h, r->avail->ring[seen % r->num]);
}

void host_move(struct host *h, unsigned int queue, u16 by)
{
	const struct vring *r = host_ring(h, queue);

	smp_wmb(); /* the entries are written before the index that shows them */
	WRITE_ONCE(r->used->idx,
		   cpu_to_virtio16(&h->vdev, host_u16(h, READ_ONCE(r->used->idx)) + by));
}

void host_push(struct host *h, unsigned int queue, u32 id, u32 length)
{
	const struct vring *r = host_ring(h, queue);
	unsigned int at = host_u16(h, READ_ONCE(r->used->idx)) % r->num;

	r->used->ring[at].id = cpu_to_virtio32(&h->vdev, id);
	r->used->ring[at].len = cpu_to_virtio32(&h->vdev, length);
	host_move(h, queue, 1);
}
