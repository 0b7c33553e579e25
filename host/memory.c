// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/error.h"

/* Regions that are mapped at the moment, for the handler of SIGBUS: no pointer
 * to follow, no lock to take. Main writes. A fault may happen on the other thread
 * meanwhile, in the memory of another VM: it must never take a place's old start
 * with its new size, and lay zeroes over what is none of ours. */
#define LIVE_MAX 4096
static struct {
	unsigned int changes; /* odd: just now */
	uintptr_t start; /* 0 = free */
	size_t size;
} live[LIVE_MAX];

static void set_live(unsigned int place, const void *start, size_t size)
{
	unsigned int changes = live[place].changes;

	__atomic_store_n(&live[place].changes, changes + 1, __ATOMIC_RELAXED);
	/* Release: who sees one of the two numbers below sees the odd one above. */
	__atomic_store_n(&live[place].start, (uintptr_t)start, __ATOMIC_RELEASE);
	__atomic_store_n(&live[place].size, size, __ATOMIC_RELEASE);
	__atomic_store_n(&live[place].changes, changes + 2, __ATOMIC_RELEASE);
}

/* False also for a place that changes meanwhile. That is not the one looked for:
 * nobody is in memory that main is about to map or unmap. */
static bool get_live(unsigned int place, uintptr_t *start, size_t *size)
{
	unsigned int before = __atomic_load_n(&live[place].changes, __ATOMIC_ACQUIRE);

	*start = __atomic_load_n(&live[place].start, __ATOMIC_ACQUIRE);
	*size = __atomic_load_n(&live[place].size, __ATOMIC_ACQUIRE);
	return *start && !(before & 1) &&
	       __atomic_load_n(&live[place].changes, __ATOMIC_RELAXED) == before;
}

static int enlist(struct memory_region *r, struct rs_error **err)
{
	for (r->live = 0; r->live < LIVE_MAX; r->live++) {
		if (live[r->live].start)
			continue;
		set_live(r->live, r->map, r->map_size);
		return 0;
	}
	return rs_fail(err, ENOSPC, "%d memory regions are mapped already", LIVE_MAX);
}

bool memory_mend(const void *address)
{
	uintptr_t at = (uintptr_t)address, start;
	size_t size;

	for (unsigned int i = 0; i < LIVE_MAX; i++)
		if (get_live(i, &start, &size) && at >= start && at - start < size)
			return mmap((void *)start, size, PROT_READ | PROT_WRITE,
				    MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
				    0) != MAP_FAILED;
	return false;
}

/*
 * Only tmpfs and hugetlbfs know seals, whether the file has any or not. On any
 * other file system a page can take as long to come as its disk, or whoever
 * serves it (FUSE), likes: the notification thread would stand still meanwhile,
 * for all VMs. To ask for the file's size could block already.
 */
static int check_in_memory(int fd, unsigned int region, int *seals, struct rs_error **err)
{
	*seals = fcntl(fd, F_GET_SEALS);
	if (*seals >= 0)
		return 0;
	return rs_fail(err, EINVAL,
		       "memory region %u is not a file in memory: give the VM "
		       "memory-backend-memfd,share=on (libvirt: <source type='memfd'/>)",
		       region);
}

static bool overlap(uint64_t a, uint64_t b, uint64_t a_size, uint64_t b_size)
{
	return a < b + b_size && b < a + a_size;
}

static int check_region(const struct memory *memory, const struct memory_wire_region *w, int fd,
			struct rs_error **err)
{
	struct stat st;
	uint64_t end;

	if (!w->size || __builtin_add_overflow(w->guest_address, w->size, &end) ||
	    __builtin_add_overflow(w->user_address, w->size, &end) ||
	    __builtin_add_overflow(w->mmap_offset, w->size, &end) || end > INT64_MAX)
		return rs_fail(err, EINVAL,
			       "a memory region of %llu bytes at %llu of its file "
			       "wraps around",
			       (unsigned long long)w->size, (unsigned long long)w->mmap_offset);
	for (unsigned int i = 0; i < memory->count; i++) {
		const struct memory_region *r = &memory->regions[i];

		if (overlap(w->guest_address, r->guest_address, w->size, r->size) ||
		    overlap(w->user_address, r->user_address, w->size, r->size))
			return rs_fail(err, EINVAL, "memory regions %u and %u overlap", i,
				       memory->count);
	}
	if (fstat(fd, &st) < 0)
		return rs_fail_errno(err, errno, "asking for the size of a memory region");
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size < end)
		return rs_fail(err, EINVAL, "a memory region ends at %llu, its file at %lld",
			       (unsigned long long)end, (long long)st.st_size);
	return 0;
}

