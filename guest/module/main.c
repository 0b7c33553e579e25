// SPDX-License-Identifier: GPL-2.0-or-later
/* The module and its virtio driver: probe, remove, suspend. */
#include <linux/atomic.h>
#include <linux/device.h>
#include <linux/module.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#include "chardev.h"
#include "device.h"
#include "engine.h"
#include "source.h"
#include "stats.h"

#define CONFIG_TRIES 8 /* to read a configuration that nobody should be changing */

/* One device at a time: a guest has one host. */
static atomic_t device_bound = ATOMIC_INIT(0);

/*
 * A device that wants DMA addresses could make sending take sleeping locks
 * (bounce buffers with PREEMPT_RT), which the timer's interrupt must not.
 */
static int rs_validate(struct virtio_device *vdev)
{
	if (virtio_has_feature(vdev, VIRTIO_F_ACCESS_PLATFORM)) {
		dev_err(&vdev->dev,
			"device demands VIRTIO_F_ACCESS_PLATFORM, which ringsched cannot serve\n");
		return -ENODEV;
	}
	/*
	 * One kick a message: whether the host hears of it must not depend on
	 * how far it has read.
	 */
	__virtio_clear_bit(vdev, VIRTIO_RING_F_EVENT_IDX);
	return 0;
}

static u32 config_generation(struct virtio_device *vdev)
{
	return vdev->config->generation ? vdev->config->generation(vdev) : 0;
}

/*
 * Not virtio_cread_bytes(), which reads until two reads in a row are of one
 * generation: a host that always says that there is a new one would keep the
 * probe, and with it the loading of the module, for ever.
 */
static int read_config(struct virtio_device *vdev, struct rs_config *config)
{
	unsigned int tries;
	u32 generation;

	for (tries = 0; tries < CONFIG_TRIES; tries++) {
		generation = config_generation(vdev);
		vdev->config->get(vdev, 0, config, sizeof(*config));
		if (config_generation(vdev) == generation)
			return 0;
	}
	dev_err(&vdev->dev, "the device's configuration keeps changing\n");
	return -EIO;
}

static int check_config(struct virtio_device *vdev, struct rs_config *config)
{
	int error = read_config(vdev, config);

	if (error)
		return error;
	if (le32_to_cpu(config->magic) != RS_MAGIC) {
		dev_err(&vdev->dev, "device of type %u has magic 0x%08x, not ringsched's 0x%08x\n",
			RS_VIRTIO_ID, le32_to_cpu(config->magic), RS_MAGIC);
		return -ENODEV;
	}
	if (config->revision != RS_REVISION) {
		dev_err(&vdev->dev, "host speaks revision %u, this module revision %u\n",
			config->revision, RS_REVISION);
		return -ENODEV;
	}
	return 0;
}

static int rs_probe(struct virtio_device *vdev)
{
	struct rs_device *device;
	struct rs_config config;
	int error;

	error = check_config(vdev, &config);
	if (error)
		return error;
	if (atomic_cmpxchg(&device_bound, 0, 1)) {
		dev_err(&vdev->dev, "there is another ringsched device already\n");
		return -EBUSY;
	}
	device = rs_device_new(vdev);
	if (!device) {
		error = -ENOMEM;
		goto unbind;
	}
	vdev->priv = device;
	/* Before the device starts: an event of the host may change it from then on. */
	if (rs_source_set(config.source)) {
		dev_warn(&vdev->dev, "host asks for source %u, which cannot be; nothing is sent\n",
			 config.source);
		rs_source_set(RS_SOURCE_NONE);
	}
	error = rs_device_start(device);
	if (error)
		goto free_device;
	return 0;

free_device:
	rs_source_set(RS_SOURCE_NONE);
	rs_device_free(device);
unbind:
	atomic_set(&device_bound, 0);
	return error;
}

static void rs_remove(struct virtio_device *vdev)
{
	struct rs_device *device = vdev->priv;

	rs_device_stop(device);
	rs_source_set(RS_SOURCE_NONE);
	rs_device_free(device);
	atomic_set(&device_bound, 0);
}

static int __maybe_unused rs_freeze(struct virtio_device *vdev)
{
	rs_device_stop(vdev->priv);
	return 0;
}

static int __maybe_unused rs_restore(struct virtio_device *vdev)
{
	return rs_device_start(vdev->priv);
}

static const struct virtio_device_id rs_id_table[] = {
	{ RS_VIRTIO_ID, VIRTIO_DEV_ANY_ID },
	{ 0 },
};
MODULE_DEVICE_TABLE(virtio, rs_id_table);

static struct virtio_driver rs_driver = {
	.driver.name = "ringsched",
	.driver.owner = THIS_MODULE,
	.id_table = rs_id_table,
	.validate = rs_validate,
	.probe = rs_probe,
	.remove = rs_remove,
#ifdef CONFIG_PM_SLEEP
	.freeze = rs_freeze,
	.restore = rs_restore,
#endif
};

static int __init rs_init(void)
{
	int error;

	rs_engine_start();
	rs_stats_init();
	error = rs_chardev_register();
	if (error)
		goto exit_stats;
	error = register_virtio_driver(&rs_driver);
	if (error)
		goto deregister_chardev;
	return 0;

deregister_chardev:
	rs_chardev_deregister();
exit_stats:
	rs_stats_exit();
	rs_engine_halt();
	return error;
}

static void __exit rs_exit(void)
{
	unregister_virtio_driver(&rs_driver);
	rs_chardev_deregister();
	rs_stats_exit();
	rs_engine_halt();
}

module_init(rs_init);
module_exit(rs_exit);

MODULE_DESCRIPTION("ringsched: rings of real-time processes, reported to the host");
MODULE_LICENSE("GPL");
