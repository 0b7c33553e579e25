// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Members of rings: joining, leaving, their turns, and the visit of one
 * period to another ring (P6); see ring.h.
 */
#include "ring.h"

void rs_member_wake(struct rs_ring *ring, struct rs_member *member)
{
	if (member->waiting)
		ring->engine->ops->wake(member);
}

void rs_member_return(struct rs_member *member)
{
	member->visited->order[member->visit_slot] = NULL;
	member->visited = NULL;
	member->returned = true;
}

void rs_member_end_visit(struct rs_member *member, __u64 now)
{
	struct rs_ring *visited = member->visited;
	bool held = visited->holder == member;

	rs_member_return(member);
	if (held)
		rs_ring_pass_on(visited, now);
}

int rs_member_join(struct rs_engine *engine, struct rs_member *member,
		   const struct rs_ring_join *join)
{
	struct rs_ring *ring = rs_ring_find(engine, join->ring_id);

	if (member->home)
		return -EISCONN;
	if (!ring)
		return -ENOENT;
	if (join->slot >= ring->params.members)
		return -ENOSPC;
	if (ring->order[join->slot])
		return -EBUSY;
	memset(member, 0, sizeof(*member));
	member->home = ring;
	member->slot = join->slot;
	ring->order[join->slot] = member;
	return 0;
}

int rs_member_leave(struct rs_member *member, __u64 now)
{
	struct rs_ring *ring = member->home;

	member->shutdown = false;
	if (!ring)
		return -ENOTCONN;
	if (ring->state == RS_RING_RUNNING)
		rs_count(ring, members_left);
	if (member->visited)
		rs_member_end_visit(member, now);
	ring->order[member->slot] = NULL;
	member->home = NULL;
	if (ring->holder == member)
		rs_ring_pass_on(ring, now);
	return 0;
}

/*
 * From its next period on, as its last; a period that runs already is not
 * joined, so that RS_TURN_LAST stays true for who took it.
 */
int rs_member_change(struct rs_engine *engine, struct rs_member *member, __u32 id, __u64 now)
{
	struct rs_ring *visited = rs_ring_find(engine, id);
	struct rs_ring *home = member->home;
	unsigned int place;

	if (!home)
		return member->shutdown ? -ESHUTDOWN : -ENOTCONN;
	if (member->visited)
		return -EBUSY;
	if (!visited)
		return -ENOENT;
	if (visited == home)
		return -EINVAL;
	if (visited->state != RS_RING_RUNNING || home->state != RS_RING_RUNNING)
		return -ESHUTDOWN;
	for (place = visited->params.members; place < RS_MEMBER_MAX; place++)
		if (!visited->order[place])
			break;
	if (place == RS_MEMBER_MAX)
		return -ENOSPC;
	visited->order[place] = member;
	member->visited = visited;
	member->visit_slot = place;
	member->visit_from = rs_ring_next_sequence(visited);
	member->returned = false;
	rs_count(visited, visits);
	rs_ring_tell(visited, RS_KIND_RING_CHANGE, home->params.ring_id, now, false);
	/* A turn at home that it was given but never took is not waited for. */
	if (home->holder == member && !home->taken)
		rs_ring_pass_on(home, now);
	return 0;
}

/* The turn that is over, if the member has one: first where it visits, then at home. */
int rs_member_complete(struct rs_member *member, __u64 now)
{
	struct rs_ring *ring = member->visited;

	if (!member->home)
		return member->shutdown ? -ESHUTDOWN : -ENOTCONN;
	if (ring && ring->holder == member && ring->taken) {
		rs_count(ring, visits_done);
		rs_member_return(member);
	} else {
		ring = member->home;
		if (ring->holder != member || !ring->taken)
			return 0;
	}
	rs_ring_pass_on(ring, now);
	return 0;
}

static __u32 turn_flags(struct rs_ring *ring, struct rs_member *member)
{
	__u32 flags = 0;

	if (!ring->begun)
		flags |= RS_TURN_FIRST;
	if (rs_ring_next_place(ring, ring->position + 1) == RS_MEMBER_MAX)
		flags |= RS_TURN_LAST;
	if (member->visited == ring)
		flags |= RS_TURN_VISIT;
	else if (member->returned)
		flags |= RS_TURN_RETURNED;
	return flags;
}

int rs_member_take(struct rs_member *member, __u64 now, struct rs_turn *turn)
{
	struct rs_ring *ring = member->visited ? member->visited : member->home;

	if (!ring)
		return member->shutdown ? -ESHUTDOWN : -ENOTCONN;
	if (member->home->state == RS_RING_STOPPED)
		return -ESHUTDOWN;
	if (ring->holder != member) {
		member->waiting = true;
		return -EAGAIN;
	}
	member->waiting = false;
	ring->taken = true;
	turn->sequence = ring->sequence;
	turn->release_ns = ring->release;
	turn->raised_ns = ring->raised;
	turn->ring_id = ring->params.ring_id;
	turn->flags = turn_flags(ring, member);
	if (member->visited != ring)
		member->returned = false;
	rs_count(ring, turns);
	if (!ring->begun) {
		ring->begun = true;
		ring->reported = rs_ring_tell(ring, RS_KIND_START, ring->event, now, false);
	}
	return 0;
}

void rs_member_unwait(struct rs_member *member)
{
	member->waiting = false;
}
