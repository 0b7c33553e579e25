// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/scan.h"

#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "host/cleanup.h"
#include "host/error.h"
#include "host/memory.h"

#define READS_MAX 3 /* of one run queue; two that are equal are enough */

/* ---- the map ---- */

static const char *const obstacles[RS_SCAN_OBSTACLES] = {
	[RS_SCAN_NO_SYMBOLS] = "its module cannot look up the kernel's symbols (CONFIG_KPROBES, "
			       "CONFIG_KALLSYMS_ALL)",
	[RS_SCAN_NO_BTF] = "its kernel has no type information (CONFIG_DEBUG_INFO_BTF)",
	[RS_SCAN_SCATTERED] = "its run queues are not in one piece of memory",
};

/* The copy is ours: what the guest writes later does not change it. The barrier
 * keeps the compiler from reading the guest's bytes again instead. */
static void copy_out(void *to, const void *from, size_t size)
{
	memcpy(to, from, size);
	__asm__ volatile("" : : "r"(to) : "memory");
}

static int read_description(struct rs_scan *scan, const struct memory *memory, uint64_t address,
			    struct rs_error **err)
{
	const void *at = memory_from_guest(memory, address, sizeof(*scan));

	if (!at)
		return rs_fail(err, EFAULT, "its description at %#llx is not in its memory",
			       (unsigned long long)address);
	copy_out(scan, at, sizeof(*scan));
	if (le32toh(scan->magic) != RS_SCAN_MAGIC || scan->revision != RS_REVISION ||
	    scan->obstacle >= RS_SCAN_OBSTACLES)
		return rs_fail(err, EINVAL, "there is no description of revision %d at %#llx",
			       RS_REVISION, (unsigned long long)address);
	if (scan->obstacle)
		return rs_fail(err, EOPNOTSUPP, "%s", obstacles[scan->obstacle]);
	if (!scan->vcpus || le16toh(scan->vcpus) > RS_VCPU_MAX)
		return rs_fail(err, EINVAL, "it describes %u vCPUs", le16toh(scan->vcpus));
	return 0;
}

static int read_layout(struct scan_layout *layout, const struct memory *memory, uint64_t address,
		       uint32_t size, struct rs_error **err)
{
	const void *at = memory_from_guest(memory, address, size);
	cleanup_free void *copy = NULL;

	if (size > RS_BTF_MAX)
		return rs_fail(err, EINVAL, "its type information has %u bytes, %u are possible",
			       size, RS_BTF_MAX);
	if (!at)
		return rs_fail(err, EFAULT, "its type information at %#llx is not in its memory",
			       (unsigned long long)address);
	copy = malloc(size ? size : 1);
	if (!copy)
		return rs_fail(err, ENOMEM, "no memory for its type information");
	copy_out(copy, at, size);
	return scan_layout_parse(layout, copy, size, err);
}

static const uint8_t *queue_of(const struct scan_map *map, const struct memory *memory,
			       unsigned int vcpu)
{
	if (vcpu >= map->vcpus || !map->rq[vcpu])
		return NULL;
	return memory_from_guest(memory, map->rq[vcpu], map->layout.rq_size);
}

/* A run queue knows its number: a wrong address, and a layout that is another
 * kernel's, show here. */
static int check_queue(const struct scan_map *map, const struct memory *memory, unsigned int vcpu,
		       struct rs_error **err)
{
	const uint8_t *rq = queue_of(map, memory, vcpu);
	int32_t cpu;

	if (!rq)
		return rs_fail(err, EFAULT,
			       "the run queue of vCPU %u at %#llx is not in its memory", vcpu,
			       (unsigned long long)map->rq[vcpu]);
	copy_out(&cpu, rq + map->layout.offset[SCAN_CPU], sizeof(cpu));
	if (cpu != (int32_t)vcpu)
		return rs_fail(err, EINVAL,
			       "what should be the run queue of vCPU %u says it is %d's", vcpu,
			       cpu);
	return 0;
}

int scan_map_read(struct scan_map *map, const struct memory *memory, uint64_t address,
		  struct rs_error **err)
{
	struct rs_scan scan;
	int ret = read_description(&scan, memory, address, err);

