/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the fuzz targets share. A target is one fuzz_NAME.c: any bytes, taken for
 * what its first comment says, go through the code that a run uses. What must
 * hold afterwards is a FUZZ_CHECK; the sanitizers look at the rest.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libFuzzer's. Initialize: once, before the first input. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

#define FUZZ_CHECK(condition)                                                             \
	do {                                                                              \
		if (!(condition)) {                                                       \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, \
				#condition);                                              \
			abort();                                                          \
		}                                                                         \
	} while (0)

/* What is left of an input; past its end everything is 0. */
struct fuzz_input {
	const uint8_t *at;
	size_t left;
};

static inline size_t fuzz_bytes(struct fuzz_input *in, void *to, size_t size)
{
	size_t taken = size < in->left ? size : in->left;

	memset(to, 0, size);
	if (taken)
		memcpy(to, in->at, taken);
	in->at += taken;
	in->left -= taken;
	return taken;
}

static inline uint8_t fuzz_u8(struct fuzz_input *in)
{
	uint8_t value;

	fuzz_bytes(in, &value, sizeof(value));
	return value;
}

static inline uint16_t fuzz_u16(struct fuzz_input *in)
{
	uint16_t value;

	fuzz_bytes(in, &value, sizeof(value));
	return value;
}

/* The bytes as a file, for code that takes a path; /proc/self/fd/N until
 * fuzz_file_close(). */
struct fuzz_file {
	int fd;
	char path[32];
};

void fuzz_file_open(struct fuzz_file *f, const uint8_t *data, size_t size);
void fuzz_file_close(struct fuzz_file *f);

/* Files that this process has open. */
unsigned int fuzz_count_files(void);

/* Faults in guest memory are mended as the daemon does; others end the target. */
void fuzz_mend_faults(void);

struct memory;

/*
 * A guest that changes its memory between check and use. From now on each load
 * of the code under test from this memory is followed by a change of what it
 * loaded: XOR with `pattern` (0: none). Deterministic, so that what it breaks can
 * be run again. NULL: off.
 */
void fuzz_flip(const struct memory *memory, uint8_t pattern);

#endif
