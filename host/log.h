/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's log: one line on standard error, behind the CLOCK_MONOTONIC
 * time in seconds. Main thread only, never the notification thread. Silent
 * until log_enable(): the library's other users have their own output.
 */
#ifndef RINGSCHED_LOG_H
#define RINGSCHED_LOG_H

#include <stdbool.h>
#include <stdint.h>

struct rs_error;

/* How much a peer made us say lately; zeroed = nothing. */
struct log_limit {
	int64_t since; /* CLOCK_MONOTONIC s: begin of the stretch that is counted */
	unsigned int lines, withheld; /* in it */
};

/* One line about a thing in LOG_LIMIT_S seconds; zeroed = none so far. */
struct log_pace {
	uint64_t due_ns; /* when the next may be written */
	unsigned int withheld; /* since the last one */
};

#define LOG_LIMIT_S 10
#define LOG_LIMIT_LINES 20

void log_enable(void);
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* "context: sentence", then frees the error and sets *err to NULL. */
void log_error(const char *context, struct rs_error **err);
/*
 * The same for what a peer can bring about as often as it likes: at most
 * LOG_LIMIT_LINES of a limit in LOG_LIMIT_S seconds. What is withheld is told by
 * the first line after them and added to *withheld.
 */
void log_error_limited(struct log_limit *limit, uint64_t *withheld, const char *context,
		       struct rs_error **err);

/* Whether the line may be written now: the first at once. *since = how many were
 * withheld before it. If not, it is counted. */
bool log_pace(struct log_pace *pace, uint64_t now_ns, unsigned int *since);

#endif
