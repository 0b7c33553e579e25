/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The policies there are, for the table in policy.c and for composition. */
#ifndef RINGSCHED_POLICIES_H
#define RINGSCHED_POLICIES_H

#include "host/policy.h"

extern const struct policy policy_none;
extern const struct policy policy_static;
extern const struct policy policy_ring;
extern const struct policy policy_ring_boot;
extern const struct policy policy_ring_irq;
extern const struct policy policy_per_switch;
extern const struct policy policy_dedicated;
extern const struct policy policy_deadline;
extern const struct policy policy_rq_scan;

/* Hooks of policy_ring, called by policies that are composed of it. */
int ring_start(struct vm *vm, struct rs_error **err);
int ring_event(struct vm *vm, const struct message *msg);
/* Every vCPU to what vm_highest_ring() says. */
int ring_follow(struct vm *vm);

#endif
