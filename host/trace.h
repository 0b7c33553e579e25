/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trace of handled messages and raised interrupts: room reserved beforehand, one writer (the
 * notification thread), one reader (main). Events that find no room are
 * counted, never waited for.
 */
#ifndef RINGSCHED_TRACE_H
#define RINGSCHED_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "host/message.h"

struct rs_error;

struct trace_event {
	uint64_t t; /* CLOCK_MONOTONIC ns when the kick was seen, or see below */
	uint64_t handled_ns; /* from t until the priority was read back; of an interrupt: raised */
	struct message message;
	uint16_t vm; /* slot */
	uint8_t priority; /* read back */
	uint32_t policy; /* read back */
	/* An external interrupt that came to the host at t: message is no message,
	 * but holds number (arg0), event (sequence), ring and vCPU. */
	bool interrupt;
	bool sent; /* false: the guest had no buffer for it */
	uint64_t boosted_ns; /* from t until its boost was in force */
};

/* Reserve room for `events` (0 = no trace). Once, before any thread starts. */
int trace_init(unsigned int events, struct rs_error **err);
void trace_free(void);

void trace_add(const struct trace_event *event);
/* The oldest event; false when there is none. */
bool trace_take(struct trace_event *event);
uint64_t trace_dropped(void);

#endif
