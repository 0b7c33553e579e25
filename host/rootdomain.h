/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scheduling root domain that SCHED_DEADLINE needs: the kernel takes a
 * thread only if the cores that are balanced together with its own are all
 * among those it may run on. With cgroup v1 that is so once no cpuset that
 * spans its core and others is balanced (cpuset.sched_load_balance = 0), and
 * one that is balanced has the core alone, as a vcpuN group has. With version 2
 * nothing is done here: see rootdomain_explain().
 *
 * One table for all VMs, because they share the upper groups. Main thread only.
 */
#ifndef RINGSCHED_ROOTDOMAIN_H
#define RINGSCHED_ROOTDOMAIN_H

#include <stdbool.h>

#include "host/cgroup.h"

struct coreset;
struct record;
struct rs_error;

/* Switch off the balancing of the groups above `place`, a vCPU's own group of a
 * version 1 cpuset hierarchy, the hierarchy's root included. */
int rootdomain_part(const struct cgroup_place *place, struct record *record, struct rs_error **err);

/* Give back all of them; what cannot be stays in the record. Returns whether
 * there was any. A group that vanished is success. */
bool rootdomain_give_back(struct record *record, struct rs_error **err);

bool rootdomain_held(void);

/* Every group that is held: its knob, and what that reads now. */
typedef void (*rootdomain_visit)(const char *path, const char *value, void *arg);
void rootdomain_each(rootdomain_visit visit, void *arg);

/* Why a thread that may run on `cores` alone is refused: the cpuset that
 * balances them with others, or what to do on version 2. Returns -EPERM. */
int rootdomain_explain(const struct cgroup_place *place, const struct coreset *cores,
		       struct rs_error **err);

#endif
