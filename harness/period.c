// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From samples to periods. Samples say what ran; a period that did not run
 * leaves only a gap in the sequence. Here every planned period gets a row of
 * its own, so that a guest that stands still for a second is 50 misses and
 * not one late sample (no coordinated omission).
 */
#include <errno.h>
#include <stdlib.h>

#include "harness/cellread.h"
#include "harness/samples.h"
#include "host/cleanup.h"
#include "host/error.h"

/* 10 million periods are 55 hours at 20 ms: beyond is a broken file. */
#define PERIODS_MAX 10000000u

struct growing {
	struct period *rows;
	size_t count, room;
};

static int append(struct growing *g, const struct period *p, struct rs_error **err)
{
	if (g->count == g->room) {
		size_t room = g->room ? 2 * g->room : 1024;
		struct period *rows;

		if (room > 2 * PERIODS_MAX)
			return rs_fail(err, EFBIG, "more than %u periods", PERIODS_MAX);
		rows = realloc(g->rows, room * sizeof(*rows));
		if (!rows)
			return rs_fail(err, ENOMEM, "no memory for %zu periods", room);
		g->rows = rows;
		g->room = room;
	}
	g->rows[g->count++] = *p;
	return 0;
}

/* The span from the first phase's begin to the last one's end. */
static bool measured_span(const struct cell *cell, uint64_t *begin, uint64_t *end)
{
	bool any = false;

	for (int i = 0; i < PHASE_COUNT; i++) {
		const struct cell_phase *p = &cell->phases[i];

		if (!p->present)
			continue;
		if (!any || p->begin < *begin)
			*begin = p->begin;
		if (!any || p->end > *end)
			*end = p->end;
		any = true;
	}
	return any;
}

struct period period_of_row(const struct cell *cell, const struct cell_ring *ring, size_t row)
{
	const struct samples *s = ring->samples;
	struct period p = { .sequence = s->sequence[row], .row = row };
	uint64_t start = samples_first_start(s, row), end = 0;

	/* The last process that had a turn ends the period, or nothing does:
	 * one that was killed in its turn leaves a start without an end. */
	for (unsigned int k = s->processes; k-- > 0;) {
		if (!s->start_ns[k][row])
			continue;
		end = s->end_ns[k][row];
		break;
	}
	cell_host_ns(cell, ring->vm, s->release_ns[row], &p.release);
	if (s->raised_ns) {
		p.handler = p.release;
		p.release = s->raised_ns[row];
	}
	if (start)
		cell_host_ns(cell, ring->vm, start, &p.start);
	if (end)
		cell_host_ns(cell, ring->vm, end, &p.end);
	p.cut = s->flags[row] & SAMPLE_CUT_OFF;
	return p;
}

/*
 * Planned periods between two rows, spread evenly between their releases.
 * What was due at such a release is only there when the next period that does
 * run has ended, so that is its response: without it a guest would look the
 * better the more periods it leaves out.
 */
static int fill_gap(struct growing *g, const struct period *to, struct rs_error **err)
{
	const struct period from = g->rows[g->count - 1];
	uint64_t steps = to->sequence - from.sequence;
	double step = (double)(to->release - from.release) / (double)steps;
	int ret = 0;

	if (steps > PERIODS_MAX)
		return rs_fail(err, EINVAL, "a gap of %ju periods before sequence %ju",
			       (uintmax_t)steps, (uintmax_t)to->sequence);
	for (uint64_t k = 1; k < steps && !ret; k++) {
		struct period p = {
			.sequence = from.sequence + k,
			.release = from.release + (uint64_t)(step * (double)k),
			.start = to->start,
			.end = to->end,
			.skipped = true,
			.row = SIZE_MAX,
		};
		ret = append(g, &p, err);
	}
	return ret;
}

/* Periods planned before the first row, from `begin` on. */
static int fill_head(struct growing *g, const struct cell_ring *ring, const struct period *first,
		     uint64_t begin, struct rs_error **err)
{
	uint64_t missing = 0;
	int ret = 0;

	if (first->release > begin)
		missing = (first->release - begin) / ring->period_ns;
	if (missing > first->sequence)
		missing = first->sequence;
	if (missing > PERIODS_MAX)
		return rs_fail(err, EINVAL, "%ju periods are missing at the begin",
			       (uintmax_t)missing);
	for (uint64_t k = missing; k > 0 && !ret; k--) {
		struct period p = {
			.sequence = first->sequence - k,
			.release = first->release - k * ring->period_ns,
			.start = first->start,
			.end = first->end,
			.skipped = true,
			.row = SIZE_MAX,
		};
		ret = append(g, &p, err);
	}
	return ret;
}

