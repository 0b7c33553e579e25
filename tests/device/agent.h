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

#endif
