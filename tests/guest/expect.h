/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For programs in a guest, where there is no cmocka: a case is a function that
 * returns 0, or -errno after a line that says what was not so.
 */
#ifndef TESTS_GUEST_EXPECT_H
#define TESTS_GUEST_EXPECT_H

#include <errno.h>
#include <stdio.h>

#define EXPECT(condition)                                                        \
	do {                                                                     \
		if (!(condition)) {                                              \
			printf("  line %d: not so: %s\n", __LINE__, #condition); \
			return -EINVAL;                                          \
		}                                                                \
	} while (0)

#define TRY(call)                                                                       \
	do {                                                                            \
		int error_ = (call);                                                    \
		if (error_) {                                                           \
			printf("  line %d: %s failed (%d)\n", __LINE__, #call, error_); \
			return error_;                                                  \
		}                                                                       \
	} while (0)

#endif
