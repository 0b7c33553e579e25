// SPDX-License-Identifier: GPL-2.0-or-later
/* What a plan's measurements come to, as CSV, JSON (docs/results.md) and for gnuplot. */
#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "harness/format.h"
#include "harness/jsonread.h"
#include "harness/stats.h"
#include "host/cleanup.h"
#include "host/error.h"
#include "tests/scale/plan.h"

struct over_blocks { /* one number of one series at one number of VMs */
	double values[PLAN_BLOCKS_MAX]; /* sorted */
	size_t count;
};

static void keep(struct over_blocks *o, double value)
{
	if (isfinite(value) && o->count < PLAN_BLOCKS_MAX)
		o->values[o->count++] = value;
}

static double median_of(struct over_blocks *o)
{
	stats_sort(o->values, o->count);
	return stats_median(o->values, o->count);
}

static void add(struct json_object *to, const char *key, double value)
{
	json_object_object_add(to, key, json_number(value));
}

static struct json_object *spread_json(struct over_blocks *o)
{
	struct json_object *json = json_object_new_object();

	add(json, "median", median_of(o));
	add(json, "min", o->count ? o->values[0] : NAN);
	add(json, "max", o->count ? o->values[o->count - 1] : NAN);
	return json;
}

static double ns_a_notification(const struct plan *p, const struct point *x)
{
	(void)p;
	return x->counts.handled ? (double)x->use.notify_ns / (double)x->counts.handled : NAN;
}

static double wakeups_each(const struct plan *p, const struct point *x)
{
	(void)p;
	return x->counts.handled ? (double)x->use.wakeups / (double)x->counts.handled : NAN;
}

static double notified_each_second(const struct plan *p, const struct point *x)
{
	return (double)x->counts.handled / p->seconds;
}

static double reads_each_second(const struct plan *p, const struct point *x)
{
	return (double)x->counts.reads / p->seconds;
}

static double daemon_us_each_second(const struct plan *p, const struct point *x)
{
	return (double)x->use.process_ns / 1e3 / p->seconds;
}

static double changes_each(const struct plan *p, const struct point *x)
{
	(void)p;
	return x->counts.handled ? (double)x->counts.changes / (double)x->counts.handled : NAN;
}

static double core_speed(const struct plan *p, const struct point *x)
{
	(void)p;
	return x->speed;
}

static const struct {
	const char *key;
	double (*of)(const struct plan *p, const struct point *x);
} numbers[] = {
	{ "cost", point_cost },
	{ "notifications_per_s", notified_each_second },
	{ "reads_per_s", reads_each_second },
	{ "wakeups_per_notification", wakeups_each },
	{ "changes_per_notification", changes_each },
	{ "daemon_cpu_us_per_s", daemon_us_each_second },
	{ "core_speed", core_speed },
};

struct results {
	const struct plan *plan;
	const struct point *points;
	size_t count;
};

/* Number `of` of all measurements of the series with so many VMs. */
static struct over_blocks gather(const struct results *r, size_t series, unsigned int vms,
				 double (*of)(const struct plan *p, const struct point *x))
{
	struct over_blocks o = { .count = 0 };

	for (size_t i = 0; i < r->count; i++)
		if (r->points[i].series == series && r->points[i].vms == vms)
			keep(&o, of(r->plan, &r->points[i]));
	return o;
}

static const struct point *find(const struct results *r, size_t series, unsigned int vms,
				unsigned int block)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->points[i].series == series && r->points[i].vms == vms &&
		    r->points[i].block == block)
			return &r->points[i];
	return NULL;
}

/* The most VMs against the fewest, each block by itself: the core's speed
 * wanders less within a block than over the run. */
static struct over_blocks ratios(const struct results *r, size_t series)
{
	unsigned int most = r->plan->vms[r->plan->size_count - 1];
	struct over_blocks o = { .count = 0 };

	for (unsigned int b = 1; b <= r->plan->blocks; b++) {
		const struct point *few = find(r, series, r->plan->vms[0], b);
		const struct point *many = find(r, series, most, b);

		if (few && many)
			keep(&o, point_cost(r->plan, many) / point_cost(r->plan, few));
	}
	return o;
}

static struct json_object *points_json(const struct results *r, size_t series)
{
	struct json_object *rows = json_object_new_array();

	for (size_t i = 0; i < r->plan->size_count; i++) {
		struct json_object *row = json_object_new_object();

		json_object_object_add(row, "vms", json_object_new_uint64(r->plan->vms[i]));
		for (size_t k = 0; k < sizeof(numbers) / sizeof(numbers[0]); k++) {
			struct over_blocks o = gather(r, series, r->plan->vms[i], numbers[k].of);

			json_object_object_add(row, numbers[k].key, spread_json(&o));
		}
		json_object_array_add(rows, row);
	}
	return rows;
}

/* Of a series whose cost is a second's: how much of it each VM adds. */
static double growth(const struct results *r, size_t series)
{
	unsigned int few = r->plan->vms[0], many = r->plan->vms[r->plan->size_count - 1];
	struct over_blocks at_few = gather(r, series, few, point_cost);
	struct over_blocks at_many = gather(r, series, many, point_cost);

	return (median_of(&at_many) - median_of(&at_few)) / (double)(many - few);
}

static struct json_object *series_json(const struct results *r, size_t series, bool *holds)
{
	const struct series *s = &all_series[series];
	struct json_object *json = json_object_new_object();
	struct over_blocks o = ratios(r, series);

