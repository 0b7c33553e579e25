// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/measure.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/stats.h"
#include "host/error.h"

const char *const spread_names[SPREAD_COUNT] = { "min", "p50", "p90", "p99", "p999", "max" };

double spread_value(const struct spread *s, size_t index)
{
	const double values[SPREAD_COUNT] = { s->min, s->p50, s->p90, s->p99, s->p999, s->max };

	return index < SPREAD_COUNT ? values[index] : NAN;
}

static int durations_reserve(struct durations *d, size_t count, struct rs_error **err)
{
	size_t room = d->room ? d->room : 256;
	double *us;

	while (room < count)
		room *= 2;
	if (room == d->room)
		return 0;
	us = realloc(d->us, room * sizeof(*us));
	if (!us)
		return rs_fail(err, ENOMEM, "no memory for %zu durations", room);
	d->us = us;
	d->room = room;
	return 0;
}

int durations_add(struct durations *d, double us, struct rs_error **err)
{
	int ret = durations_reserve(d, d->count + 1, err);

	if (!ret)
		d->us[d->count++] = us;
	return ret;
}

int durations_append(struct durations *d, const struct durations *from, struct rs_error **err)
{
	int ret = durations_reserve(d, d->count + from->count, err);

	if (ret)
		return ret;
	if (from->count)
		memcpy(d->us + d->count, from->us, from->count * sizeof(*from->us));
	d->count += from->count;
	return 0;
}

void durations_clear(struct durations *d)
{
	free(d->us);
	*d = (struct durations){ 0 };
}

struct spread durations_spread(struct durations *d)
{
	struct spread s = { NAN, NAN, NAN, NAN, NAN, NAN, d->count };

	if (!d->count)
		return s;
	stats_sort(d->us, d->count);
	s.min = d->us[0];
	s.max = d->us[d->count - 1];
	stats_quantile(d->us, d->count, 0.5, &s.p50);
	stats_quantile(d->us, d->count, 0.9, &s.p90);
	stats_quantile(d->us, d->count, 0.99, &s.p99);
	stats_quantile(d->us, d->count, 0.999, &s.p999);
	return s;
}

static double us_between(uint64_t from, uint64_t to)
{
	return (double)(int64_t)(to - from) / 1e3;
}

int measure_add(struct measure *m, const struct cell_ring *ring, const struct cell_phase *phase,
		struct rs_error **err)
{
	size_t first, last;
	int ret = 0;

	ring_phase(ring, phase, &first, &last);
	for (size_t i = first; i < last && !ret; i++) {
		const struct period *p = &ring->periods[i];
		bool missed = period_missed(ring, p);

		m->periods++;
		m->missed += missed;
		m->missed_unstained += missed && !p->stained;
		m->stained += p->stained;
		m->skipped += p->skipped;
		m->cut += p->cut;
		if (p->start)
			ret = durations_add(&m->wakeup, us_between(p->release, p->start), err);
		if (!ret && p->end)
			ret = durations_add(&m->response, us_between(p->release, p->end), err);
		if (!ret && p->handler)
			ret = durations_add(&m->handler, us_between(p->release, p->handler), err);
	}
	return ret;
}

void measure_clear(struct measure *m)
{
	durations_clear(&m->wakeup);
	durations_clear(&m->response);
	durations_clear(&m->handler);
	*m = (struct measure){ 0 };
}

double measure_wait_us(const struct cell_ring *ring, const struct cell_phase *phase, size_t periods)
{
	const struct cell_vcpu *vcpu = ring->vm_index < 0 ? NULL : &phase->vms[ring->vm_index];

	if (!vcpu || !vcpu->known || !periods)
		return NAN;
	return (double)vcpu->wait_ns / 1e3 / (double)periods;
}
