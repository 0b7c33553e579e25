// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/blocking.h"

#include <errno.h>
#include <math.h>

static const struct cell_ring *user_ring(const struct cell *cell)
{
	for (size_t i = 0; i < cell->ring_count; i++)
		if (cell->rings[i].uses)
			return &cell->rings[i];
	return NULL;
}

/* The resource's use by a period that ran, whenever it was done with. */
static int add_use(struct blocking *b, const struct use *use, struct rs_error **err)
{
	double wait_us = (double)use->wait_ns / 1e3;

	if (!use->use_ns)
		return 0;
	b->uses++;
	b->waits += use->wait_ns != 0;
	b->longest_wait_us = fmax(b->longest_wait_us, wait_us);
	return durations_add(&b->used, (double)use->use_ns / 1e3, err);
}

/* Never below 0: two clocks of the guest differ by a little. */
static double without(uint64_t own_ns, uint64_t from, uint64_t to)
{
	return fmax(0, ((double)(to - from) - (double)own_ns) / 1e3);
}

/* A skipped period never began: all of its time is that of the resource. */
static int add_blocked(struct blocking *b, const struct period *p, uint64_t own_ns,
		       struct rs_error **err)
{
	double us = without(own_ns, p->release, p->end);
	double begun = without(own_ns, p->skipped ? p->release : p->start, p->end);

	b->longest_any_us = fmax(b->longest_any_us, us);
	if (!p->stained) {
		b->longest_us = fmax(b->longest_us, us);
		b->longest_begun_us = fmax(b->longest_begun_us, begun);
	}
	return durations_add(&b->blocked, us, err);
}

/*
 * A skipped period belongs to the way of the one before, which kept it from
 * running, and waits until the next that ran has ended: it has its times from
 * there (period.c), and that one's own work is the work that was due.
 */
static int add_period(struct ring_change *r, const struct period *p, const struct use *before,
		      const struct use *ran, struct rs_error **err)
{
	const struct use *of = p->skipped && before ? before : ran;
	struct blocking *b;
	int ret = 0;

	if (!of)
		return 0;
	b = &r->ways[of->way];
	b->periods++;
	if (!p->skipped)
		ret = add_use(b, of, err);
	if (ret < 0)
		return ret;
	if (!p->end || !ran) {
		b->unended++;
		return 0;
	}
	return add_blocked(b, p, ran->own_ns, err);
}

static int add_periods(struct ring_change *r, const struct cell_ring *ring,
		       const struct cell_phase *phase, struct rs_error **err)
{
	const struct use *before = NULL, *ran;
	size_t i, last, next = 0;
	int ret = 0;

	for (ring_phase(ring, phase, &i, &last); i < last && !ret; i++) {
		const struct period *p = &ring->periods[i];

		for (next = next > i ? next : i; next < ring->period_count; next++)
			if (!ring->periods[next].skipped)
				break;
		ran = next < ring->period_count ?
			      uses_find(ring->uses, ring->periods[next].sequence) :
			      NULL;
		ret = add_period(r, p, before, ran, err);
		if (!p->skipped)
			before = ran;
	}
	return ret;
}

/* Without a wait for the lock there was no inversion to be free of. */
static double ratio(const struct blocking *lock, const struct blocking *change)
{
	if (!lock->waits || lock->unended || change->unended)
		return NAN;
	return change->longest_us / lock->longest_us;
}

int ring_change_measure(struct ring_change *r, const struct cell *cell, struct rs_error **err)
{
	const struct cell_ring *ring = user_ring(cell);

	*r = (struct ring_change){ .present = ring, .ratio = NAN };
	for (int w = 0; w < WAY_COUNT; w++) {
		struct blocking *b = &r->ways[w];

		b->longest_us = b->longest_any_us = b->longest_begun_us = NAN;
	}
	if (!ring)
		return 0;
	if (add_periods(r, ring, &cell->phases[PHASE_SOLO], err) < 0)
		return -ENOMEM;
	r->ratio = ratio(&r->ways[WAY_LOCK], &r->ways[WAY_CHANGE]);
	return 0;
}

void ring_change_clear(struct ring_change *r)
{
	for (int w = 0; w < WAY_COUNT; w++) {
		durations_clear(&r->ways[w].blocked);
		durations_clear(&r->ways[w].used);
	}
}
