/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A VM's real-time budget: who keeps it, and how the daemon does where the
 * kernel does not (budget.h is the kernel's way).
 *
 * The daemon counts the CPU time that the VM's vCPU threads use while they are
 * real-time, in windows. Used up, the VM is cut: its threads have their own
 * scheduling back until the window ends, then what its policy asked for last.
 * What was used beyond the budget is a debt that the next windows pay, as in
 * the kernel. A window begins with the first boost after the one before, so
 * a ring with a window of its period meets each window from its beginning.
 *
 * Bound: any stretch of time meets at most its length divided by the period,
 * rounded up, plus one windows; each gives the budget, plus what is seen late:
 * the kernel brings a running thread's CPU time up to date at its ticks (1 to
 * 10 ms, once a second on a core with nohz_full), and the timer comes within
 * VM_BUDGET_LOOK_NS after.
 */
#ifndef RINGSCHED_VM_BUDGET_H
#define RINGSCHED_VM_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

struct rs_error;
struct vm;
struct vm_vcpu;

#define VM_BUDGET_DEFAULT 400 /* permille of one core */
#define VM_BUDGET_MAX 950
#define VM_BUDGET_PERIOD_MIN_US 1000
#define VM_BUDGET_PERIOD_MAX_US 1000000
#define VM_BUDGET_PERIOD_US 100000 /* of the daemon's windows, where none is asked for */
#define VM_BUDGET_LOOK_NS 200000 /* not more often than that */

enum vm_budget_by {
	VM_BUDGET_AUTO, /* asked for: kernel where it can, else daemon */
	VM_BUDGET_KERNEL, /* cgroups; asked for, and the kernel has none: nobody */
	VM_BUDGET_DAEMON,
	VM_BUDGET_NOBODY, /* in force only: there is no bound */
	VM_BUDGET_BY_COUNT
};

extern const char *const vm_budget_names[VM_BUDGET_BY_COUNT];

struct vm_budget {
	/* Set when the VM is added. */
	enum vm_budget_by asked;
	unsigned int permille;
	uint64_t period_ns; /* 0 = the kernel's as it is, VM_BUDGET_PERIOD_US for us */

	enum vm_budget_by by; /* in force */
	uint64_t window_end; /* CLOCK_MONOTONIC, ns */
	uint64_t used_ns; /* in this window, debts included */
	bool cut;
	int timer; /* timerfd that vm_budget_expired() wants; -1 = none */
};

/* Main thread, with the VM's lock held: from now on kept by `by`. */
int vm_budget_begin(struct vm *vm, enum vm_budget_by by, struct rs_error **err);
void vm_budget_end(struct vm *vm);
void vm_budget_forget(struct vm_vcpu *v); /* closes what is open of a vCPU */

/* With the lock held, any thread, none of them blocks. */

/* A vCPU went from one level to another: count what it used. */
void vm_budget_note(struct vm *vm, struct vm_vcpu *v, bool was_realtime);
/* Whether a thread of the VM may become real-time now. */
bool vm_budget_left(struct vm *vm);
/* The timer's moment has come: cut, restore, wait on. Notification thread. */
void vm_budget_expired(struct vm *vm, uint64_t now_ns);

/* Has the notification thread wait for the timer. Set by the daemon; NULL
 * (tests): the caller does it. */
extern int (*vm_budget_watch)(const struct vm *vm, int timer, struct rs_error **err);

#endif
