/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The witness: a thread that sleeps on the shared core at the highest
 * priority in use and writes down when it woke too late. No policy and no VM
 * can delay it, so what delays it is the machine itself (a hypervisor below,
 * firmware, interrupts). It also times a fixed piece of work now and then,
 * because the core's own speed wanders.
 *
 * Cost: a wake-up of some 5 us each ms and 50 us of work each 100 ms, that
 * is about 0.6 % of the core.
 */
#ifndef RINGSCHED_WITNESS_H
#define RINGSCHED_WITNESS_H

#include <json-c/json_object.h>

#include "harness/wait.h"

struct rs_error;
struct witness;

#define WITNESS_INTERVAL_NS 1000000ll
/* A wake-up this late is a stall. Above the usual 20 to 100 us of a timer
 * under virtualisation, far below any deadline that is measured. */
#define WITNESS_THRESHOLD_NS 300000ll
#define WITNESS_PROBE_NS 100000000ll /* between two speed probes */
#define WITNESS_THREAD "rs-witness" /* its name, as ps shows it */
#define WITNESS_PRIORITY 98 /* SCHED_FIFO; above the daemon's and every ring's */

/* Start on `core`, with room for `seconds` of speed probes. */
struct witness *witness_start(int core, double seconds, struct rs_error **err);

/* Above SCHED_DEADLINE threads as well, if theirs have longer periods. They are
 * in force already, for they have the root domain that it needs too. Its
 * bandwidth is 15 % of the core; it uses what it did before. */
int witness_outrank(struct witness *w, struct rs_error **err);

/* Stop it; its records stay readable until witness_free(). */
void witness_stop(struct witness *w);

/* The "witness" object of cell.json, after witness_stop(); caller owns it. */
struct json_object *witness_json(const struct witness *w);

void witness_free(struct witness *w); /* stops it first; NULL is allowed */

#endif
