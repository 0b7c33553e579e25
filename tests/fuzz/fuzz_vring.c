// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The first bytes say how a queue lies in the guest's memory, the rest is that
 * memory; all of the queue is then read and given back.
 */
#include "host/memory.h"
#include "host/vring.h"
#include "tests/fuzz/fuzz.h"

#define GUEST 0x1000ull
#define BYTES 16384u
#define VISITS 2100u /* more than the largest queue holds twice */

static _Alignas(16) uint8_t bytes[BYTES];

static const struct memory memory = {
	.count = 1,
	.regions[0] = { .guest_address = GUEST,
			.user_address = GUEST,
			.size = BYTES,
			.base = bytes },
};

/* The areas, as vhost_map_queue() finds them. */
static bool attach(struct vring *ring, struct fuzz_input *in)
{
	const uint64_t descriptors = GUEST + (uint64_t)fuzz_u8(in) * 64;
	const uint64_t available = GUEST + (uint64_t)fuzz_u8(in) * 64;
	const uint64_t used = GUEST + (uint64_t)fuzz_u8(in) * 64;

	return vring_attach(
		ring, memory_from_user(&memory, descriptors, vring_descriptors_size(ring->size)),
		memory_from_user(&memory, available, vring_available_size(ring->size)),
		memory_from_user(&memory, used, vring_used_size(ring->size)));
}

static void check_buffer(const struct vring *ring, const struct vring_buffer *b)
{
	const uint8_t *data = b->data;

	FUZZ_CHECK(b->reason < REJECT_COUNT && (b->reason == REJECT_NONE) == (data != NULL));
	FUZZ_CHECK(!b->push || b->head < ring->size);
	FUZZ_CHECK(!data || (data >= bytes && data <= bytes + BYTES &&
			     b->length <= (size_t)(bytes + BYTES - data)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct vring ring = { .size = 1u << fuzz_u8(&in) % 11 };
	bool writable = fuzz_u8(&in) & 1;
	uint8_t flips = fuzz_u8(&in);
	struct vring_buffer b;
	unsigned int visits = 0;

	ring.last_available = fuzz_u16(&in);
	if (!attach(&ring, &in))
		return 0;
	fuzz_bytes(&in, bytes, sizeof(bytes));
	fuzz_flip(&memory, flips);
	while (visits < VISITS && vring_next(&ring, &memory, writable, &b)) {
		check_buffer(&ring, &b);
		if (b.push)
			vring_push(&ring, b.head, b.length);
		vring_wants_call(&ring);
		visits++;
	}
	fuzz_flip(NULL, 0);
	return 0;
}
