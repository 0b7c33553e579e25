// SPDX-License-Identifier: GPL-2.0-or-later
/* The log's limit: a peer that errs without end does not fill the disk. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/error.h"
#include "host/log.h"

static FILE *log_file;
static int real_stderr;

static int set_up(void **state)
{
	(void)state;
	log_file = tmpfile();
	real_stderr = dup(STDERR_FILENO);
	return log_file && real_stderr >= 0 && dup2(fileno(log_file), STDERR_FILENO) >= 0 ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	fflush(stderr);
	dup2(real_stderr, STDERR_FILENO);
	close(real_stderr);
	fclose(log_file);
	return 0;
}

static unsigned int count_lines(const char *with)
{
	unsigned int n = 0;
	char line[256];

	fflush(stderr);
	rewind(log_file);
	while (fgets(line, sizeof(line), log_file))
		n += strstr(line, with) != NULL;
	fseek(log_file, 0, SEEK_END);
	return n;
}

static void err_once(struct log_limit *limit, uint64_t *withheld, const char *who)
{
	struct rs_error *err = NULL;

	rs_fail(&err, EINVAL, "a bad request");
	log_error_limited(limit, withheld, who, &err);
	assert_null(err);
}

static void test_limit(void **state)
{
	struct log_limit a = { 0 }, b = { 0 };
	uint64_t withheld_a = 0, withheld_b = 0;
	struct rs_error *none = NULL;

	(void)state;
	for (int i = 0; i < LOG_LIMIT_LINES + 30; i++)
		err_once(&a, &withheld_a, "loud");
	assert_int_equal(count_lines("loud: a bad request"), LOG_LIMIT_LINES);
	assert_int_equal(withheld_a, 30);

	/* One peer's noise takes nothing from another, and no error is no line. */
	log_error_limited(&b, &withheld_b, "quiet", &none);
	err_once(&b, &withheld_b, "quiet");
	assert_int_equal(count_lines("quiet"), 1);
	assert_int_equal(withheld_b, 0);

	/* Time goes by: it may speak again, and says what was left out. */
	a.since -= LOG_LIMIT_S;
	err_once(&a, &withheld_a, "loud");
	assert_int_equal(count_lines("loud: 30 lines"), 1);
	assert_int_equal(count_lines("loud: a bad request"), LOG_LIMIT_LINES + 1);
	assert_int_equal(withheld_a, 30);
}

static void test_pace(void **state)
{
	struct log_pace pace = { 0 };
	unsigned int since = 99;
	uint64_t now_ns = 5, later_ns = now_ns + LOG_LIMIT_S * 1000000000ull;

	(void)state;
	assert_true(log_pace(&pace, now_ns, &since));
	assert_int_equal(since, 0);
	assert_false(log_pace(&pace, now_ns, &since));
	assert_false(log_pace(&pace, later_ns - 1, &since));
	assert_true(log_pace(&pace, later_ns, &since));
	assert_int_equal(since, 2);
	assert_false(log_pace(&pace, later_ns, &since));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_limit, set_up, tear_down),
		cmocka_unit_test(test_pace),
	};

	log_enable();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
