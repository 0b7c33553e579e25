/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rings of real processes for the smoke test. Every process logs each of its
 * turns into memory that all share; what the log says is then checked.
 */
#ifndef RIG_H
#define RIG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

#include "guest/uapi/ringsched.h"

#define RIG_LOG_MAX 16384
#define RIG_TIMEOUT_S 30 /* for any single wait; a ring that does not turn is an error */
#define MS 1000000ull

struct rig_entry {
	unsigned int ring; /* where the turn was */
	unsigned int home; /* the ring and slot of who had it */
	unsigned int slot;
	unsigned int flags;
	unsigned long long sequence;
};

/* One mapping, shared by the test and all its processes. */
struct rig_shared {
	atomic_uint used;
	struct rig_entry log[RIG_LOG_MAX];
	atomic_int result[8]; /* for a member's own code; meaning is the check's */
};

struct rig_member {
	int fd;
	unsigned int ring;
	unsigned int slot;
	struct rig_shared *shared;
};

/* Called in the member's process in each of its turns; NULL: nothing to do. */
typedef void (*rig_turn)(struct rig_member *member, const struct rs_turn *turn);

struct rig_ring {
	struct rs_ring_params params;
	pid_t pids[RS_MEMBER_MAX];
};

struct rig {
	int fd;
	struct rig_shared *shared;
	struct rig_ring rings[RS_RING_MAX];
	unsigned int count;
};

/* All return 0 or a negative errno value; a failure is also printed. */
int rig_open(struct rig *rig);
int rig_add(struct rig *rig, unsigned int id, unsigned int prio, unsigned int members,
	    unsigned int period_ms, rig_turn turn);
int rig_start(struct rig *rig);
/* Until `turns` more turns of this slot are in the log. */
int rig_wait(struct rig *rig, unsigned int ring, unsigned int slot, unsigned int turns);
/* Stops every ring; its processes must end by themselves. */
int rig_stop(struct rig *rig);
/* Ends what is left, by force, and closes. */
void rig_close(struct rig *rig);

pid_t rig_pid(const struct rig *rig, unsigned int ring, unsigned int slot);
/* One of the module's counters; -1 where there is none of this name. */
long long rig_stat(const char *name);
/* Writes the text to a file of the kernel's. 0 or a negative errno value; says nothing. */
int rig_write(const char *path, const char *text);

#endif /* RIG_H */
