// SPDX-License-Identifier: GPL-2.0-or-later
/* Attacks on the queues in guest memory, and on that memory itself. */
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host/cleanup.h"
#include "tests/fake/attacks.h"

/* A START in guest memory that must not be obeyed; its descriptor is bent. */
static struct vring_desc *bent(struct frontend *f)
{
	struct rs_message m = ff_message(f, RS_KIND_START, 1, 50);
	struct ff_queue *q = &f->queue[RS_QUEUE_NOTIFY];

	ff_post(f, &m, sizeof(m), false);
	return &q->desc[(uint16_t)(q->avail->index - 1) % FF_QUEUE_SIZE];
}

static void address_outside(struct frontend *f)
{
	bent(f)->addr = 0;
	bent(f)->addr = FF_GUEST_ADDRESS - 1;
	bent(f)->addr = FF_GUEST_ADDRESS + FF_MEMORY_SIZE - 1;
	bent(f)->addr = ~0ull;
	bent(f)->addr = ~0ull - 47;
	ff_kick(f, RS_QUEUE_NOTIFY);
}

static void lengths(struct frontend *f)
{
	bent(f)->len = 0;
	bent(f)->len = 1;
	bent(f)->len = 0xffffffff;
	bent(f)->len = 0x7fffffff;
	ff_kick(f, RS_QUEUE_NOTIFY);
}

static void chain_loop(struct frontend *f)
{
	struct ff_queue *q = &f->queue[RS_QUEUE_NOTIFY];
	struct vring_desc *d = bent(f);

	d->flags = VRING_DESC_F_NEXT;
	d->next = (uint16_t)(d - q->desc);
	ff_kick(f, RS_QUEUE_NOTIFY);
}

static void chain_out_of_table(struct frontend *f)
{
	struct vring_desc *d = bent(f);

	d->flags = VRING_DESC_F_NEXT;
	d->next = 0xffff;
	ff_kick(f, RS_QUEUE_NOTIFY);
}

static void indirect(struct frontend *f)
{
	bent(f)->flags = VRING_DESC_F_INDIRECT;
	bent(f)->flags = VRING_DESC_F_INDIRECT | VRING_DESC_F_NEXT | VRING_DESC_F_WRITE;
	bent(f)->flags = 0xffff;
	ff_kick(f, RS_QUEUE_NOTIFY);
}

static void writable(struct frontend *f)
{
	bent(f)->flags = VRING_DESC_F_WRITE;
	ff_kick(f, RS_QUEUE_NOTIFY);
}

static void head_out_of_table(struct frontend *f)
{
	ff_post_head(f, RS_QUEUE_NOTIFY, FF_QUEUE_SIZE, false);
	ff_post_head(f, RS_QUEUE_NOTIFY, 0xffff, true);
}

static void index_jumps(struct frontend *f)
{
	f->queue[RS_QUEUE_NOTIFY].avail->index += 30000;
	ff_kick(f, RS_QUEUE_NOTIFY);
	f->queue[RS_QUEUE_NOTIFY].avail->index -= 1;
	ff_kick(f, RS_QUEUE_NOTIFY);
}

/* The parts of the queue lie over each other and over the messages. */
static void queue_over_itself(struct frontend *f)
{
	struct vhost_vring_addr a;

	ff_vring_addr(f, 0, &a);
	a.avail_user_addr = a.used_user_addr = a.desc_user_addr;
	ff_send(f, FF_SET_VRING_ADDR, &a, sizeof(a), NULL, 0, NULL);
	memset(f->queue[0].desc, 0xa5, 4096);
	for (int i = 0; i < 100; i++)
		ff_kick(f, RS_QUEUE_NOTIFY);
}

static void kick_storm(struct frontend *f)
{
	for (int i = 0; i < 20000; i++)
		ff_kick(f, i & 1);
}

/* The file becomes shorter than what is mapped: an access is SIGBUS. The memory
 * is a new one, for the first is sealed against it. */
