// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The ring engine; see ring.h.
 *
 * A period of a ring: its release gives the turn to the first member; each
 * completion, skip or departure passes it on; past the last place the period
 * ends. START is due when the first member takes its turn (not when it is
 * given: only a running process can tell that the ring's work begins), END
 * when the period ends, if START was told.
 */
#include "ring.h"

void rs_engine_init(struct rs_engine *engine, const struct rs_ring_ops *ops)
{
	unsigned int i;

	memset(engine, 0, sizeof(*engine));
	engine->ops = ops;
	for (i = 0; i < RS_RING_MAX; i++)
		engine->rings[i].engine = engine;
}

struct rs_ring *rs_ring_find(struct rs_engine *engine, __u32 id)
{
	if (id >= RS_RING_MAX || engine->rings[id].state == RS_RING_FREE)
		return NULL;
	return &engine->rings[id];
}

static bool by_interrupt(const struct rs_ring *ring)
{
	return ring->params.trigger == RS_TRIGGER_INTERRUPT;
}

/* Set the timer to the next thing that can be due; no call if it is set so already. */
static void rearm(struct rs_ring *ring)
{
	__u64 expires = 0;

	if (ring->state == RS_RING_RUNNING) {
		__u64 cut = ring->given + ring->params.deadline_ns;

		if (!by_interrupt(ring))
			expires = ring->next_release;
		if (ring->active && (!expires || cut < expires))
			expires = cut;
	}
	if (expires == ring->armed)
		return;
	ring->armed = expires;
	ring->engine->ops->arm(ring, expires);
}

/* Time from now to the first planned release after now; 0 only where none is planned. */
static __u64 until_next_start(const struct rs_ring *ring, __u64 now)
{
	__u64 late;

	if (ring->state != RS_RING_RUNNING || by_interrupt(ring))
		return 0;
	if (ring->next_release > now)
		return ring->next_release - now;
	late = now - ring->next_release;
	return ring->params.period_ns - late +
	       rs_divide(late, ring->params.period_ns) * ring->params.period_ns;
}

bool rs_ring_tell(struct rs_ring *ring, enum rs_kind kind, __u32 arg0, __u64 now, bool owed)
{
	return ring->engine->ops->send(ring, kind, arg0, now, until_next_start(ring, now), owed);
}

/* May order[place] have a turn in the period that runs? */
static bool takes_part(const struct rs_ring *ring, unsigned int place)
{
	const struct rs_member *member = ring->order[place];

	if (!member)
		return false;
	if (place < ring->params.members)
		return !member->visited; /* away: passed over */
	return member->visit_from <= ring->sequence;
}

unsigned int rs_ring_next_place(const struct rs_ring *ring, unsigned int place)
{
	while (place < RS_MEMBER_MAX && !takes_part(ring, place))
		place++;
	return place;
}

static void end_period(struct rs_ring *ring, __u64 now)
{
	ring->active = false;
	ring->holder = NULL;
	ring->taken = false;
	if (ring->reported)
		rs_ring_tell(ring, RS_KIND_END, 0, now, true);
	else if (!ring->begun)
		rs_count(ring, periods_empty);
	ring->reported = false;
}

/* Give the turn to the first who takes part from `place` on, or end the period. */
static void give_turn(struct rs_ring *ring, unsigned int place, __u64 now)
{
	place = rs_ring_next_place(ring, place);
	if (place == RS_MEMBER_MAX) {
		end_period(ring, now);
		return;
	}
	ring->position = place;
	ring->holder = ring->order[place];
	ring->taken = false;
	ring->given = now;
	rs_member_wake(ring, ring->holder);
}

static void begin_period(struct rs_ring *ring, __u64 sequence, __u64 release, __u64 now)
{
	ring->active = true;
	ring->begun = false;
	ring->reported = false;
	ring->release = release;
	ring->sequence = sequence;
	rs_count(ring, periods);
	give_turn(ring, 0, now);
}

/* The period of an interrupt, which may have waited for the one before to end. */
static void begin_interrupt(struct rs_ring *ring, __u64 sequence,
			    const struct rs_interrupt *interrupt, __u64 now)
{
	ring->raised = interrupt->raised;
	ring->event = ring->newest_event;
	begin_period(ring, sequence, interrupt->handled, now);
}

/*
 * Every release up to now: the first begins a period if none runs, the rest
 * are skipped. One division, not a loop: a vCPU may have stood still for long.
 */
static void handle_releases(struct rs_ring *ring, __u64 now)
{
	__u64 skipped;

	if (!ring->active && ring->next_release <= now) {
		__u64 release = ring->next_release;

		ring->next_release += ring->params.period_ns;
		begin_period(ring, ring->next_sequence++, release, now);
	}
	if (ring->next_release > now)
		return;
	skipped = rs_divide(now - ring->next_release, ring->params.period_ns) + 1;
	ring->next_sequence += skipped;
	ring->next_release += skipped * ring->params.period_ns;
	ring->counts.periods_skipped += skipped;
	ring->engine->total.periods_skipped += skipped;
}

void rs_ring_pass_on(struct rs_ring *ring, __u64 now)
{
	/*
	 * A release whose time came while the turn lasted is skipped, also
	 * when the timer has not been seen yet.
	 */
	if (!by_interrupt(ring))
		handle_releases(ring, now);
	give_turn(ring, ring->position + 1, now);
	/* The period is over: the interrupt that waited for that has its own. */
	if (!ring->active && ring->queued && ring->state == RS_RING_RUNNING) {
		ring->queued = false;
		begin_interrupt(ring, ring->waiting_sequence, &ring->waiting, now);
	}
	rearm(ring);
}

/* The holder had its time: the next one has the turn, and a visitor goes home. */
static void skip_turn(struct rs_ring *ring, __u64 now)
{
	struct rs_member *member = ring->holder;

	rs_count(ring, turns_skipped);
	if (member->visited == ring) {
		rs_member_return(member);
		rs_member_wake(ring, member);
	}
	rs_ring_pass_on(ring, now);
}

void rs_ring_tick(struct rs_ring *ring, __u64 now)
{
	/*
	 * A timer that is set fires once: whatever it was set to is used up
	 * when its time has come.
	 */
	if (ring->armed && ring->armed <= now)
		ring->armed = 0;
	if (ring->state != RS_RING_RUNNING)
		return;
	/* Releases first: one that came while the turn still ran is skipped. */
	if (!by_interrupt(ring))
		handle_releases(ring, now);
	/* At most one skip: the next holder's time begins now. */
	if (ring->active && now >= ring->given + ring->params.deadline_ns)
		skip_turn(ring, now);
	rearm(ring);
}

/* Every interrupt is a release and has a number, whether it is served or not. */
static void release_by(struct rs_ring *ring, const struct rs_interrupt *interrupt, __u64 now)
{
	__u64 sequence = ring->next_sequence++;

	rs_count(ring, interrupts);
	ring->newest_event = interrupt->event;
	if (!ring->active) {
		begin_interrupt(ring, sequence, interrupt, now);
	} else if (!ring->queued) {
		ring->queued = true;
		ring->waiting = *interrupt;
		ring->waiting_sequence = sequence;
		rs_count(ring, interrupts_queued);
	} else {
		rs_count(ring, periods_skipped);
	}
	rearm(ring);
}

unsigned int rs_engine_interrupt(struct rs_engine *engine, const struct rs_interrupt *interrupt,
				 __u64 now)
{
	unsigned int i, bound = 0;

	for (i = 0; i < RS_RING_MAX; i++) {
		struct rs_ring *ring = &engine->rings[i];

		if (ring->state != RS_RING_RUNNING || !by_interrupt(ring) ||
		    ring->params.interrupt != interrupt->number)
			continue;
		release_by(ring, interrupt, now);
		bound++;
	}
	return bound;
}

__u64 rs_ring_next_sequence(const struct rs_ring *ring)
{
	return ring->queued ? ring->waiting_sequence : ring->next_sequence;
}

static bool trigger_valid(const struct rs_ring_params *params)
{
	if (params->trigger == RS_TRIGGER_TIMER)
		return params->interrupt == 0;
	return params->trigger == RS_TRIGGER_INTERRUPT && params->interrupt < RS_INTERRUPT_MAX &&
	       params->offset_ns == 0;
}

static bool params_valid(const struct rs_ring_params *params)
{
	return params->ring_id < RS_RING_MAX && params->ring_prio >= RS_PRIO_MIN &&
	       params->ring_prio <= RS_PRIO_MAX && params->members >= 1 &&
	       params->members <= RS_MEMBER_MAX && params->vcpu >= -1 &&
	       params->period_ns >= RS_PERIOD_MIN_NS && params->period_ns <= RS_PERIOD_MAX_NS &&
	       params->deadline_ns >= 1 && params->deadline_ns <= 10 * params->period_ns &&
	       params->offset_ns <= RS_PERIOD_MAX_NS && trigger_valid(params);
}

int rs_ring_create(struct rs_engine *engine, const struct rs_ring_params *params, const void *owner)
{
	struct rs_ring *ring;
	unsigned int i;

	if (!params_valid(params))
		return -EINVAL;
	for (i = 0; i < RS_RING_MAX; i++) {
		ring = &engine->rings[i];
		if (ring->state != RS_RING_FREE &&
		    (i == params->ring_id || ring->params.ring_prio == params->ring_prio))
			return -EEXIST;
	}
	ring = &engine->rings[params->ring_id];
	memset(ring, 0, sizeof(*ring));
	ring->engine = engine;
	ring->params = *params;
	ring->owner = owner;
	ring->state = RS_RING_READY;
	return 0;
}

int rs_ring_start(struct rs_ring *ring, __u64 base, __u64 now)
{
	unsigned int i;

	if (ring->state == RS_RING_RUNNING)
		return -EALREADY;
	if (base > now && base - now > RS_START_AHEAD_MAX_NS)
		return -EINVAL;
	for (i = 0; i < ring->params.members; i++)
		if (!ring->order[i])
			return -EAGAIN;
	ring->state = RS_RING_RUNNING;
	ring->next_release = (base > now ? base : now) + ring->params.offset_ns;
	ring->next_sequence = 0;
	ring->queued = false;
	rearm(ring);
	return 0;
}

/* Members of a ring that stops: visitors go home, those on a visit come back. */
static void recall_visits(struct rs_ring *ring)
{
	struct rs_member *member;
	unsigned int i;

	for (i = 0; i < RS_MEMBER_MAX; i++) {
		member = ring->order[i];
		if (member && member->visited == ring) {
			rs_member_return(member);
			rs_member_wake(ring, member);
		}
	}
}

int rs_ring_stop(struct rs_ring *ring, __u64 now)
{
	unsigned int i;

	if (ring->state != RS_RING_RUNNING)
		return -EALREADY;
	ring->state = RS_RING_STOPPED;
	if (ring->active)
		end_period(ring, now);
	recall_visits(ring);
	for (i = 0; i < ring->params.members; i++) {
		struct rs_member *member = ring->order[i];

		if (!member)
			continue;
		if (member->visited)
			rs_member_end_visit(member, now);
		rs_member_wake(ring, member);
	}
	rearm(ring);
	return 0;
}

void rs_ring_destroy(struct rs_ring *ring, __u64 now)
{
	unsigned int i;

	rs_ring_stop(ring, now);
	for (i = 0; i < ring->params.members; i++) {
		struct rs_member *member = ring->order[i];

		if (!member)
			continue;
		if (member->visited)
			rs_member_end_visit(member, now);
		member->home = NULL;
		member->shutdown = true;
		ring->order[i] = NULL;
		rs_member_wake(ring, member);
	}
	ring->state = RS_RING_FREE;
}
