/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading a guest's run queues out of its memory (P2). The guest says once
 * where they are (struct rs_scan); nothing in its memory is believed, and every
 * address is looked up in the memory table as it is at that moment.
 *
 * The guest goes on while it is read, and its host may put a vCPU aside in the
 * middle of a change. So what is read is taken twice and must agree with itself.
 */
#ifndef RINGSCHED_SCAN_H
#define RINGSCHED_SCAN_H

#include <stdint.h>

#include "guest/uapi/ringsched.h"
#include "host/scan_layout.h"

struct memory;
struct rs_error;

/* Where a guest's run queues are. */
struct scan_map {
	struct scan_layout layout;
	unsigned int vcpus;
	uint64_t rq[RS_VCPU_MAX]; /* guest-physical; 0 = none */
};

/*
 * Follows the description at guest-physical `address`. May take 100 ms and
 * allocates: main thread, whose the memory table is. -EINVAL, -EFAULT,
 * -EOPNOTSUPP (the guest's own obstacle) or -ENOMEM, with a sentence.
 */
int scan_map_read(struct scan_map *map, const struct memory *memory, uint64_t address,
		  struct rs_error **err);

/*
 * The SCHED_FIFO priority (1 to 99) of the highest real-time task that can run
 * on the vCPU, 0 = there is none. -EAGAIN: it changed while it was read, or
 * does not agree with itself; -EFAULT: it is not in the guest's memory (now).
 * Some 100 ns; for the notification path.
 */
int scan_read(const struct scan_map *map, const struct memory *memory, unsigned int vcpu);

#endif