static int map_region(struct memory *memory, const struct memory_wire_region *w, int fd,
		      struct rs_error **err)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), slack;
	struct memory_region *r = &memory->regions[memory->count];
	struct stat st;

	/* Files on hugetlbfs are mapped by their own page size; and what is not a
	 * multiple of it could neither be unmapped nor mended. */
	if (!fstat(fd, &st) && (uint64_t)st.st_blksize > page)
		page = (uint64_t)st.st_blksize;
	slack = w->mmap_offset % page;
	r->map_size = (w->size + slack + page - 1) / page * page;
	r->map = mmap(NULL, r->map_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd,
		      (off_t)(w->mmap_offset - slack));
	if (r->map == MAP_FAILED)
		return rs_fail_errno(err, errno, "mapping %llu bytes of guest memory",
				     (unsigned long long)w->size);
	if (enlist(r, err)) {
		munmap(r->map, r->map_size);
		return -ENOSPC;
	}
	r->base = (uint8_t *)r->map + slack;
	r->guest_address = w->guest_address;
	r->user_address = w->user_address;
	r->size = w->size;
	memory->count++;
	return 0;
}

int memory_set(struct memory *memory, const struct memory_wire_region *wire, const int *fds,
	       unsigned int count, unsigned int *unsealed, struct rs_error **err)
{
	memory_clear(memory);
	*unsealed = 0;
	if (count > MEMORY_REGIONS_MAX)
		return rs_fail(err, EINVAL, "%u memory regions, at most %d are possible", count,
			       MEMORY_REGIONS_MAX);
	for (unsigned int i = 0; i < count; i++) {
		int seals, ret = check_in_memory(fds[i], i, &seals, err);

		if (!ret)
			ret = check_region(memory, &wire[i], fds[i], err);
		if (!ret)
			ret = map_region(memory, &wire[i], fds[i], err);
		if (ret) {
			memory_clear(memory);
			return ret;
		}
		*unsealed += !(seals & F_SEAL_SHRINK);
	}
	return 0;
}

void memory_clear(struct memory *memory)
{
	for (unsigned int i = 0; i < memory->count; i++) {
		struct memory_region *r = &memory->regions[i];

		set_live(r->live, NULL, 0);
		munmap(r->map, r->map_size);
	}
	memset(memory, 0, sizeof(*memory));
}

/* Offset and length are compared by subtraction, so that nothing can wrap. */
static bool inside(uint64_t base, uint64_t size, uint64_t address, uint64_t length)
{
	return address >= base && address - base < size && length <= size - (address - base);
}

void *memory_from_guest(const struct memory *memory, uint64_t address, uint64_t length)
{
	for (unsigned int i = 0; i < memory->count; i++) {
		const struct memory_region *r = &memory->regions[i];

		if (inside(r->guest_address, r->size, address, length))
			return r->base + (address - r->guest_address);
	}
	return NULL;
}

void *memory_from_user(const struct memory *memory, uint64_t address, uint64_t length)
{
	for (unsigned int i = 0; i < memory->count; i++) {
		const struct memory_region *r = &memory->regions[i];

		if (inside(r->user_address, r->size, address, length))
			return r->base + (address - r->user_address);
	}
	return NULL;
}

uint64_t memory_guest_of_user(const struct memory *memory, uint64_t address)
{
	for (unsigned int i = 0; i < memory->count; i++) {
		const struct memory_region *r = &memory->regions[i];

		if (inside(r->user_address, r->size, address, 1))
			return r->guest_address + (address - r->user_address);
	}
	return 0;
}
