/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small seeded generator (splitmix64, public domain algorithm of Steele,
 * Lea and Flood, 2014): the same seed gives the same order of cells and the
 * same bootstrap on every machine and C library. Not for secrets.
 */
#ifndef RINGSCHED_PRNG_H
#define RINGSCHED_PRNG_H

#include <stdint.h>

struct prng {
	uint64_t state; /* any value, 0 included, is a seed */
};

static inline uint64_t prng_next(struct prng *p)
{
	uint64_t z = (p->state += 0x9e3779b97f4a7c15ull);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

/* Uniform in 0 to n - 1, without the bias of a plain remainder; n > 0. */
static inline uint64_t prng_below(struct prng *p, uint64_t n)
{
	uint64_t reject = -n % n; /* 2^64 modulo n */
	uint64_t value;

	do
		value = prng_next(p);
	while (value < reject);
	return value % n;
}

/* Uniform in [0, 1), 53 random bits. */
static inline double prng_unit(struct prng *p)
{
	return (double)(prng_next(p) >> 11) * 0x1p-53;
}

#endif
