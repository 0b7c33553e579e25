/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages to the host and events from it: the device's two virtqueues. */
#ifndef RINGSCHED_NOTIFY_H
#define RINGSCHED_NOTIFY_H

#include <linux/types.h>

#include "../uapi/ringsched.h"

struct virtio_device;
struct rs_device;

/* What a message says; the sender adds sequence, vCPU, revision and time. */
struct rs_report {
	enum rs_kind kind;
	u8 prio;
	u16 ring_id;
	u32 arg0;
	u64 period_ns;
	u64 next_start_ns;
	u64 address;
	bool owed; /* sent whatever the source is: the END of a START that was told */
};

/*
 * Puts a message on the queue of the device, if there is one. Any context,
 * interrupts off, inside an RCU read section that lasts until
 * rs_notify_kick(), which is due if *kick is set afterwards.
 * 0; -ENODEV no device; -EOPNOTSUPP not reported by the source; -ENOSPC the
 * queue is full; -EIO the queue is broken.
 */
int rs_notify_queue(const struct rs_report *report, bool *kick);

/* Tells the host to look. Not under any lock: the host may put this vCPU aside here. */
void rs_notify_kick(void);

/* Both of it, from any context. 0 or -errno as rs_notify_queue(). */
int rs_notify(const struct rs_report *report);

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

/* P8, for other kernel code; any context. 0 or -errno as rs_notify_queue(), or -EINVAL. */
int g_sched_notify_start(unsigned int ring_id, unsigned int ring_prio);
int g_sched_notify_end(unsigned int ring_id, unsigned int ring_prio);

#endif /* RINGSCHED_NOTIFY_H */
