/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Statistics of per-boot numbers. The unit is one boot of the neighbour: a
 * metric is first reduced to one number a boot, then boots are compared.
 * Pooling the samples of all boots instead finds "differences" between a
 * policy and itself nine times out of ten.
 *
 * Nothing here guesses: what too few values cannot tell is refused (false,
 * or an error whose sentence gives the number needed). NaN is refused too.
 */
#ifndef RINGSCHED_STATS_H
#define RINGSCHED_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rs_error;

#define STATS_BOOTSTRAP_MIN 10 /* fewer boots have no interval */

void stats_sort(double *values, size_t n); /* ascending, in place */

/* Samples a finite 95 % upper limit of quantile q needs: ln(0.05)/ln(q),
 * rounded up: p50 5, p90 29, p99 299, p99.9 2995. q between 0 and 1. */
size_t stats_quantile_needs(double q);

/*
 * The smallest sample that at least a share q of all samples does not
 * exceed (nearest rank; never interpolated) into *value. False, and *value
 * untouched, with fewer samples than stats_quantile_needs(q).
 */
bool stats_quantile(const double *sorted, size_t n, double q, double *value);

/* Median of any number of per-boot values; NaN where n is 0. */
double stats_median(const double *sorted, size_t n);

struct stats_comparison {
	double u; /* Mann-Whitney U of b: pairs with b above a, ties a half */
	double p; /* two-sided */
	bool exact; /* else: normal approximation, corrected for ties */
	double shift; /* Hodges-Lehmann: median of all b - a, in their unit */
};

/*
 * Compare two sets of per-boot values (neither need be sorted). Values that
 * tie get mid-ranks and the p-value is that of the permutation distribution
 * of exactly these mid-ranks, so it is exact with ties as well; the normal
 * approximation takes over where both sets are large (30 and 30 are exact).
 */
int stats_compare(const double *a, size_t na, const double *b, size_t nb,
		  struct stats_comparison *result, struct rs_error **err);

/* The smallest p that stats_compare() can give for these sizes (no ties):
 * below 0.05 from 4 a side, below 0.01 from 5. */
double stats_smallest_p(size_t na, size_t nb);

struct stats_interval {
	double low, high;
};

/*
 * Percentile bootstrap interval of `statistic` over boots, e.g. of
 * stats_median: confidence 0.95, the seed makes it repeatable. Refused
 * (ENODATA) below STATS_BOOTSTRAP_MIN values.
 */
int stats_bootstrap(const double *values, size_t n,
		    double (*statistic)(const double *sorted, size_t n), double confidence,
		    uint64_t seed, struct stats_interval *interval, struct rs_error **err);

/* Holm's correction: adjusted[i] belongs to p[i]; compare with alpha. */
int stats_holm(const double *p, size_t n, double *adjusted, struct rs_error **err);

/* 95 % upper bound of the probability of an event never seen in n trials:
 * 1 - 0.05^(1/n). 10: 26 %, 59: 5 %, 300: 1 %. 1 where n is 0. */
double stats_zero_event_bound(size_t n);

#endif
