// SPDX-License-Identifier: GPL-2.0-or-later
/* The driver's side of the queues of fake_frontend.h. */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/fake/daemon.h"
#include "tests/fake/fake_frontend.h"

#define MESSAGE_OFFSET 0x20000ul
#define EVENT_OFFSET 0x40000ul
#define BUFFER_STEP 256ul /* bytes of each buffer */
#define TAKE_LIMIT_MS 2000

static uint64_t monotonic_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

struct rs_message ff_message(struct frontend *f, enum rs_kind kind, unsigned int ring_id,
			     unsigned int ring_prio)
{
	return (struct rs_message){
		.kind = kind,
		.revision = RS_REVISION,
		.ring_prio = (uint8_t)ring_prio,
		.ring_id = (uint16_t)ring_id,
		.sequence = ++f->sequence,
		.arg0 = kind == RS_KIND_ATTACH ? f->vm.vcpus : 0,
		.guest_ns = monotonic_ns(),
	};
}

void ff_kick(struct frontend *f, unsigned int queue)
{
	uint64_t one = 1;

	/* Cannot fail on an eventfd that is read or nearly empty. */
	if (write(f->queue[queue].kick, &one, sizeof(one)) < 0)
		return;
}

void ff_post_head(struct frontend *f, unsigned int queue, uint16_t head, bool kick)
{
	struct ff_queue *q = &f->queue[queue];
	uint16_t index = q->avail->index;

	q->avail->ring[index % FF_QUEUE_SIZE] = head;
	/* The entry before the index that shows it. */
	__atomic_store_n(&q->avail->index, (uint16_t)(index + 1), __ATOMIC_RELEASE);
	if (kick)
		ff_kick(f, queue);
}

void ff_post(struct frontend *f, const void *bytes, uint32_t size, bool kick)
{
	struct ff_queue *q = &f->queue[RS_QUEUE_NOTIFY];
	uint16_t slot = q->avail->index % FF_QUEUE_SIZE;
	uint64_t offset = MESSAGE_OFFSET + slot * BUFFER_STEP;

	memcpy(f->memory + offset, bytes, size < BUFFER_STEP ? size : BUFFER_STEP);
	q->desc[slot] = (struct vring_desc){ .addr = FF_GUEST_ADDRESS + offset, .len = size };
	ff_post_head(f, RS_QUEUE_NOTIFY, slot, kick);
}

bool ff_drained(struct frontend *f, unsigned int queue, int limit_ms)
{
	struct ff_queue *q = &f->queue[queue];
	int64_t end = now_ms() + limit_ms;

	while (__atomic_load_n(&q->used->index, __ATOMIC_ACQUIRE) != q->avail->index) {
		if (now_ms() > end)
			return false;
		short_pause();
	}
	return true;
}

bool ff_notify(struct frontend *f, enum rs_kind kind, unsigned int ring_id, unsigned int ring_prio)
{
	struct rs_message m = ff_message(f, kind, ring_id, ring_prio);

	ff_post(f, &m, sizeof(m), true);
	return ff_drained(f, RS_QUEUE_NOTIFY, TAKE_LIMIT_MS);
}

static void offer_event_buffer(struct frontend *f)
{
	struct ff_queue *q = &f->queue[RS_QUEUE_EVENT];
	uint16_t slot = q->avail->index % FF_QUEUE_SIZE;

	q->desc[slot] = (struct vring_desc){
		.addr = FF_GUEST_ADDRESS + EVENT_OFFSET + slot * BUFFER_STEP,
		.len = sizeof(struct rs_event),
		.flags = VRING_DESC_F_WRITE,
	};
	ff_post_head(f, RS_QUEUE_EVENT, slot, true);
}

void ff_offer_events(struct frontend *f, unsigned int count)
{
	while (count--)
		offer_event_buffer(f);
}

bool ff_event(struct frontend *f, struct rs_event *event, int limit_ms)
{
	struct ff_queue *q = &f->queue[RS_QUEUE_EVENT];
	int64_t end = now_ms() + limit_ms;
	const struct vring_used_elem *e;

	while (__atomic_load_n(&q->used->index, __ATOMIC_ACQUIRE) == q->used_seen) {
		if (now_ms() > end)
			return false;
		short_pause();
	}
	e = &q->used->ring[q->used_seen++ % FF_QUEUE_SIZE];
	if (e->id >= FF_QUEUE_SIZE || e->len != sizeof(*event))
		return false;
	memcpy(event, f->memory + EVENT_OFFSET + e->id * BUFFER_STEP, sizeof(*event));
	return true;
}
