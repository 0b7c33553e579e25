/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest that misbehaves costs, in real time: the real daemon, fake VMs. */
#ifndef BOUNDS_H
#define BOUNDS_H

#include <stdbool.h>
#include <stddef.h>

struct json_object;
struct rs_error;
struct sched_state;

#define BOUNDS_DAEMON_CORE "0" /* as an option */
#define BOUNDS_WORKER_CORE 1 /* the guests' side: it sends, and it looks */
#define BOUNDS_WORKER_PRIORITY 40

/* On to the worker's core, before all others there; *own = for sched_restore(). */
int bounds_take_core(struct sched_state *own, struct rs_error **err);
/* Sorts; the least value that at least q of all do not exceed. */
double bounds_quantile(double *values, size_t count, double q);

/*
 * demotion.c: a ring that is started and never ended, `rounds` times for each of
 * some periods. Adds an array to the result; *holds = within a period + 1 ms.
 */
int bounds_demotion(unsigned int rounds, struct json_object *result, bool *holds,
		    struct rs_error **err);

/*
 * flood.c: VMs that go on with their rings, without and with another that floods
 * the daemon, `pairs` times in turn, each for so many seconds. *holds = their
 * handling within BOUNDS_FLOOD_RATIO of without, the daemon within its budget.
 */
#define BOUNDS_FLOOD_RATE 100000 /* kicks a second */
#define BOUNDS_FLOOD_RATIO 2.0
#define BOUNDS_CPU_PERMILLE 100 /* of the housekeeping core */
int bounds_flood(unsigned int pairs, double seconds, struct json_object *result, bool *holds,
		 struct rs_error **err);

#endif
