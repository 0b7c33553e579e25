// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/explain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/hosttrace.h"
#include "host/cleanup.h"
#include "host/error.h"

const char *const cause_names[CAUSE_COUNT + 1] = {
	[CAUSE_HOST] = "host",
	[CAUSE_SKIPPED] = "skipped",
	[CAUSE_WAITING] = "waiting",
	[CAUSE_EMULATOR] = "emulator",
	[CAUSE_NOTIFICATION] = "notification",
	[CAUSE_GUEST] = "guest",
	[CAUSE_WORK] = "work",
	[CAUSE_UNEXPLAINED] = "unexplained",
	NULL,
};

const char *const cause_helps[CAUSE_COUNT] = {
	[CAUSE_HOST] = "the host's core did not run: it was taken away from below",
	[CAUSE_SKIPPED] =
		"the release was left out, the one before being late: idle until the next",
	[CAUSE_WAITING] = "the vCPU wanted to run, and somebody else had the core",
	[CAUSE_EMULATOR] = "the vCPU's thread slept until the emulator or a timer woke it",
	[CAUSE_NOTIFICATION] = "a START was being sent, or its priority not yet in force",
	[CAUSE_GUEST] = "the guest ran, but no process of the ring",
	[CAUSE_WORK] = "processes of the ring ran",
	[CAUSE_UNEXPLAINED] = "not seen",
};

struct state {
	const struct explain_input *in;
	struct explanation *x;
	uint64_t *borders; /* where a stall, a turn or a flight begins or ends, by time */
	size_t border_count;
	char who[EXPLAIN_WHO_ROOM]; /* of the moment that was looked at last */
};

/* Where there are too many, the rest of a cause is one part. */
static struct explain_part *find_part(struct explanation *x, enum cause cause, const char *who)
{
	bool full = x->count >= EXPLAIN_PARTS_MAX - CAUSE_COUNT;
	struct explain_part *p;

	for (size_t i = 0; i < x->count; i++)
		if (x->parts[i].cause == cause && !strcmp(x->parts[i].who, who))
			return &x->parts[i];
	if (full && strcmp(who, "others"))
		return find_part(x, cause, "others");
	p = &x->parts[x->count++];
	*p = (struct explain_part){ .cause = cause };
	snprintf(p->who, sizeof(p->who), "%s", who);
	return p;
}

static void add(struct explanation *x, enum cause cause, const char *who, uint64_t ns)
{
	if (ns)
		find_part(x, cause, who)->ns += ns;
}

static bool within(uint64_t at, uint64_t begin, uint64_t end)
{
	return at >= begin && at < end;
}

static bool stood_still(const struct explain_input *in, const struct host_stretch *s, uint64_t at)
{
	if (in->witness_core >= 0 && s->core >= 0 && s->core != in->witness_core)
		return false;
	for (size_t i = 0; i < in->stall_count; i++)
		if (within(at, in->stalls[i].begin, in->stalls[i].end))
			return true;
	return false;
}

/* The late period before it is over, the next release has not come. */
static bool left_out(const struct explain_input *in, uint64_t at)
{
	if (at >= in->next_release)
		return false;
	for (size_t i = 0; i < in->turn_count; i++)
		if (in->turns[i].own && !in->turns[i].this_period && in->turns[i].end > at)
			return false;
	return true;
}

/* The turn that the guest ran: the highest, and of these the last to begin. */
static const struct explain_turn *turn_at(const struct explain_input *in, uint64_t at)
{
	const struct explain_turn *best = NULL;

	for (size_t i = 0; i < in->turn_count; i++) {
		const struct explain_turn *t = &in->turns[i];

		if (!within(at, t->begin, t->end))
			continue;
		if (!best || t->ring_prio > best->ring_prio ||
		    (t->ring_prio == best->ring_prio && t->begin >= best->begin))
			best = t;
	}
	return best;
}

