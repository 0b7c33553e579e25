/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared data handed from process to process of a ring (share=1): each one
 * checks what the one before it wrote and adds its own. It proves from the
 * inside that turns neither overlap nor change places.
 */
#ifndef RINGSCHED_CONTROL_HANDOVER_H
#define RINGSCHED_CONTROL_HANDOVER_H

#include <stdbool.h>
#include <stdint.h>

#define RSC_HANDOVER_WORDS 128u

struct rsc_handover {
	uint64_t turns; /* hand-overs since the ring was made */
	uint64_t sequence; /* period of the last writer */
	uint64_t slot; /* its slot */
	uint64_t word[RSC_HANDOVER_WORDS];
	uint64_t checksum; /* over all above */
};

enum rsc_handover_verdict {
	RSC_HANDOVER_GOOD,
	RSC_HANDOVER_GAP, /* intact, but a process between had no turn */
	RSC_HANDOVER_BAD, /* checksum wrong, or written by a later turn */
};

void rsc_handover_init(struct rsc_handover *page);

/* What the process `slot` of a ring finds in period `sequence`. */
enum rsc_handover_verdict rsc_handover_check(const struct rsc_handover *page, uint64_t sequence,
					     uint32_t slot);

/*
 * Add this process's own. `turns` is what page->turns was when its turn began:
 * false, and nothing is written, where another has had a turn meanwhile,
 * because this one was cut off.
 */
bool rsc_handover_pass(struct rsc_handover *page, uint64_t turns, uint64_t sequence, uint32_t slot);

#endif
