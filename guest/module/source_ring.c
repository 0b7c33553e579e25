// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Source "ring" (P7): START and END of rings, and ring changes. The ring
 * engine and g_sched_notify_*() call the sender by themselves, so there is
 * nothing to start or stop.
 */
#include <linux/bits.h>

#include "source.h"

const struct rs_source_ops rs_source_ring = {
	.name = "ring",
	.kinds = BIT(RS_KIND_START) | BIT(RS_KIND_END) | BIT(RS_KIND_RING_CHANGE),
};
