// SPDX-License-Identifier: GPL-2.0-or-later
/* The device: its queues and slots, from its start to its stop. */
#include <linux/cpumask.h>
#include <linux/minmax.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>

#include "device.h"
#include "source.h"

#define MESSAGE_SLOTS_MAX 256u
#define EVENT_SLOTS_MAX 64u /* interrupts of a vCPU that waits for the core */

struct rs_device __rcu *rs_active_device;

bool rs_device_present(void)
{
	return rcu_access_pointer(rs_active_device);
}

const char *rs_device_state(void)
{
	const char *state = "absent";
	struct rs_device *device;
	unsigned int i;

	rcu_read_lock();
	device = rcu_dereference(rs_active_device);
	if (device)
		state = "present";
	for (i = 0; device && i < RS_QUEUE_COUNT; i++)
		if (virtqueue_is_broken(device->queues[i]))
			state = "broken";
	rcu_read_unlock();
	return state;
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

int rs_device_start(struct rs_device *device)
{
	static const char *const names[] = { "notify", "event" };
	static vq_callback_t *callbacks[] = { rs_notify_used, rs_event_used };
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
	rs_event_offer(device);
	rs_notify_own(device, RS_KIND_ATTACH, num_online_cpus());
	device->running = true;
	rcu_assign_pointer(rs_active_device, device);
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
	RCU_INIT_POINTER(rs_active_device, NULL);
	synchronize_rcu();
	rs_notify_own(device, RS_KIND_BYE, 0);
	rs_notify_wait(device);
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
