// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A host that cannot be trusted, inside the guest: a virtio transport with one
 * ringsched device, whose answers are right or wrong as the test says. What a
 * real host could write into the guest's memory at any time, this writes at the
 * moment that is wanted. It stands for QEMU and the daemon together.
 *
 * Parameters say what the next device is like; a word written to
 * /sys/kernel/debug/rs_fakehost/do is done at once (table at the end).
 */
#include <linux/debugfs.h>
#include <linux/device.h>
#include <linux/io.h>
#include <linux/irq_work.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#include "guest/uapi/ringsched.h"

#define COMMAND_MAX 32
#define STORM 20000

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

static struct device *parent;
static struct host *host; /* NULL: no device is plugged in */
static DEFINE_MUTEX(command_mutex);
static struct dentry *folder;

/* ---- the queues, seen from the other side; the host's lock is held ---- */

static const struct vring *ring_of(unsigned int queue)
{
	return virtqueue_get_vring(host->queues[queue]);
}

static u16 to_cpu16(__virtio16 value)
{
	return virtio16_to_cpu(&host->vdev, value);
}

/* The next available head, or -1. */
static int take(unsigned int queue)
{
	const struct vring *r = ring_of(queue);
	u16 seen = host->seen[queue];

	if (to_cpu16(READ_ONCE(r->avail->idx)) == seen)
		return -1;
	smp_rmb(); /* the index is read before the entry it covers */
	host->seen[queue]++;
	return to_cpu16(r->avail->ring[seen % r->num]);
}

static void move_index(unsigned int queue, u16 by)
{
	const struct vring *r = ring_of(queue);

	smp_wmb(); /* the entries are written before the index that shows them */
	WRITE_ONCE(r->used->idx,
		   cpu_to_virtio16(&host->vdev, to_cpu16(READ_ONCE(r->used->idx)) + by));
}

static void push(unsigned int queue, u32 id, u32 length)
{
	const struct vring *r = ring_of(queue);
	unsigned int at = to_cpu16(READ_ONCE(r->used->idx)) % r->num;

	r->used->ring[at].id = cpu_to_virtio32(&host->vdev, id);
	r->used->ring[at].len = cpu_to_virtio32(&host->vdev, length);
	move_index(queue, 1);
}

/* ---- a good host ---- */

