// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/nano/modes.h"

#define WAIT_LIMIT_NS 20000000000ull /* for a byte of the test */
#define ANSWER_LIMIT_NS 300000000ull /* for a used entry that need not come */
#define RESET_PORT 0xcf9 /* of the PIIX3's reset control */
#define RESET_CPU 0x06

static void work(uint64_t us)
{
	uint64_t end = clock_ns() + us * 1000;

	while (clock_ns() < end)
		__asm__ volatile("pause");
}

bool pause_at(const char *where)
{
	say("nano: %s\n", where);
	return serial_wait(WAIT_LIMIT_NS) >= 0;
}

static void one_ring(struct device *d, const struct options *o)
{
	device_send(d, RS_KIND_START, o->ring, o->prio);
	work(o->work_us);
	device_send(d, RS_KIND_END, o->ring, o->prio);
}

static enum nano_exit run_rings(struct device *d, const struct options *o)
{
	for (uint32_t i = 0; i < o->count; i++)
		one_ring(d, o);
	return NANO_OK;
}

static enum nano_exit run_hold(struct device *d, const struct options *o)
{
	if (!pause_at("attached"))
		return NANO_TIMEOUT;
	device_send(d, RS_KIND_START, o->ring, o->prio);
	if (!pause_at("held"))
		return NANO_TIMEOUT;
	device_send(d, RS_KIND_END, o->ring, o->prio);
	return pause_at("ended") ? NANO_OK : NANO_TIMEOUT;
}

/* Never an END: it works on until the test has seen enough. */
static enum nano_exit run_rogue(struct device *d, const struct options *o)
{
	device_send(d, RS_KIND_START, o->ring, o->prio);
	return pause_at("wild") ? NANO_OK : NANO_TIMEOUT;
}

/* START and END as fast as they go, for as long as the test wants. */
static enum nano_exit run_flip(struct device *d, const struct options *o)
{
	say("nano: flipping\n");
	while (serial_wait(0) < 0)
		one_ring(d, o);
	return NANO_OK;
}

/* A second ring above the first: the VM follows the higher, then the lower. */
static enum nano_exit run_nest(struct device *d, const struct options *o)
{
	device_send(d, RS_KIND_START, o->ring, o->prio);
	device_send(d, RS_KIND_START, o->ring + 1, o->prio + 10);
	if (!pause_at("higher"))
		return NANO_TIMEOUT;
	device_send(d, RS_KIND_END, o->ring + 1, o->prio + 10);
	if (!pause_at("lower"))
		return NANO_TIMEOUT;
	device_send(d, RS_KIND_END, o->ring, o->prio);
	return pause_at("ended") ? NANO_OK : NANO_TIMEOUT;
}

/* The host changes its policy meanwhile: an event says what to report. */
static enum nano_exit run_event(struct device *d, const struct options *o)
{
	uint64_t end;
	const struct rs_event *e;

	(void)o;
	while (device_event(d))
		; /* what was told at the start is not asked for here */
	say("nano: listening\n");
	end = clock_ns() + WAIT_LIMIT_NS;
	while (!(e = device_event(d)))
		if (clock_ns() > end)
			return NANO_TIMEOUT;
	say("nano: event %u revision %u argument %u\n", (uint32_t)e->kind, (uint32_t)e->revision,
	    e->arg0);
	return e->kind == RS_EVENT_SOURCE && e->revision == RS_REVISION ? NANO_OK :
									  NANO_WRONG_ANSWER;
}

/* The device is reset inside a ring: no END will ever come. */
static enum nano_exit run_reset(struct device *d, const struct options *o)
{
	device_send(d, RS_KIND_START, o->ring, o->prio);
	if (!pause_at("held"))
		return NANO_TIMEOUT;
	device_reset(d);
	return pause_at("reset") ? NANO_OK : NANO_TIMEOUT;
}

/* A hostile buffer was posted: the host may use it or stop the queue. */
static enum nano_exit after_hostile(struct device *d, const char *what)
{
	bool used = queue_drained(&d->queue[RS_QUEUE_NOTIFY], ANSWER_LIMIT_NS);

	say("nano: %s %s\n", what, used ? "used" : "not used");
	return pause_at("hostile") ? NANO_OK : NANO_TIMEOUT;
}

static enum nano_exit run_outside(struct device *d, const struct options *o)
{
	uint16_t slot;

	device_message(d, RS_KIND_START, &slot)->ring_prio = o->prio;
	d->queue[RS_QUEUE_NOTIFY].desc[slot].addr = 0x7fffff000000ull;
	queue_post(&d->queue[RS_QUEUE_NOTIFY], slot);
	return after_hostile(d, "outside");
}

