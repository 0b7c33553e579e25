// SPDX-License-Identifier: GPL-2.0-or-later
/* The reader of a ring's samples: right files, and everything but. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "host/prng.h"
#include "harness/samples.h"
#include "host/cleanup.h"
#include "host/error.h"

#define HEADER "sequence,release_ns,flags,start0_ns,end0_ns,start1_ns,end1_ns\n"

enum form { PLAIN, GZIP, CUT_OFF };

/* The text as a file of that form. */
static void write_form(const char *path, const char *text, size_t size, enum form form)
{
	gzFile file = gzopen(path, form == PLAIN ? "wbT" : "wb");
	FILE *f;
	long length;

	assert_non_null(file);
	if (size)
		assert_int_equal(gzwrite(file, text, (unsigned int)size), size);
	assert_int_equal(gzclose(file), Z_OK);
	if (form != CUT_OFF)
		return;
	f = fopen(path, "r");
	assert_non_null(f);
	fseek(f, 0, SEEK_END);
	length = ftell(f);
	fclose(f);
	assert_int_equal(truncate(path, length / 2), 0);
}

static struct samples *load(const char *text, size_t size, enum form form, struct rs_error **err)
{
	char path[] = "/tmp/ringsched-test-XXXXXX";
	int fd = mkstemp(path);
	struct samples *s;

	assert_true(fd >= 0);
	close(fd);
	write_form(path, text, size, form);
	s = samples_load(path, err);
	unlink(path);
	return s;
}

static void test_right_file(void **state)
{
	static const char text[] = HEADER "0,1000,0,1010,1020,1020,1040\n"
					  "1,2000,0,2010,2020,2020,2050\n"
					  "4,5000,1,5005,0,0,0\n"
					  "5,2305843009213693951,0,0,0,0,0\n"
					  "# handover errors 7\n"
					  "# lost 12\n";
	enum form form;

	(void)state;
	for (form = PLAIN; form <= GZIP; form++) {
		cleanup_error struct rs_error *err = NULL;
		cleanup_samples struct samples *s = load(text, strlen(text), form, &err);

		if (!s)
			fail_msg("%s", err->message);
		assert_int_equal(s->count, 4);
		assert_int_equal(s->processes, 2);
		assert_int_equal(s->sequence[2], 4);
		assert_int_equal(s->flags[2], SAMPLE_CUT_OFF);
		assert_int_equal(s->release_ns[3], GUEST_NS_MAX);
		assert_int_equal(s->start_ns[1][1], 2020);
		assert_int_equal(s->end_ns[1][1], 2050);
		assert_int_equal(s->handover_errors, 7);
		assert_int_equal(s->lost, 12);
		assert_int_equal(s->rejected, 0);
		assert_int_equal(samples_first_start(s, 0), 1010);
		assert_int_equal(samples_last_end(s, 0), 1040);
		assert_int_equal(samples_first_start(s, 2), 5005);
		assert_int_equal(samples_last_end(s, 2), 0);
		assert_int_equal(samples_first_start(s, 3), 0);
	}
}

static void test_no_sample(void **state)
{
	cleanup_samples struct samples *s = load(HEADER, strlen(HEADER), GZIP, NULL);

	(void)state;
	assert_non_null(s);
	assert_int_equal(s->count, 0);
}

/* Well formed, but such times cannot be: left out and counted. */
static void test_impossible_rows(void **state)
{
	static const char text[] = HEADER "1,1000,0,1010,1020,1020,1040\n"
					  "1,2000,0,2010,2020,2020,2040\n" /* sequence stands */
					  "2,1000,0,2010,2020,2020,2040\n" /* release stands */
					  "3,3000,0,2999,3020,3020,3040\n" /* before release */
					  "4,4000,0,4010,4009,4020,4040\n" /* ends before start */
					  "5,5000,0,0,5010,5020,5040\n" /* ends, never started */
					  "6,6000,4294967296,6001,6002,6003,6004\n"
					  "6,2305843009213693952,0,0,0,0,0\n" /* no clock's */
					  "6,6000,0,6010,2305843009213693952,0,0\n"
					  "7,7000,0,7010,7020,7020,7040\n";
	cleanup_samples struct samples *s = load(text, strlen(text), GZIP, NULL);

	(void)state;
	assert_non_null(s);
	assert_int_equal(s->count, 2);
	assert_int_equal(s->sequence[1], 7);
	assert_int_equal(s->rejected, 8);
}

