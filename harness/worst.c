// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/worst.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/cleanup.h"
#include "host/error.h"

struct candidate {
	const struct cell *cell;
	const struct cell_ring *ring;
	const struct period *period;
	enum phase phase;
	uint64_t length; /* UINT64_MAX = it never ended */
};

struct candidates {
	struct candidate *rows;
	size_t count, room;
};

static bool has_name(const struct cell_ring *r, const char *name)
{
	size_t length = strlen(r->vm);
	char *end;

	return !strncmp(r->vm, name, length) && name[length] == '/' && name[length + 1] &&
	       strtoul(name + length + 1, &end, 10) == r->id && !*end;
}

static const struct cell_ring *choose_ring(const struct cell *cell, const char *name)
{
	if (!name)
		return cell_judged_ring(cell);
	for (size_t i = 0; i < cell->ring_count; i++)
		if (has_name(&cell->rings[i], name))
			return &cell->rings[i];
	return NULL;
}

static int append(struct candidates *c, const struct candidate *row, struct rs_error **err)
{
	if (c->count == c->room) {
		size_t room = c->room ? 2 * c->room : 4096;
		struct candidate *more = reallocarray(c->rows, room, sizeof(*more));

		if (!more)
			return rs_fail(err, ENOMEM, "no memory for %zu periods", room);
		c->rows = more;
		c->room = room;
	}
	c->rows[c->count++] = *row;
	return 0;
}

/* A ring that stands still never ends many periods: one stands for all. */
static bool repeats(const struct cell_ring *ring, size_t i)
{
	return i && !ring->periods[i].end && !ring->periods[i - 1].end;
}

static int add_cell(struct candidates *c, const struct cell *cell, const char *ring,
		    struct rs_error **err)
{
	struct candidate row = { .cell = cell, .ring = choose_ring(cell, ring) };
	size_t first, last;
	int ret = 0;

	if (!row.ring)
		return 0;
	for (row.phase = 0; row.phase < PHASE_COUNT; row.phase++) {
		if (!cell->phases[row.phase].present)
			continue;
		ring_phase(row.ring, &cell->phases[row.phase], &first, &last);
		for (size_t i = first; i < last && !ret; i++) {
			row.period = &row.ring->periods[i];
			row.length = row.period->end ? row.period->end - row.period->release :
						       UINT64_MAX;
			if (!repeats(row.ring, i))
				ret = append(c, &row, err);
		}
	}
	return ret;
}

static int longest_first(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	return (x->length < y->length) - (x->length > y->length);
}

/* One that never ended is looked at up to its deadline. */
static uint64_t end_of(const struct candidate *c)
{
	return c->period->end ? c->period->end : c->period->release + c->ring->deadline_ns;
}

/*
 * Periods that were left out one after the other, and the one that ran in their
 * place, are one incident: the longest stands for them. The late one before them
 * is mostly outside, and has a row of its own.
 */
static struct worst_period *overlapping(struct worst *w, size_t first, const struct candidate *c)
{
	for (size_t i = first; i < w->count; i++) {
		struct worst_period *p = &w->rows[i];
		uint64_t begin = c->period->release, end = end_of(c), length = end - begin;

		if (p->cell != c->cell || begin >= p->end || end <= p->begin)
			continue;
		begin = begin > p->begin ? begin : p->begin;
		end = end < p->end ? end : p->end;
		if (end - begin > length / 2)
			return p;
	}
	return NULL;
}

static int take_worst(struct worst *w, struct candidates *c, unsigned int count,
		      struct rs_error **err)
{
	size_t first = w->count;
	struct worst_period *more = reallocarray(w->rows, w->count + count, sizeof(*more));

	if (!more)
		return rs_fail(err, ENOMEM, "no memory for %u periods", count);
	w->rows = more;
	if (c->count)
		qsort(c->rows, c->count, sizeof(*c->rows), longest_first);
	for (size_t i = 0; i < c->count; i++) {
		const struct candidate *row = &c->rows[i];
		struct worst_period *p = overlapping(w, first, row);

		if (p)
			p->also++;
		else if (w->count < first + count)
			w->rows[w->count++] = (struct worst_period){
				.cell = row->cell,
				.ring = row->ring,
				.period = row->period,
				.phase = row->phase,
				.begin = row->period->release,
				.end = end_of(row),
			};
	}
	return 0;
}

static int find_policy(struct worst *w, const struct worst_options *o, const char *policy,
		       struct rs_error **err)
{
	struct candidates c = { 0 };
	int ret = 0;

	for (size_t i = 0; i < w->run->cell_count && !ret; i++)
		if (!strcmp(w->run->cells[i]->policy, policy))
			ret = add_cell(&c, w->run->cells[i], o->ring, err);
	if (!ret)
		ret = take_worst(w, &c, o->count, err);
	free(c.rows);
	return ret;
}

static int check_options(const struct run *run, const struct worst_options *o,
			 struct rs_error **err)
{
	bool ring = !o->ring, policy = !o->policy;

	if (!run->cell_count)
		return rs_fail(err, ENODATA, "%s has no finished cell", run->dir);
	for (size_t i = 0; i < run->cell_count; i++) {
		ring |= choose_ring(run->cells[i], o->ring) != NULL;
		policy |= o->policy && !strcmp(run->cells[i]->policy, o->policy);
	}
	if (!policy)
		return rs_fail(err, ENOENT, "no finished cell of %s has policy '%.64s'", run->dir,
			       o->policy);
	if (!ring)
		return rs_fail(err, ENOENT,
			       "there is no ring '%.64s' (expected VM/NUMBER, as control/1)",
			       o->ring);
	return 0;
}

int worst_find(struct worst *w, const struct run *run, const struct worst_options *o,
	       struct rs_error **err)
{
	int ret = check_options(run, o, err);

	*w = (struct worst){ .run = run };
	for (unsigned int i = 0; i < run->scenario->policy_count && !ret; i++)
		if (!o->policy || !strcmp(o->policy, run->scenario->policies[i]))
			ret = find_policy(w, o, run->scenario->policies[i], err);
	for (size_t i = 0; i < w->count && !ret; i++)
		ret = worst_explain(run, &w->rows[i], err);
	if (ret < 0)
		worst_clear(w);
	return ret;
}

void worst_clear(struct worst *w)
{
	free(w->rows);
	*w = (struct worst){ 0 };
}

double worst_attributed(const struct worst_period *p)
{
	uint64_t length = p->end - p->begin;

	if (!length)
		return 100;
	return 100 -
	       100 * (double)explanation_sum(&p->explanation, CAUSE_UNEXPLAINED) / (double)length;
}