/* Is `at` between two turns of a period? Then the next is not a first one. */
static bool between_turns(const struct explain_input *in, uint64_t at)
{
	const struct explain_turn *next = NULL;

	for (size_t i = 0; i < in->turn_count; i++) {
		const struct explain_turn *t = &in->turns[i];

		if (t->own && t->begin > at && (!next || t->begin < next->begin))
			next = t;
	}
	return next && next->process;
}

static bool being_sent(const struct explain_input *in, uint64_t at)
{
	for (size_t i = 0; i < in->flight_count; i++)
		if (within(at, in->flights[i].sent, in->flights[i].begun))
			return true;
	return false;
}

static bool not_in_force(const struct explain_input *in, uint64_t at)
{
	for (size_t i = 0; i < in->flight_count; i++)
		if (within(at, in->flights[i].sent, in->flights[i].in_force))
			return true;
	return false;
}

#define SAY(st, ...) snprintf((st)->who, sizeof((st)->who), __VA_ARGS__)

/* The vCPU ran: what did the guest do with it? */
static enum cause look_into_guest(struct state *st, uint64_t at)
{
	const struct explain_turn *t = turn_at(st->in, at);

	if (t && t->own) {
		SAY(st, t->this_period ? "ring %u" : "ring %u, an earlier period", t->ring_id);
		return CAUSE_WORK;
	}
	if (t && t->ring_prio > st->in->ring_prio) {
		SAY(st, "ring %u, which is above", t->ring_id);
		return CAUSE_GUEST;
	}
	if (being_sent(st->in, at)) {
		SAY(st, "sending START");
		return CAUSE_NOTIFICATION;
	}
	if (t)
		SAY(st, "ring %u, which is below", t->ring_id);
	else
		SAY(st, between_turns(st->in, at) ? "from process to process" :
						    "from the timer to the first process");
	return CAUSE_GUEST;
}

static enum cause look(struct state *st, const struct host_stretch *s, uint64_t at)
{
	char name[HOSTTRACE_NAME_ROOM];

	st->who[0] = '\0';
	if (left_out(st->in, at)) {
		SAY(st, "until the next release");
		return CAUSE_SKIPPED;
	}
	if (stood_still(st->in, s, at)) {
		SAY(st, "the witness woke late");
		return CAUSE_HOST;
	}
	if (s->state == HOST_RUNNING)
		return look_into_guest(st, at);
	hosttrace_name(st->in->trace, s->who, name);
	if (s->state == HOST_WAITING && not_in_force(st->in, at)) {
		SAY(st, "START not in force, for %s", name);
		return CAUSE_NOTIFICATION;
	}
	if (s->state == HOST_WAITING) {
		SAY(st, "for %s", name);
		return CAUSE_WAITING;
	}
	if (s->state == HOST_ASLEEP) {
		/* An interrupt that comes to an idle core is not seen. */
		SAY(st, "woken by %s", s->who > 0 ? name : "a timer or an interrupt");
		return CAUSE_EMULATOR;
	}
	SAY(st, "no events of the host");
	return CAUSE_UNEXPLAINED;
}

/* From border to border: in between nothing changes. */
static void take_stretch(const struct host_stretch *s, void *arg)
{
	struct state *st = arg;
	uint64_t at = s->begin;

	for (size_t i = 0; at < s->end; i++) {
		uint64_t next = i < st->border_count ? st->borders[i] : s->end;
		enum cause cause;

		if (next <= at)
			continue;
		if (next > s->end)
			next = s->end;
		cause = look(st, s, at);
		add(st->x, cause, st->who, next - at);
		at = next;
	}
}

