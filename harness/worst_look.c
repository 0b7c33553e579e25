// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is known about one period, put together for explain.c: events of the
 * host, turns of the guest's processes, STARTs, stalls, all on the host's clock.
 */
#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/format.h"
#include "harness/hosttrace.h"
#include "harness/jsonread.h"
#include "harness/measure.h"
#include "harness/samples.h"
#include "harness/stats.h"
#include "harness/witness.h"
#include "harness/worst.h"
#include "host/cleanup.h"
#include "host/error.h"

/* Stamps from so far before and after the period align its clock: long enough
 * for some thousand of them, short enough that the clocks do not drift apart. */
#define ALIGN_REACH_NS 4000000000ull
/* The clock of cell.json was compared before and after the rings; in between
 * either error may be in it. */
#define CLOCK_ERROR_FACTOR 2

struct list { /* of rows of one kind */
	void *rows;
	size_t count, room;
};

struct look {
	const struct run *run;
	struct worst_period *p;
	struct json_object *messages; /* the daemon's trace, or NULL */
	struct hosttrace *trace; /* or NULL */
	int vcpu; /* of the period; -1 = not known */
	int32_t tid;
	struct list stamps, turns, flights, stalls;
};

static void *append(struct list *l, size_t size, struct rs_error **err)
{
	if (l->count == l->room) {
		size_t room = l->room ? 2 * l->room : 64;
		void *more = reallocarray(l->rows, room, size);

		if (!more) {
			rs_fail(err, ENOMEM, "no memory to explain a period");
			return NULL;
		}
		l->rows = more;
		l->room = room;
	}
	return (char *)l->rows + l->count++ * size;
}

#define APPEND(list, type, value, err)                         \
	({                                                     \
		type *_row = append(list, sizeof(*_row), err); \
		if (_row)                                      \
			*_row = (value);                       \
		_row ? 0 : -ENOMEM;                            \
	})

static int64_t add_signed(uint64_t a, int64_t b)
{
	return (int64_t)a + b;
}

/* Host time of a guest's, by the clock of the cell and its correction. */
static uint64_t corrected(const struct look *l, uint64_t guest_ns)
{
	uint64_t host = 0;

	cell_host_ns(l->p->cell, l->p->ring->vm, guest_ns, &host);
	return (uint64_t)add_signed(host, l->p->align.correction_ns);
}

static const struct scenario_vm *vm_of(const struct look *l)
{
	int index = l->p->ring->vm_index;

	return index >= 0 ? &l->run->scenario->vms[index] : NULL;
}

/* The vCPU that a ring's processes are on; -1 = it may be any of several. */
static int vcpu_of(const struct look *l, const struct cell_ring *ring)
{
	const struct scenario_vm *vm = vm_of(l);
	const struct scenario_ring *r = vm ? scenario_ring(vm, ring->id) : NULL;

	if (vm && vm->vcpus == 1)
		return 0;
	return r ? r->vcpu : -1;
}

static bool is_message(struct json_object *event, const char *vm, uint64_t *guest_ns)
{
	const char *of = json_text(event, "vm"), *kind = json_text(event, "kind");

	return of && kind && !strcmp(of, vm) && strcmp(kind, "INTERRUPT") &&
	       strcmp(kind, "BUDGET") && json_u64(event, "guest_ns", guest_ns) && *guest_ns;
}

/* Of a ring without a vCPU of its own: the one that the last START before the
 * period's end came from. */
static int vcpu_of_start(const struct look *l)
{
	uint64_t guest, id, vcpu;
	int found = -1;

	for (unsigned long i = 0; i < json_count(l->messages); i++) {
		struct json_object *event = json_row(l->messages, i);

		if (!is_message(event, l->p->ring->vm, &guest) ||
		    strcmp(json_text(event, "kind"), "START") || !json_u64(event, "ring_id", &id) ||
		    id != l->p->ring->id || !json_u64(event, "vcpu", &vcpu) || vcpu >= RS_VCPU_MAX)
			continue;
		if (corrected(l, guest) >= l->p->end)
			break;
		found = (int)vcpu;
	}
	return found;
}

/* ---- the clock ---- */

static int add_stamp(struct look *l, uint64_t guest_ns, uint64_t seen, struct rs_error **err)
{
	struct align_stamp stamp = { .seen = seen };

	if (!guest_ns || !cell_host_ns(l->p->cell, l->p->ring->vm, guest_ns, &stamp.at) ||
	    stamp.at + ALIGN_REACH_NS < l->p->begin || stamp.at > l->p->end + ALIGN_REACH_NS)
		return 0;
	return APPEND(&l->stamps, struct align_stamp, stamp, err);
}

static int add_stamps_of(struct look *l, const struct cell_ring *ring, struct rs_error **err)
{
	const struct samples *s = ring->samples;
	int ret = 0;

	if (strcmp(ring->vm, l->p->ring->vm) || vcpu_of(l, ring) != l->vcpu)
		return 0;
	for (size_t i = 0; i < s->count && !ret; i++)
		for (unsigned int k = 0; k < s->processes && !ret; k++) {
			ret = add_stamp(l, s->start_ns[k][i], 0, err);
			if (!ret)
				ret = add_stamp(l, s->end_ns[k][i], 0, err);
		}
	return ret;
}

