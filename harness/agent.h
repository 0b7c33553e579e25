/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The link to the agent inside a guest (docs/guest-protocol.md). What comes
 * from there is checked: a line has an end, a length has a bound.
 */
#ifndef RINGSCHED_AGENT_H
#define RINGSCHED_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct agent;
struct rs_error;

#define AGENT_LINE_MAX 1024 /* its "\n" or NUL included */
#define AGENT_DATA_MAX (256u << 20)

struct agent_hello {
	unsigned int revision, vcpus, module;
	uint64_t uptime_us;
	char role[32], kernel[64];
};

/* Guest's clock against ours: host_ns = guest_ns + offset_ns (+ drift). */
struct agent_clock {
	int64_t offset_ns;
	int64_t error_ns; /* half the shortest round trip */
	int64_t at_guest_ns;
};

/* Connect to QEMU's end of the port. NULL with *err set. */
struct agent *agent_connect(const char *path, int64_t deadline_ns, struct rs_error **err);
void agent_close(struct agent *a); /* NULL is allowed */

/* Is there something to read? An end of the link counts. */
bool agent_has_sent(const struct agent *a);

/* Wait for the HELLO that the agent sends once it is ready. */
int agent_hello(struct agent *a, struct agent_hello *hello, int64_t deadline_ns,
		struct rs_error **err);

/*
 * Send one command and wait for its OK. `answer` (AGENT_LINE_MAX bytes or
 * NULL) gets what stands behind "OK". A guest's ERR is EREMOTEIO with the
 * guest's sentence.
 */
int agent_command(struct agent *a, double timeout_s, char *answer, struct rs_error **err,
		  const char *format, ...) __attribute__((format(printf, 5, 6)));

/* The same for a command that answers with DATA: *data is allocated, has
 * *length bytes and a NUL behind them. */
int agent_fetch(struct agent *a, double timeout_s, char **data, size_t *length,
		struct rs_error **err, const char *format, ...)
	__attribute__((format(printf, 6, 7)));

/* The value of "key=N" in an answer; ENOENT where there is none. */
int agent_value(const char *answer, const char *key, uint64_t *value, struct rs_error **err);

/* The shortest of AGENT_PINGS round trips gives offset and error. */
#define AGENT_PINGS 20
int agent_clock(struct agent *a, struct agent_clock *clock, struct rs_error **err);

#endif
