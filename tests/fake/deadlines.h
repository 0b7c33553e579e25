/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A ring with deadlines in a fake VM, on a core that another thread wants without
 * pause: it is in time only if its boosts come at once and last. What counts is
 * how long its vCPU was ready and did not run, as the kernel has it, so that a
 * machine that stands still itself is no missed deadline.
 */
#ifndef FAKE_DEADLINES_H
#define FAKE_DEADLINES_H

#include <stdbool.h>
#include <sys/types.h>

struct frontend;

/* The vCPU of f and the thread `rival` onto one core, all else of f and the caller
 * onto another. False where there is one core only. */
bool deadlines_share_core(const struct frontend *f, pid_t rival);

/* Some periods of the ring; fails the test for the first that is late. */
void check_deadlines(struct frontend *f, const char *when);

#endif
