/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's memory as vhost-user shares it: up to eight regions, each a piece
 * of a file that we map, which lives in memory itself (memfd, tmpfs, hugetlbfs).
 * Every address from the other side goes through the translations here, which
 * answer NULL for anything not wholly in one region.
 *
 * A file that its owner shortens after it was mapped makes later accesses
 * fault (SIGBUS). memory_set() checks the size at the time and reports files
 * that are not sealed against it (QEMU's memfd back end seals its own);
 * memory_mend() makes such a fault harmless.
 */
#ifndef RINGSCHED_MEMORY_H
#define RINGSCHED_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MEMORY_REGIONS_MAX 8 /* the protocol's own limit */

struct rs_error;

/* One region as it is on the wire (vhost-user: memory regions description). */
struct memory_wire_region {
	uint64_t guest_address;
	uint64_t size;
	uint64_t user_address;
	uint64_t mmap_offset;
};

struct memory_region {
	uint64_t guest_address, user_address, size;
	uint8_t *base; /* of the region in our address space */
	void *map; /* what mmap() returned, for munmap() */
	size_t map_size;
	unsigned int live; /* index in the table that memory_mend() looks at */
};

struct memory {
	unsigned int count;
	struct memory_region regions[MEMORY_REGIONS_MAX];
};

/* Replace *memory; the fds stay the caller's. On failure *memory is empty.
 * *unsealed = regions whose file may be shortened. */
int memory_set(struct memory *memory, const struct memory_wire_region *wire, const int *fds,
	       unsigned int count, unsigned int *unsealed, struct rs_error **err);
void memory_clear(struct memory *memory);

/*
 * For a SIGBUS handler: `address` faulted. If it is guest memory, the whole
 * region becomes private zeroes, so that the access can be made again; the
 * queue that lies there then reads as broken. False if it is not ours.
 */
bool memory_mend(const void *address);

void *memory_from_guest(const struct memory *memory, uint64_t address, uint64_t length);
void *memory_from_user(const struct memory *memory, uint64_t address, uint64_t length);
/* The guest's address of a user address, 0 if it is in no region. */
uint64_t memory_guest_of_user(const struct memory *memory, uint64_t address);

#endif
