/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the guest does and the host expects of it: rings' numbers, the vCPU
 * they run on, and their priorities. No two have a number in common.
 */
#ifndef TESTS_DEVICE_AGENT_H
#define TESTS_DEVICE_AGENT_H

#define RING_ENGINE 1 /* of the ring engine, while devices come and go */
#define RING_LIBRARY 5 /* library calls on vCPU 0 */
#define RING_LIBRARY_1 6 /* and on vCPU 1 */
#define RING_KERNEL 7 /* another module's calls; device.sh has the numbers too */

#define PRIO_ENGINE 50
#define PRIO_LIBRARY 41
#define PRIO_LIBRARY_1 42
#define PRIO_KERNEL 43

#define PRIO_SLEEPER_0 44 /* of sleepers.c, one on each vCPU */
#define PRIO_SLEEPER_1 45

/* external.c: a ring that interrupts release, and interrupts of no ring. */
#define RING_READY 9 /* START and END once: the host may begin */
#define RING_EXTERNAL 8
#define RING_NOBODY 10
#define PRIO_READY 46
#define PRIO_EXTERNAL 47
#define PRIO_NOBODY 48
#define INTERRUPT_BOUND 2
#define INTERRUPT_UNBOUND 3
#define EXTERNAL_COUNT 50
#define UNBOUND_COUNT 5

#endif
