/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the fields of a run queue lie in a guest's kernel, by that kernel's own
 * type information (BTF). The bytes come from a guest, so every number in them
 * is checked before it is used.
 */
#ifndef RINGSCHED_SCAN_LAYOUT_H
#define RINGSCHED_SCAN_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

struct rs_error;

/* Fields of struct rq that are read. */
enum scan_field {
	SCAN_NR_RUNNING, /* tasks of any class */
	SCAN_CPU, /* whose run queue it is */
	SCAN_RT_BITMAP, /* one bit a priority that has a task, the highest first */
	SCAN_RT_NR_RUNNING, /* real-time tasks */
	SCAN_RT_HIGHEST, /* the highest priority's bit, as the kernel knows it */
	SCAN_RT_QUEUED, /* they count in nr_running: there are some, and may run */
	SCAN_RT_THROTTLED, /* they used up the class's share; from Linux 6.12 on not there */
	SCAN_FIELDS
};

/* The kernel's MAX_RT_PRIO: bit n is SCHED_FIFO priority 99 - n, bit 100 is
 * always set and ends the search for the first. */
#define SCAN_RT_BITS 100
#define SCAN_BITMAP_WORDS 2

#define SCAN_RQ_MAX 65536 /* bytes of a struct rq; it has some 3 KiB */
#define SCAN_ABSENT UINT32_MAX /* offset of a field that this kernel has not */

struct scan_layout {
	uint32_t rq_size;
	uint32_t offset[SCAN_FIELDS];
};

/*
 * `btf` is a private copy: no guest can change it meanwhile. -EINVAL with a
 * sentence that says what does not fit. Allocates several times its size; some
 * 50 ms for a kernel's 4 MiB.
 */
int scan_layout_parse(struct scan_layout *layout, const void *btf, size_t size,
		      struct rs_error **err);

#endif
