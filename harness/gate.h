/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is B worse than A? One row a metric, by the exact Mann-Whitney test on one
 * number a boot, Holm's correction over all rows, and a noise threshold
 * (docs/statistics.md, rules 2 and 3).
 *
 * A row is a REGRESSION where the difference is significant and its size
 * beyond the noise; UNDECIDED where so few boots could not have told, or
 * where the size is beyond the noise but not significant; else PASS. A limit
 * of the scenario that B misses is a REGRESSION by itself.
 *
 * What did not run must not pass: where a side lacks boots that it planned, or
 * B a number that A has, or the sides are of different scenarios, the whole is
 * UNDECIDED at best, and says why.
 */
#ifndef RINGSCHED_GATE_H
#define RINGSCHED_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "harness/series.h"

struct json_object;
struct rs_error;

#define GATE_ALPHA 0.01
#define GATE_ROWS_MAX 256

enum gate_verdict { GATE_PASS, GATE_REGRESSION, GATE_UNDECIDED };

struct gate_options {
	double alpha; /* of all rows together */
	bool ratios_only; /* the sides were measured on different machines or days */
	/* Share of A's median; NaN: B's scenario's, else the metric's own. */
	double noise[SERIES_METRICS_MAX];
	bool left_out[SERIES_METRICS_MAX]; /* metrics that are not gated */
};

/* No thresholds of the caller's, GATE_ALPHA, nothing left out. */
void gate_defaults(struct gate_options *o);

struct gate_row {
	const struct series_metric *metric;
	const char *policy_a, *policy_b; /* borrowed */
	size_t boots_a, boots_b;
	double median_a, median_b;
	double shift; /* Hodges-Lehmann, in the metric's unit; B - A */
	double shift_share; /* shift ÷ A's median; NaN where that is 0 */
	double p, p_holm; /* NaN where it cannot be tested */
	double noise; /* the threshold in force, share of A's median */
	enum gate_verdict verdict;
	size_t more_boots; /* a side, where UNDECIDED; 0 = cannot be said */
};

struct gate {
	double alpha;
	char *label_a, *label_b; /* owned */
	struct gate_row *rows; /* owned */
	size_t count;
	char incomplete[512]; /* what is missing of the sides, a sentence; else empty */
	const char *limit_missed; /* B's policy that missed its scenario's limit; NULL */
	enum gate_verdict verdict;
	size_t more_boots; /* the most of all rows */
};

/*
 * Compare policy `a` of side A with policy `b` of side B; NULL, NULL: every
 * policy that both have, with itself. The sides must outlive the result.
 * ENOENT: a policy has no boots, or the sides share none.
 */
int gate_make(struct gate *g, const struct side *a, const struct side *b, const char *policy_a,
	      const char *policy_b, const struct gate_options *o, struct rs_error **err);
void gate_clear(struct gate *g);

/* "PASS", "REGRESSION", "UNDECIDED"; exit code 0, 2 or 3 (docs/errors.md). */
const char *gate_verdict_name(enum gate_verdict verdict);
int gate_exit_code(enum gate_verdict verdict);

/* For a terminal; the same as Markdown (gate_text.c). */
void gate_print(const struct gate *g, FILE *to);
void gate_print_markdown(const struct gate *g, FILE *to);
/* The caller owns it; NULL with *err set without memory (gate_json.c). */
struct json_object *gate_json(const struct gate *g, struct rs_error **err);
/* JUnit's XML: a test suite, one test case a row (gate_junit.c). */
int gate_write_junit(const struct gate *g, const char *path, struct rs_error **err);

/* One sentence about a row, without a line end. */
void gate_row_sentence(const struct gate_row *row, char *text, size_t size);

#endif
