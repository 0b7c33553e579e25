/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the time of one period went. Every moment from its release to its end
 * gets one cause, by what the host's scheduler and the guest wrote down at that
 * moment; where neither did, it stays unexplained. All times are the host's.
 */
#ifndef RINGSCHED_EXPLAIN_H
#define RINGSCHED_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest/uapi/ringsched.h"

struct hosttrace;
struct rs_error;

/* The first that holds at a moment is its cause; docs/worst-case.md. */
enum cause {
	CAUSE_SKIPPED, /* the release was left out: the ring was idle until its next one */
	CAUSE_HOST, /* the core did not run at all */
	CAUSE_WAITING, /* the vCPU was runnable, somebody else had the core */
	CAUSE_EMULATOR, /* its thread slept: the emulator owes it a timer, a lock, I/O */
	CAUSE_NOTIFICATION, /* a START was being sent, or was not in force yet */
	CAUSE_GUEST, /* it ran, and the guest ran something else */
	CAUSE_WORK, /* it ran, and so did one of the ring's processes */
	CAUSE_UNEXPLAINED,
	CAUSE_COUNT
};
extern const char *const cause_names[CAUSE_COUNT + 1]; /* NULL-ended */
extern const char *const cause_helps[CAUSE_COUNT]; /* for a person */

#define EXPLAIN_WHO_ROOM 96

struct explain_part {
	enum cause cause;
	char who[EXPLAIN_WHO_ROOM];
	uint64_t ns;
};

#define EXPLAIN_PARTS_MAX 32

struct explanation { /* the parts' sum is the period's length */
	struct explain_part parts[EXPLAIN_PARTS_MAX]; /* longest first */
	size_t count;
};

struct explain_stall { /* of the core that the witness is on */
	uint64_t begin, end;
};

struct explain_turn { /* of a process of the VM's rings, on the period's vCPU */
	uint64_t begin, end;
	unsigned int ring_id, ring_prio;
	unsigned int process; /* its place in the ring */
	bool own; /* of the ring that is explained */
	bool this_period; /* and of the period itself, or a skipped one's next */
};

struct explain_flight { /* of a START of the ring */
	uint64_t sent; /* put onto the guest's queue */
	uint64_t in_force; /* the priority was read back */
	uint64_t begun; /* its first process began; as `sent` where it is not known */
};

struct explain_input {
	uint64_t begin, end; /* the period: its release and its end */
	/* Of a period that was skipped: the release of the one that ran instead.
	 * Once the late one before has ended nothing is due until then. 0 = none. */
	uint64_t next_release;
	unsigned int ring_prio;
	const struct hosttrace *trace;
	int32_t tid; /* the thread of its vCPU */
	int witness_core; /* -1 = any */
	const struct explain_stall *stalls;
	size_t stall_count;
	const struct explain_turn *turns;
	size_t turn_count;
	const struct explain_flight *flights;
	size_t flight_count;
};

int explain(const struct explain_input *in, struct explanation *x, struct rs_error **err);

/* What the same took where nothing was in the way (phase solo); 0 = not known. */
struct explain_usual {
	uint64_t wake_ns; /* from the release to the first process */
	uint64_t turn_ns[RS_MEMBER_MAX];
	uint64_t handover_ns; /* between two processes */
};

/*
 * The same without a host trace: stalls of the witness, and of everything else
 * as much as it usually takes; what goes beyond stays unexplained. Of `in`,
 * trace, tid and flights are not looked at; the turns are the ring's own, by time.
 */
void explain_coarsely(const struct explain_input *in, const struct explain_usual *usual,
		      struct explanation *x);

uint64_t explanation_sum(const struct explanation *x, enum cause cause);

#endif
