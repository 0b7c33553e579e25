// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/fake/scan_image.h"

#include <bpf/btf.h>
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "host/error.h"

#define RT_BITS 100
#define BITS(type, member) ((uint32_t)offsetof(type, member) * 8)

static int field(struct btf *btf, const char *name, int type, uint32_t bits)
{
	return btf__add_field(btf, name, type, bits, 0);
}

/* struct rt_rq; returns its type. Offsets within image_rq.rt. */
static int add_rt_rq(struct btf *btf, enum image_fault fault, int u32, int s32, int u64)
{
	const uint32_t rt = BITS(struct image_rq, rt);
	uint32_t words = fault == IMAGE_OTHER_SIZE ? 3 : 2;
	int bitmap = btf__add_array(btf, u32, u64, words), array, highest, type;

	array = btf__add_struct(btf, "rt_prio_array", words * 8);
	field(btf, "bitmap", bitmap, 0);
	highest = btf__add_struct(btf, NULL, 8);
	field(btf, "curr", s32, 0);
	field(btf, "next", s32, 32);
	type = btf__add_struct(btf, "rt_rq", sizeof(((struct image_rq *)NULL)->rt));
	field(btf, "active", array, 0);
	field(btf, "rt_nr_running", u32, BITS(struct image_rq, rt.rt_nr_running) - rt);
	field(btf, "highest_prio", highest, BITS(struct image_rq, rt.highest) - rt);
	if (fault != IMAGE_NO_FIELD)
		field(btf, "rt_queued", s32, BITS(struct image_rq, rt.queued) - rt);
	if (fault != IMAGE_NO_THROTTLE)
		field(btf, "rt_throttled", s32, BITS(struct image_rq, rt.throttled) - rt);
	return type;
}

static void describe(struct btf *btf, enum image_fault fault)
{
	int s32 = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	int u32 = btf__add_int(btf, "unsigned int", 4, 0);
	int u64 = btf__add_int(btf, "unsigned long", 8, 0);
	int rt = add_rt_rq(btf, fault, u32, s32, u64);

	btf__add_struct(btf, fault == IMAGE_NO_RQ ? "queue" : "rq",
			fault == IMAGE_TOO_FAR ? 48 : sizeof(struct image_rq));
	field(btf, "nr_running", u32, BITS(struct image_rq, nr_running));
	field(btf, "rt", rt, BITS(struct image_rq, rt));
	field(btf, "cpu", s32, BITS(struct image_rq, cpu));
}

int scan_image_spoil(struct scan_image *image, enum image_fault fault, struct rs_error **err)
{
	struct btf *btf = btf__new_empty();
	const void *raw;
	uint32_t size;
	int ret = 0;

	if (!btf)
		return rs_fail(err, ENOMEM, "no memory for type information");
	describe(btf, fault);
	raw = btf__raw_data(btf, &size);
	if (raw && size <= IMAGE_BTF_MAX) {
		memcpy(image->btf, raw, size);
		image->btf_size = size;
		image->scan->btf_size = htole32(size);
	} else {
		ret = rs_fail(err, ENOSPC, "the type information has no room");
	}
	btf__free(btf);
	return ret;
}

static uint64_t address_of(const struct scan_image *image, const void *at)
{
	return image->address + (uint64_t)((const uint8_t *)at - image->memory);
}

static void empty_queue(struct image_rq *rq, unsigned int vcpu)
{
	memset(rq, 0, sizeof(*rq));
	rq->rt.bitmap[1] = 1ull << (RT_BITS - 64);
	rq->rt.highest = rq->rt.next = RT_BITS - 1;
	rq->cpu = (int32_t)vcpu;
}

int scan_image_make(struct scan_image *image, void *memory, uint64_t address, unsigned int vcpus,
		    struct rs_error **err)
{
	uint8_t *at = memory;

	if (!vcpus || vcpus > RS_VCPU_MAX)
		return rs_fail(err, EINVAL, "%u vCPUs", vcpus);
	*image = (struct scan_image){ .memory = memory, .address = address, .vcpus = vcpus };
	image->scan = (struct rs_scan *)at;
	image->btf = at + (sizeof(struct rs_scan) + 7) / 8 * 8;
	image->rq = (struct image_rq *)(image->btf + IMAGE_BTF_MAX);
	*image->scan = (struct rs_scan){
		.magic = htole32(RS_SCAN_MAGIC),
		.revision = RS_REVISION,
		.vcpus = htole16((uint16_t)vcpus),
		.btf_address = htole64(address_of(image, image->btf)),
	};
	for (unsigned int i = 0; i < vcpus; i++) {
		empty_queue(&image->rq[i], i);
		image->scan->rq_address[i] = htole64(address_of(image, &image->rq[i]));
	}
	return scan_image_spoil(image, IMAGE_SOUND, err);
}

void scan_image_offer(const struct scan_image *image, struct rs_message *message)
{
	message->arg0 = htole32(sizeof(*image->scan));
	message->address = htole64(address_of(image, image->scan));
}

/* ---- changes, in the kernel's order ---- */

#define SET(place, value) __atomic_store_n(&(place), value, __ATOMIC_RELEASE)

static int first_bit(const struct image_rq *rq)
{
	if (rq->rt.bitmap[0])
		return __builtin_ctzll(rq->rt.bitmap[0]);
	return 64 + __builtin_ctzll(rq->rt.bitmap[1]);
}

static void leave_queue(struct image_rq *rq)
{
	if (!rq->rt.queued)
		return;
	SET(rq->nr_running, rq->nr_running - rq->rt.rt_nr_running);
	SET(rq->rt.queued, 0);
}

static void enter_queue(struct image_rq *rq)
{
	if (rq->rt.queued || rq->rt.throttled || !rq->rt.rt_nr_running)
		return;
	SET(rq->nr_running, rq->nr_running + rq->rt.rt_nr_running);
	SET(rq->rt.queued, 1);
}

void scan_image_enqueue(struct scan_image *image, unsigned int vcpu, unsigned int prio)
{
	struct image_rq *rq = &image->rq[vcpu];
	unsigned int bit = RT_BITS - 1 - prio;

	leave_queue(rq);
	rq->tasks[bit]++;
	SET(rq->rt.bitmap[bit / 64], rq->rt.bitmap[bit / 64] | 1ull << bit % 64);
	SET(rq->rt.rt_nr_running, rq->rt.rt_nr_running + 1);
	SET(rq->rt.highest, first_bit(rq));
	enter_queue(rq);
}

void scan_image_dequeue(struct scan_image *image, unsigned int vcpu, unsigned int prio)
{
	struct image_rq *rq = &image->rq[vcpu];
	unsigned int bit = RT_BITS - 1 - prio;

	leave_queue(rq);
	if (!--rq->tasks[bit])
		SET(rq->rt.bitmap[bit / 64], rq->rt.bitmap[bit / 64] & ~(1ull << bit % 64));
	SET(rq->rt.rt_nr_running, rq->rt.rt_nr_running - 1);
	SET(rq->rt.highest, rq->rt.rt_nr_running ? first_bit(rq) : RT_BITS - 1);
	enter_queue(rq);
}

void scan_image_other(struct scan_image *image, unsigned int vcpu, int more)
{
	SET(image->rq[vcpu].nr_running, image->rq[vcpu].nr_running + (uint32_t)more);
}

void scan_image_throttle(struct scan_image *image, unsigned int vcpu, int throttled)
{
	struct image_rq *rq = &image->rq[vcpu];

	SET(rq->rt.throttled, throttled);
	if (throttled)
		leave_queue(rq);
	else
		enter_queue(rq);
}
