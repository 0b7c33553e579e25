// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A guest that changes its memory at every load: see fuzz_flip(). The compiler
 * calls the functions at the end from host/vring.c, host/vhost_queue.c and
 * host/scan.c, where the Makefile asks it to.
 */
#include "host/memory.h"
#include "tests/fuzz/fuzz.h"

static const struct memory *flipped;
static uint8_t flip_pattern;
static uint8_t *last; /* what was loaded last */
static size_t last_size;

void fuzz_flip(const struct memory *memory, uint8_t pattern)
{
	flipped = pattern ? memory : NULL;
	flip_pattern = pattern;
	last = NULL;
}

static bool in_guest(const uint8_t *at)
{
	for (unsigned int i = 0; i < flipped->count; i++)
		if (at >= flipped->regions[i].base &&
		    (size_t)(at - flipped->regions[i].base) < flipped->regions[i].size)
			return true;
	return false;
}

/* Comes before the load: so what changes is what was loaded before this one,
 * and a second load of the same place finds another value. */
static void loading(const void *from, size_t size)
{
	uint8_t *at = (uint8_t *)(uintptr_t)from;

	if (!flipped || !in_guest(at))
		return;
	for (size_t i = 0; last && i < last_size; i++)
		if (in_guest(last + i))
			last[i] ^= flip_pattern;
	last = at;
	last_size = size;
}

/* The compiler calls these (-fsanitize-coverage=trace-loads). */
#define LOAD(bytes, type)                             \
	void __sanitizer_cov_load##bytes(type *from); \
	void __sanitizer_cov_load##bytes(type *from)  \
	{                                             \
		loading(from, bytes);                 \
	}

LOAD(1, uint8_t)
LOAD(2, uint16_t)
LOAD(4, uint32_t)
LOAD(8, uint64_t)
LOAD(16, __uint128_t)
