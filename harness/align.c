// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/align.h"

#include <errno.h>
#include <stdlib.h>

#include "harness/hosttrace.h"
#include "host/cleanup.h"
#include "host/error.h"

/* Corrections in (from, to) do not go with one of the stamps. */
struct border {
	int64_t at;
	int step; /* +1 where a forbidden range begins, -1 where it ends */
};

struct finder {
	const struct align_stamp *stamps; /* by time */
	size_t count;
	size_t next; /* the first that a later stretch can concern */
	int64_t reach; /* corrections from -reach to reach */
	struct border *borders;
	size_t border_count, room;
	bool failed; /* no memory */
};

static void forbid(struct finder *f, int64_t from, int64_t to)
{
	if (from < -f->reach)
		from = -f->reach;
	if (to > f->reach)
		to = f->reach;
	if (from >= to || f->failed)
		return;
	if (f->border_count + 2 > f->room) {
		size_t room = f->room ? 2 * f->room : 256;
		struct border *more = reallocarray(f->borders, room, sizeof(*more));

		f->failed = !more;
		if (!more)
			return;
		f->borders = more;
		f->room = room;
	}
	f->borders[f->border_count++] = (struct border){ from, 1 };
	f->borders[f->border_count++] = (struct border){ to, -1 };
}

static bool stands_still(const struct host_stretch *s)
{
	return s->state == HOST_WAITING || s->state == HOST_ASLEEP;
}

/* A stretch in which the vCPU did not run: no stamp can be from there. */
static void take_stretch(const struct host_stretch *s, void *arg)
{
	struct finder *f = arg;
	uint64_t reach = (uint64_t)f->reach;

	if (!stands_still(s))
		return;
	while (f->next < f->count && f->stamps[f->next].at + reach < s->begin)
		f->next++;
	for (size_t i = f->next; i < f->count && f->stamps[i].at < s->end + reach; i++)
		forbid(f, (int64_t)(s->begin - f->stamps[i].at),
		       (int64_t)(s->end - f->stamps[i].at));
}

static int compare_borders(const void *a, const void *b)
{
	const struct border *x = a, *y = b;

	if (x->at != y->at)
		return (x->at > y->at) - (x->at < y->at);
	return x->step - y->step;
}

/* All corrections that the fewest stamps speak against: from the first of them
 * to the last, so that the error is not stated too small. */
static void find_range(struct finder *f, struct align *a)
{
	int64_t before = -f->reach, low = -f->reach, high = f->reach;
	long cover = 0, least = -1;

	qsort(f->borders, f->border_count, sizeof(*f->borders), compare_borders);
	for (size_t i = 0; i <= f->border_count; i++) {
		int64_t at = i < f->border_count ? f->borders[i].at : f->reach;

		if (at > before && (least < 0 || cover < least)) {
			least = cover;
			low = before;
		}
		if (at > before && cover == least)
			high = at;
		before = at;
		cover += i < f->border_count ? f->borders[i].step : 0;
	}
	a->correction_ns = low + (high - low) / 2;
	a->error_ns = (uint64_t)(high - low) / 2;
	a->contradictions = least > 0 ? (size_t)least : 0;
}

int align_find(const struct hosttrace *t, int32_t tid, const struct align_stamp *stamps,
	       size_t count, uint64_t error_ns, struct align *a, struct rs_error **err)
{
	struct finder f = { .stamps = stamps, .count = count, .reach = (int64_t)error_ns };

	*a = (struct align){ .error_ns = error_ns, .stamps = count };
	if (!count)
		return 0;
	hosttrace_follow(t, tid, stamps[0].at - error_ns, stamps[count - 1].at + error_ns,
			 take_stretch, &f);
	for (size_t i = 0; i < count; i++)
		if (stamps[i].seen)
			forbid(&f, (int64_t)(stamps[i].seen - stamps[i].at), f.reach);
	if (!f.failed && f.border_count)
		find_range(&f, a);
	free(f.borders);
	return f.failed ? rs_fail(err, ENOMEM, "no memory to align clocks") : 0;
}
