/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guardian: a child process of the daemon that waits for the daemon's end
 * and does nothing else. A daemon that is killed leaves threads boosted; the
 * guardian puts back what the record says, GUARDIAN_BOUND_MS later at most,
 * and ends. It holds no files but the log, hears no signal but SIGKILL and is
 * in a session of its own, so that what ends the daemon does not end both.
 */
#ifndef RINGSCHED_GUARDIAN_H
#define RINGSCHED_GUARDIAN_H

#include <sys/types.h>

struct rs_error;

#define GUARDIAN_NAME "rs-guardian" /* of its thread */
#define GUARDIAN_BOUND_MS 500 /* promised in docs/faults.md; it takes some 10 */

/* Before any other thread, and before the record is opened. */
int guardian_start(const char *record, struct rs_error **err);

/* Tell in the log if it is gone before we are. Needs the loop. */
int guardian_watch(struct rs_error **err);

/* All is put back: end it. Does nothing where none was started. */
void guardian_end(void);

pid_t guardian_pid(void); /* 0 = there is none (any more) */

#endif
