// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/chrome.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/chrome_out.h"
#include "harness/format.h"
#include "harness/hosttrace.h"
#include "harness/jsonread.h"
#include "harness/samples.h"
#include "host/cleanup.h"
#include "host/error.h"

#define AROUND_NS 1000000000ull /* what is shown before the first phase and after the last */
/* SCHED_DEADLINE is above every priority there is. */
#define DEADLINE_LEVEL 100

_Static_assert(CHROME_VMS + SCENARIO_VMS_MAX <= CHROME_TRACKS, "a group has a track's number");

/* What a vCPU had when the file begins: `static` tells it once, long before. */
struct held {
	bool known;
	int64_t level;
};

struct export
{
	struct chrome out;
	const struct run *run;
	const struct cell *cell;
	struct hosttrace *trace; /* or NULL */
	struct held held[SCENARIO_VMS_MAX][RS_VCPU_MAX];
};

static int vm_group(const struct export *x, const char *vm)
{
	for (unsigned int i = 0; i < x->run->scenario->vm_count; i++)
		if (!strcmp(x->run->scenario->vms[i].name, vm))
			return CHROME_VMS + (int)i;
	return CHROME_RUN; /* a VM that the scenario does not know has no tracks */
}

/* ---- the run ---- */

static void export_phases(struct export *x)
{
	chrome_name_group(&x->out, CHROME_RUN, "cell %s", x->cell->name);
	chrome_name_track(&x->out, CHROME_RUN, CHROME_PHASES, "phases");
	chrome_name_track(&x->out, CHROME_RUN, CHROME_STALLS, "host stood still (witness)");
	for (int i = 0; i < PHASE_COUNT; i++)
		if (x->cell->phases[i].present)
			chrome_slice(&x->out, CHROME_RUN, CHROME_PHASES, phase_names[i],
				     x->cell->phases[i].begin, x->cell->phases[i].end, NULL);
}

static void export_stalls(struct export *x)
{
	struct json_object *stalls = json_array(json_dict(x->cell->json, "witness"), "stalls");

	for (unsigned long i = 0; i < json_count(stalls); i++) {
		struct json_object *pair[2];
		uint64_t begin, length;

		if (!json_pair(stalls, i, pair))
			continue;
		begin = json_object_get_uint64(pair[0]);
		length = json_object_get_uint64(pair[1]);
		chrome_slice(&x->out, CHROME_RUN, CHROME_STALLS, "stall", begin, begin + length,
			     NULL);
	}
}

/* ---- the host ---- */

struct holder { /* of a core, from when */
	int32_t tid; /* 0 = idle, -1 = not known */
	uint64_t since;
};

static void end_holder(struct export *x, int core, const struct holder *h, uint64_t until)
{
	char name[HOSTTRACE_NAME_ROOM], args[48];

	if (h->tid == 0)
		return; /* an idle core is a gap */
	hosttrace_name(x->trace, h->tid, name);
	snprintf(args, sizeof(args), "{\"tid\":%d}", h->tid);
	chrome_slice(&x->out, CHROME_CORES, CHROME_CORE(core), h->tid < 0 ? "events lost" : name,
		     h->since, until, h->tid < 0 ? NULL : args);
}

static void export_core(struct export *x, int core)
{
	struct holder now = { .tid = 0, .since = x->trace->begin };
	uint64_t last = x->trace->begin;

	chrome_name_track(&x->out, CHROME_CORES, CHROME_CORE(core), "core %d", core);
	for (size_t i = 0; i < x->trace->count; i++) {
		const struct host_event *e = &x->trace->events[i];

		if (e->core != core || e->kind == HOST_WAKE)
			continue;
		end_holder(x, core, &now, e->kind == HOST_LOST ? last : e->ns);
		now = (struct holder){ e->to, e->ns };
		if (e->kind == HOST_LOST)
			now = (struct holder){ -1, last };
		last = e->ns;
	}
	end_holder(x, core, &now, x->trace->end);
}

struct vcpu_track {
	struct export *x;
	int group, index;
};

static void export_wait(const struct host_stretch *s, void *arg)
{
	struct vcpu_track *v = arg;
	char name[HOSTTRACE_NAME_ROOM], title[HOSTTRACE_NAME_ROOM + 16];

	if (s->state == HOST_ASLEEP)
		return;
	hosttrace_name(v->x->trace, s->who, name);
	if (s->state == HOST_WAITING)
		snprintf(title, sizeof(title), "waits for %s", name);
	else
		snprintf(title, sizeof(title), "%s",
			 s->state == HOST_RUNNING ? "runs" : "not known");
	chrome_slice(&v->x->out, v->group, CHROME_VCPU(v->index), title, s->begin, s->end, NULL);
}

