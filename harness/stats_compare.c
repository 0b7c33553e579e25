// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Mann-Whitney's test and the Hodges-Lehmann shift of two sets of boots.
 *
 * The exact p-value counts, by dynamic programming, in how many ways m of
 * the N mid-ranks at hand add up to each possible sum. Mid-ranks are kept
 * doubled, so that they are whole. With no ties this is the classic table;
 * with ties it is the permutation distribution given these ties.
 */
#include "harness/stats.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "host/cleanup.h"
#include "host/error.h"

/* Additions the exact distribution may cost: about 0.1 s. 58 values a side
 * fit, and 10 against 200. Counts are doubles: C(60,30) is 1.2e17, and a
 * sum of positive doubles keeps 15 digits. */
#define EXACT_COST_MAX 1e8

#define BOOTS_MAX 2048 /* a side; their differences then take 32 MiB */

struct value {
	double value;
	bool of_b;
};

struct ranking {
	size_t n; /* of both sets */
	size_t m; /* of the smaller set, whose rank sum is looked at */
	uint64_t *doubled; /* doubled mid-rank by position, n of them; owned */
	uint64_t sum_b; /* of b's doubled mid-ranks */
	uint64_t sum; /* of the smaller set's */
	double tie_term; /* sum of t^3 - t over groups of t equal values */
};

static int compare_values(const void *a, const void *b)
{
	double x = ((const struct value *)a)->value, y = ((const struct value *)b)->value;

	return (x > y) - (x < y);
}

static void rank_values(const struct value *values, struct ranking *r)
{
	size_t first, next, i;
	double t;

	for (first = 0; first < r->n; first = next) {
		next = first + 1;
		while (next < r->n && values[next].value == values[first].value)
			next++;
		t = (double)(next - first);
		r->tie_term += t * t * t - t;
		for (i = first; i < next; i++) {
			/* Ranks first + 1 to next; twice their mean: */
			r->doubled[i] = first + 1 + next;
			if (values[i].of_b)
				r->sum_b += r->doubled[i];
		}
	}
}

static int rank_both(const double *a, size_t na, const double *b, size_t nb, struct ranking *r,
		     struct rs_error **err)
{
	cleanup_free struct value *values = calloc(na + nb, sizeof(*values));
	size_t i;

	r->n = na + nb;
	r->m = na < nb ? na : nb;
	r->doubled = calloc(r->n, sizeof(*r->doubled));
	if (!values || !r->doubled)
		return rs_fail(err, ENOMEM, "out of memory to compare %zu boots", r->n);
	for (i = 0; i < r->n; i++) {
		values[i].of_b = i >= na;
		values[i].value = i < na ? a[i] : b[i - na];
		if (isnan(values[i].value))
			return rs_fail(err, EINVAL, "a boot without a value cannot be compared");
	}
	qsort(values, r->n, sizeof(*values), compare_values);
	rank_values(values, r);
	r->sum = nb <= na ? r->sum_b : (uint64_t)r->n * (r->n + 1) - r->sum_b;
	return 0;
}

/* No rank sum of m values lies above m times the doubled highest rank. */
static size_t sum_limit(const struct ranking *r)
{
	return 2 * r->m * r->n;
}

static bool exact_fits(const struct ranking *r)
{
	return (double)r->n * (double)r->m * (double)sum_limit(r) <= EXACT_COST_MAX;
}

/*
 * Two-sided: the share of all ways whose rank sum lies at least as far from
 * its mean as the one seen. The mean of the doubled sum is m * (n + 1), with
 * ties too.
 */
static int exact_p(const struct ranking *r, double *p, struct rs_error **err)
{
	size_t sums = sum_limit(r) + 1, k, s, i;
	cleanup_free double *ways = calloc((r->m + 1) * sums, sizeof(*ways));
	double mean = (double)r->m * (double)(r->n + 1);
	double seen = fabs((double)r->sum - mean);
	double far = 0, all = 0;

	if (!ways)
		return rs_fail(err, ENOMEM, "out of memory to compare %zu boots", r->n);
	ways[0] = 1; /* ways[k * sums + s]: subsets of k values with sum s */
	for (i = 0; i < r->n; i++)
		for (k = r->m < i + 1 ? r->m : i + 1; k > 0; k--)
			for (s = r->doubled[i]; s < sums; s++)
				ways[k * sums + s] += ways[(k - 1) * sums + s - r->doubled[i]];
	for (s = 0; s < sums; s++) {
		all += ways[r->m * sums + s];
		if (fabs((double)s - mean) >= seen)
			far += ways[r->m * sums + s];
	}
	*p = fmin(far / all, 1);
	return 0;
}

/* Normal approximation with tie and continuity correction. */
static double normal_p(const struct ranking *r)
{
	double n = (double)r->n, m = (double)r->m, l = n - m;
	double variance = m * l / 12 * (n + 1 - r->tie_term / (n * (n - 1)));
	double distance = fabs((double)r->sum / 2 - m * (n + 1) / 2) - 0.5;

	if (variance <= 0) /* all values are the same */
		return 1;
	return distance <= 0 ? 1 : erfc(distance / sqrt(2 * variance));
}

static int hodges_lehmann(const double *a, size_t na, const double *b, size_t nb, double *shift,
			  struct rs_error **err)
{
	cleanup_free double *differences = NULL;
	size_t i, j;

	/* reallocarray() refuses a product that overflows. */
	differences = reallocarray(NULL, na * nb, sizeof(*differences));
	if (!differences)
		return rs_fail(err, ENOMEM, "out of memory for %zu x %zu differences", na, nb);
	for (i = 0; i < na; i++)
		for (j = 0; j < nb; j++)
			differences[i * nb + j] = b[j] - a[i];
	stats_sort(differences, na * nb);
	*shift = stats_median(differences, na * nb);
	return 0;
}

int stats_compare(const double *a, size_t na, const double *b, size_t nb,
		  struct stats_comparison *result, struct rs_error **err)
{
	struct ranking r = { 0 };
	cleanup_free uint64_t *owned = NULL;
	int ret;

	if (!na || !nb)
		return rs_fail(err, ENODATA, "%zu boots cannot be compared with %zu", na, nb);
	if (na > BOOTS_MAX || nb > BOOTS_MAX)
		return rs_fail(err, E2BIG, "more than %d boots a side", BOOTS_MAX);
	ret = rank_both(a, na, b, nb, &r, err);
	owned = r.doubled;
	if (ret < 0)
		return ret;
	ret = hodges_lehmann(a, na, b, nb, &result->shift, err);
	if (ret < 0)
		return ret;
	result->u = ((double)r.sum_b - (double)nb * (double)(nb + 1)) / 2;
	result->exact = exact_fits(&r);
	if (result->exact)
		return exact_p(&r, &result->p, err);
	result->p = normal_p(&r);
	return 0;
}

double stats_smallest_p(size_t na, size_t nb)
{
	double ways = 1;
	size_t i;

	/* The two extreme orders among C(na + nb, na) equally likely ones. */
	for (i = 1; i <= na; i++)
		ways *= (double)(nb + i) / (double)i;
	return fmin(2 / ways, 1);
}