static void memory_vanishes(struct frontend *f)
{
	cleanup_close int fd = memfd_create("guest", MFD_CLOEXEC);
	struct vhost_vring_addr a;
	struct ff_memory_table t;

	ff_memory_table(f, &t);
	t.region[0].mmap_offset = 0;
	if (fd < 0 || ftruncate(fd, FF_MEMORY_SIZE))
		return;
	ff_send(f, FF_SET_MEM_TABLE, &t, 8 + sizeof(t.region[0]), &fd, 1, NULL);
	for (unsigned int i = 0; i < RS_QUEUE_COUNT; i++) {
		ff_vring_addr(f, i, &a);
		ff_send(f, FF_SET_VRING_ADDR, &a, sizeof(a), NULL, 0, NULL);
	}
	/* An answer says that all of it was handled. */
	if (ff_ask_u64(f, FF_GET_FEATURES, &f->features, NULL) || ftruncate(fd, 0))
		return;
	ff_kick(f, RS_QUEUE_NOTIFY);
	ff_kick(f, RS_QUEUE_EVENT);
}

static void memory_is_taken_away(struct frontend *f)
{
	struct ff_memory_table t = { .count = 0 };

	ff_send(f, FF_SET_MEM_TABLE, &t, 8, NULL, 0, NULL);
	ff_post_head(f, RS_QUEUE_NOTIFY, 0, true);
}

/* A call descriptor that is full: who writes it without care waits for ever. */
static void call_blocks(struct frontend *f)
{
	cleanup_close int fd = eventfd(0, EFD_CLOEXEC);
	uint64_t full = ~0ull - 1, n = RS_QUEUE_NOTIFY;
	struct rs_message m;

	if (fd < 0 || write(fd, &full, sizeof(full)) != sizeof(full))
		return;
	ff_send(f, FF_SET_VRING_CALL, &n, sizeof(n), &fd, 1, NULL);
	for (int i = 0; i < 4; i++) {
		m = ff_message(f, RS_KIND_END, 1, 50);
		ff_post(f, &m, sizeof(m), true);
	}
}

/* The same with a pipe nobody empties, and one nobody reads (SIGPIPE). */
static void call_is_a_pipe(struct frontend *f)
{
	uint64_t n = RS_QUEUE_NOTIFY;
	struct rs_message m;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
		return;
	while (write(ends[1], &n, sizeof(n)) > 0)
		;
	fcntl(ends[1], F_SETFL, 0); /* blocking, and full */
	ff_send(f, FF_SET_VRING_CALL, &n, sizeof(n), &ends[1], 1, NULL);
	m = ff_message(f, RS_KIND_END, 1, 50);
	ff_post(f, &m, sizeof(m), true);
	close(ends[0]);
	close(ends[1]);
	m = ff_message(f, RS_KIND_END, 1, 50);
	ff_post(f, &m, sizeof(m), true);
}

/* Event buffers into which the host must not write. */
static void event_buffers(struct frontend *f)
{
	struct ff_queue *q = &f->queue[RS_QUEUE_EVENT];

	ff_offer_events(f, 3);
	for (unsigned int i = 0; i < FF_QUEUE_SIZE; i++) {
		if (i % 3 == 0)
			q->desc[i].addr = ~0ull - 7;
		else if (i % 3 == 1)
			q->desc[i].flags = 0;
		else
			q->desc[i].len = 1;
	}
	ff_post_head(f, RS_QUEUE_EVENT, 0xffff, true);
}

const struct attack ring_attacks[] = {
	{ "buffers outside of memory", ATTACK_STARTED, address_outside, "rejects.address" },
	{ "lengths", ATTACK_STARTED, lengths, "rejects.length" },
	{ "a chain without end", ATTACK_STARTED, chain_loop, "rejects.descriptor" },
	{ "a chain out of the table", ATTACK_STARTED, chain_out_of_table, "rejects.descriptor" },
	{ "indirect descriptors", ATTACK_STARTED, indirect, "rejects.descriptor" },
	{ "a buffer to write into", ATTACK_STARTED, writable, "rejects.descriptor" },
	{ "a head out of the table", ATTACK_STARTED, head_out_of_table, "rejects.descriptor" },
	{ "the index jumps", ATTACK_STARTED, index_jumps, "rejects.descriptor" },
	{ "a queue over itself", ATTACK_STARTED, queue_over_itself, NULL },
	{ "a storm of kicks", ATTACK_STARTED, kick_storm, NULL },
	{ "memory vanishes", ATTACK_STARTED, memory_vanishes, NULL },
	{ "memory is taken away", ATTACK_STARTED, memory_is_taken_away, NULL },
	{ "a call descriptor that blocks", ATTACK_STARTED, call_blocks, NULL },
	{ "a call descriptor that is a pipe", ATTACK_STARTED, call_is_a_pipe, NULL },
	{ "event buffers", ATTACK_STARTED, event_buffers, NULL },
	{ 0 },
};
