/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The work loop: arithmetic in registers only, so that its time is that of
 * the (emulated) CPU and of nothing else.
 */
#ifndef RINGSCHED_CONTROL_WORK_H
#define RINGSCHED_CONTROL_WORK_H

#include <stdint.h>

struct rsc_speed {
	uint64_t iterations_per_ms; /* median over the runs; 0 = not calibrated */
	uint32_t spread_permille; /* (fastest - slowest run) / median */
	uint32_t runs;
};

/* Run the loop that often. The result depends on every iteration. */
uint64_t rsc_work(uint64_t iterations);

/*
 * Measure the speed with about total_ms (at least 10) of CPU time, in turns
 * with rests between them as a ring has: 2.5 times as long in all. The median
 * stands up to a host that was slow for less than half of the runs.
 * -EIO where the CPU-time clock does not advance.
 */
int rsc_work_calibrate(uint32_t total_ms, struct rsc_speed *speed);

uint64_t rsc_work_iterations(const struct rsc_speed *speed, uint64_t work_us);

#endif
