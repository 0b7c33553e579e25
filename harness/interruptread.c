// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From interrupts to periods. The daemon's trace says what came to the host,
 * the samples say what was served. Every interrupt gets a row of its own, so
 * that one that was lost, or that came too often to be served, shows as late
 * as what came of the next (no coordinated omission), as period.c does for
 * planned releases.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "harness/cellread.h"
#include "harness/jsonread.h"
#include "harness/samples.h"
#include "host/cleanup.h"
#include "host/error.h"

struct arrivals { /* by time, host's clock */
	uint64_t *at;
	size_t count;
};

static int compare_times(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static bool is_arrival(struct json_object *event, const struct cell_ring *ring)
{
	const char *kind = json_text(event, "kind"), *vm = json_text(event, "vm");
	uint64_t id;

	return kind && vm && !strcmp(kind, "INTERRUPT") && !strcmp(vm, ring->vm) &&
	       json_u64(event, "ring_id", &id) && id == ring->id;
}

static int read_arrivals(const char *dir, const struct cell_ring *ring, struct arrivals *a,
			 struct rs_error **err)
{
	cleanup_json struct json_object *trace = cell_trace_of(dir);
	unsigned long count;

	if (!trace)
		return rs_fail(err, ENODATA, "no trace of what interrupts came (trace.json.gz)");
	count = json_count(trace);
	a->at = calloc(count + 1, sizeof(*a->at));
	if (!a->at)
		return rs_fail(err, ENOMEM, "no memory for %lu interrupts", count);
	for (unsigned long i = 0; i < count; i++)
		if (is_arrival(json_row(trace, i), ring) &&
		    json_u64(json_row(trace, i), "t", &a->at[a->count]))
			a->count++;
	qsort(a->at, a->count, sizeof(*a->at), compare_times);
	return 0;
}

/* Rows are in the order in which the guest served them, which is that in which
 * they came. A row that is not in the trace counts as one that came. */
static void merge(const struct cell *cell, struct cell_ring *ring, const struct arrivals *a)
{
	const struct samples *s = ring->samples;
	size_t row = 0;

	for (size_t i = 0; i < a->count || row < s->count;) {
		struct period *p = &ring->periods[ring->period_count++];
		bool served = row < s->count && (i == a->count || s->raised_ns[row] <= a->at[i]);

		if (served) {
			i += i < a->count && s->raised_ns[row] == a->at[i];
			*p = period_of_row(cell, ring, row++);
			continue;
		}
		/* What came of the next is all that came of it. */
		*p = (struct period){ 0 };
		if (row < s->count)
			*p = period_of_row(cell, ring, row);
		p->release = a->at[i++];
		p->skipped = true;
		p->cut = false;
		p->row = SIZE_MAX;
	}
}

/* Interrupts that the trace had no room for are known no more. */
static uint64_t trace_dropped(const struct cell *cell)
{
	uint64_t dropped = 0;

	json_u64(json_dict(cell->json, "daemon"), "trace_dropped", &dropped);
	return dropped;
}

int ring_read_interrupts(const struct cell *cell, const char *dir, struct cell_ring *ring,
			 struct rs_error **err)
{
	struct arrivals a = { 0 };
	uint64_t ignored;
	int ret;

	if (!cell_host_ns(cell, ring->vm, 0, &ignored))
		return rs_fail(err, ENODATA, "no clock of VM %s", ring->vm);
	if (!ring->samples->raised_ns)
		return rs_fail(err, EINVAL,
			       "an interrupt releases it, but its samples have no "
			       "column raised_ns");
	if (trace_dropped(cell))
		return rs_fail(err, ENODATA,
			       "the trace had no room for %ju events, so interrupts that were not "
			       "served are not known: let the phases be shorter",
			       (uintmax_t)trace_dropped(cell));
	ret = read_arrivals(dir, ring, &a, err);
	if (!ret) {
		ring->periods = calloc(a.count + ring->samples->count + 1, sizeof(*ring->periods));
		if (!ring->periods)
			ret = rs_fail(err, ENOMEM, "no memory for %zu interrupts", a.count);
	}
	if (!ret) {
		merge(cell, ring, &a);
		ring_stain(cell, ring);
	}
	free(a.at);
	return ret;
}
