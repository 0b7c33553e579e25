// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/hist.h"

#include <math.h>
#include <string.h>

#define SUB_COUNT (1u << HIST_SUB_BITS)
#define MEDIAN_MIN_SAMPLES 5

void hist_init(struct hist *h)
{
	memset(h, 0, sizeof(*h));
	h->min = UINT64_MAX;
}

/*
 * Values below SUB_COUNT are their own index. From there on, the group is the
 * number of the leading bit and the HIST_SUB_BITS bits after it are the place
 * in the group, so indices go on without a gap: 63 is followed by 64.
 */
static unsigned int bucket_of(uint64_t value)
{
	unsigned int shift;

	if (value < SUB_COUNT)
		return (unsigned int)value;
	shift = 63u - (unsigned int)__builtin_clzll(value) - HIST_SUB_BITS;
	return (shift << HIST_SUB_BITS) + (unsigned int)(value >> shift);
}

uint64_t hist_bucket_upper(unsigned int index)
{
	unsigned int shift;
	uint64_t first;

	if (index < SUB_COUNT)
		return index;
	shift = (index >> HIST_SUB_BITS) - 1;
	first = (uint64_t)(SUB_COUNT + (index & (SUB_COUNT - 1))) << shift;
	return first + ((1ull << shift) - 1);
}

static void add_saturating(uint64_t *sum, uint64_t value)
{
	if (__builtin_add_overflow(*sum, value, sum))
		*sum = UINT64_MAX;
}

void hist_add(struct hist *h, uint64_t value_ns)
{
	h->count++;
	add_saturating(&h->sum, value_ns);
	if (value_ns < h->min)
		h->min = value_ns;
	if (value_ns > h->max)
		h->max = value_ns;
	if (value_ns >> HIST_MAX_BITS)
		h->overflow++;
	else
		h->bucket[bucket_of(value_ns)]++;
}

/* Samples below which no finite 95 % upper limit of the quantile q exists. */
static double samples_needed(double q)
{
	return q <= 0.5 ? MEDIAN_MIN_SAMPLES : ceil(log(0.05) / log(q));
}

bool hist_quantile(const struct hist *h, double q, uint64_t *value_ns)
{
	uint64_t rank, seen = 0;

	if (!(q > 0 && q < 1) || (double)h->count < samples_needed(q))
		return false;
	/* The smallest sample with at least q of all samples at or below it.
	 * 1e-9: q * count of 0.9 * 10 must stay 9 although 0.9 is not exact. */
	rank = (uint64_t)ceil(q * (double)h->count - 1e-9);
	for (unsigned int i = 0; i < HIST_BUCKETS; i++) {
		seen += h->bucket[i];
		if (seen >= rank) {
			uint64_t upper = hist_bucket_upper(i);

			*value_ns = upper < h->max ? upper : h->max;
			return true;
		}
	}
	*value_ns = h->max; /* the quantile lies among the overflows */
	return true;
}
