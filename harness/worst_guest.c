// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the guest did in a period: its processes' turns and the STARTs that it
 * sent; and what these take when nothing disturbs them.
 */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "harness/jsonread.h"
#include "harness/samples.h"
#include "harness/stats.h"
#include "harness/worst_look.h"

static int add_turn(struct look *l, const struct cell_ring *ring, size_t row, unsigned int k,
		    struct rs_error **err)
{
	const struct samples *s = ring->samples;
	const struct period *p = l->p->period;
	struct explain_turn turn = {
		.begin = look_host_ns(l, s->start_ns[k][row]),
		.end = look_host_ns(l, s->end_ns[k][row]),
		.ring_id = ring->id,
		.ring_prio = ring->prio,
		.process = k,
		.own = ring == l->p->ring,
	};

	if (!s->start_ns[k][row])
		return 0;
	if (!s->end_ns[k][row]) /* it was cut off, or killed: nobody knows when */
		turn.end = l->p->end;
	turn.this_period = turn.own && (p->skipped ? s->sequence[row] > p->sequence :
						     s->sequence[row] == p->sequence);
	if (turn.end <= l->p->begin || turn.begin >= l->p->end)
		return 0;
	return LOOK_APPEND(&l->turns, struct explain_turn, turn, err);
}

static int add_turns_of(struct look *l, const struct cell_ring *ring, struct rs_error **err)
{
	const struct samples *s = ring->samples;
	int ret = 0;

	for (size_t i = 0; i < s->count && !ret; i++)
		for (unsigned int k = 0; k < s->processes && !ret; k++)
			ret = add_turn(l, ring, i, k, err);
	return ret;
}

static int compare_turns(const void *a, const void *b)
{
	const struct explain_turn *x = a, *y = b;

	return (x->begin > y->begin) - (x->begin < y->begin);
}

int look_turns(struct look *l, struct rs_error **err)
{
	const struct cell *cell = l->p->cell;
	int ret = 0;

	for (size_t i = 0; i < cell->ring_count && !ret; i++) {
		const struct cell_ring *ring = &cell->rings[i];
		bool same = !strcmp(ring->vm, l->p->ring->vm) && look_vcpu(l, ring) == l->vcpu;

		if (ring == l->p->ring || (l->trace && same))
			ret = add_turns_of(l, ring, err);
	}
	if (l->turns.count)
		qsort(l->turns.rows, l->turns.count, sizeof(struct explain_turn), compare_turns);
	return ret;
}

/* The first turn of the ring after `sent` is what the START was for. */
static uint64_t begun_after(const struct look *l, uint64_t sent)
{
	const struct explain_turn *turns = l->turns.rows;

	for (size_t i = 0; i < l->turns.count; i++)
		if (turns[i].own && turns[i].begin >= sent)
			return turns[i].begin;
	return sent;
}

static int add_flight(struct look *l, struct json_object *event, struct rs_error **err)
{
	struct explain_flight flight;
	uint64_t guest, seen, handled, id;

	if (!look_is_message(event, l->p->ring->vm, &guest) ||
	    strcmp(json_text(event, "kind"), "START") || !json_u64(event, "ring_id", &id) ||
	    id != l->p->ring->id || !json_u64(event, "t", &seen) ||
	    !json_u64(event, "handled_ns", &handled))
		return 0;
	flight.sent = look_host_ns(l, guest);
	flight.in_force = seen + handled;
	if (flight.sent >= l->p->end || flight.in_force <= l->p->begin)
		return 0;
	flight.begun = begun_after(l, flight.sent);
	return LOOK_APPEND(&l->flights, struct explain_flight, flight, err);
}

int look_flights(struct look *l, struct rs_error **err)
{
	int ret = 0;

	for (unsigned long i = 0; i < json_count(l->messages) && !ret; i++)
		ret = add_flight(l, json_row(l->messages, i), err);
	return ret;
}

/* Median over the undisturbed periods of solo of from[k] to to[k]. */
static uint64_t usual(const struct worst_period *p, const uint64_t *from, const uint64_t *to)
{
	const struct cell_ring *ring = p->ring;
	size_t first, last, n = 0;
	double *values, median;

	ring_phase(ring, &p->cell->phases[PHASE_SOLO], &first, &last);
	values = calloc(last - first + 1, sizeof(*values));
	for (size_t i = first; values && i < last; i++) {
		size_t row = ring->periods[i].row;

		if (row < ring->samples->count && !ring->periods[i].stained && from[row] &&
		    to[row] >= from[row])
			values[n++] = (double)(to[row] - from[row]);
	}
	if (n)
		stats_sort(values, n);
	median = n ? stats_median(values, n) : 0;
	free(values);
	return (uint64_t)median;
}

void look_usual(const struct look *l, struct explain_usual *u)
{
	const struct samples *s = l->p->ring->samples;
	const struct scenario_vm *vm = look_vm(l);
	const struct scenario_ring *r = vm ? scenario_ring(vm, l->p->ring->id) : NULL;

	*u = (struct explain_usual){ 0 };
	u->wake_ns = usual(l->p, s->release_ns, s->start_ns[0]);
	for (unsigned int k = 0; k < s->processes; k++) {
		u->turn_ns[k] = usual(l->p, s->start_ns[k], s->end_ns[k]);
		/* Where no phase is alone on the core: what it was calibrated to. */
		if (!u->turn_ns[k] && r && k < r->processes)
			u->turn_ns[k] = (uint64_t)r->work_us[k] * 1000;
	}
	if (s->processes > 1)
		u->handover_ns = usual(l->p, s->end_ns[0], s->start_ns[1]);
}
