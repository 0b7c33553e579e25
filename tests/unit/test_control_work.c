// SPDX-License-Identifier: GPL-2.0-or-later
/* The calibrated work loop of the control workload. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "guest/control/work.c"

static void calibration_is_sane(void **state)
{
	struct rsc_speed speed = { 0 };

	(void)state;
	assert_int_equal(rsc_work_calibrate(60, &speed), 0);
	assert_true(speed.iterations_per_ms > 0);
	/* An odd number of runs, or the middle one is not a median. */
	assert_int_equal(speed.runs % 2, 1);
	assert_true(speed.runs >= 5);
}

static void short_calibration_still_has_runs(void **state)
{
	struct rsc_speed speed = { 0 };

	(void)state;
	assert_int_equal(rsc_work_calibrate(0, &speed), 0);
	assert_true(speed.runs >= 3);
}

static void iterations_follow_the_work(void **state)
{
	struct rsc_speed speed = { .iterations_per_ms = 500000 };

	(void)state;
	assert_int_equal(rsc_work_iterations(&speed, 0), 0);
	assert_int_equal(rsc_work_iterations(&speed, 1), 500);
	assert_int_equal(rsc_work_iterations(&speed, 2000), 1000000);
	/* The largest work there is does not overflow: 60 s at 10^10 a second. */
	speed.iterations_per_ms = 10000000;
	assert_int_equal(rsc_work_iterations(&speed, 60000000), 600000000000);
}

/* Best of several, so that a host that stood still once is not the loop. */
static uint64_t best_of(uint64_t iterations)
{
	uint64_t best = UINT64_MAX;

	for (int i = 0; i < 7; i++) {
		uint64_t ns = timed(iterations);

		if (ns < best)
			best = ns;
	}
	return best;
}

static void double_work_takes_more_time(void **state)
{
	uint64_t single, twice;

	(void)state;
	single = best_of(1000000);
	twice = best_of(2000000);
	assert_true(single > 0);
	assert_true(twice > single);
}

/* If the loop could be dropped, ten thousand times the work would be free. */
static void work_is_not_optimised_away(void **state)
{
	(void)state;
	assert_true(best_of(10000000) > 100 * best_of(1000));
	assert_int_not_equal(rsc_work(1000), rsc_work(1001));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calibration_is_sane),
		cmocka_unit_test(short_calibration_still_has_runs),
		cmocka_unit_test(iterations_follow_the_work),
		cmocka_unit_test(double_work_takes_more_time),
		cmocka_unit_test(work_is_not_optimised_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