static void export_vcpus(struct export *x)
{
	for (size_t i = 0; i < x->trace->thread_count; i++) {
		const struct host_thread *t = &x->trace->threads[i];
		struct vcpu_track v = { x, vm_group(x, t->vm), t->vcpu };

		if (t->vcpu < 0 || v.group == CHROME_RUN)
			continue;
		chrome_name_track(&x->out, v.group, CHROME_VCPU(t->vcpu), "vCPU %d on the host",
				  t->vcpu);
		hosttrace_follow(x->trace, t->tid, x->trace->begin, x->trace->end, export_wait, &v);
	}
}

static void export_host(struct export *x)
{
	if (!x->trace)
		return;
	chrome_name_group(&x->out, CHROME_CORES, "shared cores");
	for (unsigned int i = 0; i < x->trace->core_count; i++)
		export_core(x, x->trace->cores[i]);
	export_vcpus(x);
}

/* ---- the guests ---- */

static void export_turns(struct export *x, const struct cell_ring *ring, int group)
{
	const struct samples *s = ring->samples;
	char title[48];

	for (unsigned int k = 0; k < s->processes; k++) {
		int track = CHROME_PROCESS((int)ring->id, (int)k);

		chrome_name_track(&x->out, group, track, "ring %u, process %u", ring->id, k);
		for (size_t i = 0; i < s->count; i++) {
			uint64_t begin = 0, end = 0;

			if (!s->start_ns[k][i] || !s->end_ns[k][i])
				continue;
			cell_host_ns(x->cell, ring->vm, s->start_ns[k][i], &begin);
			cell_host_ns(x->cell, ring->vm, s->end_ns[k][i], &end);
			snprintf(title, sizeof(title), "turn %ju", (uintmax_t)s->sequence[i]);
			chrome_slice(&x->out, group, track, title, begin, end, NULL);
		}
	}
}

/* From the first process to the last; what is late or left out says so, beside
 * the releases, whose marks look alike. */
static void export_periods(struct export *x, const struct cell_ring *ring, int group)
{
	int track = CHROME_RING((int)ring->id), misses = CHROME_MISSED((int)ring->id);
	char title[48], args[96];

	chrome_name_track(&x->out, group, track, "ring %u, priority %u", ring->id, ring->prio);
	chrome_name_track(&x->out, group, misses, "ring %u, missed", ring->id);
	for (size_t i = 0; i < ring->period_count; i++) {
		const struct period *p = &ring->periods[i];
		bool missed = period_missed(ring, p);

		snprintf(args, sizeof(args), "{\"response_us\":%.1f,\"missed\":%s}",
			 p->end ? (double)(p->end - p->release) / 1e3 : -1.0,
			 missed ? "true" : "false");
		snprintf(title, sizeof(title), "period %ju", (uintmax_t)p->sequence);
		if (!p->skipped && p->start && p->end)
			chrome_slice(&x->out, group, track, title, p->start, p->end, args);
		snprintf(title, sizeof(title), "release %ju", (uintmax_t)p->sequence);
		chrome_instant(&x->out, group, track, title, p->release, NULL);
		snprintf(title, sizeof(title), "%s %ju", p->skipped ? "SKIPPED" : "DEADLINE MISSED",
			 (uintmax_t)p->sequence);
		if (missed)
			chrome_instant(&x->out, group, misses, title,
				       p->release + ring->deadline_ns, args);
	}
}

static void export_rings(struct export *x)
{
	for (size_t i = 0; i < x->cell->ring_count; i++) {
		const struct cell_ring *ring = &x->cell->rings[i];
		int group = vm_group(x, ring->vm);

		if (group == CHROME_RUN)
			continue;
		export_periods(x, ring, group);
		export_turns(x, ring, group);
	}
}

/* ---- what the daemon did ---- */

static int64_t level(struct json_object *event)
{
	const char *policy = json_text(event, "policy");
	uint64_t priority = 0;

	json_u64(event, "priority", &priority);
	if (policy && !strcmp(policy, "SCHED_IDLE"))
		return -1;
	return policy && !strcmp(policy, "SCHED_DEADLINE") ? DEADLINE_LEVEL : (int64_t)priority;
}

static void put_level(struct export *x, int vm, unsigned int vcpu, uint64_t at, int64_t value)
{
	char title[24];

	snprintf(title, sizeof(title), "vCPU %u:", vcpu);
	chrome_counter(&x->out, CHROME_VMS + vm, title, "priority", at, value);
}

static void export_level(struct export *x, int vm, unsigned int vcpu, uint64_t at, int64_t value)
{
	if (at < x->out.from)
		x->held[vm][vcpu] = (struct held){ true, value };
	else
		put_level(x, vm, vcpu, at, value);
}

static void export_held_levels(struct export *x)
{
	for (int vm = 0; vm < SCENARIO_VMS_MAX; vm++)
		for (unsigned int vcpu = 0; vcpu < RS_VCPU_MAX; vcpu++)
			if (x->held[vm][vcpu].known)
				put_level(x, vm, vcpu, x->out.from, x->held[vm][vcpu].level);
}

