/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a guest's whole memory, a description of run queues at its
 * start: parsed and read as the daemon does. With a fuzzer:
 *
 *	int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
 *	{
 *		return scan_fuzz(data, size);
 *	}
 */
#ifndef TESTS_SCAN_FUZZ_H
#define TESTS_SCAN_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "host/error.h"
#include "host/memory.h"
#include "host/scan.h"

static inline int scan_fuzz(const uint8_t *data, size_t size)
{
	/* Only read through; `base` is not const for the queues that lie there. */
	const struct memory memory = {
		.count = 1,
		.regions[0] = { .size = size, .base = (uint8_t *)(uintptr_t)data },
	};
	struct rs_error *err = NULL;
	struct scan_map map = { 0 };

	if (size && !scan_map_read(&map, &memory, 0, &err))
		for (unsigned int i = 0; i < RS_VCPU_MAX; i++)
			scan_read(&map, &memory, i);
	rs_error_free(&err);
	return 0;
}

#endif
