/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Log-linear histogram of durations in nanoseconds, with the exact minimum,
 * maximum, count and sum kept beside it. No allocation after hist_init(), so
 * it may be fed on the daemon's notification path.
 *
 * Buckets: values below 2^HIST_SUB_BITS have a bucket each; above, each power
 * of two is split into 2^HIST_SUB_BITS equal buckets. A quantile read from a
 * bucket is its upper edge, at most 1/2^HIST_SUB_BITS (1.6 %) above the true
 * sample. Values of 2^HIST_MAX_BITS (18 minutes) and more are counted as
 * overflow and enter count, sum and maximum.
 */
#ifndef RINGSCHED_HIST_H
#define RINGSCHED_HIST_H

#include <stdbool.h>
#include <stdint.h>

#define HIST_SUB_BITS 6
#define HIST_MAX_BITS 40
#define HIST_BUCKETS ((HIST_MAX_BITS - HIST_SUB_BITS + 1) << HIST_SUB_BITS)

struct hist {
	uint64_t count;
	uint64_t sum; /* ns; saturates */
	uint64_t min; /* UINT64_MAX while count is 0 */
	uint64_t max;
	uint64_t overflow;
	uint64_t bucket[HIST_BUCKETS];
};

void hist_init(struct hist *h);
void hist_add(struct hist *h, uint64_t value_ns);

/* The inclusive upper edge in ns of bucket `index`. */
uint64_t hist_bucket_upper(unsigned int index);

/*
 * Quantile q (0 < q < 1) into *value_ns, never above the exact maximum.
 * False, and *value_ns untouched, with fewer samples than a finite 95 %
 * upper limit of q needs: ln(0.05)/ln(q), i.e. 299 for p99 (Statistics rule
 * in docs/statistics.md). The median is given from 5 samples on.
 */
bool hist_quantile(const struct hist *h, double q, uint64_t *value_ns);

#endif