/*
 * Periods planned after the last row: a ring that stood still until it was
 * stopped. One period before the end is spared, because the ring is stopped
 * at that border. Where the guest's memory was full the rest is unknown,
 * not missed.
 */
static int fill_tail(struct growing *g, const struct cell_ring *ring, uint64_t end,
		     struct rs_error **err)
{
	struct period p = g->rows[g->count - 1];
	int ret = 0;

	if (ring->samples->lost)
		return 0;
	p.skipped = true;
	p.cut = false;
	p.row = SIZE_MAX;
	p.start = p.end = 0;
	while (!ret && p.release + 2 * ring->period_ns < end) {
		p.release += ring->period_ns;
		p.sequence++;
		ret = append(g, &p, err);
	}
	return ret;
}

/* What happens after a skipped period's deadline cannot be why it was missed. */
static uint64_t window_end(const struct cell_ring *ring, const struct period *p)
{
	uint64_t deadline = p->release + ring->deadline_ns;

	return p->end > deadline && !p->skipped ? p->end : deadline;
}

/* A period skipped because a stained one was still running is stained as well. */
static void stain_by_cause(struct cell_ring *ring)
{
	const struct period *ran = NULL;

	for (size_t i = 0; i < ring->period_count; i++) {
		struct period *p = &ring->periods[i];

		if (!p->skipped)
			ran = p;
		else if (ran && ran->stained && ran->end > p->release)
			p->stained = true;
	}
}

static void stain_by_stalls(const struct cell *cell, struct cell_ring *ring)
{
	size_t first = 0;

	for (size_t i = 0; i < ring->period_count; i++) {
		struct period *p = &ring->periods[i];
		uint64_t end = window_end(ring, p);

		while (first < cell->stall_count && cell->stalls[first].end <= p->release)
			first++;
		for (size_t k = first; k < cell->stall_count && cell->stalls[k].begin < end; k++)
			if (cell->stalls[k].end > p->release)
				p->stained = true;
	}
}

static void stain_by_speed(const struct cell *cell, struct cell_ring *ring)
{
	size_t first = 0;

	for (size_t i = 0; i < ring->period_count; i++) {
		struct period *p = &ring->periods[i];
		uint64_t end = window_end(ring, p);

		while (first < cell->speed_count && cell->speeds[first].to <= p->release)
			first++;
		for (size_t k = first; k < cell->speed_count && cell->speeds[k].from < end; k++)
			if (cell->speeds[k].to > p->release &&
			    cell->speeds[k].permille < WITNESS_SPEED_PERMILLE)
				p->stained = true;
	}
}

void ring_stain(const struct cell *cell, struct cell_ring *ring)
{
	stain_by_stalls(cell, ring);
	stain_by_speed(cell, ring);
	stain_by_cause(ring);
}

int ring_read_periods(const struct cell *cell, struct cell_ring *ring, struct rs_error **err)
{
	struct growing g = { 0 };
	uint64_t begin = 0, end = 0, ignored;
	int ret = 0;

	if (!cell_host_ns(cell, ring->vm, 0, &ignored))
		return rs_fail(err, ENODATA, "no clock of VM %s", ring->vm);
	if (!ring->samples->count || !measured_span(cell, &begin, &end))
		return 0;
	for (size_t i = 0; i < ring->samples->count && !ret; i++) {
		struct period p = period_of_row(cell, ring, i);

		if (i == 0)
			ret = fill_head(&g, ring, &p, begin, err);
		else
			ret = fill_gap(&g, &p, err);
		if (!ret)
			ret = append(&g, &p, err);
	}
	if (!ret)
		ret = fill_tail(&g, ring, end, err);
	if (ret) {
		free(g.rows);
		return ret;
	}
	ring->periods = g.rows;
	ring->period_count = g.count;
	ring_stain(cell, ring);
	return 0;
}

void ring_phase(const struct cell_ring *ring, const struct cell_phase *phase, size_t *first,
		size_t *last)
{
	size_t i = 0;

	while (i < ring->period_count && ring->periods[i].release < phase->begin)
		i++;
	*first = i;
	while (phase->present && i < ring->period_count && ring->periods[i].release < phase->end)
		i++;
	*last = i;
}

bool period_missed(const struct cell_ring *ring, const struct period *p)
{
	return p->skipped || !p->end || p->end > p->release + ring->deadline_ns;
}
