/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the daemon holds of its VMs: a hostile one must leave nothing there. */
#ifndef FAKE_HOLDS_H
#define FAKE_HOLDS_H

#include <stdbool.h>
#include <sys/types.h>

struct holds {
	unsigned int files; /* descriptors */
	unsigned int mappings; /* of guests' memory */
};

struct holds holds_at_rest(pid_t pid);
/* Fails the test unless it comes to be so. */
void check_holds(pid_t pid, const struct holds *expected);

/*
 * No thread of the daemon is busy: twenty looks in a row find each asleep. A
 * notification thread that spins would never be found so, and would hold its
 * core at the highest priority there is.
 */
bool daemon_rests(pid_t pid, int limit_ms);

#endif
