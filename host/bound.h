/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two rules that bound a guest in time, without clock, thread or VM: how
 * often it may notify, and how long a boost may last. Times are CLOCK_MONOTONIC
 * ns that the caller hands in.
 */
#ifndef RINGSCHED_BOUND_H
#define RINGSCHED_BOUND_H

#include <stdbool.h>
#include <stdint.h>

#define BOUND_NEVER UINT64_MAX

/*
 * A token bucket, kept as the moment at which it will be full again. It holds
 * BOUND_RATE_DEPTH_MS of the rate, but BOUND_RATE_DEPTH_MIN at least.
 */
#define BOUND_RATE_DEPTH_MS 20
#define BOUND_RATE_DEPTH_MIN 64

struct bound_rate {
	uint64_t cost_ns; /* of one notification; 0 = no bound */
	uint64_t depth_ns; /* of all that the bucket holds */
	uint64_t full_ns; /* when it is full */
};

void bound_rate_init(struct bound_rate *r, unsigned int per_second);
/*
 * Takes `count` notifications that have been handled. 0: the bucket held them.
 * Else the moment at which it is half full again: none shall be handled before.
 */
uint64_t bound_rate_take(struct bound_rate *r, unsigned int count, uint64_t now_ns);

/* A boost from its beginning to its end; zeroed = none. */
struct bound_boost {
	uint64_t until_ns; /* when it is cut; 0 = it has not begun, BOUND_NEVER = not bound */
	bool cut; /* it was, and stays so until it ends */
};

/* One that has begun already goes on, its end where it was. */
void bound_boost_begin(struct bound_boost *b, uint64_t now_ns, uint64_t longest_ns);
void bound_boost_end(struct bound_boost *b);
/* True once, when its time is over. */
bool bound_boost_over(struct bound_boost *b, uint64_t now_ns);
/* When it is to be cut; BOUND_NEVER = there is nothing to wait for. */
uint64_t bound_boost_due(const struct bound_boost *b);

#endif
