// SPDX-License-Identifier: GPL-2.0-or-later
/* The two rules of host/bound.h, under a clock that the test moves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/bound.h"

#define MS 1000000ull
#define SECOND (1000 * MS)

static void test_within_the_rate(void **state)
{
	struct bound_rate r;

	(void)state;
	bound_rate_init(&r, 1000);
	for (uint64_t now = SECOND; now < 3 * SECOND; now += MS)
		assert_int_equal(bound_rate_take(&r, 1, now), 0);
}

/* What the bucket holds may come at once, one more may not. */
static void test_burst(void **state)
{
	struct bound_rate r;

	(void)state;
	bound_rate_init(&r, 10000); /* 20 ms of it: 200 */
	for (unsigned int i = 0; i < 200; i++)
		assert_int_equal(bound_rate_take(&r, 1, SECOND), 0);
	/* 201 of 100 us each, of which half of the depth may be left. */
	assert_int_equal(bound_rate_take(&r, 1, SECOND), SECOND + 20100000 - 10 * MS);
	bound_rate_init(&r, 100); /* 64 at least */
	assert_int_equal(bound_rate_take(&r, 64, SECOND), 0);
	assert_int_equal(bound_rate_take(&r, 1, SECOND), SECOND + 650 * MS - 320 * MS);
}

/* A flood that is handled only when it may be is handled at the rate. */
static void test_flood(void **state)
{
	const uint64_t end = 11 * SECOND;
	uint64_t now = SECOND, handled = 0;
	struct bound_rate r;

	(void)state;
	bound_rate_init(&r, 5000);
	while (now < end) {
		uint64_t until = bound_rate_take(&r, 1, now);

		handled++;
		assert_true(!until || until > now);
		now = until ? until : now + 5000; /* one takes 5 us */
	}
	assert_in_range(handled, 49900, 50150);
}

static void test_no_rate(void **state)
{
	struct bound_rate r;

	(void)state;
	bound_rate_init(&r, 0);
	assert_int_equal(bound_rate_take(&r, UINT32_MAX, SECOND), 0);
}

static void test_boost(void **state)
{
	struct bound_boost b = { 0 };

	(void)state;
	assert_int_equal(bound_boost_due(&b), BOUND_NEVER);
	assert_false(bound_boost_over(&b, UINT64_MAX));
	bound_boost_begin(&b, SECOND, 20 * MS);
	bound_boost_begin(&b, SECOND + 10 * MS, 20 * MS); /* goes on, not anew */
	assert_int_equal(bound_boost_due(&b), SECOND + 20 * MS);
	assert_false(bound_boost_over(&b, SECOND + 20 * MS - 1));
	assert_true(bound_boost_over(&b, SECOND + 20 * MS));
	assert_true(b.cut);
	assert_false(bound_boost_over(&b, SECOND + 21 * MS)); /* told once */
	assert_int_equal(bound_boost_due(&b), BOUND_NEVER);
	bound_boost_begin(&b, SECOND + 30 * MS, 20 * MS); /* cut until it ends */
	assert_true(b.cut);
	bound_boost_end(&b);
	assert_false(b.cut);
	bound_boost_begin(&b, SECOND + 40 * MS, 20 * MS);
	assert_int_equal(bound_boost_due(&b), SECOND + 60 * MS);
}

static void test_end_of_time(void **state)
{
	struct bound_boost b = { 0 };

	(void)state;
	bound_boost_begin(&b, UINT64_MAX - 10, 20 * MS);
	assert_int_equal(bound_boost_due(&b), BOUND_NEVER);
	assert_false(bound_boost_over(&b, UINT64_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_within_the_rate), cmocka_unit_test(test_burst),
		cmocka_unit_test(test_flood),		cmocka_unit_test(test_no_rate),
		cmocka_unit_test(test_boost),		cmocka_unit_test(test_end_of_time),
	};

	return cmocka_run_group_tests_name("bound", tests, NULL, NULL);
}
