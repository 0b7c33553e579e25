// SPDX-License-Identifier: GPL-2.0-or-later
/* Lists of cores as the kernel writes them, there and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "host/coreset.h"

static void test_there_and_back(void **state)
{
	static const char *const lists[] = { "", "0", "0-1", "1,3", "0-3,5,7-8", "62-65,1022-1023" };
	char text[CORESET_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct coreset cores = { 0 };

		assert_true(coreset_parse(lists[i], &cores));
		assert_true(coreset_text(&cores, text, sizeof(text)));
		assert_string_equal(text, lists[i]);
		assert_int_equal(coreset_empty(&cores), !*lists[i]);
	}
}

static void test_refused(void **state)
{
	static const char *const lists[] = { "a",      "-1",   "1-",  "3-2",
					     "0-1024", "1024", "1;2", "99999999999999999999" };

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct coreset cores = { 0 };

		if (coreset_parse(lists[i], &cores))
			fail_msg("'%s' was taken", lists[i]);
	}
}

static void test_bounds(void **state)
{
	struct coreset cores = { 0 };
	char text[8];

	(void)state;
	assert_false(coreset_add(&cores, CORESET_MAX));
	assert_false(coreset_has(&cores, CORESET_MAX));
	assert_true(coreset_add(&cores, CORESET_MAX - 1));
	assert_true(coreset_has(&cores, CORESET_MAX - 1));
	for (unsigned int i = 0; i < 100; i += 2)
		coreset_add(&cores, i);
	assert_false(coreset_text(&cores, text, sizeof(text)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
