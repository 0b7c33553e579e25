/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Waiting, in one place: every wait of a run has a deadline, ends at once on
 * SIGINT and SIGTERM, and ends with a sentence when something that the run
 * depends on (the daemon, a QEMU process) goes away meanwhile.
 *
 * For the program's main thread only.
 */
#ifndef RINGSCHED_WAIT_H
#define RINGSCHED_WAIT_H

#include <stdint.h>

struct rs_error;

/* CLOCK_MONOTONIC in ns; the clock of every host time in a run's folder. */
int64_t wait_now_ns(void);

/* A deadline `seconds` from now. */
int64_t wait_deadline(double seconds);

/*
 * Turn SIGINT, SIGTERM and SIGHUP into an end of every wait (EINTR), and
 * ignore SIGPIPE. Called once, before any other thread exists.
 */
int wait_catch_signals(struct rs_error **err);

/* Signals end the program again, as is usual: nothing is left to undo. */
void wait_release_signals(void);

/* The signal that asked for the end, 0 while there was none. */
int wait_signal(void);

/* Fails with EINTR once a signal came; the sentence names it. */
int wait_check(struct rs_error **err);

/*
 * Watch `fd`: as soon as it is readable (a pidfd of a process that ended, a
 * socket that was closed) every wait fails with ECHILD and "WHAT ended
 * unexpectedly". `what` is copied. The fd stays the caller's.
 */
int wait_watch(int fd, const char *what, struct rs_error **err);
void wait_unwatch(int fd);

/*
 * Call `look(arg)` in every wait from now on, twice a second, for what cannot be
 * polled; the wait fails where it does. It must not wait itself. NULL: no more.
 */
void wait_look(int (*look)(void *arg, struct rs_error **err), void *arg);

/*
 * Call fn(arg) every `every_ms` in whatever wait goes on; NULL: no longer. It
 * must be short, for the wait's end may be what is measured.
 */
void wait_set_tick(void (*fn)(void *arg), void *arg, int every_ms);

/* 0 once `fd` has one of `events` (POLLIN, POLLOUT); ETIMEDOUT after the deadline. */
int wait_fd(int fd, short events, int64_t deadline_ns, struct rs_error **err);

/* 0 once the time has come. The length of a measured phase, never a guess
 * at how long something else takes. */
int wait_until(int64_t deadline_ns, struct rs_error **err);

/*
 * For states that can only be asked for: calls ready(arg) every `step_ms`
 * until it returns other than 0. Its negative value is passed on.
 */
int wait_poll(int (*ready)(void *arg, struct rs_error **err), void *arg, int step_ms,
	      int64_t deadline_ns, struct rs_error **err);

#endif
