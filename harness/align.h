/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's clock against the host's, closer than a round trip can tell: a
 * guest writes a time stamp only while its vCPU's thread runs, and the daemon
 * sees a message only after it was sent. Each stamp forbids some corrections;
 * what is left of the round trip's range is where the truth is.
 */
#ifndef RINGSCHED_ALIGN_H
#define RINGSCHED_ALIGN_H

#include <stddef.h>
#include <stdint.h>

struct hosttrace;
struct rs_error;

struct align_stamp {
	uint64_t at; /* guest's, in host time by the clock that is to be corrected */
	uint64_t seen; /* of a message: when the daemon saw it, host's clock; else 0 */
};

struct align {
	int64_t correction_ns; /* to be added to the guest's times */
	uint64_t error_ns; /* it may be off by so much either way */
	size_t stamps; /* that could be used */
	size_t contradictions; /* that fit with no correction together with the others */
};

/*
 * Stamps by time, of one vCPU; `error_ns` is how far the clock may be off. With
 * nothing to go by the correction is 0 and the error stays what it was.
 */
int align_find(const struct hosttrace *t, int32_t tid, const struct align_stamp *stamps,
	       size_t count, uint64_t error_ns, struct align *a, struct rs_error **err);

#endif
