/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The policies' tick(): which VMs are due, and when the next one is. The
 * notification thread's timer is armed for that moment and for no other.
 */
#ifndef RINGSCHED_TICK_H
#define RINGSCHED_TICK_H

#include <stdint.h>

/* Bounds of an interval: the thread must have time for kicks in between. */
#define TICK_MIN_US 100
#define TICK_MAX_US 1000000

/*
 * Calls tick() of every VM that is due at now_ns (CLOCK_MONOTONIC), each with
 * its lock held. Returns when the next is due, 0 = no VM wants to be called.
 * VMs of one interval are due at the same moments, so that one wake-up of the
 * thread serves them all.
 */
uint64_t tick_run(uint64_t now_ns);

#endif
