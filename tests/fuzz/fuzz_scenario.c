// SPDX-License-Identifier: GPL-2.0-or-later
/* A scenario's file; one that is taken is written out, and read again. */
#include "harness/scenario.h"
#include "host/cleanup.h"
#include "host/error.h"
#include "tests/fuzz/fuzz.h"

/* What was written with all its defaults is a scenario too. */
static void again(const struct scenario *s)
{
	cleanup_scenario struct scenario *same = NULL;
	cleanup_free char *text = NULL;
	struct rs_error *err = NULL;
	struct fuzz_file file;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);
	int ret;

	FUZZ_CHECK(to);
	ret = scenario_write(s, to, NULL);
	FUZZ_CHECK(!fclose(to) && ret >= 0);
	fuzz_file_open(&file, (const uint8_t *)text, size);
	same = scenario_load(file.path, &err);
	if (!same)
		fprintf(stderr, "%s\n", err->message);
	FUZZ_CHECK(same);
	fuzz_file_close(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_scenario struct scenario *s = NULL;
	struct rs_error *err = NULL;
	struct fuzz_file file;

	fuzz_file_open(&file, data, size);
	s = scenario_load(file.path, &err);
	fuzz_file_close(&file);
	FUZZ_CHECK(!s == !!err);
	rs_error_free(&err);
	if (s)
		again(s);
	return 0;
}
