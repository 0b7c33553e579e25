// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Statistics against published tables and worked examples, against a count
 * of all orders, and against themselves: a policy compared with itself must
 * not be called different more often than alpha says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/preset.h"
#include "host/prng.h"
#include "harness/stats.h"
#include "host/cleanup.h"
#include "host/error.h"

#define SIDE_MAX 64
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct stats_comparison compared(const double *a, size_t na, const double *b, size_t nb)
{
	struct stats_comparison result;

	assert_int_equal(stats_compare(a, na, b, nb, &result, NULL), 0);
	return result;
}

/* Two sets without ties whose U is u. */
static struct stats_comparison compared_by_u(size_t na, size_t nb, size_t u)
{
	double a[SIDE_MAX], b[SIDE_MAX];
	struct stats_comparison result;
	size_t i, below;

	for (i = 0; i < na; i++)
		a[i] = (double)i + 1;
	for (i = 0; i < nb; i++) {
		below = u < na ? u : na; /* so many of a lie under this b */
		u -= below;
		b[i] = (double)below + 0.5 + 0.001 * (double)i;
	}
	assert_int_equal(u, 0);
	result = compared(a, na, b, nb);
	return result;
}

/*
 * The classic table of critical values (two-sided): the largest U that is
 * still significant. The next one must not be.
 */
static void test_critical_values(void **state)
{
	static const struct {
		size_t na, nb, at_5, at_1; /* 999: no U is significant */
	} table[] = {
		{ 3, 3, 999, 999 }, { 3, 5, 0, 999 },	{ 4, 4, 0, 999 },     { 4, 6, 2, 0 },
		{ 5, 5, 2, 0 },	    { 5, 8, 6, 2 },	{ 6, 6, 5, 2 },	      { 7, 7, 8, 4 },
		{ 8, 8, 13, 7 },    { 9, 9, 17, 11 },	{ 10, 10, 23, 16 },   { 10, 20, 55, 42 },
		{ 12, 12, 37, 27 }, { 15, 15, 64, 51 }, { 20, 20, 127, 105 },
	};
	struct stats_comparison r;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(table); i++) {
		const size_t limits[] = { table[i].at_5, table[i].at_1 };
		const double alphas[] = { 0.05, 0.01 };
		size_t k;

		for (k = 0; k < COUNT(limits); k++) {
			size_t next = limits[k] == 999 ? 0 : limits[k] + 1;

			r = compared_by_u(table[i].na, table[i].nb, next);
			assert_true(r.exact);
			assert_true(r.u == (double)next);
			assert_true(r.p > alphas[k]);
			if (!next)
				continue;
			assert_true(compared_by_u(table[i].na, table[i].nb, next - 1).p <=
				    alphas[k]);
		}
	}
}

/* Hollander and Wolfe's membranes (1973, p. 69): U 35 of 50, one-sided
 * p 0.1272, shift 0.305. */
static void test_worked_example(void **state)
{
	static const double x[] = { 0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46 };
	static const double y[] = { 1.15, 0.88, 0.90, 0.74, 1.21 };
	struct stats_comparison r = compared(y, COUNT(y), x, COUNT(x));

	(void)state;
	assert_true(r.u == 35);
	assert_true(fabs(r.p - 2 * 0.1272) < 1e-4);
	assert_true(fabs(r.shift - 0.305) < 1e-9);
	r = compared(x, COUNT(x), y, COUNT(y));
	assert_true(r.u == 15);
	assert_true(fabs(r.p - 2 * 0.1272) < 1e-4);
	assert_true(fabs(r.shift + 0.305) < 1e-9);
}

/* Twice U of the values of `set` (a bit each) over the others. */
static long doubled_u(const double *values, unsigned int n, unsigned int set)
{
	long u = 0;
	unsigned int i, j;

	for (i = 0; i < n; i++)
		for (j = 0; j < n; j++)
			if ((set >> i & 1) && !(set >> j & 1))
				u += values[i] > values[j] ? 2 : values[i] == values[j];
	return u;
}

