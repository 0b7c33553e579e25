// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a guest can do to its device that no driver would. Each is done again
 * and again until the test has seen enough; then the guest resets the device
 * and is a good one: what it did must not cost it its own service either.
 */
#include <linux/virtio_config.h>

#include "tests/nano/modes.h"

#define MEMORY_END 0x2000000ull /* 32 MiB, as the test starts it */
#define ANSWER_NS 2000000ull /* in which the daemon mostly has looked */

static struct queue elsewhere; /* a second queue, for those that move */

static void linger(uint64_t ns)
{
	uint64_t end = clock_ns() + ns;

	while (clock_ns() < end)
		__asm__ volatile("pause");
}

static struct queue *notify_queue(struct device *d)
{
	return &d->queue[RS_QUEUE_NOTIFY];
}

/* A START that must not be obeyed; its descriptor is still to be bent. */
static struct vring_desc *bent(struct device *d, const struct options *o, uint16_t *slot)
{
	device_message(d, RS_KIND_START, slot)->ring_prio = o->prio;
	return &notify_queue(d)->desc[*slot];
}

static void start_again(struct device *d)
{
	device_reset(d);
	device_start_again(d, NULL);
}

/* ---- descriptors and indices ---- */

static void heads(struct device *d, const struct options *o, uint32_t i)
{
	static const uint16_t bad[] = { DEVICE_QUEUE_SIZE, 0xffff, 0x8000 };

	(void)o;
	queue_post(notify_queue(d), bad[i % 3]);
	linger(ANSWER_NS);
}

static void chains(struct device *d, const struct options *o, uint32_t i)
{
	static const uint16_t flags[] = {
		VRING_DESC_F_NEXT,
		VRING_DESC_F_INDIRECT,
		VRING_DESC_F_NEXT | VRING_DESC_F_INDIRECT | VRING_DESC_F_WRITE,
		VRING_DESC_F_WRITE,
	};
	uint16_t slot;
	struct vring_desc *desc = bent(d, o, &slot);

	desc->flags = flags[i % 4];
	/* To itself, round all of the table, and out of it. */
	desc->next = i % 3 == 0 ? slot : i % 3 == 1 ? (slot + 1) % DEVICE_QUEUE_SIZE : 0xffff;
	queue_post(notify_queue(d), slot);
	queue_drained(notify_queue(d), ANSWER_NS);
}

static void addresses(struct device *d, const struct options *o, uint32_t i)
{
	static const uint64_t bad[] = { MEMORY_END, MEMORY_END - 1, 0x7fffff000000ull, ~0ull,
					~0ull - sizeof(struct rs_message) + 1 };
	uint16_t slot;

	bent(d, o, &slot)->addr = bad[i % 5];
	queue_post(notify_queue(d), slot);
	queue_drained(notify_queue(d), ANSWER_NS);
}

static void lengths(struct device *d, const struct options *o, uint32_t i)
{
	static const uint32_t bad[] = {
		0,	    1,	       sizeof(struct rs_message) - 1, sizeof(struct rs_message) + 1,
		0x7fffffff, 0xffffffff
	};
	uint16_t slot;

	bent(d, o, &slot)->len = bad[i % 6];
	queue_post(notify_queue(d), slot);
	queue_drained(notify_queue(d), ANSWER_NS);
}

/* Forwards and backwards; the queue is given up for it, so it is made anew. */
static void jumps(struct device *d, const struct options *o, uint32_t i)
{
	(void)o;
	notify_queue(d)->avail.index += i & 1 ? 0xfffe : 20000;
	queue_post(notify_queue(d), 0);
	linger(ANSWER_NS);
	start_again(d);
}

/* A descriptor is written over while the host may be reading it. */
static void rewrites(struct device *d, const struct options *o, uint32_t i)
{
	uint16_t slot;
	volatile struct vring_desc *desc = bent(d, o, &slot);

	(void)i;
	d->message[slot].revision = 0xff; /* never sound, at no moment */
	queue_post(notify_queue(d), slot);
	for (int n = 0; n < 300; n++) {
		desc->addr = n & 1 ? ~0ull : (uintptr_t)&d->message[slot];
		desc->len = n & 2 ? 0xffffffff : sizeof(struct rs_message);
		desc->flags = n & 4 ? VRING_DESC_F_INDIRECT : 0;
		d->message[slot].revision = n & 8 ? 0xff : RS_REVISION + 1;
	}
	queue_drained(notify_queue(d), ANSWER_NS);
}

/* ---- the other queue: what the host is to write into ---- */

static void events(struct device *d, const struct options *o, uint32_t i)
{
	struct queue *q = &d->queue[RS_QUEUE_EVENT];

	(void)o;
	for (uint16_t n = 0; n < DEVICE_QUEUE_SIZE; n++) {
		q->desc[n].addr = n % 4 == 0 ? MEMORY_END - 1 : (uintptr_t)&d->event[n];
		q->desc[n].len = n % 4 == 1 ? 1 : sizeof(d->event[n]);
		q->desc[n].flags = n % 4 == 2 ? 0 : VRING_DESC_F_WRITE;
		q->avail.ring[n] = n % 4 == 3 ? 0xffff : n;
	}
	queue_post(q, (uint16_t)i % DEVICE_QUEUE_SIZE);
	linger(ANSWER_NS);
}

