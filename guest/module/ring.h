/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ring engine (P5-P7): which member of which ring has the turn, and when
 * START and END are due. Pure bookkeeping: no locks, no clock, no sleeping.
 * The caller serialises every call on one engine, passes the time in, and
 * does the rest through struct rs_ring_ops. So it compiles in user space,
 * where tests/unit/test_ring.c drives it.
 *
 * All times are nanoseconds of one monotonic clock.
 */
#ifndef RINGSCHED_RING_H
#define RINGSCHED_RING_H

#ifdef __KERNEL__
#include <linux/errno.h>
#include <linux/math64.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <linux/types.h>
#define rs_divide(a, b) div64_u64(a, b)
#else
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#define rs_divide(a, b) ((a) / (b))
#endif

#include "../uapi/ringsched.h"

/* A ring that starts further ahead than this is refused: 1 hour. */
#define RS_START_AHEAD_MAX_NS 3600000000000ull

enum rs_ring_state {
	RS_RING_FREE, /* the id is not in use */
	RS_RING_READY, /* created; members may join and wait, nothing is released */
	RS_RING_RUNNING,
	RS_RING_STOPPED, /* waiting members get ESHUTDOWN; may be started again */
};

/* Counted for each ring and, in the engine, for all rings there ever were. */
struct rs_ring_counts {
	__u64 periods; /* begun */
	__u64 periods_skipped; /* released while the one before still ran */
	__u64 periods_empty; /* begun, but no member took a turn: no START, no END */
	__u64 interrupts; /* of its source, while it ran */
	__u64 interrupts_queued; /* of these, came while a period ran and waited for its end */
	__u64 turns; /* taken */
	__u64 turns_skipped; /* cut off, or not taken in time */
	__u64 visits; /* ring changes that began (in the visited ring) */
	__u64 visits_done; /* visits that had their turn and completed it */
	__u64 members_left; /* left while the ring ran: exit, SIGKILL, leave */
};

struct rs_ring;

struct rs_member {
	struct rs_ring *home; /* NULL: no member */
	struct rs_ring *visited; /* NULL: at home */
	unsigned int slot; /* in home */
	unsigned int visit_slot; /* in visited */
	__u64 visit_from; /* first period of visited it takes part in */
	bool waiting; /* sleeps until a turn */
	bool returned; /* its next turn at home is the first after a visit */
	bool shutdown; /* its ring was destroyed under it */
};

/* An external interrupt (P11), as the host's event and the handler say. */
struct rs_interrupt {
	__u32 number; /* of the source */
	__u32 event; /* sequence of the event that carried it */
	__u64 raised; /* the host's clock */
	__u64 handled; /* ours, when the handler saw it */
};

struct rs_ring {
	enum rs_ring_state state;
	struct rs_ring_params params;
	const void *owner; /* the file that created it; only compared */
	struct rs_engine *engine;

	/*
	 * In order of turns: places 0 to params.members - 1 are home members,
	 * the rest are visitors. NULL: nobody.
	 */
	struct rs_member *order[RS_MEMBER_MAX];

	__u64 next_release; /* by timer: the first release that has not been handled */
	__u64 next_sequence; /* of the next release */

	/*
	 * By interrupt (P14c). One interrupt waits while a period runs, as a
	 * level on a line would; more than one are skipped releases.
	 */
	bool queued;
	struct rs_interrupt waiting; /* while queued */
	__u64 waiting_sequence;
	__u32 newest_event; /* of its source */

	bool active; /* a period runs; the fields below are about it */
	bool begun; /* a member took a turn */
	bool reported; /* the host was told START, so END is owed */
	__u64 release;
	__u64 sequence;
	__u64 raised; /* by interrupt: when it came to the host; else 0 */
	__u32 event; /* by interrupt: the newest there was when the period began; else 0 */
	unsigned int position; /* the holder's place in order[] */
	struct rs_member *holder; /* who has the turn; never NULL while active */
	bool taken; /* the holder knows: it came back from its wait */
	__u64 given; /* when the holder was given the turn */

	__u64 armed; /* what the timer is set to, 0 = off */
	struct rs_ring_counts counts;
};

/* All hooks are required, are called with the engine serialised, must not sleep. */
struct rs_ring_ops {
	/* A waiting member has a turn, or must look again. */
	void (*wake)(struct rs_member *member);
	/* Call rs_ring_tick() at `expires`; 0 = never. Replaces the time before. */
	void (*arm)(struct rs_ring *ring, __u64 expires);
	/*
	 * Tell the host; next_start is in ns from now, 0 = unknown. True if it
	 * was put on its way. `owed`: START was told, so END is not optional.
	 */
	bool (*send)(struct rs_ring *ring, enum rs_kind kind, __u32 arg0, __u64 now,
		     __u64 next_start, bool owed);
};

struct rs_engine {
	const struct rs_ring_ops *ops;
	struct rs_ring rings[RS_RING_MAX];
	struct rs_ring_counts total;
};

void rs_engine_init(struct rs_engine *engine, const struct rs_ring_ops *ops);

int rs_ring_create(struct rs_engine *engine, const struct rs_ring_params *params,
		   const void *owner);
/* NULL where no ring has this id; any number may be asked for. */
struct rs_ring *rs_ring_find(struct rs_engine *engine, __u32 id);
int rs_ring_start(struct rs_ring *ring, __u64 base, __u64 now);
int rs_ring_stop(struct rs_ring *ring, __u64 now);
void rs_ring_destroy(struct rs_ring *ring, __u64 now);
/* Timer expiry, or any other moment: handles all that is due. */
void rs_ring_tick(struct rs_ring *ring, __u64 now);
/* A release of every running ring that is bound to its source; how many there are. */
unsigned int rs_engine_interrupt(struct rs_engine *engine, const struct rs_interrupt *interrupt,
				 __u64 now);

/* The member is zeroed memory the caller owns until rs_member_leave(). */
int rs_member_join(struct rs_engine *engine, struct rs_member *member,
		   const struct rs_ring_join *join);
int rs_member_leave(struct rs_member *member, __u64 now);
int rs_member_change(struct rs_engine *engine, struct rs_member *member, __u32 id, __u64 now);

/*
 * RS_IOC_RING_WAIT in three steps: complete once; then take until it is not
 * -EAGAIN, sleeping in between; unwait when the sleep was given up.
 */
int rs_member_complete(struct rs_member *member, __u64 now);
int rs_member_take(struct rs_member *member, __u64 now, struct rs_turn *turn);
void rs_member_unwait(struct rs_member *member);

/* Between ring.c and member.c. */
#define rs_count(ring, field)                  \
	do {                                   \
		(ring)->counts.field++;        \
		(ring)->engine->total.field++; \
	} while (0)

/* The number of the period that begins next. */
__u64 rs_ring_next_sequence(const struct rs_ring *ring);
/* The first place from `place` on that has a turn in this period, or RS_MEMBER_MAX. */
unsigned int rs_ring_next_place(const struct rs_ring *ring, unsigned int place);
/* The holder's turn is over: the next has it, or the period ends. */
void rs_ring_pass_on(struct rs_ring *ring, __u64 now);
bool rs_ring_tell(struct rs_ring *ring, enum rs_kind kind, __u32 arg0, __u64 now, bool owed);
/* Wake it if it waits. */
void rs_member_wake(struct rs_ring *ring, struct rs_member *member);
/* Back to its home ring; a turn it holds in the visited one is the caller's to pass on. */
void rs_member_return(struct rs_member *member);
/* Give up its visit, with the turn if it has that. */
void rs_member_end_visit(struct rs_member *member, __u64 now);

#endif /* RINGSCHED_RING_H */
