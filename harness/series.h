/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `ringsched compare` compares: for each metric one number a boot. Where
 * the numbers come from (a run's folder, several of them) does not matter to
 * the gate.
 */
#ifndef RINGSCHED_SERIES_H
#define RINGSCHED_SERIES_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/measure.h"

struct rs_error;
struct summary;

/* A metric is better when it is smaller: all that are gated are. */
struct series_metric {
	const char *name; /* as in summary.json */
	const char *unit; /* "" for a ratio or a count */
	bool ratio; /* of numbers of one run: comparable between machines */
	bool one_policy; /* says nothing where two different policies are compared */
	double noise; /* share of the base's median that is no regression */
	size_t gate; /* offset of the scenario's own in struct scenario_gate */
	const char *help;
};

extern const struct series_metric series_metrics[]; /* ended by a row without name */
#define SERIES_METRICS_MAX 16

/* NULL with *err set: the sentence lists the names there are. */
const struct series_metric *series_metric_find(const char *name, struct rs_error **err);

/* Their names by index, NULL after the last: the words of an option. */
const char *series_metric_word(unsigned int index);

/* One policy's boots; values[i] belongs to series_metrics[i]. */
struct series {
	char *policy; /* owned */
	size_t boots;
	size_t missing; /* boots that were planned and are not there */
	struct durations values[SERIES_METRICS_MAX]; /* owned; boots that have the number */
	bool limit_missed; /* a limit of its scenario is about this policy, and is missed */
};

/* All policies of one side of a comparison. */
struct side {
	double noise[SERIES_METRICS_MAX]; /* its scenario's, as shares; NaN: none */
	char *label; /* owned; the folder as given */
	char *scenario; /* owned; its name; NULL: imported, or not recorded */
	bool interrupted; /* a run of it, and not taken up again */
	char *absent; /* owned; a policy that was planned and has no boot; NULL: none */
	struct series *series; /* owned */
	size_t count;
};

/*
 * Read a run's folder, one of `ringsched import`, or a folder that holds several of them (a run split
 * into parts, as `make regress` makes them): their boots are put together.
 * EINVAL: they are of different scenarios. ENOENT: neither run.json nor a folder with one; ENODATA: no finished boot.
 */
int side_read(struct side *side, const char *dir, struct rs_error **err);
void side_clear(struct side *side);

/* NULL where it has no boots. */
const struct series *side_policy(const struct side *side, const char *policy);

#endif
