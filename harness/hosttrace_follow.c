// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From events to what one thread did. The whole recording is walked from its
 * begin, because what a thread does now may have been decided long ago; a
 * million events take a few ms.
 */
#include "harness/hosttrace.h"

struct core { /* a watched one */
	int number;
	int32_t current; /* the thread that has it; -1 = not known */
	uint64_t last; /* of its last event */
};

struct walk {
	const struct hosttrace *trace;
	struct core cores[SCENARIO_CORES_MAX];
	int32_t tid;
	struct host_stretch now; /* under way: its end is not known */
	uint64_t begin, end; /* what is asked for */
	void (*each)(const struct host_stretch *s, void *arg);
	void *arg;
};

static struct core *find_core(struct walk *w, int number)
{
	for (unsigned int i = 0; i < w->trace->core_count; i++)
		if (w->cores[i].number == number)
			return &w->cores[i];
	return NULL;
}

/* Without wake-ups a thread that left to sleep may be waiting already: it is
 * certain only while nobody else has its core. */
static struct host_stretch settle(const struct walk *w, struct host_stretch s)
{
	if (s.state == HOST_ASLEEP && !w->trace->wakeups && s.who != 0)
		s.state = HOST_UNKNOWN;
	return s;
}

/* The stretch under way ends at `at`, and another begins. */
static void turn_to(struct walk *w, uint64_t at, enum host_state state, int32_t who, int core)
{
	struct host_stretch s = settle(w, w->now);

	s.end = at < w->end ? at : w->end;
	if (s.begin < w->begin)
		s.begin = w->begin;
	if (s.begin < s.end)
		w->each(&s, w->arg);
	w->now = (struct host_stretch){ .begin = at, .state = state, .who = who, .core = core };
}

/* Whoever has the core of a thread that waits, or that may be waiting. */
static void change_holder(struct walk *w, const struct host_event *e)
{
	bool sleeps = w->now.state == HOST_ASLEEP && !w->trace->wakeups;

	if (w->now.core == e->core && (w->now.state == HOST_WAITING || sleeps) &&
	    w->now.who != e->to)
		turn_to(w, e->ns, w->now.state, e->to, e->core);
}

static void take_switch(struct walk *w, const struct host_event *e)
{
	struct core *core = find_core(w, e->core);

	if (!core)
		return;
	core->current = e->to;
	if (e->to == w->tid)
		turn_to(w, e->ns, HOST_RUNNING, w->tid, e->core);
	else if (e->from == w->tid && e->kind == HOST_PREEMPT)
		turn_to(w, e->ns, HOST_WAITING, e->to, e->core);
	else if (e->from == w->tid)
		turn_to(w, e->ns, HOST_ASLEEP, w->trace->wakeups ? -1 : e->to, e->core);
	else
		change_holder(w, e);
}

static void take_wake(struct walk *w, const struct host_event *e)
{
	const struct core *core = find_core(w, e->core);

	if (e->to != w->tid || w->now.state == HOST_RUNNING || w->now.state == HOST_WAITING)
		return;
	if (w->now.state == HOST_ASLEEP)
		w->now.who = e->from;
	turn_to(w, e->ns, HOST_WAITING, core ? core->current : -1, e->core);
}

/*
 * What was lost lies between the core's last event and this one. Anything may
 * have happened there to a thread, unless it ran on another core all the time.
 */
static void take_lost(struct walk *w, const struct host_event *e)
{
	struct core *core = find_core(w, e->core);
	uint64_t since = core ? core->last : w->now.begin;

	if (core)
		core->current = -1;
	if (w->now.state == HOST_UNKNOWN ||
	    (w->now.state == HOST_RUNNING && w->now.core != e->core))
		return;
	/* On a core that is not watched only wake-ups can be missing. */
	if (!core && w->now.state != HOST_ASLEEP)
		return;
	turn_to(w, since > w->now.begin ? since : w->now.begin, HOST_UNKNOWN, -1, -1);
}

static void take(struct walk *w, const struct host_event *e)
{
	struct core *core = find_core(w, e->core);

	if (e->kind == HOST_LOST)
		take_lost(w, e);
	else if (e->kind == HOST_WAKE)
		take_wake(w, e);
	else
		take_switch(w, e);
	if (core)
		core->last = e->ns;
}

void hosttrace_follow(const struct hosttrace *t, int32_t tid, uint64_t begin, uint64_t end,
		      void (*each)(const struct host_stretch *s, void *arg), void *arg)
{
	struct walk w = {
		.trace = t,
		.tid = tid,
		.now = { .begin = begin, .state = HOST_UNKNOWN, .who = -1, .core = -1 },
		.begin = begin,
		.end = end,
		.each = each,
		.arg = arg,
	};

	for (unsigned int i = 0; i < t->core_count; i++)
		w.cores[i] = (struct core){ t->cores[i], -1, t->begin };
	if (t->begin < begin)
		w.now.begin = t->begin;
	for (size_t i = 0; i < t->count && t->events[i].ns < end; i++)
		take(&w, &t->events[i]);
	/* After the recording's end nothing is known. */
	if (t->end < end && t->end > w.now.begin)
		turn_to(&w, t->end, HOST_UNKNOWN, -1, -1);
	turn_to(&w, end, HOST_UNKNOWN, -1, -1);
}
