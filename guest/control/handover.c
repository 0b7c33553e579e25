// SPDX-License-Identifier: GPL-2.0-or-later
#include <stddef.h>
#include <string.h>

#include "guest/control/handover.h"

/* FNV-1a by 64-bit words: any single changed word changes the result. */
static uint64_t checksum(const struct rsc_handover *page)
{
	const uint64_t *at = (const uint64_t *)page;
	uint64_t sum = 14695981039346656037ull;

	for (size_t i = 0; i < offsetof(struct rsc_handover, checksum) / sizeof(*at); i++) {
		sum ^= at[i];
		sum *= 1099511628211ull;
	}
	return sum;
}

void rsc_handover_init(struct rsc_handover *page)
{
	memset(page, 0, sizeof(*page));
	page->checksum = checksum(page);
}

enum rsc_handover_verdict rsc_handover_check(const struct rsc_handover *page, uint64_t sequence,
					     uint32_t slot)
{
	if (page->checksum != checksum(page))
		return RSC_HANDOVER_BAD;
	if (!page->turns)
		return slot ? RSC_HANDOVER_GAP : RSC_HANDOVER_GOOD;
	if (page->sequence > sequence || (page->sequence == sequence && page->slot >= slot))
		return RSC_HANDOVER_BAD;
	if (slot && (page->sequence != sequence || page->slot + 1 != slot))
		return RSC_HANDOVER_GAP;
	return RSC_HANDOVER_GOOD;
}

bool rsc_handover_pass(struct rsc_handover *page, uint64_t turns, uint64_t sequence, uint32_t slot)
{
	if (page->turns != turns)
		return false;
	page->turns++;
	page->sequence = sequence;
	page->slot = slot;
	for (uint64_t i = 0; i < RSC_HANDOVER_WORDS; i++)
		page->word[i] += (sequence * RSC_HANDOVER_WORDS + i) ^ (slot + 1);
	page->checksum = checksum(page);
	return true;
}
