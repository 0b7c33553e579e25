/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The notification thread: SCHED_FIFO above every ring, memory locked; waits
 * for kicks and ticks, takes the VM's lock, runs the policy. No allocation, no
 * log. It must outrank the rings: kicks are asynchronous, so an END could
 * otherwise never be handled while the boosted vCPU goes on.
 */
#ifndef RINGSCHED_NOTIFY_H
#define RINGSCHED_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

struct rs_error;
struct vm;

#define NOTIFY_THREAD "rs-notify" /* its name; the daemon's only thread of that name */
#define NOTIFY_PRIORITY_DEFAULT 95

/* cpu < 0: not pinned. */
int notify_start(int cpu, unsigned int priority, struct rs_error **err);
void notify_stop(void);

/* Wait for kicks of a VM's queue; the generation comes back with each. */
int notify_watch(const struct vm *vm, unsigned int queue, uint32_t generation, int fd,
		 struct rs_error **err);
void notify_unwatch(int fd);
/* The source of an interrupt and the time of its boost. */
int notify_watch_interrupt(const struct vm *vm, unsigned int number, struct rs_error **err);

/* Whether kicks of a queue that is waited for wake the thread. */
void notify_listen(const struct vm *vm, unsigned int queue, uint32_t generation, int fd, bool on);
/* The same of an interrupt's source. */
void notify_listen_interrupt(const struct vm *vm, unsigned int number, bool on);

/* Wait for the timer of a VM's budget, of its bounds, until it is closed: see
 * vm_budget.h, vm_bounds.h. */
int notify_watch_budget(const struct vm *vm, int timer, struct rs_error **err);
int notify_watch_bounds(const struct vm *vm, int timer, struct rs_error **err);

/* A policy was started: see whether it wants ticks. Main thread. */
void notify_update_tick(void);

#endif