/* ---- where the queues are ---- */

static void place_both(struct device *d, const struct queue_place *place)
{
	const struct queue_place places[RS_QUEUE_COUNT] = { *place, *place };

	device_reset(d);
	device_start_again(d, places);
	for (int n = 0; n < 20; n++)
		*notify_queue(d)->doorbell = RS_QUEUE_NOTIFY;
	linger(ANSWER_NS);
}

/* Its parts over each other, and full of what makes no sense. */
static void overlap(struct device *d, const struct options *o, uint32_t i)
{
	const struct queue_place place = {
		.desc = (uintptr_t)elsewhere.desc,
		.avail = (uintptr_t)elsewhere.desc,
		.used = (uintptr_t)elsewhere.desc,
		.size = DEVICE_QUEUE_SIZE,
	};

	(void)o;
	for (uint32_t n = 0; n < sizeof(elsewhere.desc); n++)
		((volatile uint8_t *)elsewhere.desc)[n] = (uint8_t)(0xa5 + i);
	place_both(d, &place);
}

/* QEMU cannot map it, or it ends in the middle. */
static void outside(struct device *d, const struct options *o, uint32_t i)
{
	static const uint64_t bad[] = { 0x7fffff000000ull, MEMORY_END - 16 };
	const struct queue_place place = {
		.desc = bad[i & 1],
		.avail = bad[i & 1],
		.used = bad[i & 1],
		.size = DEVICE_QUEUE_SIZE,
	};

	(void)o;
	place_both(d, &place);
}

/* A number of entries that is no power of two. */
static void odd_size(struct device *d, const struct options *o, uint32_t i)
{
	const struct queue_place place = {
		.desc = (uintptr_t)elsewhere.desc,
		.avail = (uintptr_t)&elsewhere.avail,
		.used = (uintptr_t)&elsewhere.used,
		.size = (uint16_t)(i & 1 ? 3 : 63),
	};

	(void)o;
	place_both(d, &place);
}

/* It moves while it is in use, with messages in both places. */
static void moves(struct device *d, const struct options *o, uint32_t i)
{
	const struct queue_place place = {
		.desc = (uintptr_t)elsewhere.desc,
		.avail = (uintptr_t)&elsewhere.avail,
		.used = (uintptr_t)&elsewhere.used,
		.size = DEVICE_QUEUE_SIZE,
	};
	uint16_t slot;

	bent(d, o, &slot)->len = 0;
	elsewhere.desc[slot] = notify_queue(d)->desc[slot];
	elsewhere.avail.ring[0] = slot;
	elsewhere.avail.index = (uint16_t)(1 + i);
	queue_post(notify_queue(d), slot);
	device_place(d, RS_QUEUE_NOTIFY, &place);
	*notify_queue(d)->doorbell = RS_QUEUE_NOTIFY;
	queue_drained(notify_queue(d), ANSWER_NS);
	if (i % 4 == 3)
		start_again(d);
}

/* ---- floods, and resets in the middle ---- */

static void kicks(struct device *d, const struct options *o, uint32_t i)
{
	(void)o;
	(void)i;
	for (int n = 0; n < 64; n++)
		*d->queue[n & 1].doorbell = n & 1;
}

/* Inside a ring; a kick is still on its way. */
static void resets(struct device *d, const struct options *o, uint32_t i)
{
	uint16_t slot;

	bent(d, o, &slot)->len = i & 1 ? 0 : sizeof(struct rs_message);
	queue_post(notify_queue(d), slot);
	if (i & 2)
		linger(ANSWER_NS);
	device_reset(d);
	*notify_queue(d)->doorbell = RS_QUEUE_NOTIFY;
	device_start_again(d, NULL);
}

static const struct {
	const char *name;
	void (*again)(struct device *d, const struct options *o, uint32_t i);
} attacks[] = {
	{ "heads", heads },	  { "chains", chains },	  { "addresses", addresses },
	{ "lengths", lengths },	  { "jumps", jumps },	  { "rewrites", rewrites },
	{ "events", events },	  { "overlap", overlap }, { "outside", outside },
	{ "odd_size", odd_size }, { "moves", moves },	  { "kicks", kicks },
	{ "resets", resets },
};

/* As any driver, from the beginning: START and END are obeyed. */
static enum nano_exit be_good(struct device *d, const struct options *o)
{
	start_again(d);
	device_send(d, RS_KIND_ATTACH, 0, 0);
	device_send(d, RS_KIND_START, o->ring, o->prio);
	if (!pause_at("held"))
		return NANO_TIMEOUT;
	device_send(d, RS_KIND_END, o->ring, o->prio);
	return pause_at("ended") ? NANO_OK : NANO_TIMEOUT;
}

enum nano_exit run_attack(struct device *d, const struct options *o)
{
	uint32_t i, done;

	for (i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++)
		if (same(attacks[i].name, o->attack))
			break;
	if (i == sizeof(attacks) / sizeof(attacks[0]))
		return NANO_BAD_ARGUMENT;
	if (!pause_at("attached"))
		return NANO_TIMEOUT;
	for (done = 0; serial_wait(0) < 0; done++)
		attacks[i].again(d, o, done);
	say("nano: %s done %u times\n", o->attack, done);
	return be_good(d, o);
}