/* More rows than the first allocation, as many processes as there can be. */
static void test_many_rows(void **state)
{
	cleanup_free char *text = NULL;
	cleanup_samples struct samples *s = NULL;
	unsigned int row, p;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	assert_non_null(f);
	fprintf(f, "sequence,release_ns,flags");
	for (p = 0; p < RS_MEMBER_MAX; p++)
		fprintf(f, ",start%u_ns,end%u_ns", p, p);
	for (row = 0; row < 5000; row++) {
		fprintf(f, "\n%u,%u,0", row, row * 100 + 1);
		for (p = 0; p < RS_MEMBER_MAX; p++)
			fprintf(f, ",%u,%u", row * 100 + p + 1, row * 100 + p + 2);
	}
	fprintf(f, "\n");
	fclose(f);
	s = load(text, size, GZIP, NULL);
	assert_non_null(s);
	assert_int_equal(s->count, 5000);
	assert_int_equal(s->rejected, 0);
	for (row = 0; row < 5000; row++) {
		assert_int_equal(s->sequence[row], row);
		assert_int_equal(s->end_ns[31][row], row * 100 + 33);
	}
}

static void expect_refused(const char *text, size_t size, enum form form, const char *because)
{
	cleanup_error struct rs_error *err = NULL;
	cleanup_samples struct samples *s = load(text, size, form, &err);

	assert_null(s);
	assert_non_null(err);
	if (!strstr(err->message, because))
		fail_msg("'%s' is not in: %s", because, err->message);
}

static void test_malformed(void **state)
{
	static const struct {
		const char *text, *because;
	} files[] = {
		{ "", "no samples" },
		{ "release_ns\n", "no samples" },
		{ "sequence,release_ns,flags\n", "no known form" },
		{ "sequence,release_ns,flags,start1_ns,end1_ns\n", "no known form" },
		{ "sequence,release_ns,flags,start0_ns,end0_ns,x\n", "no known form" },
		{ "sequence,release_ns,flags,start0_ns,end0_ns", "no end" },
		{ HEADER "1,1,0,1,1,1\n", "field 6" },
		{ HEADER "1,1,0,1,1,1,1,1\n", "field 7" },
		{ HEADER "1,1,0,1,1,1,\n", ":2: field 7" },
		{ HEADER "-1,1,0,1,1,1,1\n", "field 1" },
		{ HEADER "1,0x1,0,1,1,1,1\n", "field 2" },
		{ HEADER "1,1 ,0,1,1,1,1\n", "field 2" },
		{ HEADER "1,18446744073709551616,0,1,1,1,1\n", "field 2" },
		{ HEADER "\n", "field 1" },
		{ HEADER "1,1,0,1,1,1,1", "no end" },
		{ HEADER "# found 3\n", "a remark" },
		{ HEADER "# lost 3x\n", "a remark" },
		{ HEADER "# lost \n", "a remark" },
		{ HEADER "# lost 3\n1,1,0,1,1,1,1\n", ":3: text after" },
		{ HEADER "# handover errors 3\n1,1,0,1,1,1,1\n", ":3: text after" },
		{ HEADER "# lost 3\n# handover errors 3\n", ":3: a remark" },
		{ HEADER "# lost 3\n# lost 3\n", ":3: a remark" },
		{ HEADER "# handover errors x\n", "a remark" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		expect_refused(files[i].text, strlen(files[i].text), PLAIN, files[i].because);
		expect_refused(files[i].text, strlen(files[i].text), GZIP, files[i].because);
	}
	expect_refused(HEADER "1,1\0,0\n", strlen(HEADER) + 7, GZIP, "zero byte");
}

static void test_hostile(void **state)
{
	cleanup_error struct rs_error *err = NULL;
	struct prng prng = { 1 };
	char noise[4096];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(noise); i++)
		noise[i] = (char)('0' + prng_below(&prng, 10));
	expect_refused(noise, sizeof(noise), PLAIN, "no end"); /* one endless line */
	memcpy(noise, HEADER, strlen(HEADER));
	expect_refused(noise, sizeof(noise), GZIP, ":2: the line has no end");
	expect_refused(noise, sizeof(noise), CUT_OFF, "");
	for (i = 0; i < sizeof(noise); i++)
		noise[i] = (char)prng_next(&prng);
	expect_refused(noise, sizeof(noise), PLAIN, "");
	memcpy(noise, "\x1f\x8b\x08\0", 4); /* gzip's magic, then noise */
	expect_refused(noise, sizeof(noise), PLAIN, "");
	assert_null(samples_load("/nonexistent/samples.csv.gz", &err));
	assert_int_equal(err->code, ENOENT);
	assert_null(samples_load("/nonexistent/samples.csv.gz", NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_right_file),	cmocka_unit_test(test_no_sample),
		cmocka_unit_test(test_impossible_rows), cmocka_unit_test(test_many_rows),
		cmocka_unit_test(test_malformed),	cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests_name("samples", tests, NULL, NULL);
}
