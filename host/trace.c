// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/error.h"

static struct {
	struct trace_event *events;
	unsigned int room;
	/* Counted up without end; the place of n is n % room. Each is written
	 * by one thread only; release and acquire pair them up. */
	uint64_t written, taken;
	uint64_t dropped;
} trace;

int trace_init(unsigned int events, struct rs_error **err)
{
	if (!events)
		return 0;
	trace.events = malloc((size_t)events * sizeof(*trace.events));
	if (!trace.events)
		return rs_fail(err, ENOMEM, "no memory for %u trace events", events);
	/* Touch every page now, not on the notification path. */
	memset(trace.events, 0xff, (size_t)events * sizeof(*trace.events));
	trace.room = events;
	return 0;
}

void trace_free(void)
{
	free(trace.events);
	memset(&trace, 0, sizeof(trace));
}

void trace_add(const struct trace_event *event)
{
	uint64_t written = trace.written;

	if (!trace.room)
		return;
	/* Acquire: the reader has copied the event out before we overwrite it. */
	if (written - __atomic_load_n(&trace.taken, __ATOMIC_ACQUIRE) >= trace.room) {
		__atomic_fetch_add(&trace.dropped, 1, __ATOMIC_RELAXED);
		return;
	}
	trace.events[written % trace.room] = *event;
	__atomic_store_n(&trace.written, written + 1, __ATOMIC_RELEASE);
}

bool trace_take(struct trace_event *event)
{
	uint64_t taken = trace.taken;

	if (taken == __atomic_load_n(&trace.written, __ATOMIC_ACQUIRE))
		return false;
	*event = trace.events[taken % trace.room];
	__atomic_store_n(&trace.taken, taken + 1, __ATOMIC_RELEASE);
	return true;
}

uint64_t trace_dropped(void)
{
	return __atomic_load_n(&trace.dropped, __ATOMIC_RELAXED);
}