	json_object_object_add(json, "policy", json_object_new_string(s->policy));
	json_object_object_add(json, "cost_unit",
			       json_object_new_string(s->per_notification ? "ns_per_notification" :
									    "us_per_s"));
	json_object_object_add(json, "points", points_json(r, series));
	json_object_object_add(json, "ratio_most_to_fewest", spread_json(&o));
	if (!s->per_notification)
		add(json, "cost_of_one_more_vm", growth(r, series));
	if (s->limit > 0) {
		bool kept = median_of(&o) <= s->limit;

		add(json, "limit", s->limit);
		json_object_object_add(json, "holds", json_object_new_boolean(kept));
		*holds = *holds && kept;
	}
	return json;
}

static int write_json(const struct results *r, const char *dir, bool *holds, struct rs_error **err)
{
	cleanup_free char *path = format_text(err, "%s/scale.json", dir);
	cleanup_json struct json_object *json = json_object_new_object();
	struct json_object *series = json_object_new_object(), *vms = json_object_new_array();
	struct utsname machine;

	if (!path)
		return -ENOMEM;
	uname(&machine);
	for (size_t i = 0; i < r->plan->size_count; i++)
		json_object_array_add(vms, json_object_new_uint64(r->plan->vms[i]));
	add(json, "schema", 1);
	json_object_object_add(json, "version", json_object_new_string(RS_VERSION));
	json_object_object_add(json, "kernel", json_object_new_string(machine.release));
	json_object_object_add(json, "seed", json_object_new_uint64(r->plan->seed));
	json_object_object_add(json, "blocks", json_object_new_uint64(r->plan->blocks));
	add(json, "seconds", r->plan->seconds);
	json_object_object_add(json, "vms", vms);
	for (size_t i = 0; i < all_series_count; i++)
		json_object_object_add(series, all_series[i].name, series_json(r, i, holds));
	json_object_object_add(json, "series", series);
	return json_write(json, path, err);
}

static int write_csv(const struct results *r, const char *dir, struct rs_error **err)
{
	cleanup_free char *path = format_text(err, "%s/scale.csv", dir);
	cleanup_file FILE *to = path ? fopen(path, "we") : NULL;

	if (!to)
		return path ? rs_fail_errno(err, errno, "opening %s", path) : -ENOMEM;
	fputs("order,block,series,vms,seconds,guest_changes,handled,kicks,coalesced,reads,torn,changes,wakeups,"
	      "notify_cpu_ns,daemon_cpu_ns,core_speed\n",
	      to);
	for (size_t i = 0; i < r->count; i++) {
		const struct point *x = &r->points[i];

		fprintf(to, "%u,%u,%s,%u,%g,%ju,%ju,%ju,%ju,%ju,%ju,%ju,%ju,%ju,%ju,%.1f\n",
			x->order, x->block, all_series[x->series].name, x->vms, r->plan->seconds,
			(uintmax_t)x->changes, (uintmax_t)x->counts.handled,
			(uintmax_t)x->counts.kicks, (uintmax_t)x->counts.coalesced,
			(uintmax_t)x->counts.reads, (uintmax_t)x->counts.torn,
			(uintmax_t)x->counts.changes, (uintmax_t)x->use.wakeups,
			(uintmax_t)x->use.notify_ns, (uintmax_t)x->use.process_ns, x->speed);
	}
	return fflush(to) ? rs_fail_errno(err, errno, "writing %s", path) : 0;
}

static void write_spread(struct over_blocks *o, double unit, FILE *to)
{
	double median = median_of(o);

	fprintf(to, " %.4f %.4f %.4f", median / unit, o->count ? o->values[0] / unit : NAN,
		o->count ? o->values[o->count - 1] / unit : NAN);
}

/* A block a series: VMs, then median, least and most of a notification's cost
 * in us and of the daemon's CPU time in ms a second. */
static int write_dat(const struct results *r, const char *dir, struct rs_error **err)
{
	cleanup_free char *path = format_text(err, "%s/scale.dat", dir);
	cleanup_file FILE *to = path ? fopen(path, "we") : NULL;

	if (!to)
		return path ? rs_fail_errno(err, errno, "opening %s", path) : -ENOMEM;
	for (size_t i = 0; i < all_series_count; i++) {
		fprintf(to, "%s# %s\n\"%s\"\n", i ? "\n\n" : "", all_series[i].name,
			all_series[i].title);
		for (size_t k = 0; k < r->plan->size_count; k++) {
			unsigned int vms = r->plan->vms[k];
			struct over_blocks one = gather(r, i, vms, ns_a_notification);
			struct over_blocks second = gather(r, i, vms, daemon_us_each_second);

			fprintf(to, "%u", vms);
			write_spread(&one, 1e3, to);
			write_spread(&second, 1e3, to);
			fputc('\n', to);
		}
	}
	return fflush(to) ? rs_fail_errno(err, errno, "writing %s", path) : 0;
}

int plan_write(const struct plan *p, const struct point *points, size_t count, const char *dir,
	       bool *holds, struct rs_error **err)
{
	const struct results r = { p, points, count };
	int ret = write_csv(&r, dir, err);

	*holds = true;
	if (ret == 0)
		ret = write_dat(&r, dir, err);
	return ret ? ret : write_json(&r, dir, holds, err);
}