static enum nano_exit run_short(struct device *d, const struct options *o)
{
	uint16_t slot;

	device_message(d, RS_KIND_START, &slot)->ring_prio = o->prio;
	d->queue[RS_QUEUE_NOTIFY].desc[slot].len = sizeof(struct rs_message) - 1;
	queue_post(&d->queue[RS_QUEUE_NOTIFY], slot);
	return after_hostile(d, "short");
}

/* A chain that leads back to itself. */
static enum nano_exit run_loop(struct device *d, const struct options *o)
{
	struct vring_desc *desc = d->queue[RS_QUEUE_NOTIFY].desc;
	uint16_t slot;

	device_message(d, RS_KIND_START, &slot)->ring_prio = o->prio;
	desc[slot].flags = VRING_DESC_F_NEXT;
	desc[slot].next = slot;
	queue_post(&d->queue[RS_QUEUE_NOTIFY], slot);
	return after_hostile(d, "loop");
}

/* An available index far past what the ring can hold. */
static enum nano_exit run_flood(struct device *d, const struct options *o)
{
	struct queue *q = &d->queue[RS_QUEUE_NOTIFY];

	(void)o;
	q->avail.index += 20000;
	queue_post(q, 0);
	return after_hostile(d, "flood");
}

static enum nano_exit run_garbage(struct device *d, const struct options *o)
{
	for (uint32_t i = 0; i < o->count; i++) {
		uint16_t slot;
		struct rs_message *m = device_message(d, RS_KIND_COUNT + i, &slot);

		m->ring_id = 0xffff;
		m->vcpu = 0xffff;
		m->ring_prio = 255;
		queue_post(&d->queue[RS_QUEUE_NOTIFY], slot);
		if (!queue_drained(&d->queue[RS_QUEUE_NOTIFY], ANSWER_LIMIT_NS))
			break;
	}
	return after_hostile(d, "garbage");
}

/* As a guest's kernel does that restarts the machine. */
static void order_restart(struct device *d, const struct options *o)
{
	(void)d;
	(void)o;
	out8(RESET_PORT, RESET_CPU);
	for (;;) /* until it is done */
		__asm__ volatile("cli; hlt");
}

/* No handler for the exception, none for that failure, and none for the next:
 * what is left of a guest whose kernel has lost itself. */
static void order_fault(struct device *d, const struct options *o)
{
	static const struct {
		uint16_t limit;
		uint32_t base;
	} __attribute__((packed)) no_handlers;

	(void)d;
	(void)o;
	__asm__ volatile("lidt %0; ud2" : : "m"(no_handlers));
}

static void order_start(struct device *d, const struct options *o)
{
	device_send(d, RS_KIND_START, o->ring, o->prio);
}

static void order_end(struct device *d, const struct options *o)
{
	device_send(d, RS_KIND_END, o->ring, o->prio);
}

static const struct {
	char byte;
	void (*act)(struct device *d, const struct options *o);
} orders[] = {
	{ 's', order_start },
	{ 'e', order_end },
	{ 'r', order_restart },
	{ 't', order_fault },
};

/* Whatever the test says, a byte an order, until it says q. */
static enum nano_exit run_obey(struct device *d, const struct options *o)
{
	for (;;) {
		int byte;

		say("nano: ready\n");
		byte = serial_wait(WAIT_LIMIT_NS);
		if (byte < 0)
			return NANO_TIMEOUT;
		if (byte == 'q')
			return NANO_OK;
		for (uint32_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
			if (orders[i].byte == byte)
				orders[i].act(d, o);
	}
}

static const struct mode modes[] = {
	{ "rings", "count times START, work, END", true, run_rings },
	{ "hold", "stop before START, between START and END, after END", true, run_hold },
	{ "rogue", "START, work without END until told to stop", true, run_rogue },
	{ "flip", "START, work, END without a rest until told to stop", true, run_flip },
	{ "obey", "START, END, restart or fault, as the test says", true, run_obey },
	{ "nest", "a higher ring inside a lower one", true, run_nest },
	{ "event", "wait for an event of the host", true, run_event },
	{ "reset", "reset the device inside a ring", false, run_reset },
	{ "outside", "a buffer outside of memory", false, run_outside },
	{ "short", "a buffer one byte too short", false, run_short },
	{ "loop", "a descriptor chain without end", false, run_loop },
	{ "flood", "an available index past the ring's size", false, run_flood },
	{ "garbage", "count messages of no known kind", false, run_garbage },
	{ "attack", "one of attacks.c until told to stop, then a proper ring", true, run_attack },
	{ 0 },
};

bool same(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

const struct mode *mode_find(const char *name)
{
	for (const struct mode *m = modes; m->name; m++)
		if (same(m->name, name))
			return m;
	return NULL;
}
