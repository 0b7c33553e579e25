/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The per-period samples of one ring, read from the (gzipped or plain) CSV
 * of docs/guest-protocol.md. They come from a guest: every byte is checked.
 *
 * A row whose times cannot be (a start before its release, an end before its
 * start, out of order, past GUEST_NS_MAX) is left out and counted in `rejected`;
 * the gap it leaves in `sequence` then counts as a missed deadline like any other.
 */
#ifndef RINGSCHED_SAMPLES_H
#define RINGSCHED_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

#include "guest/uapi/ringsched.h"

struct rs_error;

#define SAMPLE_CUT_OFF 0x1u /* flags: a turn was ended by the ring's deadline */
/* A guest's clock after 73 years: what is beyond is a lie, and up to it sums and
 * differences of times are what they seem. */
#define GUEST_NS_MAX (INT64_MAX / 4)

struct samples {
	size_t count; /* periods; may be 0 */
	unsigned int processes; /* 1 to RS_MEMBER_MAX */
	uint64_t *sequence; /* strictly rising; a gap = periods skipped */
	uint64_t *release_ns; /* guest's clock, strictly rising */
	/* Of a ring that an interrupt releases, else NULL: the host's clock when
	 * it came; release_ns is then when the guest's handler ran. */
	uint64_t *raised_ns;
	uint32_t *flags; /* SAMPLE_* */
	/* By process, in ring order. 0 = no turn; a start without an end = the
	 * turn did not end by itself (killed or cut off). */
	uint64_t *start_ns[RS_MEMBER_MAX];
	uint64_t *end_ns[RS_MEMBER_MAX];
	uint64_t handover_errors; /* shared data found damaged or written out of turn */
	uint64_t lost; /* periods beyond the guest's reserved memory */
	uint64_t rejected; /* rows with impossible times, left out */
};

/* NULL with *err set (file, line, what is wrong) on a malformed file. */
struct samples *samples_load(const char *path, struct rs_error **err);
void samples_free(struct samples *s);

/* Earliest start and latest end of period i, 0 where no process had one. */
uint64_t samples_first_start(const struct samples *s, size_t i);
uint64_t samples_last_end(const struct samples *s, size_t i);

#define cleanup_samples __attribute__((cleanup(samples_freep)))
static inline void samples_freep(struct samples **s)
{
	samples_free(*s);
}

#endif