/* With ties: the share of all ways to deal the values out that is as far. */
static void test_ties_against_all_orders(void **state)
{
	static const unsigned int n = 9, nb = 4;
	static const double mean = 4 * 5; /* of the doubled U */
	struct prng prng = { 7 };
	unsigned int round, set, i;

	(void)state;
	for (round = 0; round < 40; round++) {
		double values[9], far = 0, all = 0, seen;
		struct stats_comparison r;

		for (i = 0; i < n; i++)
			values[i] = (double)prng_below(&prng, 1 + round % 6);
		seen = fabs((double)doubled_u(values, n, 0x1e0) - mean);
		for (set = 0; set < 1u << n; set++) {
			if ((unsigned int)__builtin_popcount(set) != nb)
				continue;
			all++;
			far += fabs((double)doubled_u(values, n, set) - mean) >= seen;
		}
		r = compared(values, n - nb, values + n - nb, nb);
		assert_true(r.exact);
		assert_true(fabs(r.p - far / all) < 1e-12);
		assert_true(fabs(2 * r.u - (double)doubled_u(values, n, 0x1e0)) < 1e-12);
	}
}

static void test_large_sets(void **state)
{
	double a[100], b[100];
	struct stats_comparison r;
	size_t i;

	(void)state;
	/* 1.96 standard deviations from the mean: 5 % either way. */
	r = compared_by_u(59, 59, 1376);
	assert_true(r.exact && fabs(r.p - 0.05) < 0.001);
	r = compared_by_u(60, 60, 1426);
	assert_true(!r.exact && fabs(r.p - 0.05) < 0.001);
	r = compared_by_u(30, 30, 317); /* critical value of the 30 x 30 table */
	assert_true(r.exact && r.p <= 0.05);
	assert_true(compared_by_u(30, 30, 318).p > 0.05);

	/* Ones and noughts: z is the root of chi-square 8 * 199/200, less
	 * the continuity correction of 0.5 in 1000. */
	for (i = 0; i < 100; i++) {
		a[i] = i < 40;
		b[i] = i < 60;
	}
	r = compared(a, 100, b, 100);
	assert_false(r.exact);
	assert_true(fabs(r.p - 0.0048033) < 1e-6);
	assert_true(r.shift == 0);
	r = compared(a + 40, 60, b + 60, 40);
	assert_true(r.p == 1 && r.shift == 0);
}

static void test_refusals(void **state)
{
	static const double values[] = { 1, 2, NAN };
	cleanup_error struct rs_error *err = NULL;
	struct stats_comparison r;
	double adjusted[3];

	(void)state;
	assert_int_equal(stats_compare(values, 0, values, 2, &r, &err), -ENODATA);
	rs_error_free(&err);
	assert_int_equal(stats_compare(values, 2, values, 3, &r, &err), -EINVAL);
	rs_error_free(&err);
	assert_int_equal(stats_compare(values, 1 << 20, values, 1, &r, &err), -E2BIG);
	rs_error_free(&err);
	assert_int_equal(stats_holm(values, 3, adjusted, &err), -EINVAL);
}

static void test_smallest_p(void **state)
{
	size_t n;

	(void)state;
	assert_true(fabs(stats_smallest_p(4, 4) - 2.0 / 70) < 1e-12);
	assert_true(stats_smallest_p(3, 3) >= 0.05 && stats_smallest_p(4, 4) < 0.05);
	assert_true(stats_smallest_p(4, 4) >= 0.01 && stats_smallest_p(5, 5) < 0.01);
	assert_true(stats_smallest_p(1, 1) == 1);
	for (n = 1; n <= 30; n++)
		assert_true(fabs(compared_by_u(n, n, 0).p / stats_smallest_p(n, n) - 1) < 1e-9);
}