static int add_messages(struct look *l, struct rs_error **err)
{
	uint64_t guest, seen, vcpu;
	int ret = 0;

	for (unsigned long i = 0; i < json_count(l->messages) && !ret; i++) {
		struct json_object *event = json_row(l->messages, i);

		if (is_message(event, l->p->ring->vm, &guest) && json_u64(event, "t", &seen) &&
		    json_u64(event, "vcpu", &vcpu) && (int)vcpu == l->vcpu)
			ret = add_stamp(l, guest, seen, err);
	}
	return ret;
}

static int compare_stamps(const void *a, const void *b)
{
	const struct align_stamp *x = a, *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

static uint64_t clock_error(const struct look *l)
{
	for (size_t i = 0; i < l->p->cell->clock_count; i++)
		if (!strcmp(l->p->cell->clocks[i].vm, l->p->ring->vm))
			return l->p->cell->clocks[i].error_ns;
	return 0;
}

static int align_clock(struct look *l, struct rs_error **err)
{
	struct worst_period *p = l->p;
	uint64_t error = CLOCK_ERROR_FACTOR * clock_error(l);
	int ret = 0;

	p->align.error_ns = error;
	for (size_t i = 0; i < p->cell->ring_count && !ret; i++)
		ret = add_stamps_of(l, &p->cell->rings[i], err);
	if (!ret)
		ret = add_messages(l, err);
	if (ret < 0)
		return ret;
	if (l->stamps.count)
		qsort(l->stamps.rows, l->stamps.count, sizeof(struct align_stamp), compare_stamps);
	ret = align_find(l->trace, l->tid, l->stamps.rows, l->stamps.count, error, &p->align, err);
	/* An interrupt's release is the host's own time. */
	if (!p->ring->by_interrupt)
		p->begin = (uint64_t)add_signed(p->begin, p->align.correction_ns);
	p->end = (uint64_t)add_signed(p->end, p->align.correction_ns);
	return ret;
}

/* ---- what the guest did ---- */

static int add_turn(struct look *l, const struct cell_ring *ring, size_t row, unsigned int k,
		    struct rs_error **err)
{
	const struct samples *s = ring->samples;
	const struct period *p = l->p->period;
	struct explain_turn turn = {
		.begin = corrected(l, s->start_ns[k][row]),
		.end = corrected(l, s->end_ns[k][row]),
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
	return APPEND(&l->turns, struct explain_turn, turn, err);
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

static int add_turns(struct look *l, struct rs_error **err)
{
	const struct cell *cell = l->p->cell;
	int ret = 0;

	for (size_t i = 0; i < cell->ring_count && !ret; i++) {
		const struct cell_ring *ring = &cell->rings[i];
		bool same = !strcmp(ring->vm, l->p->ring->vm) && vcpu_of(l, ring) == l->vcpu;

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

	if (!is_message(event, l->p->ring->vm, &guest) ||
	    strcmp(json_text(event, "kind"), "START") || !json_u64(event, "ring_id", &id) ||
	    id != l->p->ring->id || !json_u64(event, "t", &seen) ||
	    !json_u64(event, "handled_ns", &handled))
		return 0;
	flight.sent = corrected(l, guest);
	flight.in_force = seen + handled;
	if (flight.sent >= l->p->end || flight.in_force <= l->p->begin)
		return 0;
	flight.begun = begun_after(l, flight.sent);
	return APPEND(&l->flights, struct explain_flight, flight, err);
}

static int add_flights(struct look *l, struct rs_error **err)
{
	int ret = 0;

	for (unsigned long i = 0; i < json_count(l->messages) && !ret; i++)
		ret = add_flight(l, json_row(l->messages, i), err);
	return ret;
}

/* ---- what the host did ---- */

static bool of_witness(const struct hosttrace *t, int32_t tid)
{
	const struct host_thread *thread = tid > 0 ? hosttrace_thread(t, tid) : NULL;

	return thread && !strcmp(thread->name, WITNESS_THREAD);
}

/*
 * The core did run while it switched between others than the witness: the stall
 * began after the last such event. And it was over when the witness was woken:
 * from there on the witness waited for the core as others do.
 */
static void trim_stall(const struct look *l, struct explain_stall *s)
{
	const struct hosttrace *t = l->trace;
	int core = l->run->scenario->shared_cores[0];
	uint64_t end = s->end;

	for (size_t i = 0; t && i < t->count && t->events[i].ns < end; i++) {
		const struct host_event *e = &t->events[i];

		if (e->ns <= s->begin || e->core != core || e->kind == HOST_LOST)
			continue;
		if (e->kind == HOST_WAKE && of_witness(t, e->to))
			s->end = e->ns;
		else if (e->kind != HOST_WAKE && !of_witness(t, e->from) && !of_witness(t, e->to))
			s->begin = e->ns;
	}
	if (s->begin > s->end)
		s->begin = s->end;
}

/* All that the witness saw, also those too short to stain a period. */
static int add_stalls(struct look *l, struct rs_error **err)
{
	struct json_object *stalls = json_array(json_dict(l->p->cell->json, "witness"), "stalls");
	int ret = 0;

	for (unsigned long i = 0; i < json_count(stalls) && !ret; i++) {
		struct json_object *pair[2];
		struct explain_stall s;

		if (!json_pair(stalls, i, pair))
			continue;
		s.begin = json_object_get_uint64(pair[0]);
		s.end = s.begin + json_object_get_uint64(pair[1]);
		if (s.begin >= l->p->end || s.end <= l->p->begin)
			continue;
		trim_stall(l, &s);
		ret = APPEND(&l->stalls, struct explain_stall, s, err);
	}
	return ret;
}

/* The release of the period that ran instead of one that was left out. */
static uint64_t next_release(const struct worst_period *p)
{
	const struct cell_ring *ring = p->ring;
	const struct period *next = p->period, *end = ring->periods + ring->period_count;

	if (!p->period->skipped)
		return 0;
	while (next < end && next->skipped)
		next++;
	return next < end ? (uint64_t)add_signed(next->release, p->align.correction_ns) : p->end;
}

static void note_speed(struct worst_period *p)
{
	uint64_t middle = p->begin + (p->end - p->begin) / 2;

	p->speed_permille = NAN;
	for (size_t i = 0; i < p->cell->speed_count; i++)
		if (middle >= p->cell->speeds[i].from && middle < p->cell->speeds[i].to)
			p->speed_permille = p->cell->speeds[i].permille;
}

static void note_wait(struct worst_period *p)
{
	const struct cell_phase *phase = &p->cell->phases[p->phase];
	size_t first, last;

	ring_phase(p->ring, phase, &first, &last);
	p->phase_wait_us = measure_wait_us(p->ring, phase, last - first);
}

/* ---- without a trace ---- */

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

static void find_usual(const struct look *l, struct explain_usual *u)
{
	const struct samples *s = l->p->ring->samples;
	const struct scenario_vm *vm = vm_of(l);
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

/* ---- all together ---- */

#define COARSE(l, ...) snprintf((l)->p->why_coarse, sizeof((l)->p->why_coarse), __VA_ARGS__)

/* Leaves l->trace NULL, and says why, where there is none that helps. */
static void read_trace(struct look *l)
{
	struct json_object *json = json_dict(l->p->cell->json, "host_trace");
	cleanup_free char *dir = format_text(NULL, "%s/cells/%s", l->run->dir, l->p->cell->name);
	cleanup_error struct rs_error *err = NULL;
	const char *why = json_text(json, "why_not");

	if (!json)
		COARSE(l, "the run was made without --trace");
	else if (!json_text(json, "file"))
		COARSE(l, "the host gave no trace: %s", why ? why : "no reason is known");
	else if (!dir || !(l->trace = hosttrace_read(json, dir, &err)))
		COARSE(l, "the host's trace cannot be read: %s", err ? err->message : "no memory");
	if (!l->trace)
		return;
	l->vcpu = vcpu_of(l, l->p->ring);
	if (l->vcpu < 0)
		l->vcpu = vcpu_of_start(l);
	l->tid = hosttrace_vcpu(l->trace, l->p->ring->vm, l->vcpu);
	if (l->tid)
		return;
	COARSE(l, "which vCPU the ring was on is not known: give the ring a vcpu");
	hosttrace_free(steal_pointer(&l->trace));
}

static int look(struct look *l, struct rs_error **err)
{
	int ret = 0;

	l->vcpu = -1;
	l->messages = cell_trace(l->run, l->p->cell);
	read_trace(l);
	l->p->traced = l->trace != NULL;
	l->p->align.error_ns = CLOCK_ERROR_FACTOR * clock_error(l);
	if (l->trace)
		ret = align_clock(l, err);
	if (!ret)
		ret = add_turns(l, err);
	if (!ret)
		ret = add_flights(l, err);
	return ret ? ret : add_stalls(l, err);
}

int worst_explain(const struct run *run, struct worst_period *p, struct rs_error **err)
{
	struct look l = { .run = run, .p = p };
	int ret = look(&l, err);
	struct explain_input in = {
		.begin = p->begin,
		.end = p->end,
		.next_release = next_release(p),
		.ring_prio = p->ring->prio,
		.trace = l.trace,
		.tid = l.tid,
		.witness_core = run->scenario->shared_cores[0],
		.stalls = l.stalls.rows,
		.stall_count = l.stalls.count,
		.turns = l.turns.rows,
		.turn_count = l.turns.count,
		.flights = l.flights.rows,
		.flight_count = l.flights.count,
	};
	struct explain_usual u;

	if (!ret && l.trace) {
		ret = explain(&in, &p->explanation, err);
	} else if (!ret) {
		find_usual(&l, &u);
		explain_coarsely(&in, &u, &p->explanation);
	}
	note_speed(p);
	note_wait(p);
	hosttrace_free(l.trace);
	json_object_put(l.messages);
	free(l.stamps.rows);
	free(l.turns.rows);
	free(l.flights.rows);
	free(l.stalls.rows);
	return ret;
}
