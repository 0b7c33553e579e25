/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A policy decides the scheduling of one VM's threads from what its guest
 * reports. One policy a file in host/policy/, one row a policy in policy.c.
 * A policy never knows its transport: it acts on a struct vm through the
 * calls of vm.h only, and messages reach it checked (message.h).
 *
 * Hooks of one VM are never called concurrently. event(), interrupt()
 * and tick() run on the daemon's notification thread: they must not allocate, log or block.
 */
#ifndef RINGSCHED_POLICY_H
#define RINGSCHED_POLICY_H

#include <stdbool.h>
#include <stdio.h>

#include "guest/uapi/ringsched.h"

struct vm;
struct message; /* message.h: a checked notification in native byte order */
struct rs_error;

struct policy {
	const char *name; /* Required. As in --policy and summary.json */
	const char *help; /* Required. One line */
	enum rs_source needs; /* Required. What the guest must report */
	bool moves_neighbours; /* Not required. Their vCPUs go to vm->other_cores */
	/* Not required. A control VM's budget is its rings': the harness chooses
	 * the policy for it when they are about to start. */
	bool from_work;
	/* Required. The VM is connected (its vCPUs exist, and do not run yet if
	 * it is new), or the policy was chosen for a running VM. Called again
	 * whenever budgets were granted or threads found: must bring about the
	 * same state from any. */
	int (*start)(struct vm *vm, struct rs_error **err);
	/* Not required. A notification arrived. Returns 0 or -errno (counted). */
	int (*event)(struct vm *vm, const struct message *msg);
	/* Not required: then external interrupts are raised without a boost. One
	 * is about to be raised (P11), or no START confirmed its boost in time:
	 * vm_highest_ring() counts it, or does no more. Also called by main, when
	 * its source is removed. Returns as event(). */
	int (*interrupt)(struct vm *vm, unsigned int number);
	/* Not required. Called every tick_us while the VM is connected. */
	int (*tick)(struct vm *vm);
	unsigned int tick_us; /* Required with tick. TICK_MIN_US to TICK_MAX_US (tick.h) */
	/* Required. Give every thread its own scheduling back. */
	void (*stop)(struct vm *vm);
};

/* NULL-ended, in the order of `ringschedd --help`. */
extern const struct policy *const policies[];

/* The policy of that name, checked for completeness; NULL with *err set,
 * whose sentence lists the names there are. */
const struct policy *policy_find(const char *name, struct rs_error **err);

/* Their names by index, NULL after the last: the words of an option. */
const char *policy_word(unsigned int index);

#endif