static void test_quantiles(void **state)
{
	double values[300], value = -1;
	size_t i;

	(void)state;
	assert_int_equal(stats_quantile_needs(0.5), 5);
	assert_int_equal(stats_quantile_needs(0.9), 29);
	assert_int_equal(stats_quantile_needs(0.99), 299);
	assert_int_equal(stats_quantile_needs(0.999), 2995);
	assert_int_equal(stats_quantile_needs(0.9999), 29956);
	for (i = 0; i < 300; i++)
		values[i] = (double)(i * 7 % 300) + 1;
	stats_sort(values, 300);
	for (i = 0; i < 300; i++)
		assert_true(values[i] == (double)i + 1);
	assert_false(stats_quantile(values, 298, 0.99, &value));
	assert_false(stats_quantile(values, 4, 0.5, &value));
	assert_false(stats_quantile(values, 300, 1, &value));
	assert_false(stats_quantile(values, 300, NAN, &value));
	assert_true(value == -1);
	assert_true(stats_quantile(values, 299, 0.99, &value) && value == 297);
	assert_true(stats_quantile(values, 300, 0.99, &value) && value == 297);
	assert_true(stats_quantile(values, 100, 0.9, &value) && value == 90);
	assert_true(stats_quantile(values, 5, 0.5, &value) && value == 3);
	assert_true(stats_median(values, 4) == 2.5 && stats_median(values, 5) == 3);
	assert_true(isnan(stats_median(values, 0)));
}

static void test_holm(void **state)
{
	static const double p[] = { 0.01, 0.04, 0.03, 0.005 };
	static const double expected[] = { 0.03, 0.06, 0.06, 0.02 };
	static const double high[] = { 0.9, 0.6 };
	double adjusted[4];
	size_t i;

	(void)state;
	assert_int_equal(stats_holm(p, 4, adjusted, NULL), 0);
	for (i = 0; i < 4; i++)
		assert_true(fabs(adjusted[i] - expected[i]) < 1e-12);
	assert_int_equal(stats_holm(high, 2, adjusted, NULL), 0);
	assert_true(adjusted[0] == 1 && adjusted[1] == 1);
	assert_int_equal(stats_holm(p, 0, adjusted, NULL), 0);
}

static void test_zero_event_bound(void **state)
{
	(void)state;
	assert_true(fabs(stats_zero_event_bound(10) - 0.2589) < 1e-4);
	assert_true(fabs(stats_zero_event_bound(30) - 0.0950) < 1e-4);
	assert_true(stats_zero_event_bound(58) > 0.05 && stats_zero_event_bound(59) < 0.05);
	assert_true(stats_zero_event_bound(300) < 0.01 && stats_zero_event_bound(298) > 0.01);
	assert_true(stats_zero_event_bound(0) == 1);
}

/* Roughly normal: the sum of twelve uniform values (Irwin-Hall). */
static double normal(struct prng *prng)
{
	double sum = -6;
	int i;

	for (i = 0; i < 12; i++)
		sum += prng_unit(prng);
	return sum;
}

static void test_bootstrap(void **state)
{
	cleanup_error struct rs_error *err = NULL;
	struct stats_interval i1, i2;
	struct prng prng = { 3 };
	double values[20];
	unsigned int round, covered = 0, rounds = 150, i;

	(void)state;
	for (round = 0; round < rounds; round++) {
		for (i = 0; i < 20; i++)
			values[i] = normal(&prng);
		assert_int_equal(stats_bootstrap(values, 20, stats_median, 0.95, round, &i1, NULL),
				 0);
		assert_true(i1.low <= i1.high);
		covered += i1.low <= 0 && 0 <= i1.high;
	}
	assert_in_range(covered, rounds * 88 / 100, rounds * 99 / 100);
	assert_int_equal(stats_bootstrap(values, 20, stats_median, 0.95, 1, &i1, NULL), 0);
	assert_int_equal(stats_bootstrap(values, 20, stats_median, 0.95, 1, &i2, NULL), 0);
	assert_true(i1.low == i2.low && i1.high == i2.high);
	assert_int_equal(stats_bootstrap(values, 20, stats_median, 0.5, 1, &i2, NULL), 0);
	assert_true(i2.high - i2.low < i1.high - i1.low);

	assert_int_equal(stats_bootstrap(values, 9, stats_median, 0.95, 1, &i1, &err), -ENODATA);
	assert_non_null(strstr(err->message, "10"));
	rs_error_free(&err);
	values[3] = NAN;
	assert_int_equal(stats_bootstrap(values, 20, stats_median, 0.95, 1, &i1, &err), -EINVAL);
	rs_error_free(&err);
	assert_int_equal(stats_bootstrap(values, 20, stats_median, 1, 1, &i1, &err), -EINVAL);
}

