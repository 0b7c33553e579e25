/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest's clocks in ns. */
#ifndef RINGSCHED_CONTROL_CLOCK_H
#define RINGSCHED_CONTROL_CLOCK_H

#include <stdint.h>
#include <time.h>

/* 0 where there is no such clock. */
static inline uint64_t rsc_clock_ns(clockid_t clock)
{
	struct timespec t;

	if (clock_gettime(clock, &t))
		return 0;
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

#endif
