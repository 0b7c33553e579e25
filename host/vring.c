// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/vring.h"

#include <endian.h>
#include <stdalign.h>
#include <string.h>

#define FLAG_NEXT 1u
#define FLAG_WRITE 2u
#define FLAG_INDIRECT 4u
#define AVAILABLE_NO_INTERRUPT 1u

/* Layouts of virtio 1.2, 2.7.5 to 2.7.8. Little-endian. */
struct vring_descriptor {
	uint64_t address;
	uint32_t length;
	uint16_t flags;
	uint16_t next;
};

struct vring_available {
	uint16_t flags;
	uint16_t index;
	uint16_t ring[];
};

struct vring_used_element {
	uint32_t id;
	uint32_t length;
};

struct vring_used {
	uint16_t flags;
	uint16_t index;
	struct vring_used_element ring[];
};

/* The two bytes after each ring belong to event indices, which we do not
 * offer; they are there all the same. */
size_t vring_descriptors_size(unsigned int size)
{
	return sizeof(struct vring_descriptor) * size;
}

size_t vring_available_size(unsigned int size)
{
	return sizeof(struct vring_available) + sizeof(uint16_t) * size + sizeof(uint16_t);
}

size_t vring_used_size(unsigned int size)
{
	return sizeof(struct vring_used) + sizeof(struct vring_used_element) * size +
	       sizeof(uint16_t);
}

static bool aligned(const void *p, size_t to)
{
	return p && (uintptr_t)p % to == 0;
}

bool vring_attach(struct vring *ring, void *descriptors, void *available, void *used)
{
	if (!ring->size || !aligned(descriptors, 16) || !aligned(available, 2) || !aligned(used, 4))
		return false;
	ring->descriptors = descriptors;
	ring->available = available;
	ring->used = used;
	ring->broken = false;
	/* A queue that is taken up again goes on where it was. */
	ring->used_index = le16toh(__atomic_load_n(&ring->used->index, __ATOMIC_RELAXED));
	return true;
}

static void check(const struct vring_descriptor *d, const struct memory *memory, bool writable,
		  struct vring_buffer *buffer)
{
	uint16_t flags = le16toh(d->flags);

	if (flags & (FLAG_NEXT | FLAG_INDIRECT) || !(flags & FLAG_WRITE) != !writable) {
		buffer->reason = REJECT_DESCRIPTOR;
		return;
	}
	buffer->length = le32toh(d->length);
	buffer->data = memory_from_guest(memory, le64toh(d->address), buffer->length);
	if (!buffer->data)
		buffer->reason = REJECT_ADDRESS;
}

/* One copy of the descriptor: the guest may rewrite the original meanwhile. */
static void copy_descriptor(const struct vring_descriptor *from, struct vring_descriptor *to)
{
	to->address = __atomic_load_n(&from->address, __ATOMIC_RELAXED);
	to->length = __atomic_load_n(&from->length, __ATOMIC_RELAXED);
	to->flags = __atomic_load_n(&from->flags, __ATOMIC_RELAXED);
	to->next = 0;
}

bool vring_next(struct vring *ring, const struct memory *memory, bool writable,
		struct vring_buffer *buffer)
{
	struct vring_descriptor d;
	uint16_t index, head;

	if (ring->broken || !ring->available)
		return false;
	/* Acquire: pairs with the guest's barrier before it raises the index, so
	 * that entry and descriptor below are what it wrote. */
	index = le16toh(__atomic_load_n(&ring->available->index, __ATOMIC_ACQUIRE));
	if (index == ring->last_available)
		return false;
	*buffer = (struct vring_buffer){ .reason = REJECT_NONE };
	if ((uint16_t)(index - ring->last_available) > ring->size) {
		ring->broken = true;
		buffer->reason = REJECT_DESCRIPTOR;
		return true;
	}
	head = le16toh(__atomic_load_n(
		&ring->available->ring[ring->last_available & (ring->size - 1)], __ATOMIC_RELAXED));
	ring->last_available++;
	if (head >= ring->size) {
		buffer->reason = REJECT_DESCRIPTOR;
		return true;
	}
	buffer->head = head;
	buffer->push = true;
	copy_descriptor(&ring->descriptors[head], &d);
	check(&d, memory, writable, buffer);
	return true;
}

void vring_push(struct vring *ring, uint16_t head, uint32_t written)
{
	struct vring_used_element *e = &ring->used->ring[ring->used_index & (ring->size - 1)];

	__atomic_store_n(&e->id, htole32(head), __ATOMIC_RELAXED);
	__atomic_store_n(&e->length, htole32(written), __ATOMIC_RELAXED);
	ring->used_index++;
	/* Release: who sees the index sees the element and the buffer's bytes. */
	__atomic_store_n(&ring->used->index, htole16(ring->used_index), __ATOMIC_RELEASE);
}

bool vring_wants_call(const struct vring *ring)
{
	/* The guest clears its flag, then looks at the used index; we write the
	 * index, then look at the flag. Without a full barrier on both sides
	 * each could miss the other. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return !(le16toh(__atomic_load_n(&ring->available->flags, __ATOMIC_RELAXED)) &
		 AVAILABLE_NO_INTERRUPT);
}
