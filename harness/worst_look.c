// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is known about one period, put together for explain.c: events of the
 * host, turns of the guest's processes, STARTs, stalls, all on the host's clock.
 */
#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/format.h"
#include "harness/hosttrace.h"
#include "harness/jsonread.h"
#include "harness/measure.h"
#include "harness/witness.h"
#include "harness/worst_look.h"
#include "host/cleanup.h"
#include "host/error.h"

void *look_append(struct look_rows *l, size_t size, struct rs_error **err)
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

uint64_t look_host_ns(const struct look *l, uint64_t guest_ns)
{
	uint64_t host = 0;

	cell_host_ns(l->p->cell, l->p->ring->vm, guest_ns, &host);
	return look_shift(host, l->p->align.correction_ns);
}

const struct scenario_vm *look_vm(const struct look *l)
{
	int index = l->p->ring->vm_index;

	return index >= 0 ? &l->run->scenario->vms[index] : NULL;
}

int look_vcpu(const struct look *l, const struct cell_ring *ring)
{
	const struct scenario_vm *vm = look_vm(l);
	const struct scenario_ring *r = vm ? scenario_ring(vm, ring->id) : NULL;

	if (vm && vm->vcpus == 1)
		return 0;
	return r ? r->vcpu : -1;
}

bool look_is_message(struct json_object *event, const char *vm, uint64_t *guest_ns)
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

		if (!look_is_message(event, l->p->ring->vm, &guest) ||
		    strcmp(json_text(event, "kind"), "START") || !json_u64(event, "ring_id", &id) ||
		    id != l->p->ring->id || !json_u64(event, "vcpu", &vcpu) || vcpu >= RS_VCPU_MAX)
			continue;
		if (look_host_ns(l, guest) >= l->p->end)
			break;
		found = (int)vcpu;
	}
	return found;
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
		ret = LOOK_APPEND(&l->stalls, struct explain_stall, s, err);
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
	return next < end ? look_shift(next->release, p->align.correction_ns) : p->end;
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

/* The kernel counts it in ticks: too coarse for one period, enough to say that
 * stalls of the witness have a hypervisor behind them. */
static void note_steal(struct worst_period *p)
{
	struct json_object *steal = json_dict(p->cell->json, "steal_us");

	p->phase_steal_us = json_double(steal, phase_names[p->phase]);
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
	l->vcpu = look_vcpu(l, l->p->ring);
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
	l->p->align.error_ns = look_clock_error(l);
	if (l->trace)
		ret = look_align(l, err);
	if (!ret)
		ret = look_turns(l, err);
	if (!ret)
		ret = look_flights(l, err);
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
		look_usual(&l, &u);
		explain_coarsely(&in, &u, &p->explanation);
	}
	note_speed(p);
	note_wait(p);
	note_steal(p);
	hosttrace_free(l.trace);
	json_object_put(l.messages);
	free(l.stamps.rows);
	free(l.turns.rows);
	free(l.flights.rows);
	free(l.stalls.rows);
	return ret;
}
