/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is measured, in which order, and what came out: every series with
 * every number of VMs once a block, in an order of its own in each block.
 */
#ifndef SCALE_PLAN_H
#define SCALE_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include "tests/scale/fleet.h"

struct rs_error;

struct series {
	const char *name; /* key in scale.json, one block of scale.dat */
	const char *policy;
	const char *title; /* of the curve */
	/* Begins and ends of work: of each VM, or, where `shared`, of all together. */
	double changes_per_s;
	bool shared;
	bool scanned; /* by run queues that the daemon reads, not by notifications */
	bool per_notification; /* the cost is that of a notification; else a second's */
	double limit; /* of the cost with the most VMs against the fewest; 0 = none */
};

extern const struct series all_series[];
extern const size_t all_series_count;

#define PLAN_SIZES_MAX 16
#define PLAN_BLOCKS_MAX 100

struct plan {
	unsigned int vms[PLAN_SIZES_MAX]; /* rising */
	size_t size_count;
	unsigned int blocks;
	double seconds; /* of each measurement */
	double warmup_s;
	int daemon_core, worker_core;
	uint64_t seed;
};

struct point { /* one measurement */
	size_t series; /* in all_series */
	unsigned int block, order; /* from 1 */
	unsigned int vms;
	uint64_t changes; /* of the guests: messages sent, or of run queues */
	struct fleet_counts counts; /* gained while it was measured */
	struct fleet_use use; /* the same */
	double speed; /* of the core, right before */
};

/* The caller owns the result, *count points in the order measured. */
struct point *plan_run(const struct plan *p, size_t *count, struct rs_error **err);

/* The cost the series is about: ns a notification, or us of CPU a second. */
double point_cost(const struct plan *p, const struct point *point);

/* DIR/scale.csv, scale.json and scale.dat; *holds = every limit does. */
int plan_write(const struct plan *p, const struct point *points, size_t count, const char *dir,
	       bool *holds, struct rs_error **err);

#endif
