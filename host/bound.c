// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/bound.h"

#define SECOND_NS 1000000000ull

void bound_rate_init(struct bound_rate *r, unsigned int per_second)
{
	uint64_t depth = (uint64_t)per_second * BOUND_RATE_DEPTH_MS / 1000;

	*r = (struct bound_rate){ 0 };
	if (!per_second)
		return;
	if (depth < BOUND_RATE_DEPTH_MIN)
		depth = BOUND_RATE_DEPTH_MIN;
	r->cost_ns = SECOND_NS / per_second;
	r->depth_ns = r->cost_ns * depth;
}

uint64_t bound_rate_take(struct bound_rate *r, unsigned int count, uint64_t now_ns)
{
	if (!r->cost_ns)
		return 0;
	if (r->full_ns < now_ns)
		r->full_ns = now_ns;
	r->full_ns += count * r->cost_ns;
	return r->full_ns - now_ns <= r->depth_ns ? 0 : r->full_ns - r->depth_ns / 2;
}

void bound_boost_begin(struct bound_boost *b, uint64_t now_ns, uint64_t longest_ns)
{
	if (!b->until_ns)
		b->until_ns = longest_ns < BOUND_NEVER - now_ns ? now_ns + longest_ns : BOUND_NEVER;
}

void bound_boost_end(struct bound_boost *b)
{
	*b = (struct bound_boost){ 0 };
}

uint64_t bound_boost_due(const struct bound_boost *b)
{
	return b->until_ns && !b->cut ? b->until_ns : BOUND_NEVER;
}

bool bound_boost_over(struct bound_boost *b, uint64_t now_ns)
{
	if (now_ns < bound_boost_due(b) || bound_boost_due(b) == BOUND_NEVER)
		return false;
	b->cut = true;
	return true;
}
