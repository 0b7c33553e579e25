/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clock that every time of the host side is of. */
#ifndef RINGSCHED_CLOCK_H
#define RINGSCHED_CLOCK_H

#include <stdint.h>
#include <time.h>

/* CLOCK_MONOTONIC, ns. It does not stop, and no administrator steps it. */
static inline uint64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

#endif
