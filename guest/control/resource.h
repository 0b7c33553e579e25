/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A resource that one ring controls and a process of a higher ring needs as
 * well (P6). In stretches of time that follow one another it is had in two
 * ways, so that both are measured in one run, under the same conditions:
 *
 *   lock    whoever works on it holds a mutex, an ordinary one without
 *           priority inheritance: the higher ring can have to wait for the
 *           lower one, and with it for every ring in between.
 *   change  no mutex: the process changes its ring and has the resource in
 *           turn with the controlling ring's own processes.
 *
 * The owner is the first process of the controlling ring and works on the
 * resource in its whole turn; the user is the first process of the other
 * ring. The owner alone changes the way, at the beginning of its turn, so
 * that both sides always agree on it.
 */
#ifndef RINGSCHED_CONTROL_RESOURCE_H
#define RINGSCHED_CONTROL_RESOURCE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "guest/control/sample.h"

enum rsc_way { RSC_WAY_LOCK, RSC_WAY_CHANGE };

/* Lives in the arena. */
struct rsc_resource {
	pthread_mutex_t mutex;
	uint64_t lock_ns, change_ns; /* the stretches; 0 = this way is left out */
	uint32_t way; /* in force */
	uint64_t holder; /* who works on it, 0 = nobody: proves exclusion */
	/* Counts. */
	uint64_t holds; /* by the owner */
	uint64_t locked; /* uses with the mutex */
	uint64_t waits; /* of them those that had to wait for it */
	uint64_t visited; /* uses on a visit */
	uint64_t unserved; /* visits that never had their turn */
	uint64_t collisions; /* two were at it at once */
};

/* What became of the resource's user's periods. Lives in the arena. */
struct rsc_uses {
	uint64_t capacity; /* periods there is room for */
	uint64_t *cell; /* capacity rows of RSC_USES_COLUMNS */
};
#define RSC_USES_COLUMNS 4

/* A process's part in it; lives in its seat. */
struct rsc_claim {
	enum { RSC_CLAIM_NONE, RSC_CLAIM_OWNER, RSC_CLAIM_USER } role;
	struct rsc_resource *resource; /* NULL = its ring has nothing to do with one */
	struct rsc_uses *uses; /* in all processes of the user's ring */
	uint64_t iterations; /* user: of the work loop, each use */
	uint32_t every; /* user: turns at home between two uses */
	uint64_t asked_ns; /* when the visit was asked for, 0 = none is due */
	uint64_t asked_sequence; /* in which period */
};

/* 0 or -errno. */
int rsc_resource_init(struct rsc_resource *resource, uint64_t lock_ns, uint64_t change_ns);
enum rsc_way rsc_resource_way(const struct rsc_resource *resource);

/* The owner's turn; elapsed_ns = from the rings' common base to the release. */
void rsc_resource_hold(struct rsc_resource *resource, uint64_t elapsed_ns, uint64_t iterations);

/* The user's use in its turn at home, with the mutex. */
void rsc_resource_use(const struct rsc_claim *claim, uint64_t sequence);

/* The user has asked for a visit, and has its turn there. */
void rsc_resource_asked(struct rsc_claim *claim, uint64_t sequence);
void rsc_resource_visit(struct rsc_claim *claim);

/* NULL where the arena cannot hold it. */
struct rsc_uses *rsc_uses_take(struct rsc_arena *arena, uint64_t capacity);
/* A turn at home: the way in force where it is the period's first, and its CPU time. */
void rsc_uses_turn(const struct rsc_uses *uses, uint64_t sequence, enum rsc_way way,
		   uint64_t own_ns);
int rsc_uses_csv(const struct rsc_uses *uses, rsc_sink sink, void *to);

#endif
