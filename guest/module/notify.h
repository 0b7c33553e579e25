/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages to the host. */
#ifndef RINGSCHED_NOTIFY_H
#define RINGSCHED_NOTIFY_H

#include <linux/types.h>

#include "../uapi/ringsched.h"

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

/* P8, for other kernel code; any context. 0 or -errno as rs_notify_queue(), or -EINVAL. */
int g_sched_notify_start(unsigned int ring_id, unsigned int ring_prio);
int g_sched_notify_end(unsigned int ring_id, unsigned int ring_prio);

#endif /* RINGSCHED_NOTIFY_H */
