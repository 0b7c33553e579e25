// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/scale/plan.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "host/prng.h"
#include "host/error.h"

/* A control VM of the paper's kind: a ring of 20 ms, a START and an END. */
#define RATE_OF_ONE 100.0
/* That of 16 such VMs, whatever the number it is divided among. */
#define RATE_OF_ALL 1600.0

/* A daemon that works once a notification: another VM must not make it dearer. */
#define FLAT 1.2

const struct series all_series[] = {
	{ .name = "ring",
	  .policy = "ring",
	  .title = "each VM 100 notifications a second",
	  .changes_per_s = RATE_OF_ONE,
	  .per_notification = true,
	  .limit = FLAT },
	{ .name = "ring_same_rate",
	  .policy = "ring",
	  .title = "all VMs together 1600 a second",
	  .changes_per_s = RATE_OF_ALL,
	  .shared = true,
	  .per_notification = true,
	  .limit = FLAT },
	{ .name = "rq_scan",
	  .policy = "rq_scan",
	  .title = "rq_scan, reading every ms",
	  .changes_per_s = RATE_OF_ONE,
	  .scanned = true },
	{ .name = "rq_scan_idle",
	  .policy = "rq_scan",
	  .title = "rq_scan, guests in which nothing happens",
	  .scanned = true },
};
#define SERIES_COUNT (sizeof(all_series) / sizeof(all_series[0]))
const size_t all_series_count = SERIES_COUNT;

#define ORDER_MAX (SERIES_COUNT * PLAN_SIZES_MAX)

static void shuffle(size_t *order, size_t count, struct prng *random)
{
	for (size_t i = count; i > 1; i--) {
		size_t k = prng_below(random, i), swap = order[i - 1];

		order[i - 1] = order[k];
		order[k] = swap;
	}
}

/* The daemon read run queues, found them sound, and did something about them. */
static int check_reads(const struct point *point, struct rs_error **err)
{
	const struct fleet_counts *c = &point->counts;

	if (!c->reads || !c->changes != !point->changes || c->outside || c->torn > c->reads / 10 ||
	    c->handled)
		return rs_fail(err, EPROTO,
			       "%ju run queues read, %ju of them torn and %ju outside of memory; "
			       "%ju changes made, %ju notifications handled",
			       (uintmax_t)c->reads, (uintmax_t)c->torn, (uintmax_t)c->outside,
			       (uintmax_t)c->changes, (uintmax_t)c->handled);
	return 0;
}

/* Nothing was lost on the way, and nothing counted twice. */
static int check_sums(const struct point *point, struct rs_error **err)
{
	const struct fleet_counts *c = &point->counts;

	if (all_series[point->series].scanned)
		return check_reads(point, err);
	if (c->handled + c->rejected + c->lost != point->changes || c->kicks != point->changes)
		return rs_fail(err, EPROTO,
			       "the counts do not add up: %ju messages sent, each with a kick; "
			       "%ju handled, %ju rejected, %ju lost, %ju kicks",
			       (uintmax_t)point->changes, (uintmax_t)c->handled,
			       (uintmax_t)c->rejected, (uintmax_t)c->lost, (uintmax_t)c->kicks);
	if (c->rejected || c->lost)
		return rs_fail(err, EPROTO, "%ju messages were rejected and %ju lost",
			       (uintmax_t)c->rejected, (uintmax_t)c->lost);
	return 0;
}

/* Counters and CPU time around the sending; the questions lie outside. */
static int measure_fleet(struct fleet *f, const struct fleet_load *load, double warmup_s,
			 struct point *point, struct rs_error **err)
{
	struct fleet_load before = *load;
	struct fleet_counts c;
	struct fleet_use u;
	uint64_t ignored;

	before.seconds = warmup_s;
	if (fleet_work(f, &before, &ignored, err) || fleet_drained(f, err) ||
	    fleet_counts(f, &c, err) || fleet_use(f, &u, err) ||
	    fleet_work(f, load, &point->changes, err) || fleet_drained(f, err) ||
	    fleet_use(f, &point->use, err) || fleet_counts(f, &point->counts, err))
		return -EIO;
	point->use.notify_ns -= u.notify_ns;
	point->use.process_ns -= u.process_ns;
	point->use.wakeups -= u.wakeups;
	point->counts.kicks -= c.kicks;
	point->counts.coalesced -= c.coalesced;
	point->counts.handled -= c.handled;
	point->counts.rejected -= c.rejected;
	point->counts.lost -= c.lost;
	point->counts.changes -= c.changes;
	point->counts.reads -= c.reads;
	point->counts.torn -= c.torn;
	point->counts.outside -= c.outside;
	return check_sums(point, err);
}

static int measure(const struct plan *p, struct point *point, struct rs_error **err)
{
	const struct series *s = &all_series[point->series];
	const struct fleet_load load = {
		.changes_per_s = s->changes_per_s / (s->shared ? point->vms : 1),
		.seconds = p->seconds,
		.core = p->worker_core,
	};
	const struct fleet_kind kind = {
		.policy = s->policy,
		.scanned = s->scanned,
		.vms = point->vms,
		.daemon_core = p->daemon_core,
		.seed = p->seed + point->order,
	};
	struct fleet fleet;
	int ret;

	point->speed = fleet_core_speed(p->daemon_core);
	ret = fleet_start(&fleet, &kind, err);
	if (ret)
		return ret;
	ret = measure_fleet(&fleet, &load, p->warmup_s, point, err);
	fleet_stop(&fleet);
	return ret ? rs_fail_wrap(err, "%s with %u VMs", s->name, point->vms) : 0;
}

struct point *plan_run(const struct plan *p, size_t *count, struct rs_error **err)
{
	size_t each = all_series_count * p->size_count, order[ORDER_MAX];
	struct point *points = calloc(each * p->blocks, sizeof(*points));
	struct prng random = { p->seed };

	*count = 0;
	if (!points) {
		rs_fail(err, ENOMEM, "no memory for %zu measurements", each * p->blocks);
		return NULL;
	}
	for (unsigned int block = 1; block <= p->blocks; block++) {
		for (size_t i = 0; i < each; i++)
			order[i] = i;
		shuffle(order, each, &random);
		for (size_t i = 0; i < each; i++) {
			struct point *point = &points[*count];

			point->series = order[i] / p->size_count;
			point->vms = p->vms[order[i] % p->size_count];
			point->block = block;
			point->order = (unsigned int)++*count;
			if (measure(p, point, err)) {
				free(points);
				return NULL;
			}
			fprintf(stderr, "[%zu/%zu] %s, %u VMs: %.1f\n", *count, each * p->blocks,
				all_series[point->series].name, point->vms, point_cost(p, point));
		}
	}
	return points;
}

double point_cost(const struct plan *p, const struct point *point)
{
	if (all_series[point->series].per_notification)
		return point->counts.handled ?
			       (double)point->use.notify_ns / (double)point->counts.handled :
			       NAN;
	return (double)point->use.process_ns / 1e3 / p->seconds;
}