/* p99 of one boot of 300 samples; boots differ among themselves by 10 %. */
static double boot_p99(struct prng *prng, double level)
{
	double boot = level * (1 + 0.1 * normal(prng));
	double samples[300], p99;
	size_t i;

	for (i = 0; i < COUNT(samples); i++)
		samples[i] = boot * (1 - 0.2 * log(1 - prng_unit(prng)));
	stats_sort(samples, COUNT(samples));
	assert_true(stats_quantile(samples, COUNT(samples), 0.99, &p99));
	return p99;
}

/* How often of `campaigns` two policies are called different at alpha. */
static unsigned int called_different(size_t boots, double level_b, double alpha,
				     unsigned int campaigns, uint64_t seed)
{
	struct prng prng = { seed };
	double a[20], b[20];
	unsigned int campaign, different = 0;
	size_t i;

	for (campaign = 0; campaign < campaigns; campaign++) {
		for (i = 0; i < boots; i++) {
			a[i] = boot_p99(&prng, 5000);
			b[i] = boot_p99(&prng, level_b);
		}
		different += compared(a, boots, b, boots).p <= alpha;
	}
	return different;
}

/*
 * A/A: at most alpha, plus three standard deviations of 600 campaigns. A test
 * that never cries would pass that, so real differences must be found too.
 */
static void test_same_policy_is_not_different(void **state)
{
	static const double alphas[] = { 0.05, 0.01 };
	static const size_t boots[] = { 3, 6, 20 };
	const unsigned int campaigns = 600;
	unsigned int allowed, seen;
	size_t i, k;

	(void)state;
	for (k = 0; k < COUNT(alphas); k++) {
		allowed = (unsigned int)(campaigns * alphas[k] +
					 3 * sqrt(campaigns * alphas[k] * (1 - alphas[k])));
		for (i = 0; i < COUNT(boots); i++) {
			seen = called_different(boots[i], 5000, alphas[k], campaigns, 11 + i);
			assert_true(seen <= allowed);
			if (boots[i] == 3) /* out of reach, see stats_smallest_p() */
				assert_int_equal(seen, 0);
		}
	}
	/* 20 boots a side use nearly all of alpha: the test is not blunt. */
	assert_true(called_different(20, 5000, 0.05, campaigns, 5) >= 12);
	assert_true(called_different(6, 10000, 0.01, 100, 1) >= 99);
	assert_true(called_different(20, 6000, 0.01, 100, 2) >= 90);
}

static void test_presets(void **state)
{
	static const struct {
		const char *name;
		unsigned int boots;
		const char *tells;
	} expected[] = {
		{ "demo", 3, "demonstration" },
		{ "smoke", 6, "significant at 1 %" },
		{ "standard", 20, "13.9 %" },
		{ "certify", 300, "0.994 %" },
	};
	cleanup_error struct rs_error *err = NULL;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(expected); i++) {
		const struct preset *p = preset_find(expected[i].name, NULL);
		cleanup_free char *text = NULL;

		assert_non_null(p);
		assert_int_equal(p->boots, expected[i].boots);
		text = preset_can_tell(p->boots);
		if (!strstr(text, expected[i].tells))
			fail_msg("'%s' is not in: %s", expected[i].tells, text);
	}
	assert_null(preset_find("standart", &err));
	assert_non_null(strstr(err->message, "did you mean 'standard'?"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_critical_values),
		cmocka_unit_test(test_worked_example),
		cmocka_unit_test(test_ties_against_all_orders),
		cmocka_unit_test(test_large_sets),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_smallest_p),
		cmocka_unit_test(test_quantiles),
		cmocka_unit_test(test_holm),
		cmocka_unit_test(test_zero_event_bound),
		cmocka_unit_test(test_bootstrap),
		cmocka_unit_test(test_same_policy_is_not_different),
		cmocka_unit_test(test_presets),
	};

	return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
