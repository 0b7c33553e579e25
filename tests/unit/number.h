/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is a number what is wanted, within `error`? cmocka's assert_float_equal() counts
 * in single precision, and takes NaN and infinity for equal to anything.
 */
#ifndef RINGSCHED_TEST_NUMBER_H
#define RINGSCHED_TEST_NUMBER_H

/* clang-format off: cmocka wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <math.h>

#define assert_number(value, wanted, error) \
	assert_number_at(value, wanted, error, __FILE__, __LINE__)

static inline void assert_number_at(double value, double wanted, double error, const char *file,
				    int line)
{
	if (fabs(value - wanted) <= error) /* never true of NaN */
		return;
	print_error("%.17g, not %.17g\n", value, wanted);
	_fail(file, line);
}

#endif
