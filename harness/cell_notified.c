// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How many notifications a ring cost, from the daemon's trace and the ring's
 * samples, both in the guest's clock: what was sent from the first sampled
 * release to the last one, and that many whole periods. What the processes
 * cause before their first period and as they end is left out.
 *
 * START and END name their ring. A task switch does not, but its priority is
 * the ring's own: rings of one guest have different ones.
 */
#include <stdlib.h>
#include <string.h>

#include "harness/cell_state.h"
#include "harness/jsonread.h"
#include "host/message.h"

struct window {
	uint64_t from, to; /* [from, to), guest's clock */
	uint64_t periods;
};

static bool is_of(struct json_object *event, const char *vm)
{
	const char *name = json_text(event, "vm");

	return name && !strcmp(name, vm);
}

/* Up to when the trace is whole: it keeps the oldest where it is too small. */
static uint64_t trace_end(const struct cell_state *cell, const char *vm)
{
	uint64_t dropped = 0, at = 0;

	json_u64(cell->status, "trace_dropped", &dropped);
	if (!dropped)
		return UINT64_MAX;
	for (unsigned long i = json_count(cell->trace); i-- > 0;)
		if (is_of(json_row(cell->trace, i), vm) &&
		    json_u64(json_row(cell->trace, i), "guest_ns", &at))
			break;
	return at;
}

/* Releases are the second field of each row (docs/guest-protocol.md). */
static struct window sampled(const char *csv, uint64_t end)
{
	struct window w = { 0 };
	bool any = false;

	for (const char *line = strchr(csv, '\n'); line; line = strchr(line + 1, '\n')) {
		uint64_t release;
		char *comma;

		strtoull(line + 1, &comma, 10);
		if (comma == line + 1 || *comma != ',')
			continue; /* a remark, or the end */
		release = strtoull(comma + 1, NULL, 10);
		if (release > end)
			break;
		if (any)
			w.periods++;
		else
			w.from = release;
		w.to = release;
		any = true;
	}
	return w;
}

/* START and END always tell something new. A task switch counts for whom it
 * was to, or from where none came after. */
static void count(struct cell_notified *n, bool mine, bool news)
{
	n->messages += mine;
	n->changes += mine && news;
}

void cell_count_notified(const struct cell_state *cell, const char *vm,
			 const struct scenario_ring *r, const char *csv, struct cell_notified *n)
{
	struct window w = sampled(csv, trace_end(cell, vm));
	uint64_t running[RS_VCPU_MAX] = { 0 };

	*n = (struct cell_notified){ .periods = w.periods };
	for (unsigned long i = 0; i < json_count(cell->trace); i++) {
		struct json_object *event = json_row(cell->trace, i);
		const char *kind = json_text(event, "kind");
		uint64_t at = 0, id = 0, prio = 0, vcpu = 0;
		bool within;

		if (!is_of(event, vm) || !kind || !json_u64(event, "guest_ns", &at) ||
		    !json_u64(event, "ring_id", &id) || !json_u64(event, "ring_prio", &prio) ||
		    !json_u64(event, "vcpu", &vcpu) || vcpu >= RS_VCPU_MAX)
			continue;
		within = at >= w.from && at < w.to;
		if (strcmp(kind, kind_names[RS_KIND_SWITCH])) {
			count(n, within && id == r->id && prio == r->prio, true);
			continue;
		}
		count(n, within && (prio ? prio : running[vcpu]) == r->prio, prio != running[vcpu]);
		running[vcpu] = prio;
	}
}
