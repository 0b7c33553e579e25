/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's log: one line on standard error, behind the CLOCK_MONOTONIC
 * time in seconds. Main thread only, never the notification thread. Silent
 * until log_enable(): the library's other users have their own output.
 */
#ifndef RINGSCHED_LOG_H
#define RINGSCHED_LOG_H

struct rs_error;

void log_enable(void);
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* "context: sentence", then frees the error and sets *err to NULL. */
void log_error(const char *context, struct rs_error **err);

#endif
