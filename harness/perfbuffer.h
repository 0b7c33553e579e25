/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's own records of one core, by perf_event_open(): who was switched
 * to and from, and who was woken. Times are CLOCK_MONOTONIC.
 */
#ifndef RINGSCHED_PERFBUFFER_H
#define RINGSCHED_PERFBUFFER_H

#include <stddef.h>
#include <stdint.h>

#include "harness/hosttrace.h"

struct perf_event_mmap_page;
struct rs_error;

struct perf_wakeups { /* where sched_waking has its fields */
	uint64_t id;
	size_t pid, target;
};

struct perfbuffer { /* of one core; all zero but the descriptors = closed */
	int core;
	int switches, wakeups; /* descriptors, -1 = none */
	struct perf_wakeups format;
	struct perf_event_mmap_page *page;
	size_t data_size; /* of the ring behind it; a power of two */
};

#define PERFBUFFER_NONE ((struct perfbuffer){ .switches = -1, .wakeups = -1 })

/* Record switches on this core. Needs CAP_PERFMON (root). */
int perfbuffer_open_switches(struct perfbuffer *b, int core, size_t data_size,
			     struct rs_error **err);

/* Record wake-ups that happen on this core, whatever core they are for; into
 * the buffer that is there, else into one of its own. `filter` is the kernel's. */
int perfbuffer_open_wakeups(struct perfbuffer *b, int core, const struct perf_wakeups *format,
			    const char *filter, size_t data_size, struct rs_error **err);

/* Readable when a quarter is full; for poll(). */
int perfbuffer_fd(const struct perfbuffer *b);

/* Take out all that is there: calls each() with one event after the other. The
 * process of the thread that was switched to, or that woke, stands beside it. */
void perfbuffer_drain(struct perfbuffer *b,
		      void (*each)(const struct host_event *e, int32_t pid, void *arg), void *arg);

void perfbuffer_close(struct perfbuffer *b);

#endif