static void serve(struct irq_work *work)
{
	struct host *h = container_of(work, struct host, work);
	struct virtqueue *queue;
	unsigned long flags;
	bool used = false;
	int head;

	raw_spin_lock_irqsave(&h->lock, flags);
	queue = h->queues[RS_QUEUE_NOTIFY];
	while (queue && h->serving && (head = take(RS_QUEUE_NOTIFY)) >= 0) {
		push(RS_QUEUE_NOTIFY, head, 0);
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

static const struct virtio_config_ops transport = {
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

/* ---- what the test can have it do ---- */

static void release(struct device *device)
{
	kfree(container_of(dev_to_virtio(device), struct host, vdev));
}

static int plug(void)
{
	int error;

	if (host)
		return -EEXIST;
	host = kzalloc(sizeof(*host), GFP_KERNEL);
	if (!host)
		return -ENOMEM;
	raw_spin_lock_init(&host->lock);
	init_irq_work(&host->work, serve);
	host->serving = true;
	host->vdev.id.device = RS_VIRTIO_ID;
	host->vdev.config = &transport;
	host->vdev.dev.parent = parent;
	host->vdev.dev.release = release;
	error = register_virtio_device(&host->vdev);
	if (error) {
		put_device(&host->vdev.dev);
		host = NULL;
	}
	return error;
}

static int unplug(void)
{
	unregister_virtio_device(&host->vdev);
	host = NULL;
	return 0;
}

/* Pulled out: as virtio-pci does it where the device is gone already. */
static int vanish(void)
{
	virtio_break_device(&host->vdev);
	return unplug();
}

/* Nothing that is sent is ever used. */
static int stall(void)
{
	host->serving = false;
	return 0;
}

static int change_config(void)
{
	host->generation++;
	virtio_config_changed(&host->vdev);
	return 0;
}

/* An interrupt for nothing. */
static int interrupt(void)
{
	vring_interrupt(0, host->queues[RS_QUEUE_NOTIFY]);
	vring_interrupt(0, host->queues[RS_QUEUE_EVENT]);
	return 0;
}

static int bad_used(unsigned int queue, void (*write)(unsigned int queue))
{
	unsigned long flags;

	raw_spin_lock_irqsave(&host->lock, flags);
	write(queue);
	raw_spin_unlock_irqrestore(&host->lock, flags);
	vring_interrupt(0, host->queues[queue]);
	return 0;
}

static void write_beyond(unsigned int queue)
{
	push(queue, 0xffff, 0);
}

/* No buffer with the last number is ever with us, of those the notify queue has. */
static void write_idle(unsigned int queue)
{
	push(queue, ring_of(queue)->num - 1, 0);
}

/* The last one that was given back, once more. */
static void write_twice(unsigned int queue)
{
	const struct vring *r = ring_of(queue);
	unsigned int last = (u16)(to_cpu16(READ_ONCE(r->used->idx)) - 1) % r->num;

	push(queue, virtio32_to_cpu(&host->vdev, r->used->ring[last].id), 0);
}

static void write_ahead(unsigned int queue)
{
	move_index(queue, 30000);
}

static void write_back(unsigned int queue)
{
	move_index(queue, -1);
}

static int used_beyond(void)
{
	return bad_used(RS_QUEUE_NOTIFY, write_beyond);
}

static int used_idle(void)
{
	return bad_used(RS_QUEUE_NOTIFY, write_idle);
}

static int used_twice(void)
{
	return bad_used(RS_QUEUE_NOTIFY, write_twice);
}

static int used_ahead(void)
{
	return bad_used(RS_QUEUE_NOTIFY, write_ahead);
}

static int used_back(void)
{
	return bad_used(RS_QUEUE_NOTIFY, write_back);
}

static int event_beyond(void)
{
	return bad_used(RS_QUEUE_EVENT, write_beyond);
}

static int event_ahead(void)
{
	return bad_used(RS_QUEUE_EVENT, write_ahead);
}

/* One event, with all the host can get wrong. -ENOSPC: the driver offers no buffer. */
static int send_event(unsigned int kind, unsigned int its_revision, unsigned int argument,
		      unsigned int length)
{
	struct rs_event *event;
	unsigned long flags;
	int head;

	raw_spin_lock_irqsave(&host->lock, flags);
	head = take(RS_QUEUE_EVENT);
	if (head >= 0) {
		event = phys_to_virt(
			virtio64_to_cpu(&host->vdev, ring_of(RS_QUEUE_EVENT)->desc[head].addr));
		memset(event, 0xa5, sizeof(*event));
		event->kind = cpu_to_le16(kind);
		event->revision = its_revision;
		event->arg0 = cpu_to_le32(argument);
		push(RS_QUEUE_EVENT, head, length);
	}
	raw_spin_unlock_irqrestore(&host->lock, flags);
	if (head < 0)
		return -ENOSPC;
	vring_interrupt(0, host->queues[RS_QUEUE_EVENT]);
	return 0;
}

#define EVENT_SIZE sizeof(struct rs_event)

static int event_kind(void)
{
	return send_event(77, RS_REVISION, 0, EVENT_SIZE);
}

static int event_revision(void)
{
	return send_event(RS_EVENT_SOURCE, RS_REVISION + 1, RS_SOURCE_NONE, EVENT_SIZE);
}

static int event_source(void)
{
	return send_event(RS_EVENT_SOURCE, RS_REVISION, 1000, EVENT_SIZE);
}

static int event_interrupt(void)
{
	return send_event(RS_EVENT_INTERRUPT, RS_REVISION, RS_INTERRUPT_MAX, EVENT_SIZE);
}

static int event_short(void)
{
	return send_event(RS_EVENT_SOURCE, RS_REVISION, RS_SOURCE_NONE, 1);
}

static int event_long(void)
{
	return send_event(RS_EVENT_SOURCE, RS_REVISION, RS_SOURCE_NONE, 0xffffffff);
}

static int event_ring(void)
{
	return send_event(RS_EVENT_SOURCE, RS_REVISION, RS_SOURCE_RING, EVENT_SIZE);
}

/* Interrupts of every number, and what is none, as fast as they are taken. */
static int storm(void)
{
	unsigned int i;
	int error = 0;

	for (i = 0; i < STORM && !error; i++)
		error = send_event(i % 3 ? RS_EVENT_INTERRUPT : i, RS_REVISION, i % 20, EVENT_SIZE);
	return error;
}

static const struct {
	const char *name;
	int (*run)(void);
	bool plugged; /* only where a device is, and its driver has queues if `queues` */
	bool queues;
} commands[] = {
	{ "plug", plug },
	{ "unplug", unplug, true },
	{ "vanish", vanish, true },
	{ "stall", stall, true },
	{ "change_config", change_config, true },
	{ "interrupt", interrupt, true, true },
	{ "used_beyond", used_beyond, true, true },
	{ "used_idle", used_idle, true, true },
	{ "used_twice", used_twice, true, true },
	{ "used_ahead", used_ahead, true, true },
	{ "used_back", used_back, true, true },
	{ "event_beyond", event_beyond, true, true },
	{ "event_ahead", event_ahead, true, true },
	{ "event_kind", event_kind, true, true },
	{ "event_revision", event_revision, true, true },
	{ "event_source", event_source, true, true },
	{ "event_interrupt", event_interrupt, true, true },
	{ "event_short", event_short, true, true },
	{ "event_long", event_long, true, true },
	{ "event_ring", event_ring, true, true },
	{ "storm", storm, true, true },
};

static int run_command(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(commands[i].name, name))
			continue;
		if (commands[i].plugged && !host)
			return -ENODEV;
		if (commands[i].queues && !host->queues[RS_QUEUE_EVENT])
			return -ENXIO;
		return commands[i].run();
	}
	return -EINVAL;
}

static ssize_t write_command(struct file *file, const char __user *from, size_t length, loff_t *at)
{
	char name[COMMAND_MAX] = "";
	int error;

	if (length >= sizeof(name))
		return -EINVAL;
	if (copy_from_user(name, from, length))
		return -EFAULT;
	mutex_lock(&command_mutex);
	error = run_command(strim(name));
	mutex_unlock(&command_mutex);
	return error ? error : length;
}

static const struct file_operations command_file = {
	.owner = THIS_MODULE,
	.write = write_command,
};

static int __init fakehost_init(void)
{
	parent = root_device_register("rs_fakehost");
	if (IS_ERR(parent))
		return PTR_ERR(parent);
	folder = debugfs_create_dir("rs_fakehost", NULL);
	debugfs_create_file("do", 0200, folder, NULL, &command_file);
	return 0;
}

static void __exit fakehost_exit(void)
{
	debugfs_remove_recursive(folder);
	if (host)
		unplug();
	root_device_unregister(parent);
}

module_init(fakehost_init);
module_exit(fakehost_exit);

MODULE_DESCRIPTION("a host that cannot be trusted, for ringsched's test");
MODULE_LICENSE("GPL");
