/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Device side of a split virtqueue (virtio 1.2, section 2.7) that carries one
 * small buffer a descriptor. Everything in it is written by the guest at any
 * time: each value is read once, then checked.
 */
#ifndef RINGSCHED_VRING_H
#define RINGSCHED_VRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/memory.h"
#include "host/message.h"

#define VRING_SIZE_MAX 1024 /* descriptors; the carrier has 256 */

struct vring_descriptor;
struct vring_available;
struct vring_used;

struct vring {
	unsigned int size; /* a power of two; 0 = not set */
	struct vring_descriptor *descriptors;
	struct vring_available *available;
	struct vring_used *used;
	uint16_t last_available; /* next entry to read */
	uint16_t used_index; /* next entry to write */
	bool broken; /* its index jumped: nothing of it is believed any more */
};

struct vring_buffer {
	uint16_t head; /* for vring_push() */
	bool push; /* false: the head is no descriptor, nothing to give back */
	void *data; /* NULL if refused */
	uint32_t length;
	enum reject reason;
};

/* Bytes of the three areas for a queue of `size`. */
size_t vring_descriptors_size(unsigned int size);
size_t vring_available_size(unsigned int size);
size_t vring_used_size(unsigned int size);

/*
 * Attach to the areas, which lie in mapped guest memory and are large enough.
 * False if an area is misaligned. The indices go on from last_available.
 */
bool vring_attach(struct vring *ring, void *descriptors, void *available, void *used);

/*
 * The next buffer: true, with either data or the reason why it was refused
 * (either way to be given back if `push`). False: none is there now.
 * `writable`: buffers the device is to fill. Chains are refused.
 */
bool vring_next(struct vring *ring, const struct memory *memory, bool writable,
		struct vring_buffer *buffer);

/* Give a buffer back with `written` bytes in it. */
void vring_push(struct vring *ring, uint16_t head, uint32_t written);
/* Whether the guest wants an interrupt for what was given back. */
bool vring_wants_call(const struct vring *ring);

#endif