static int compare_times(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int find_borders(struct state *st, struct rs_error **err)
{
	const struct explain_input *in = st->in;
	size_t room = 2 * in->stall_count + 2 * in->turn_count + 3 * in->flight_count + 1;
	uint64_t *b = calloc(room + 1, sizeof(*b));

	if (!b)
		return rs_fail(err, ENOMEM, "no memory to explain a period");
	st->borders = b;
	for (size_t i = 0; i < in->stall_count; i++) {
		*b++ = in->stalls[i].begin;
		*b++ = in->stalls[i].end;
	}
	for (size_t i = 0; i < in->turn_count; i++) {
		*b++ = in->turns[i].begin;
		*b++ = in->turns[i].end;
	}
	for (size_t i = 0; i < in->flight_count; i++) {
		*b++ = in->flights[i].sent;
		*b++ = in->flights[i].in_force;
		*b++ = in->flights[i].begun;
	}
	*b = in->next_release;
	st->border_count = room;
	qsort(st->borders, room, sizeof(*st->borders), compare_times);
	return 0;
}

static int longest_first(const void *a, const void *b)
{
	const struct explain_part *x = a, *y = b;

	return (x->ns < y->ns) - (x->ns > y->ns);
}

int explain(const struct explain_input *in, struct explanation *x, struct rs_error **err)
{
	struct state st = { .in = in, .x = x };
	int ret = find_borders(&st, err);

	x->count = 0;
	if (ret < 0)
		return ret;
	hosttrace_follow(in->trace, in->tid, in->begin, in->end, take_stretch, &st);
	free(st.borders);
	qsort(x->parts, x->count, sizeof(*x->parts), longest_first);
	return 0;
}

uint64_t explanation_sum(const struct explanation *x, enum cause cause)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < x->count; i++)
		sum += x->parts[i].cause == cause ? x->parts[i].ns : 0;
	return sum;
}

static uint64_t overlap(const struct explain_stall *s, uint64_t begin, uint64_t end)
{
	uint64_t from = s->begin > begin ? s->begin : begin, to = s->end < end ? s->end : end;

	return to > from ? to - from : 0;
}

/* A piece of the period that takes `usual` where nothing is in the way. */
static void add_piece(struct explanation *x, const struct explain_input *in, uint64_t begin,
		      uint64_t end, enum cause cause, const char *who, uint64_t usual)
{
	uint64_t stalled = 0, left;

	if (end <= begin)
		return;
	for (size_t i = 0; i < in->stall_count; i++)
		stalled += overlap(&in->stalls[i], begin, end);
	if (stalled > end - begin)
		stalled = end - begin;
	left = end - begin - stalled;
	add(x, CAUSE_HOST, "the witness woke late", stalled);
	add(x, cause, who, left < usual ? left : usual);
	add(x, CAUSE_UNEXPLAINED, "beyond what solo takes; no host trace",
	    left < usual ? 0 : left - usual);
}

/* Of a period that was left out: from `at`, where the late one before it has
 * ended, nothing is due until the next release. Returns from when on it is. */
static uint64_t skip(struct explanation *x, const struct explain_input *in, uint64_t at,
		     uint64_t end)
{
	uint64_t until = in->next_release < end ? in->next_release : end;

	if (until <= at)
		return at;
	add(x, CAUSE_SKIPPED, "until the next release", until - at);
	return until;
}

void explain_coarsely(const struct explain_input *in, const struct explain_usual *usual,
		      struct explanation *x)
{
	uint64_t at = in->begin;

	x->count = 0;
	for (size_t i = 0; i < in->turn_count; i++) {
		const struct explain_turn *t = &in->turns[i];
		uint64_t begin = t->begin > at ? t->begin : at;
		uint64_t end = t->end < in->end ? t->end : in->end;

		if (end <= at)
			continue;
		if (t->this_period)
			at = skip(x, in, at, begin);
		if (t->process)
			add_piece(x, in, at, begin, CAUSE_GUEST, "from process to process",
				  usual->handover_ns);
		else
			add_piece(x, in, at, begin, CAUSE_GUEST,
				  "from the timer to the first process", usual->wake_ns);
		add_piece(x, in, begin, end, CAUSE_WORK,
			  t->this_period ? "the ring" : "the ring, an earlier period",
			  usual->turn_ns[t->process]);
		at = end;
	}
	at = skip(x, in, at, in->end);
	add_piece(x, in, at, in->end, CAUSE_GUEST, "", 0);
	qsort(x->parts, x->count, sizeof(*x->parts), longest_first);
}
