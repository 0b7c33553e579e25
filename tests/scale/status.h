/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `ringsched status` costs a daemon, by the number of its VMs. */
#ifndef SCALE_STATUS_H
#define SCALE_STATUS_H

struct plan;
struct rs_error;

/*
 * For each number of VMs of the plan: the main thread's CPU time of an answer,
 * over so many of them while nothing else goes on; then the handling of
 * notifications without and with answers every 20 ms. Prints a line each.
 */
int status_measure(const struct plan *p, unsigned int answers, struct rs_error **err);

#endif
