// SPDX-License-Identifier: GPL-2.0-or-later
/* A guest's samples of one ring, plain or compressed. */
#include "harness/samples.h"
#include "host/error.h"
#include "tests/fuzz/fuzz.h"

/* What whoever computes with them relies on. */
static void check(const struct samples *s)
{
	FUZZ_CHECK(s->processes >= 1 && s->processes <= RS_MEMBER_MAX);
	for (size_t i = 0; i < s->count; i++) {
		uint64_t first = samples_first_start(s, i), last = samples_last_end(s, i);

		FUZZ_CHECK(!i || s->sequence[i] > s->sequence[i - 1]);
		FUZZ_CHECK(!i || s->release_ns[i] > s->release_ns[i - 1]);
		FUZZ_CHECK(!i || !s->raised_ns || s->raised_ns[i] >= s->raised_ns[i - 1]);
		FUZZ_CHECK(s->release_ns[i] <= GUEST_NS_MAX && last <= GUEST_NS_MAX);
		FUZZ_CHECK(!first || first >= s->release_ns[i]);
		FUZZ_CHECK(!last || last >= first);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_samples struct samples *s = NULL;
	struct rs_error *err = NULL;
	struct fuzz_file file;

	fuzz_file_open(&file, data, size);
	s = samples_load(file.path, &err);
	fuzz_file_close(&file);
	FUZZ_CHECK(!s == !!err);
	rs_error_free(&err);
	if (s)
		check(s);
	return 0;
}
