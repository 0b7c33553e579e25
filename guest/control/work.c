// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "guest/control/clock.h"
#include "guest/control/work.h"

#define RUNS_MAX 51u
#define RUN_MIN_NS 1000000ull /* below 1 ms the clock's own cost shows */
#define PROBE_FIRST 20000ull
#define PROBE_LIMIT (1ull << 40)

uint64_t rsc_work(uint64_t iterations)
{
	uint64_t x = iterations | 1;

	for (uint64_t i = 0; i < iterations; i++) {
		x = x * 2862933555777941757ull + 3037000493ull;
		x ^= x >> 29;
		/* The compiler must believe that x is looked at each time. */
		__asm__ volatile("" : "+r"(x));
	}
	return x;
}

static uint64_t timed(uint64_t iterations)
{
	uint64_t begin = rsc_clock_ns(CLOCK_THREAD_CPUTIME_ID);

	rsc_work(iterations);
	return rsc_clock_ns(CLOCK_THREAD_CPUTIME_ID) - begin;
}

/*
 * Sleep for one and a half times the time just worked: the duty of a control
 * ring. A core that is let idle between its turns runs slower than one that
 * is not (caches and clocks go down, a host of its own takes it away), by half
 * where it was measured, and the rings are let idle.
 */
static void rest(uint64_t worked_ns)
{
	uint64_t ns = worked_ns + worked_ns / 2;
	struct timespec t = { (time_t)(ns / 1000000000ull), (long)(ns % 1000000000ull) };

	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &t, &t) == EINTR)
		continue;
}

/* How many iterations take about target_ns; 0 where time stands still. */
static uint64_t probe(uint64_t target_ns)
{
	uint64_t n;

	for (n = PROBE_FIRST; n < PROBE_LIMIT; n *= 2) {
		uint64_t ns = timed(n);

		if (ns >= target_ns / 4)
			return (uint64_t)((double)n * (double)target_ns / (double)ns) + 1;
	}
	return 0;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

int rsc_work_calibrate(uint32_t total_ms, struct rsc_speed *speed)
{
	uint64_t total_ns = (total_ms < 10 ? 10 : total_ms) * 1000000ull;
	uint64_t per_ms[RUNS_MAX], n;
	unsigned int runs = RUNS_MAX;

	if (total_ns / runs < RUN_MIN_NS)
		runs = (unsigned int)(total_ns / RUN_MIN_NS) | 1;
	n = probe(total_ns / runs);
	if (!n)
		return -EIO;
	for (unsigned int i = 0; i < runs; i++) {
		uint64_t ns = timed(n);

		if (!ns)
			return -EIO;
		rest(ns);
		per_ms[i] = (uint64_t)((double)n * 1e6 / (double)ns);
	}
	qsort(per_ms, runs, sizeof(per_ms[0]), by_value);
	if (!per_ms[runs / 2])
		return -EIO;
	speed->iterations_per_ms = per_ms[runs / 2];
	speed->spread_permille =
		(uint32_t)((per_ms[runs - 1] - per_ms[0]) * 1000 / per_ms[runs / 2]);
	speed->runs = runs;
	return 0;
}

uint64_t rsc_work_iterations(const struct rsc_speed *speed, uint64_t work_us)
{
	return (speed->iterations_per_ms * work_us + 500) / 1000;
}
