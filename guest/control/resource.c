// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "guest/control/clock.h"
#include "guest/control/resource.h"
#include "guest/control/work.h"

enum { OWNER = 1, USER = 2 }; /* values of holder */

enum column {
	COLUMN_WAY, /* 1 + enum rsc_way; 0 = the period had no turn */
	COLUMN_OWN, /* CPU time of the ring's processes in their turns at home */
	COLUMN_WAIT, /* for the mutex */
	COLUMN_USE, /* from when the resource was wanted until it was done with */
};

int rsc_resource_init(struct rsc_resource *resource, uint64_t lock_ns, uint64_t change_ns)
{
	pthread_mutexattr_t attr;
	int err;

	memset(resource, 0, sizeof(*resource));
	resource->lock_ns = lock_ns;
	resource->change_ns = change_ns;
	resource->way = lock_ns ? RSC_WAY_LOCK : RSC_WAY_CHANGE;
	err = pthread_mutexattr_init(&attr);
	if (err)
		return -err;
	err = pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	if (!err)
		err = pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_NONE);
	/* A process that is killed must not take the lock with it. */
	if (!err)
		err = pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	if (!err)
		err = pthread_mutex_init(&resource->mutex, &attr);
	pthread_mutexattr_destroy(&attr);
	return -err;
}

enum rsc_way rsc_resource_way(const struct rsc_resource *resource)
{
	return __atomic_load_n(&resource->way, __ATOMIC_ACQUIRE);
}

static enum rsc_way way_at(const struct rsc_resource *resource, uint64_t elapsed_ns)
{
	return elapsed_ns % (resource->lock_ns + resource->change_ns) < resource->lock_ns ?
		       RSC_WAY_LOCK :
		       RSC_WAY_CHANGE;
}

/* Returns how long it had to be waited for, in ns; 0 = not at all. */
static uint64_t lock(struct rsc_resource *resource)
{
	int err = pthread_mutex_trylock(&resource->mutex);
	uint64_t begin, wait = 0;

	if (err == EBUSY) {
		begin = rsc_clock_ns(CLOCK_MONOTONIC);
		err = pthread_mutex_lock(&resource->mutex);
		wait = rsc_clock_ns(CLOCK_MONOTONIC) - begin;
	}
	if (err == EOWNERDEAD)
		pthread_mutex_consistent(&resource->mutex);
	return wait;
}

static void unlock(struct rsc_resource *resource)
{
	pthread_mutex_unlock(&resource->mutex);
}

/* The work on it, and the proof that nobody else was at it meanwhile. */
static void work_on(struct rsc_resource *resource, uint64_t who, uint64_t iterations)
{
	uint64_t expected = who;

	if (__atomic_exchange_n(&resource->holder, who, __ATOMIC_ACQ_REL))
		__atomic_fetch_add(&resource->collisions, 1, __ATOMIC_RELAXED);
	rsc_work(iterations);
	if (!__atomic_compare_exchange_n(&resource->holder, &expected, 0, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_RELAXED))
		__atomic_fetch_add(&resource->collisions, 1, __ATOMIC_RELAXED);
}

/*
 * In the first turn of the way `change` a user may still wait for the mutex:
 * so the owner holds it in that turn as well.
 */
void rsc_resource_hold(struct rsc_resource *resource, uint64_t elapsed_ns, uint64_t iterations)
{
	enum rsc_way before = rsc_resource_way(resource), way = way_at(resource, elapsed_ns);
	bool with_mutex = before == RSC_WAY_LOCK || way == RSC_WAY_LOCK;

	if (with_mutex)
		lock(resource);
	__atomic_store_n(&resource->way, way, __ATOMIC_RELEASE);
	resource->holds++;
	work_on(resource, OWNER, iterations);
	if (with_mutex)
		unlock(resource);
}

static void note_use(const struct rsc_claim *claim, uint64_t sequence, uint64_t wait_ns,
		     uint64_t use_ns)
{
	uint64_t *row = claim->uses->cell + sequence * RSC_USES_COLUMNS;

	if (sequence >= claim->uses->capacity)
		return;
	row[COLUMN_WAIT] = wait_ns;
	row[COLUMN_USE] = use_ns;
}

void rsc_resource_use(const struct rsc_claim *claim, uint64_t sequence)
{
	struct rsc_resource *resource = claim->resource;
	uint64_t begin = rsc_clock_ns(CLOCK_MONOTONIC), wait = lock(resource);

	resource->locked++;
	resource->waits += wait != 0;
	work_on(resource, USER, claim->iterations);
	unlock(resource);
	note_use(claim, sequence, wait, rsc_clock_ns(CLOCK_MONOTONIC) - begin);
}

void rsc_resource_asked(struct rsc_claim *claim, uint64_t sequence)
{
	/* Back home without a turn there: the visited ring was too late, or stopped. */
	claim->resource->unserved += claim->asked_ns != 0;
	claim->asked_ns = rsc_clock_ns(CLOCK_MONOTONIC);
	claim->asked_sequence = sequence;
}

/* Where the way has changed since it asked, the mutex keeps it apart from others. */
void rsc_resource_visit(struct rsc_claim *claim)
{
	struct rsc_resource *resource = claim->resource;
	bool with_mutex = rsc_resource_way(resource) == RSC_WAY_LOCK;
	uint64_t wait = with_mutex ? lock(resource) : 0;

	resource->visited++;
	work_on(resource, USER, claim->iterations);
	if (with_mutex)
		unlock(resource);
	note_use(claim, claim->asked_sequence, wait,
		 rsc_clock_ns(CLOCK_MONOTONIC) - claim->asked_ns);
	claim->asked_ns = 0;
}

struct rsc_uses *rsc_uses_take(struct rsc_arena *arena, uint64_t capacity)
{
	struct rsc_uses *uses = rsc_arena_take(arena, sizeof(*uses));

	if (!uses || capacity > arena->size / (RSC_USES_COLUMNS * sizeof(uint64_t)))
		return NULL;
	uses->capacity = capacity;
	uses->cell = rsc_arena_take(arena, capacity * RSC_USES_COLUMNS * sizeof(uint64_t));
	return uses->cell ? uses : NULL;
}

void rsc_uses_turn(const struct rsc_uses *uses, uint64_t sequence, enum rsc_way way,
		   uint64_t own_ns)
{
	uint64_t *row = uses->cell + sequence * RSC_USES_COLUMNS;

	if (sequence >= uses->capacity)
		return;
	if (!row[COLUMN_WAY])
		row[COLUMN_WAY] = 1 + (uint64_t)way;
	/* A turn that was cut off may end beside the one that follows. */
	__atomic_fetch_add(&row[COLUMN_OWN], own_ns, __ATOMIC_RELAXED);
}

int rsc_uses_csv(const struct rsc_uses *uses, rsc_sink sink, void *to)
{
	struct rsc_csv w = { .sink = sink, .to = to };

	rsc_csv_text(&w, "sequence,way,own_ns,wait_ns,use_ns\n");
	for (uint64_t i = 0; i < uses->capacity && !w.error; i++) {
		const uint64_t *row = uses->cell + i * RSC_USES_COLUMNS;

		if (!row[COLUMN_WAY])
			continue;
		rsc_csv_number(&w, i);
		rsc_csv_char(&w, ',');
		rsc_csv_number(&w, row[COLUMN_WAY] - 1);
		for (int c = COLUMN_OWN; c <= COLUMN_USE; c++) {
			rsc_csv_char(&w, ',');
			rsc_csv_number(&w, row[c]);
		}
		rsc_csv_char(&w, '\n');
	}
	return rsc_csv_end(&w);
}
