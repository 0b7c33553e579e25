// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Results of other tools. The files in import/ were written by Debian 12's
 * packaged tools themselves; cyclictest-sum.hist with -H and -t 2. rtla's (version
 * 6.1.192) come from the control guest's kernel 6.1.0-57-rt on two emulated
 * vCPUs, as the packaged rtla printed them:
 *   rtla-timerlat.txt       rtla timerlat hist -d 10s -b 50 -E 400
 *   rtla-timerlat-us.txt    rtla timerlat hist -d 5s
 *   rtla-timerlat-ns.txt    rtla timerlat hist -d 5s -n -b 100000 -E 400
 *   rtla-timerlat-stop.txt  rtla timerlat hist -d 20s -a 3000 -b 50 -E 400
 *   rtla-osnoise.txt        rtla osnoise hist -d 10s -p 100000 -r 50000 -b 20 -E 400
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "harness/folder.h"
#include "harness/import.h"
#include "harness/jsonread.h"
#include "harness/series.h"
#include "host/cleanup.h"
#include "host/error.h"
#include "tests/unit/number.h"

#define FILES "tests/unit/import/"

static char dir[64];

static int set_up(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/rs-import-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	return folder_remove(dir, NULL);
}

static int import(const char *file, const char *name, struct rs_error **err)
{
	char *const files[] = { (char *)file };

	return import_files(dir, name, files, 1, err);
}

/* Row `file` of series `series` in what was imported; the caller's with *root. */
static struct json_object *imported(unsigned long series, unsigned long file,
				    struct json_object **root)
{
	cleanup_free char *path = folder_path(dir, "imported.json");

	*root = json_read(path, NULL);
	return json_row(json_array(json_row(json_array(*root, "series"), series), "files"), file);
}

static void test_cyclictest_says_the_same_twice(void **state)
{
	static const char *const keys[] = { "count", "min_us", "p50_us", "p99_us", "max_us" };
	cleanup_json struct json_object *root = NULL, *again = NULL;
	struct json_object *json, *text;

	(void)state;
	assert_int_equal(import(FILES "cyclictest-1.json", NULL, NULL), 0);
	assert_int_equal(import(FILES "cyclictest-1.hist", NULL, NULL), 0);
	json = imported(0, 0, &root);
	text = imported(0, 1, &again);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		assert_true(isfinite(json_double(json, keys[i])));
		assert_number(json_double(json, keys[i]), json_double(text, keys[i]), 0);
	}
	assert_number(json_double(json, "count"), 4000, 0); /* two threads of 2 s */
	assert_number(json_double(json, "max_us"), 542, 0);
}

/* -H shows the sum of all threads in a column of its own: no samples of its own. */
static void test_cyclictest_with_a_sum(void **state)
{
	cleanup_json struct json_object *root = NULL;
	struct json_object *row;

	(void)state;
	assert_int_equal(import(FILES "cyclictest-sum.hist", NULL, NULL), 0);
	row = imported(0, 0, &root);
	assert_number(json_double(row, "count"), 998 + 995, 0);
	assert_number(json_double(row, "beyond"), 35 + 36, 0);
	assert_number(json_double(row, "max_us"), 2502, 0);
}

static void test_jitterdebugger(void **state)
{
	cleanup_json struct json_object *root = NULL;
	struct json_object *row;
	uint64_t beyond;

	(void)state;
	assert_int_equal(import(FILES "jitterdebugger.json", NULL, NULL), 0);
	row = imported(0, 0, &root);
	assert_string_equal(json_text(row, "tool"), "jitterdebugger");
	assert_number(json_double(row, "count"), 2 * 1992, 0);
	assert_number(json_double(row, "max_us"), 1153, 0);
	/* 1153 us is in no bucket: the tool's histogram ends at 1000. */
	assert_true(json_u64(row, "beyond", &beyond));
	assert_in_range(beyond, 1, 20);
}

