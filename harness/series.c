// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/series.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/format.h"
#include "harness/suggest.h"
#include "harness/summary.h"
#include "harness/verdict.h"
#include "host/cleanup.h"
#include "host/error.h"

#define OWN(key) .gate = offsetof(struct scenario_gate, key)

/* The noise is what two sets of boots of one policy differed by at most when
 * they were measured in turn on a shared machine; a scenario may set its own. */
/* clang-format off */
const struct series_metric series_metrics[] = {
	{ .name = "interference", .unit = "", .ratio = true, .noise = 0.15, OWN(interference),
	  .help = "response p99 in boot ÷ in solo right before" },
	{ .name = "response_p99_us.boot", .unit = "us", .noise = 0.15, OWN(response_p99),
	  .help = "response time p99 while the neighbour boots" },
	{ .name = "response_p99_us.solo", .unit = "us", .noise = 0.15, OWN(response_p99_solo),
	  .help = "the same, control VMs alone" },
	{ .name = "vcpu_wait_us_per_period.boot", .unit = "us", .noise = 0.50, OWN(wait),
	  .help = "time a period in which the control vCPU wanted to run and did not" },
	{ .name = "missed_unstained.boot", .unit = "", .ratio = true, .noise = 0, OWN(missed),
	  .help = "deadlines missed in boot outside stained windows, all control rings" },
	{ .name = "handling_us.p50", .unit = "us", .one_policy = true, .noise = 0.50, OWN(handling_p50),
	  .help = "kick seen to priority in force, median" },
	{ .name = "handling_us.p99", .unit = "us", .one_policy = true, .noise = 0.50, OWN(handling_p99),
	  .help = "the same, p99" },
	{ .name = "kicks_per_period", .unit = "", .ratio = true, .one_policy = true, .noise = 0.01, OWN(kicks),
	  .help = "notifications a period" },
	{ .name = "neighbour_boot_s", .unit = "s", .noise = 0.30, OWN(neighbour_boot),
	  .help = "the neighbour's boot" },
	{ .name = NULL },
};
/* clang-format on */

/* In the order of the table above. */
static double value_of(const struct boot_result *b, size_t metric)
{
	const double values[] = {
		b->interference,
		b->phases[PHASE_BOOT].response.p99,
		b->phases[PHASE_SOLO].response.p99,
		b->phases[PHASE_BOOT].wait_us_per_period,
		b->phases[PHASE_BOOT].measure.periods ?
			(double)b->phases[PHASE_BOOT].control_missed_unstained :
			NAN,
		b->handling.p50,
		b->handling.p99,
		b->kicks_per_period,
		b->neighbour_boot_s,
	};

	_Static_assert(sizeof(values) / sizeof(values[0]) <= SERIES_METRICS_MAX, "too many");
	_Static_assert(sizeof(values) / sizeof(values[0]) + 1 ==
			       sizeof(series_metrics) / sizeof(series_metrics[0]),
		       "a metric without its value");
	return values[metric];
}

const struct series_metric *series_metric_find(const char *name, struct rs_error **err)
{
	struct suggestion nearest = { .word = name };
	const struct series_metric *m;
	char names[512] = "";
	size_t used = 0;

	for (m = series_metrics; m->name; m++) {
		if (!strcmp(m->name, name))
			return m;
		suggest_offer(&nearest, m->name);
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s",
					 used ? ", " : "", m->name);
	}
	rs_fail(err, EINVAL, "'%.64s' is no metric%s%s%s (there are %s)", name,
		nearest.best ? "; did you mean '" : "", nearest.best ? nearest.best : "",
		nearest.best ? "'?" : "", names);
	return NULL;
}

const struct series *side_policy(const struct side *side, const char *policy)
{
	for (size_t i = 0; i < side->count; i++)
		if (!strcmp(side->series[i].policy, policy))
			return &side->series[i];
	return NULL;
}

static struct series *series_of(struct side *side, const char *policy, struct rs_error **err)
{
	struct series *more;

