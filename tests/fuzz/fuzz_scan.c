// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A byte that says how the guest changes its memory while it is read, then that
 * memory: a description of run queues at its start, its BTF, the queues.
 */
#include "host/memory.h"
#include "host/scan.h"
#include "tests/fake/scan_fuzz.h"
#include "tests/fuzz/fuzz.h"

static void read_queues(const struct scan_map *map, const struct memory *memory)
{
	for (unsigned int i = 0; i < RS_VCPU_MAX; i++) {
		int found = scan_read(map, memory, i);

		FUZZ_CHECK(found <= RS_PRIO_MAX);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	uint8_t flips = fuzz_u8(&in);
	struct scan_map map = { 0 };
	uint8_t *copy;
	struct memory memory;

	if (!in.left)
		return 0;
	if (!flips)
		return scan_fuzz(in.at, in.left);
	copy = malloc(in.left);
	FUZZ_CHECK(copy);
	memory = (struct memory){ .count = 1, .regions[0] = { .size = in.left, .base = copy } };
	fuzz_bytes(&in, copy, in.left);
	fuzz_flip(&memory, flips);
	if (!scan_map_read(&map, &memory, 0, NULL))
		read_queues(&map, &memory);
	fuzz_flip(NULL, 0);
	free(copy);
	return 0;
}
