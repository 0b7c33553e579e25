/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a guest cannot pass, whatever it sends (docs/bounds.md), besides its
 * budget (vm_budget.h): how long a boost lasts, and how often it may notify.
 *
 * A ring's boost ends VM_BOUNDS_GRACE_NS after one period of it, at the latest
 * after the VM's longest boost; from then on the ring counts as ended until its
 * END comes. Where a policy knows no rings the longest boost is that of a vCPU
 * without pause. A VM that notifies too often is held: its threads have their
 * own scheduling, its queues are not looked at, and neither its kicks nor the
 * datagrams of its external interrupts wake the thread, until its bucket is half
 * full again.
 *
 * All of it is one timer a VM. With the VM's lock held, unless said otherwise;
 * nothing here blocks, allocates or logs but the calls of the main thread.
 */
#ifndef RINGSCHED_VM_BOUNDS_H
#define RINGSCHED_VM_BOUNDS_H

#include <stdbool.h>
#include <stdint.h>

#include "host/bound.h"

struct message;
struct rs_error;
struct vm;

#define VM_LONGEST_BOOST_MIN_US 1000
#define VM_LONGEST_BOOST_MAX_US 60000000 /* the longest period */
#define VM_LONGEST_BOOST_DEFAULT_US 1000000
#define VM_NOTIFY_RATE_MIN 100 /* a second */
#define VM_NOTIFY_RATE_MAX 1000000
#define VM_NOTIFY_RATE_DEFAULT 5000
/* A ring's START comes now sooner, now later after its release: its time is not
 * over before the next one's can be there. */
#define VM_BOUNDS_GRACE_NS 250000
#define VM_BOUNDS_LOG_S 10 /* one line about a VM in so long */

/* The bounds that are told of in the log; each has its counter. */
enum vm_bound {
	VM_BOUND_CEILING, /* a priority above it was asked for */
	VM_BOUND_BUDGET,
	VM_BOUND_BOOST,
	VM_BOUND_RATE,
	VM_BOUND_COUNT
};

struct vm_bounds {
	/* Set when the VM is added. */
	uint64_t longest_ns;
	unsigned int notify_rate; /* a second */

	struct bound_rate rate;
	uint64_t held_until_ns; /* 0 = it is not held */
	int timer; /* timerfd that vm_bounds_expired() wants; -1 = none */
	uint64_t armed_ns; /* for when; 0 = for nothing */
	uint64_t log_due_ns; /* when the next line may be written */
	uint64_t told[VM_BOUND_COUNT]; /* counters as the last line told them */
};

/* Main thread, with the lock held: when its process is there, and when it is gone. */
int vm_bounds_open(struct vm *vm, struct rs_error **err);
void vm_bounds_close(struct vm *vm);
/* Main thread, without the lock: tells in the log what was passed, if it is time
 * to, or if `last`. */
void vm_bounds_report(struct vm *vm, bool last);

/* It is past a bound: count it, and wake main if it is time for a line. */
void vm_bounds_passed(struct vm *vm, enum vm_bound bound, uint64_t now_ns);

/* A START came: its boost's time begins, if the policy follows rings. */
void vm_bounds_start(struct vm *vm, const struct message *msg, uint64_t now_ns);
/* The policy has done its work: what began, what ended, and when is the next
 * moment at which something is due? */
void vm_bounds_follow(struct vm *vm, uint64_t now_ns);
/* Another policy: no vCPU's boost was cut under it. */
void vm_bounds_forget(struct vm *vm);
/* `count` notifications were handled, or a kick that came with none (1), or
 * datagrams that were interrupts. */
void vm_bounds_charge(struct vm *vm, unsigned int count, uint64_t now_ns);
bool vm_bounds_held(const struct vm *vm);
/* Whether this vCPU may become real-time, as far as these bounds go. */
bool vm_bounds_allow(const struct vm *vm, unsigned int vcpu);
/* The timer's moment has come. Notification thread. */
void vm_bounds_expired(struct vm *vm, uint64_t now_ns);

/* Has the notification thread wait for the timer. Set by the daemon; NULL
 * (tests): the caller does it. */
extern int (*vm_bounds_watch)(const struct vm *vm, int timer, struct rs_error **err);

#endif
