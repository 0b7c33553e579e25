// SPDX-License-Identifier: GPL-2.0-or-later
/* The transport of a good host, but for what the parameters say. */
#include <linux/irq_work.h>
#include <linux/module.h>
#include <linux/spinlock.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#include "fakehost.h"

static unsigned int magic = RS_MAGIC;
static unsigned int revision = RS_REVISION;
static unsigned int source = RS_SOURCE_RING;
static unsigned int size = 256; /* entries of a queue */
static bool restless; /* the configuration is never the same twice */
static bool access_platform;
static bool no_queues;
module_param(magic, uint, 0600);
module_param(revision, uint, 0600);
module_param(source, uint, 0600);
module_param(size, uint, 0600);
module_param(restless, bool, 0600);
module_param(access_platform, bool, 0600);
module_param(no_queues, bool, 0600);

/* ---- a good host ---- */

void host_serve(struct irq_work *work)
{
	struct host *h = container_of(work, struct host, work);
	struct virtqueue *queue;
	unsigned long flags;
	bool used = false;
	int head;

	raw_spin_lock_irqsave(&h->lock, flags);
	queue = h->queues[RS_QUEUE_NOTIFY];
	while (queue && h->serving && (head = host_take(h, RS_QUEUE_NOTIFY)) >= 0) {
		host_push(h, RS_QUEUE_NOTIFY, head, 0);
		used = true;
	}
	raw_spin_unlock_irqrestore(&h->lock, flags);
	if (used)
		vring_interrupt(0, queue);
}

/* Any context: also from under a run queue's lock. */
static bool kicked(struct virtqueue *queue)
{
	irq_work_queue(&container_of(queue->vdev, struct host, vdev)->work);
	return true;
}

/* ---- the transport ---- */

static void get_config(struct virtio_device *vdev, unsigned int offset, void *to,
		       unsigned int length)
{
	const struct rs_config config = {
		.revision = revision,
		.source = source,
		.magic = cpu_to_le32(magic),
	};

	memset(to, 0, length);
	if (offset < sizeof(config))
		memcpy(to, (const char *)&config + offset,
		       min_t(size_t, length, sizeof(config) - offset));
}

static void set_config(struct virtio_device *vdev, unsigned int offset, const void *from,
		       unsigned int length)
{
}

static u32 generation(struct virtio_device *vdev)
{
	struct host *h = container_of(vdev, struct host, vdev);

	if (restless)
		h->generation++;
	return h->generation;
}

static u8 get_status(struct virtio_device *vdev)
{
	return container_of(vdev, struct host, vdev)->status;
}

static void set_status(struct virtio_device *vdev, u8 status)
{
	container_of(vdev, struct host, vdev)->status = status;
}

static void reset(struct virtio_device *vdev)
{
	struct host *h = container_of(vdev, struct host, vdev);
	unsigned long flags;

	raw_spin_lock_irqsave(&h->lock, flags);
	h->status = 0;
	memset(h->queues, 0, sizeof(h->queues));
	memset(h->seen, 0, sizeof(h->seen));
	raw_spin_unlock_irqrestore(&h->lock, flags);
	irq_work_sync(&h->work);
}

static void delete_queues(struct virtio_device *vdev)
{
	struct virtqueue *queue, *next;

	list_for_each_entry_safe(queue, next, &vdev->vqs, list) vring_del_virtqueue(queue);
}

static int find_queues(struct virtio_device *vdev, unsigned int count, struct virtqueue *queues[],
		       vq_callback_t *callbacks[], const char *const names[], const bool *context,
		       struct irq_affinity *affinity)
{
	struct host *h = container_of(vdev, struct host, vdev);
	unsigned long flags;
	unsigned int i;

	if (no_queues || count != RS_QUEUE_COUNT)
		return -ENOENT;
	for (i = 0; i < count; i++) {
		queues[i] = vring_create_virtqueue(i, size, PAGE_SIZE, vdev, true, true, false,
						   kicked, callbacks[i], names[i]);
		if (!queues[i]) {
			delete_queues(vdev);
			return -ENOMEM;
		}
	}
	raw_spin_lock_irqsave(&h->lock, flags);
	memcpy(h->queues, queues, sizeof(h->queues));
	raw_spin_unlock_irqrestore(&h->lock, flags);
	return 0;
}

static u64 get_features(struct virtio_device *vdev)
{
	return BIT_ULL(VIRTIO_F_VERSION_1) | BIT_ULL(VIRTIO_RING_F_EVENT_IDX) |
	       (access_platform ? BIT_ULL(VIRTIO_F_ACCESS_PLATFORM) : 0);
}

static int finalize_features(struct virtio_device *vdev)
{
	vring_transport_features(vdev);
	return 0;
}

const struct virtio_config_ops host_transport = {
	.get = get_config,
	.set = set_config,
	.generation = generation,
	.get_status = get_status,
	.set_status = set_status,
	.reset = reset,
	.find_vqs = find_queues,
	.del_vqs = delete_queues,
	.get_features = get_features,
	.finalize_features = finalize_features,
};
