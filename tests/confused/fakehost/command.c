// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the test can have the host do. Parameters (transport.c) say what the next
 * device is like; a word written to /sys/kernel/debug/rs_fakehost/do is done at
 * once (table at the end).
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

#include "fakehost.h"

#define COMMAND_MAX 32
#define STORM 20000

static struct device *parent;
static struct host *host; /* NULL: no device is plugged in */
static DEFINE_MUTEX(command_mutex);
static struct dentry *folder;

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
	init_irq_work(&host->work, host_serve);
	host->serving = true;
	host->vdev.id.device = RS_VIRTIO_ID;
	host->vdev.config = &host_transport;
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
	host_push(host, queue, 0xffff, 0);
}

/* No buffer with the last number is ever with us, of those the notify queue has. */
static void write_idle(unsigned int queue)
{
	host_push(host, queue, host_ring(host, queue)->num - 1, 0);
}

/* The last one that was given back, once more. */
static void write_twice(unsigned int queue)
{
	const struct vring *r = host_ring(host, queue);
	unsigned int last = (u16)(host_u16(host, READ_ONCE(r->used->idx)) - 1) % r->num;

	host_push(host, queue, virtio32_to_cpu(&host->vdev, r->used->ring[last].id), 0);
}

static void write_ahead(unsigned int queue)
{
	host_move(host, queue, 30000);
}

static void write_back(unsigned int queue)
{
	host_move(host, queue, -1);
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
	head = host_take(host, RS_QUEUE_EVENT);
	if (head >= 0) {
		event = phys_to_virt(virtio64_to_cpu(
			&host->vdev, host_ring(host, RS_QUEUE_EVENT)->desc[head].addr));
		memset(event, 0xa5, sizeof(*event));
		event->kind = cpu_to_le16(kind);
		event->revision = its_revision;
		event->arg0 = cpu_to_le32(argument);
		host_push(host, RS_QUEUE_EVENT, head, length);
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