	if (ret)
		return ret;
	ret = read_layout(&map->layout, memory, le64toh(scan.btf_address), le32toh(scan.btf_size),
			  err);
	if (ret)
		return ret;
	map->vcpus = le16toh(scan.vcpus);
	for (unsigned int i = 0; i < map->vcpus; i++) {
		map->rq[i] = le64toh(scan.rq_address[i]);
		ret = map->rq[i] ? check_queue(map, memory, i, err) : 0;
		if (ret)
			return ret;
	}
	return 0;
}

/* ---- one reading ---- */

struct reading {
	uint64_t bitmap[SCAN_BITMAP_WORDS];
	uint32_t nr_running;
	int32_t cpu;
	uint32_t rt_nr_running;
	int32_t highest;
	int32_t queued;
	int32_t throttled;
};

static void take(struct reading *r, const struct scan_layout *layout, const uint8_t *rq)
{
	const uint32_t *at = layout->offset;

	copy_out(&r->nr_running, rq + at[SCAN_NR_RUNNING], sizeof(r->nr_running));
	copy_out(&r->cpu, rq + at[SCAN_CPU], sizeof(r->cpu));
	copy_out(r->bitmap, rq + at[SCAN_RT_BITMAP], sizeof(r->bitmap));
	copy_out(&r->rt_nr_running, rq + at[SCAN_RT_NR_RUNNING], sizeof(r->rt_nr_running));
	copy_out(&r->highest, rq + at[SCAN_RT_HIGHEST], sizeof(r->highest));
	copy_out(&r->queued, rq + at[SCAN_RT_QUEUED], sizeof(r->queued));
	r->throttled = 0;
	if (at[SCAN_RT_THROTTLED] != SCAN_ABSENT)
		copy_out(&r->throttled, rq + at[SCAN_RT_THROTTLED], sizeof(r->throttled));
}

static bool same(const struct reading *a, const struct reading *b)
{
	return a->bitmap[0] == b->bitmap[0] && a->bitmap[1] == b->bitmap[1] &&
	       a->nr_running == b->nr_running && a->cpu == b->cpu &&
	       a->rt_nr_running == b->rt_nr_running && a->highest == b->highest &&
	       a->queued == b->queued && a->throttled == b->throttled;
}

/* Of the two words; they have one for certain. */
static int first_bit(const uint64_t *bitmap)
{
	return bitmap[0] ? __builtin_ctzll(bitmap[0]) : 64 + __builtin_ctzll(bitmap[1]);
}

#define END_BIT (1ull << (SCAN_RT_BITS - 64))

/* Without real-time tasks all that speaks of them must say so. The kernel keeps
 * "none" in `highest` as 99 (since 5.13) or 100. */
static int judge_empty(const struct reading *r)
{
	if (r->rt_nr_running || r->queued || r->highest < SCAN_RT_BITS - 1 ||
	    r->highest > SCAN_RT_BITS)
		return -EAGAIN;
	return 0;
}

/* What scan_read() returns for a reading. Between any two writes of the kernel's
 * enqueue and dequeue one of these comparisons fails. */
static int judge(const struct reading *r, unsigned int vcpu)
{
	unsigned int bits = (unsigned int)(__builtin_popcountll(r->bitmap[0]) +
					   __builtin_popcountll(r->bitmap[1])) -
			    1;

	/* The end's bit, and none above it. */
	if (r->bitmap[1] >> (SCAN_RT_BITS - 64) != 1 || r->cpu != (int32_t)vcpu ||
	    r->throttled < 0 || r->throttled > 1 || r->queued < 0 || r->queued > 1)
		return -EAGAIN;
	if (!bits)
		return judge_empty(r);
	if (r->rt_nr_running < bits || r->highest != first_bit(r->bitmap))
		return -EAGAIN;
	/* Real-time tasks that are not queued have used up their class's share;
	 * otherwise they are being moved just now. */
	if (!r->queued)
		return r->throttled ? 0 : -EAGAIN;
	if (r->nr_running < r->rt_nr_running)
		return -EAGAIN;
	return SCAN_RT_BITS - 1 - r->highest;
}

int scan_read(const struct scan_map *map, const struct memory *memory, unsigned int vcpu)
{
	const uint8_t *rq = queue_of(map, memory, vcpu);
	struct reading r[2];

	if (!rq)
		return -EFAULT;
	take(&r[0], &map->layout, rq);
	for (int i = 1; i < READS_MAX; i++) {
		take(&r[i % 2], &map->layout, rq);
		if (same(&r[0], &r[1]))
			return judge(&r[0], vcpu);
	}
	return -EAGAIN;
}