	for (size_t i = 0; i < side->count; i++)
		if (!strcmp(side->series[i].policy, policy))
			return &side->series[i];
	more = realloc(side->series, (side->count + 1) * sizeof(*more));
	if (!more) {
		rs_fail(err, ENOMEM, "no memory for policy %s", policy);
		return NULL;
	}
	side->series = more;
	more += side->count;
	*more = (struct series){ .policy = strdup(policy) };
	if (!more->policy) {
		rs_fail(err, ENOMEM, "no memory for policy %s", policy);
		return NULL;
	}
	side->count++;
	return more;
}

static int add_boots(struct series *series, const struct policy_result *p, struct rs_error **err)
{
	int ret = 0;

	series->boots += p->boot_count;
	for (size_t i = 0; i < p->boot_count; i++)
		for (size_t m = 0; series_metrics[m].name && !ret; m++) {
			double v = value_of(&p->boots[i], m);

			if (isfinite(v))
				ret = durations_add(&series->values[m], v, err);
		}
	return ret;
}

/* The last run's counts: parts of one run have one scenario. */
static double own_noise(const struct scenario *s, size_t metric)
{
	const char *gate = (const char *)&s->gate;

	return *(const double *)(gate + series_metrics[metric].gate) / 100;
}

static int add_run(struct side *side, const char *dir, struct rs_error **err)
{
	cleanup_run struct run *run = run_read(dir, err);
	cleanup_summary struct summary *s = run ? summary_make(run, err) : NULL;
	struct verdict verdict;
	int ret = 0;

	if (!s)
		return -EINVAL;
	for (size_t m = 0; series_metrics[m].name; m++)
		side->noise[m] = own_noise(run->scenario, m);
	verdict_make(&verdict, s);
	for (size_t i = 0; i < s->policy_count && !ret; i++) {
		struct series *series = series_of(side, s->policies[i].name, err);

		if (!series)
			return -ENOMEM;
		ret = add_boots(series, &s->policies[i], err);
		series->limit_missed |= verdict.result == REPORT_MISSED &&
					!strcmp(run->scenario->verdict_policy, series->policy);
	}
	return ret;
}

static bool is_run(const char *dir, const char *name)
{
	cleanup_free char *path = format_text(NULL, "%s/%s/run.json", dir, name);

	return path && access(path, R_OK) == 0;
}

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* The runs in the folder, in the order of their names. */
static int add_parts(struct side *side, const char *dir, struct rs_error **err)
{
	struct dirent **list;
	int count = scandir(dir, &list, visible, versionsort), found = 0, ret = 0;

	if (count < 0)
		return rs_fail_errno(err, errno, "reading folder %s", dir);
	for (int i = 0; i < count; i++) {
		cleanup_free char *path = format_text(err, "%s/%s", dir, list[i]->d_name);

		if (!path)
			ret = -ENOMEM;
		if (!ret && is_run(dir, list[i]->d_name)) {
			found++;
			ret = add_run(side, path, err);
		}
		free(list[i]);
	}
	free(list);
	if (!ret && !found)
		return rs_fail(err, ENOENT,
			       "%s is no run's folder: it has no run.json, and no folder in it has "
			       "one",
			       dir);
	return ret;
}

int side_read(struct side *side, const char *dir, struct rs_error **err)
{
	int ret;

	*side = (struct side){ .label = strdup(dir) };
	if (!side->label)
		return rs_fail(err, ENOMEM, "no memory for a comparison");
	ret = is_run(dir, ".") ? add_run(side, dir, err) : add_parts(side, dir, err);
	if (!ret && !side->count)
		ret = rs_fail(err, ENODATA,
			      "%s has no finished boot to compare: see cell-failed.txt in its "
			      "cells/",
			      dir);
	return ret;
}

void side_clear(struct side *side)
{
	for (size_t i = 0; i < side->count; i++) {
		free(side->series[i].policy);
		for (size_t m = 0; m < SERIES_METRICS_MAX; m++)
			durations_clear(&side->series[i].values[m]);
	}
	free(side->series);
	free(side->label);
	*side = (struct side){ 0 };
}