static void test_fio_by_direction(void **state)
{
	cleanup_json struct json_object *root = NULL, *again = NULL;
	struct json_object *row;

	(void)state;
	assert_int_equal(import(FILES "fio.json", "disk", NULL), 0);
	row = imported(0, 0, &root);
	assert_string_equal(json_text(json_row(json_array(root, "series"), 0), "name"),
			    "disk-read");
	assert_string_equal(json_text(json_row(json_array(root, "series"), 1), "name"),
			    "disk-write");
	assert_int_equal(json_count(json_array(root, "series")), 2); /* no trim */
	assert_true(json_double(row, "p50_us") > 1 && json_double(row, "p50_us") < 1e5);
	assert_true(json_double(row, "p50_us") <= json_double(row, "p99_us"));
	assert_true(json_double(imported(1, 0, &again), "count") > 100);
}

/* The numbers were counted from the files' columns Thr-NNN or CPU-NNN without this code. */
static void test_rtla_takes_the_threads(void **state)
{
	static const struct {
		const char *file;
		double count, beyond, min, p50, p99, max; /* us; p99 0 = not known */
	} known[] = {
		{ "rtla-timerlat.txt", 19359, 0, 29, 100, 1300, 17662 },
		{ "rtla-timerlat-us.txt", 9746, 352, 39, 90, 0, 7630 },
		{ "rtla-timerlat-ns.txt", 9268, 0, 22.089, 100, 3000, 8890.161 },
		{ "rtla-timerlat-stop.txt", 16, 0, 96, 100, 0, 6605 },
		{ "rtla-osnoise.txt", 20424, 2, 0, 20, 760, 8600 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		cleanup_free char *path = folder_path("tests/unit/import", "%s", known[i].file);
		cleanup_json struct json_object *root = NULL;
		struct json_object *row;

		assert_int_equal(import(path, NULL, NULL), 0);
		row = imported(0, i, &root);
		assert_string_equal(json_text(row, "tool"), "rtla");
		assert_number(json_double(row, "count"), known[i].count, 0);
		assert_number(json_double(row, "beyond"), known[i].beyond, 0);
		assert_number(json_double(row, "min_us"), known[i].min, 1e-9);
		assert_number(json_double(row, "p50_us"), known[i].p50, 1e-9);
		if (known[i].p99 > 0)
			assert_number(json_double(row, "p99_us"), known[i].p99, 1e-9);
		else
			assert_true(isnan(json_double(row, "p99_us")));
		assert_number(json_double(row, "max_us"), known[i].max, 1e-9);
	}
}

/* What later versions than Debian 12's write, by their sources: user space's own
 * column, all cores once more, and what it says of a latency that stopped it. */
static void test_rtla_of_later_versions(void **state)
{
	cleanup_free char *path = folder_path(dir, "later");
	cleanup_json struct json_object *root = NULL;
	struct json_object *row;

	(void)state;
	assert_int_equal(folder_write(path,
				      "# RTLA timerlat histogram\n"
				      "# Time unit is nanoseconds (ns)\n"
				      "# Duration:   0 00:00:02\n"
				      "Index   IRQ-000   Thr-000   Usr-000\n"
				      "0             7         0         0 \n"
				      "1000          0         5         0 \n"
				      "2000          0         1         7 \n"
				      "over:         0         1         0 \n"
				      "count:        7         7         7 \n"
				      "min:         20      1100      2100 \n"
				      "avg:         20      1900      2200 \n"
				      "max:         30      9100      2300 \n"
				      "ALL:        IRQ       Thr       Usr\n"
				      "count:        7         7         7 \n"
				      "min:         20      1100      2100 \n"
				      "avg:         20      1900      2200 \n"
				      "max:         30      9100      2300 \n"
				      "rtla timerlat hit stop tracing\n"
				      "  3dmodel:1234 9.10 us\n"
				      "7 of those\n",
				      NULL),
			 0);
	assert_int_equal(import(path, NULL, NULL), 0);
	row = imported(0, 0, &root);
	assert_number(json_double(row, "count"), 7, 0);
	assert_number(json_double(row, "beyond"), 1, 0);
	assert_number(json_double(row, "min_us"), 1.1, 1e-9);
	assert_number(json_double(row, "p50_us"), 1, 1e-9);
	assert_number(json_double(row, "max_us"), 9.1, 1e-9);
}

/* Text of a file that must be refused, and a word of the sentence. */
static void refuse(const char *text, const char *word)
{
	cleanup_error struct rs_error *err = NULL;
	cleanup_free char *path = folder_path(dir, "file");
	cleanup_free char *result = folder_path(dir, "imported.json");

	assert_int_equal(folder_write(path, text, NULL), 0);
	if (import(path, NULL, &err) >= 0)
		fail_msg("taken: %s", text);
	if (!strstr(err->message, word))
		fail_msg("'%s' lacks '%s'", err->message, word);
	assert_int_equal(access(result, F_OK), -1);
}

static void test_damaged_files(void **state)
{
	(void)state;
#define CYCLIC(thread) "{\"rt_test_version:\":\"2\",\"thread\":{\"0\":" thread "}}"
	refuse("", "none of the known tools");
	refuse("{\"jobs\":7}", "none of the known tools");
	refuse("[]", "none of the known tools");
	refuse(CYCLIC("{\"cycles\":5}"), "no histogram");
	refuse(CYCLIC("7"), "no histogram");
	refuse(CYCLIC("{\"histogram\":{\"x\":1}}"), "'x'");
	refuse(CYCLIC("{\"histogram\":{\"1\":-1}}"), "-1");
	refuse(CYCLIC("{\"histogram\":{\"1\":\"2\"}}"), "\"2\"");
	refuse(CYCLIC("{\"histogram\":{\"-1\":1}}"), "cannot be");
	refuse(CYCLIC("{\"histogram\":{\"nan\":1}}"), "cannot be");
	refuse(CYCLIC("{\"histogram\":{\"1\":9},\"cycles\":3}"), "total is 3");
	refuse(CYCLIC("{\"histogram\":{\"1\":9223372036854775807,\"2\":9223372036854775807}}"),
	       "more than there can be");
	refuse("{\"fio version\":\"3\",\"jobs\":[{\"read\":{\"clat_ns\":{\"N\":5}}}]}", "json+");
	refuse("{\"fio version\":\"3\",\"jobs\":[]}", "no samples");
	refuse("{\"fio version\":\"3\",\"jobs\":[{\"read\":{\"clat_ns\":{\"N\":0}}}]}",
	       "no samples");
	refuse("# Histogram\n000001 000002\n000002\n000003 x\n# Max Latencies: 00003\n# Total: 1\n",
	       "total is 1");
	refuse("# RTLA timerlat histogram\nIndex IRQ-000 Thr-000\n1 2\n", "has 1 counts, not 2");
	/* The next row is no part of this one. */
	refuse("# RTLA timerlat histogram\nIndex Thr-000 Thr-001\n1 2\n3 4 5\n",
	       "has 1 counts, not 2");
	refuse("# RTLA timerlat histogram\nIndex Thr-000\n1 2\nover: nan\n", "cannot be");
	refuse("# RTLA timerlat histogram\nIndex Thr-000\n1 2\nover: 0\ncount: 1\n",
	       "'count' says 1");
	refuse("# RTLA timerlat histogram\n   Thr-000\n 2\n", "without --no-header and --no-index");
	refuse("1 2\nover: 0\ncount: 2\n", "no header");
	refuse("# RTLA timerlat histogram\nIndex IRQ-000\n1 2\nover: 0\n", "--no-thread");
	refuse("# RTLA timerlat histogram\nIndex Thr-000\n1 2\n"
	       "# RTLA timerlat histogram\nIndex Thr-000\n1 2\n",
	       "more than one histogram");
	refuse("# Histogram\n1 2\n# Max Latencies: 3\n# Total: nan\n", "cannot be");
	refuse("# Histogram\n1 2\n# Max Latencies: 3\n# Total: 2\n# Histogram Overflows: inf\n",
	       "cannot be");
	refuse(CYCLIC("{\"histogram\":{\"1\":9},\"cycles\":4611686018427387902},"
		      "\"1\":{\"histogram\":{\"1\":9},\"cycles\":4611686018427387902},"
		      "\"2\":{\"histogram\":{\"1\":9},\"cycles\":4611686018427387902}"),
	       "more than there can be");
#undef CYCLIC
}

/* A file is one boot: taken twice it would count as two. */
static void test_no_file_counts_twice(void **state)
{
	cleanup_json struct json_object *root = NULL;

	(void)state;
	for (int i = 0; i < 2; i++) {
		static const char *const files[] = { FILES "fio.json",
						     FILES "jitterdebugger.json" };
		cleanup_error struct rs_error *err = NULL;

		assert_int_equal(import(files[i], "a", NULL), 0);
		assert_int_equal(import(files[i], "a", &err), -EEXIST);
		assert_non_null(strstr(err->message, "has this file already"));
		assert_int_equal(import(files[i], "b", NULL), 0);
	}
	imported(0, 0, &root);
	assert_int_equal(json_count(json_array(root, "series")), 6);
	for (unsigned long i = 0; i < 6; i++)
		assert_int_equal(
			json_count(json_array(json_row(json_array(root, "series"), i), "files")),
			1);
}

static void test_missing_file(void **state)
{
	cleanup_error struct rs_error *err = NULL;

	(void)state;
	assert_true(import("/nowhere/file.json", NULL, &err) < 0);
	assert_non_null(strstr(err->message, "/nowhere/file.json"));
}

static void test_quantiles_are_not_guessed(void **state)
{
	struct latencies l = { .min_us = NAN, .max_us = NAN };

	(void)state;
	for (int i = 1; i <= 300; i++)
		assert_int_equal(latencies_add(&l, i, 1, NULL), 0);
	assert_int_equal(latencies_finish(&l, 304, NULL), 0);
	assert_int_equal(l.beyond, 4);
	assert_number(latencies_quantile(&l, 0.5), 152, 0);
	assert_true(isnan(latencies_quantile(&l, 0.99))); /* rank 301 is in no bucket */
	assert_true(isnan(latencies_quantile(&l, 0.999))); /* needs 2995 */
	latencies_clear(&l);
}

/* One bucket too many is refused; what was taken before stays whole. */
static void test_buckets_are_bounded(void **state)
{
	struct latencies l = { .min_us = NAN, .max_us = NAN };
	uint64_t taken = 0;

	(void)state;
	while (taken < 5000000 && !latencies_add(&l, (double)taken, 1, NULL))
		taken++;
	assert_int_equal(taken, 4000000);
	assert_int_equal(latencies_add(&l, 1, 1, NULL), -EFBIG);
	assert_int_equal(latencies_finish(&l, 0, NULL), 0);
	assert_number(latencies_quantile(&l, 0.5), 1999999, 0);
	latencies_clear(&l);
}

static void test_compare_reads_it(void **state)
{
	struct side side;
	size_t p99 = (size_t)(series_metric_find("latency_us.p99", NULL) - series_metrics);

	(void)state;
	assert_int_equal(import(FILES "cyclictest-1.json", "before", NULL), 0);
	assert_int_equal(import(FILES "cyclictest-2.json", "before", NULL), 0);
	assert_int_equal(import(FILES "jitterdebugger.json", "now", NULL), 0);
	assert_int_equal(side_read(&side, dir, NULL), 0);
	assert_int_equal(side_policy(&side, "before")->boots, 2);
	assert_int_equal(side_policy(&side, "before")->values[p99].count, 2);
	assert_number(side_policy(&side, "before")->values[p99].us[1], 37, 0);
	assert_int_equal(side_policy(&side, "now")->values[p99].count, 1);
	side_clear(&side);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_cyclictest_says_the_same_twice),
		T(test_cyclictest_with_a_sum),
		T(test_jitterdebugger),
		T(test_fio_by_direction),
		T(test_rtla_takes_the_threads),
		T(test_rtla_of_later_versions),
		T(test_damaged_files),
		T(test_no_file_counts_twice),
		T(test_missing_file),
		T(test_quantiles_are_not_guessed),
		T(test_buckets_are_bounded),
		T(test_compare_reads_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
