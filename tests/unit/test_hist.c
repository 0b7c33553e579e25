// SPDX-License-Identifier: GPL-2.0-or-later
/* Histogram: buckets without gap, error bound, quantiles against sorted samples. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "host/hist.h"

static struct hist h;

/* xorshift64: the same samples in every run. */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void test_buckets_have_no_gap(void **state)
{
	(void)state;
	for (unsigned int i = 0; i + 1 < HIST_BUCKETS; i++) {
		uint64_t upper = hist_bucket_upper(i), value;

		assert_true(hist_bucket_upper(i + 1) > upper);
		/* Both sides of the edge land where the edge says. */
		hist_init(&h);
		hist_add(&h, upper);
		hist_add(&h, upper + 1);
		assert_int_equal(h.bucket[i], 1);
		assert_int_equal(h.bucket[i + 1], 1);
		value = upper + 1; /* the lowest value of the next bucket */
		assert_true((double)(hist_bucket_upper(i + 1) - value) <=
			    (double)value / (1 << HIST_SUB_BITS));
	}
	assert_int_equal(hist_bucket_upper(HIST_BUCKETS - 1), (1ull << HIST_MAX_BITS) - 1);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void test_quantiles_against_exact(void **state)
{
	static const double qs[] = { 0.1, 0.5, 0.9, 0.99, 0.999 };
	static uint64_t samples[20000];
	const size_t n = sizeof(samples) / sizeof(samples[0]);
	uint64_t seed = 88172645463325252ull, sum = 0;

	(void)state;
	hist_init(&h);
	for (size_t i = 0; i < n; i++) {
		/* Spread over eight decades, as latencies are. */
		samples[i] = next_random(&seed) >> (24 + next_random(&seed) % 38);
		sum += samples[i];
		hist_add(&h, samples[i]);
	}
	qsort(samples, n, sizeof(samples[0]), compare);
	assert_int_equal(h.count, n);
	assert_int_equal(h.sum, sum);
	assert_int_equal(h.min, samples[0]);
	assert_int_equal(h.max, samples[n - 1]);
	for (size_t i = 0; i < sizeof(qs) / sizeof(qs[0]); i++) {
		uint64_t exact = samples[(size_t)ceil(qs[i] * (double)n - 1e-9) - 1], got = 0;

		assert_true(hist_quantile(&h, qs[i], &got));
		assert_true(got >= exact);
		assert_true((double)(got - exact) <= (double)exact / (1 << HIST_SUB_BITS));
	}
}

/* docs/statistics.md: 299 samples for p99, 2995 for p99.9, 5 for the median. */
static void test_too_few_samples(void **state)
{
	uint64_t value = 12345;

	(void)state;
	hist_init(&h);
	assert_false(hist_quantile(&h, 0.5, &value));
	for (int i = 1; i <= 2995; i++) {
		hist_add(&h, 1000);
		assert_int_equal(hist_quantile(&h, 0.5, &value), i >= 5);
		assert_int_equal(hist_quantile(&h, 0.99, &value), i >= 299);
		assert_int_equal(hist_quantile(&h, 0.999, &value), i >= 2995);
		if (i == 4)
			assert_int_equal(value, 12345);
	}
	assert_int_equal(value, 1000); /* never above the exact maximum */
	assert_false(hist_quantile(&h, 0, &value));
	assert_false(hist_quantile(&h, 1, &value));
	assert_false(hist_quantile(&h, NAN, &value));
}

static void test_overflow_and_saturation(void **state)
{
	uint64_t value = 0;

	(void)state;
	hist_init(&h);
	for (int i = 0; i < 4; i++)
		hist_add(&h, 1ull << HIST_MAX_BITS);
	hist_add(&h, UINT64_MAX);
	assert_int_equal(h.overflow, 5);
	assert_int_equal(h.count, 5);
	assert_int_equal(h.sum, UINT64_MAX);
	assert_true(hist_quantile(&h, 0.5, &value));
	assert_int_equal(value, UINT64_MAX);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buckets_have_no_gap),
		cmocka_unit_test(test_quantiles_against_exact),
		cmocka_unit_test(test_too_few_samples),
		cmocka_unit_test(test_overflow_and_saturation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
