// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/stats.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "host/prng.h"
#include "host/cleanup.h"
#include "host/error.h"

#define BOOTSTRAP_ROUNDS 10000

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void stats_sort(double *values, size_t n)
{
	if (n > 1)
		qsort(values, n, sizeof(*values), compare_doubles);
}

size_t stats_quantile_needs(double q)
{
	if (!(q > 0 && q < 1))
		return SIZE_MAX;
	/* 1e-9: a quotient that is whole but for rounding stays whole. */
	return (size_t)ceil(log(0.05) / log(q) - 1e-9);
}

bool stats_quantile(const double *sorted, size_t n, double q, double *value)
{
	size_t rank;

	if (!(q > 0 && q < 1) || n < stats_quantile_needs(q))
		return false;
	rank = (size_t)ceil(q * (double)n - 1e-9);
	*value = sorted[rank ? rank - 1 : 0];
	return true;
}

double stats_median(const double *sorted, size_t n)
{
	if (!n)
		return NAN;
	if (n % 2)
		return sorted[n / 2];
	return sorted[n / 2 - 1] / 2 + sorted[n / 2] / 2;
}

int stats_bootstrap(const double *values, size_t n,
		    double (*statistic)(const double *sorted, size_t n), double confidence,
		    uint64_t seed, struct stats_interval *interval, struct rs_error **err)
{
	struct prng prng = { seed };
	cleanup_free double *sample = NULL;
	cleanup_free double *results = NULL;
	double tail = (1 - confidence) / 2;
	size_t round, i;

	if (n < STATS_BOOTSTRAP_MIN)
		return rs_fail(err, ENODATA, "an interval over boots needs %d boots, not %zu",
			       STATS_BOOTSTRAP_MIN, n);
	if (!(confidence > 0 && confidence < 1))
		return rs_fail(err, EINVAL, "a confidence of %g is not between 0 and 1",
			       confidence);
	sample = calloc(n, sizeof(*sample));
	results = calloc(BOOTSTRAP_ROUNDS, sizeof(*results));
	if (!sample || !results)
		return rs_fail(err, ENOMEM, "out of memory in the bootstrap of %zu boots", n);
	for (i = 0; i < n; i++)
		if (isnan(values[i]))
			return rs_fail(err, EINVAL, "boot %zu of %zu has no value", i + 1, n);
	for (round = 0; round < BOOTSTRAP_ROUNDS; round++) {
		for (i = 0; i < n; i++)
			sample[i] = values[prng_below(&prng, n)];
		stats_sort(sample, n);
		results[round] = statistic(sample, n);
	}
	stats_sort(results, BOOTSTRAP_ROUNDS);
	interval->low = results[(size_t)(tail * (BOOTSTRAP_ROUNDS - 1))];
	interval->high = results[(size_t)ceil((1 - tail) * (BOOTSTRAP_ROUNDS - 1))];
	return 0;
}

struct ranked {
	double p;
	size_t index;
};

static int compare_ranked(const void *a, const void *b)
{
	return compare_doubles(&((const struct ranked *)a)->p, &((const struct ranked *)b)->p);
}

int stats_holm(const double *p, size_t n, double *adjusted, struct rs_error **err)
{
	cleanup_free struct ranked *order = calloc(n ? n : 1, sizeof(*order));
	double running = 0;
	size_t i;

	if (!order)
		return rs_fail(err, ENOMEM, "out of memory for %zu p-values", n);
	for (i = 0; i < n; i++) {
		if (!(p[i] >= 0 && p[i] <= 1))
			return rs_fail(err, EINVAL, "%g is not a p-value", p[i]);
		order[i] = (struct ranked){ p[i], i };
	}
	qsort(order, n, sizeof(*order), compare_ranked);
	for (i = 0; i < n; i++) {
		running = fmax(running, (double)(n - i) * order[i].p);
		adjusted[order[i].index] = fmin(running, 1);
	}
	return 0;
}

double stats_zero_event_bound(size_t n)
{
	return n ? 1 - pow(0.05, 1 / (double)n) : 1;
}