/* From the guest's queue to the priority in force; and from then on it holds. */
static void export_message(struct export *x, struct json_object *event)
{
	const char *vm = json_text(event, "vm"), *kind = json_text(event, "kind");
	uint64_t t, handled, vcpu, guest, ring = 0, sent;
	char title[64], args[96];
	int group;

	if (!vm || !kind || !json_u64(event, "t", &t) || !json_u64(event, "handled_ns", &handled) ||
	    !json_u64(event, "vcpu", &vcpu) || vcpu >= RS_VCPU_MAX)
		return;
	group = vm_group(x, vm);
	if (group == CHROME_RUN)
		return;
	json_u64(event, "ring_id", &ring);
	sent = t;
	if (json_u64(event, "guest_ns", &guest) && guest)
		cell_host_ns(x->cell, vm, guest, &sent);
	snprintf(title, sizeof(title), "%.24s ring %ju", kind, (uintmax_t)ring);
	snprintf(args, sizeof(args), "{\"handled_us\":%.1f,\"priority\":%jd}",
		 (double)handled / 1e3, (intmax_t)level(event));
	chrome_span(&x->out, group, CHROME_NOTIFY, title, sent < t ? sent : t, t + handled, args);
	export_level(x, group - CHROME_VMS, (unsigned int)vcpu, t + handled, level(event));
}

static void export_daemon(struct export *x)
{
	cleanup_json struct json_object *messages = cell_trace(x->run, x->cell);

	for (unsigned int i = 0; i < x->run->scenario->vm_count; i++)
		chrome_name_group(&x->out, CHROME_VMS + (int)i, "VM %s",
				  x->run->scenario->vms[i].name);
	for (unsigned long i = 0; i < json_count(messages); i++)
		export_message(x, json_row(messages, i));
	export_held_levels(x);
}

/* ---- the file ---- */

static void find_span(struct export *x, const struct chrome_options *o)
{
	uint64_t first = UINT64_MAX, last = 0;

	for (int i = 0; i < PHASE_COUNT; i++) {
		const struct cell_phase *p = &x->cell->phases[i];

		if (p->present && p->begin < first)
			first = p->begin;
		if (p->present && p->end > last)
			last = p->end;
	}
	x->out.from = first - AROUND_NS;
	x->out.until = last + AROUND_NS;
	if (isfinite(o->begin_s))
		x->out.from = first + (uint64_t)(int64_t)(o->begin_s * 1e9);
	if (isfinite(o->end_s))
		x->out.until = first + (uint64_t)(int64_t)(o->end_s * 1e9);
}

static int read_trace(struct export *x, struct rs_error **err)
{
	struct json_object *json = json_dict(x->cell->json, "host_trace");
	cleanup_free char *dir = format_text(err, "%s/cells/%s", x->run->dir, x->cell->name);

	if (!json_text(json, "file"))
		return 0;
	x->trace = dir ? hosttrace_read(json, dir, err) : NULL;
	return x->trace ? 0 : -EINVAL;
}

static void put_clocks(const struct export *x)
{
	for (size_t i = 0; i < x->cell->clock_count; i++) {
		fprintf(x->out.to, "%s", i ? "," : "");
		chrome_text(x->out.to, x->cell->clocks[i].vm);
		fprintf(x->out.to, ":{\"clock_error_us\":%.1f}",
			(double)x->cell->clocks[i].error_ns / 1e3);
	}
}

int chrome_write(const struct run *run, const struct cell *cell, const struct chrome_options *o,
		 FILE *to, bool *traced, struct rs_error **err)
{
	struct export x = { .out = { .to = to }, .run = run, .cell = cell };
	int ret = read_trace(&x, err);

	if (ret < 0)
		return rs_fail_wrap(err, "cell %s", cell->name);
	find_span(&x, o);
	*traced = x.trace != NULL;
	fprintf(to, "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n");
	export_phases(&x);
	export_stalls(&x);
	export_daemon(&x);
	export_rings(&x);
	export_host(&x);
	fprintf(to, "],\n\"otherData\":{\"policy\":");
	chrome_text(to, cell->policy);
	fprintf(to, ",\"zero_ns\":%ju,\"clocks\":{", (uintmax_t)x.out.from);
	put_clocks(&x);
	fprintf(to, "}}}\n");
	hosttrace_free(x.trace);
	return 0;
}

const struct cell *chrome_find_cell(const struct run *run, const char *name, struct rs_error **err)
{
	char *end;
	unsigned long number = strtoul(name, &end, 10);

	for (size_t i = 0; i < run->cell_count; i++) {
		const struct cell *c = run->cells[i];

		if (!strcmp(c->name, name) || (end != name && !*end && c->order == number))
			return c;
	}
	rs_fail(err, ENOENT, "%s has no finished cell '%.64s' (expected a number or a name, as %s)",
		run->dir, name, run->cell_count ? run->cells[0]->name : "001-ring-1");
	return NULL;
}
