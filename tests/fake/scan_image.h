/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What policy rq_scan finds in a guest, made by hand: a kernel's type
 * information, run queues, and the description that names them, written into
 * any piece of memory that stands for a guest's. It knows nothing of the daemon
 * or of fake VMs, so unit tests and benchmarks use it alike:
 *
 *	struct scan_image image;
 *
 *	scan_image_make(&image, f->memory + SCAN_IMAGE_OFFSET,
 *			FF_GUEST_ADDRESS + SCAN_IMAGE_OFFSET, vcpus, &err);
 *	message = ff_message(f, RS_KIND_SCAN, 0, 0);
 *	scan_image_offer(&image, &message);	then post it
 *	scan_image_enqueue(&image, vcpu, 50);	a SCHED_FIFO task of priority 50
 *	scan_image_dequeue(&image, vcpu, 50);
 *
 * One writer a run queue. Steps of a change are made in the kernel's order, so
 * a reader at the same time sees what a real guest would show.
 */
#ifndef TESTS_SCAN_IMAGE_H
#define TESTS_SCAN_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "guest/uapi/ringsched.h"

struct rs_error;

#define SCAN_IMAGE_OFFSET 0x80000ul /* in a fake VM's memory: free from here on */

/* A run queue as this image's kernel has it: the fields of a real one, at other
 * places. tests/fake/scan_image.c describes it in BTF. */
struct image_rq {
	uint32_t padding;
	uint32_t nr_running;
	struct {
		uint64_t bitmap[2];
		uint32_t rt_nr_running;
		int32_t highest, next;
		int32_t queued, throttled;
		uint32_t padding;
	} rt;
	int32_t cpu;
	uint32_t padding2;
	uint16_t tasks[100]; /* of each priority; the image's own, not read by the daemon */
};

#define IMAGE_BTF_MAX 2048

struct scan_image {
	uint8_t *memory; /* SCAN_IMAGE_SIZE bytes */
	uint64_t address; /* of them, guest-physical */
	unsigned int vcpus;
	struct rs_scan *scan;
	uint8_t *btf;
	size_t btf_size;
	struct image_rq *rq; /* vcpus of them */
};

#define SCAN_IMAGE_SIZE                                               \
	(sizeof(struct rs_scan) + 8 /* alignment */ + IMAGE_BTF_MAX + \
	 RS_VCPU_MAX * sizeof(struct image_rq))

/* What is to be wrong with the kernel's types. */
enum image_fault {
	IMAGE_SOUND,
	IMAGE_NO_RQ, /* no struct rq */
	IMAGE_NO_FIELD, /* one without rt_queued */
	IMAGE_OTHER_SIZE, /* its bitmap has three words */
	IMAGE_NO_THROTTLE, /* as kernels from 6.12 on: sound */
	IMAGE_TOO_FAR, /* a field beyond its struct's end */
};

/* Empty run queues. The memory is aligned to 8 bytes. -errno with a sentence. */
int scan_image_make(struct scan_image *image, void *memory, uint64_t address, unsigned int vcpus,
		    struct rs_error **err);
/* The same with faulty types. */
int scan_image_spoil(struct scan_image *image, enum image_fault fault, struct rs_error **err);

/* Make the message the one that offers the image. */
void scan_image_offer(const struct scan_image *image, struct rs_message *message);

/* prio: SCHED_FIFO priority 1 to 99. */
void scan_image_enqueue(struct scan_image *image, unsigned int vcpu, unsigned int prio);
void scan_image_dequeue(struct scan_image *image, unsigned int vcpu, unsigned int prio);
/* A task of the fair class more or less: nothing that counts. */
void scan_image_other(struct scan_image *image, unsigned int vcpu, int more);
/* The guest's real-time class has used up its share, or may go on. */
void scan_image_throttle(struct scan_image *image, unsigned int vcpu, int throttled);

#endif
