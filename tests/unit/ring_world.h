/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The world around the ring engine in a unit test: a clock that the test
 * moves, timers that fire when it is moved, and a record of what was woken
 * and sent. The engine itself is the module's own source, included here.
 */
#ifndef RING_WORLD_H
#define RING_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "guest/module/member.c"
#include "guest/module/ring.c"

#define MS 1000000ull
#define PERIOD (20 * MS)
#define SENT_MAX 64
#define WORLD_MEMBERS 64

struct sent {
	enum rs_kind kind;
	__u32 ring_id, arg0;
	__u64 at, next_start;
	bool owed;
};

struct world {
	struct rs_engine engine;
	struct rs_member members[WORLD_MEMBERS];
	bool woken[WORLD_MEMBERS];
	__u64 now;
	__u64 timers[RS_RING_MAX]; /* 0 = off */
	unsigned int arms;
	bool deaf; /* nothing reaches the host */
	unsigned int sent_count; /* counts on where the record is full */
	struct sent sent[SENT_MAX];
};

static struct world w;

static void world_wake(struct rs_member *member)
{
	assert_true(member->waiting);
	w.woken[member - w.members] = true;
}

static void world_arm(struct rs_ring *ring, __u64 expires)
{
	w.timers[ring - w.engine.rings] = expires;
	w.arms++;
}

static bool world_send(struct rs_ring *ring, enum rs_kind kind, __u32 arg0, __u64 now,
		       __u64 next_start, bool owed)
{
	if (w.deaf && !owed)
		return false;
	if (w.sent_count < SENT_MAX)
		w.sent[w.sent_count] = (struct sent){
			.kind = kind,
			.ring_id = ring->params.ring_id,
			.arg0 = arg0,
			.at = now,
			.next_start = next_start,
			.owed = owed,
		};
	w.sent_count++;
	return true;
}

static const struct rs_ring_ops world_ops = {
	.wake = world_wake,
	.arm = world_arm,
	.send = world_send,
};

static inline int world_setup(void **state)
{
	(void)state;
	memset(&w, 0, sizeof(w));
	w.now = 1000 * MS;
	rs_engine_init(&w.engine, &world_ops);
	return 0;
}

/* The ring whose timer fires next, or RS_RING_MAX. */
static inline unsigned int world_next_timer(void)
{
	unsigned int i, next = RS_RING_MAX;

	for (i = 0; i < RS_RING_MAX; i++)
		if (w.timers[i] && (next == RS_RING_MAX || w.timers[i] < w.timers[next]))
			next = i;
	return next;
}

/* Move the clock; timers fire at their times in between. */
static inline void world_until(__u64 when)
{
	unsigned int i;

	while ((i = world_next_timer()) < RS_RING_MAX && w.timers[i] <= when) {
		if (w.timers[i] > w.now)
			w.now = w.timers[i];
		w.timers[i] = 0;
		rs_ring_tick(&w.engine.rings[i], w.now);
	}
	w.now = when;
}

static inline void world_pass(__u64 duration)
{
	world_until(w.now + duration);
}

static inline struct rs_ring_params world_params(__u32 id, __u32 prio, __u32 members)
{
	return (struct rs_ring_params){
		.ring_id = id,
		.ring_prio = prio,
		.members = members,
		.vcpu = -1,
		.period_ns = PERIOD,
		.deadline_ns = 5 * MS,
	};
}

static inline int world_join(unsigned int member, __u32 ring_id, __u32 slot)
{
	const struct rs_ring_join join = { .ring_id = ring_id, .slot = slot };

	return rs_member_join(&w.engine, &w.members[member], &join);
}

/* RS_IOC_RING_WAIT up to where it would sleep: -EAGAIN means it sleeps. */
static inline int world_wait(unsigned int member, struct rs_turn *turn)
{
	struct rs_turn scratch;
	int error;

	error = rs_member_complete(&w.members[member], w.now);
	w.woken[member] = false;
	return error ? error : rs_member_take(&w.members[member], w.now, turn ? turn : &scratch);
}

/* It was woken, so it comes back from its wait with a turn. */
static inline struct rs_turn world_resume(unsigned int member)
{
	struct rs_turn turn;

	assert_true(w.woken[member]);
	w.woken[member] = false;
	assert_int_equal(rs_member_take(&w.members[member], w.now, &turn), 0);
	return turn;
}

/*
 * A ring of `count` members, the world's members first, first + 1, ..., all
 * waiting, first release one period from now.
 */
static inline struct rs_ring *world_ring(__u32 id, __u32 prio, unsigned int first,
					 unsigned int count)
{
	const struct rs_ring_params params = world_params(id, prio, count);
	struct rs_ring *ring;
	unsigned int i;

	assert_int_equal(rs_ring_create(&w.engine, &params, NULL), 0);
	ring = rs_ring_find(&w.engine, id);
	assert_non_null(ring);
	for (i = 0; i < count; i++) {
		assert_int_equal(world_join(first + i, id, i), 0);
		assert_int_equal(world_wait(first + i, NULL), -EAGAIN);
	}
	assert_int_equal(rs_ring_start(ring, w.now + PERIOD, w.now), 0);
	return ring;
}

/* The turn of a member from its waking to its next wait, `work` later. */
static inline struct rs_turn world_turn(unsigned int member, __u64 work)
{
	struct rs_turn turn = world_resume(member);

	world_pass(work);
	assert_int_equal(world_wait(member, NULL), -EAGAIN);
	return turn;
}

static inline void assert_sent(unsigned int index, enum rs_kind kind, __u32 ring_id)
{
	assert_in_range(index, 0, w.sent_count - 1);
	assert_int_equal(w.sent[index].kind, kind);
	assert_int_equal(w.sent[index].ring_id, ring_id);
}

#endif /* RING_WORLD_H */
