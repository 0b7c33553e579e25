// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/series.h"

#include <dirent.h>
#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/format.h"
#include "harness/import.h"
#include "harness/jsonread.h"
#include "harness/summary.h"
#include "harness/verdict.h"
#include "host/cleanup.h"
#include "host/error.h"
#include "host/suggest.h"

#define NO_OWN .gate = SIZE_MAX
#define OWN(key) .gate = offsetof(struct scenario_gate, key)

/* The noise is what two sets of boots of one policy differed by at most when
 * they were measured in turn on a shared machine; a scenario may set its own. */
/* clang-format off */
const struct series_metric series_metrics[] = {
	{ .name = "interference", .unit = "", .ratio = true, .noise = 0.15, OWN(interference),
	  .help = "response p99 in the judged phase ÷ in solo right before" },
	{ .name = "response_p99_us", .unit = "us", .noise = 0.15, OWN(response_p99),
	  .help = "response time p99 in the judged phase: boot, where one boots" },
	{ .name = "response_p99_us.solo", .unit = "us", .noise = 0.15, OWN(response_p99_solo),
	  .help = "the same, control VMs alone" },
	{ .name = "vcpu_wait_us_per_period", .unit = "us", .noise = 0.50, OWN(wait),
	  .help = "time a period in which the control vCPU wanted to run and did not" },
	{ .name = "missed_unstained", .unit = "", .ratio = true, .noise = 0, OWN(missed),
	  .help = "deadlines missed in it outside stained windows, all control rings" },
	{ .name = "handling_us.p50", .unit = "us", .one_policy = true, .noise = 0.50, OWN(handling_p50),
	  .help = "kick seen to priority in force, median" },
	{ .name = "handling_us.p99", .unit = "us", .one_policy = true, .noise = 0.50, OWN(handling_p99),
	  .help = "the same, p99" },
	{ .name = "kicks_per_period", .unit = "", .ratio = true, .one_policy = true, .noise = 0.01, OWN(kicks),
	  .help = "notifications a period" },
	{ .name = "neighbour_boot_s", .unit = "s", .noise = 0.30, OWN(neighbour_boot),
	  .help = "the neighbour's boot" },
	/* Of imported files; no scenario is about them. */
	{ .name = "latency_us.p50", .unit = "us", .noise = 0.25, NO_OWN, .help = "imported: median" },
	{ .name = "latency_us.p99", .unit = "us", .noise = 0.25, NO_OWN, .help = "imported: p99" },
	{ .name = "latency_us.p999", .unit = "us", .noise = 0.25, NO_OWN, .help = "imported: p99.9" },
	{ .name = "latency_us.max", .unit = "us", .noise = 0.50, NO_OWN, .help = "imported: largest" },
	{ .name = NULL },
};
/* clang-format on */

/* In the order of the table above, as far as a run has them. */
static double value_of(const struct boot_result *b, enum phase judged, size_t metric)
{
	const struct boot_phase *in = &b->phases[judged];
	const double values[] = {
		b->interference,
		in->response.p99,
		judged == PHASE_SOLO ? NAN : b->phases[PHASE_SOLO].response.p99,
		in->wait_us_per_period,
		in->measure.periods ? (double)in->control_missed_unstained : NAN,
		b->handling.p50,
		b->handling.p99,
		b->kicks_per_period,
		b->neighbour_boot_s,
	};

	return metric < sizeof(values) / sizeof(values[0]) ? values[metric] : NAN;
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

const char *series_metric_word(unsigned int index)
{
	return series_metrics[index].name;
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

static int add_boots(struct series *series, const struct policy_result *p, enum phase judged,
		     struct rs_error **err)
{
	int ret = 0;

	series->boots += p->boot_count;
	for (size_t i = 0; i < p->boot_count; i++)
		for (size_t m = 0; series_metrics[m].name && !ret; m++) {
			double v = value_of(&p->boots[i], judged, m);

			if (isfinite(v))
				ret = durations_add(&series->values[m], v, err);
		}
	return ret;
}

/* The last run's counts: parts of one run have one scenario. */
static double own_noise(const struct scenario *s, size_t metric)
{
	double percent;

	if (series_metrics[metric].gate == SIZE_MAX)
		return NAN;
	memcpy(&percent, (const char *)&s->gate + series_metrics[metric].gate, sizeof(percent));
	return percent / 100;
}

/* A policy all of whose cells failed leaves no trace but in the plan. */
static int find_absent(struct side *side, const struct summary *s, struct rs_error **err)
{
	struct json_object *planned = json_array(s->run->json, "policies");

	for (unsigned long i = 0; i < json_count(planned) && !side->absent; i++) {
		const char *name = json_object_get_string(json_object_array_get_idx(planned, i));

		if (!name || summary_policy(s, name))
			continue;
		side->absent = strdup(name);
		if (!side->absent)
			return rs_fail(err, ENOMEM, "no memory for policy %s", name);
	}
	return 0;
}

/* Boots of two questions, put together, would be an answer to none. */
static int same_scenario(struct side *side, const char *name, struct rs_error **err)
{
	if (!name || (side->scenario && !strcmp(side->scenario, name)))
		return 0;
	if (side->scenario)
		return rs_fail(err, EINVAL,
			       "%s holds runs of different scenarios, %.64s and %.64s: name one of "
			       "them",
			       side->label, side->scenario, name);
	side->scenario = strdup(name);
	return side->scenario ? 0 : rs_fail(err, ENOMEM, "no memory for a comparison");
}

static int add_run(struct side *side, const char *dir, struct rs_error **err)
{
	cleanup_run struct run *run = run_read(dir, err);
	cleanup_summary struct summary *s = run ? summary_make(run, err) : NULL;
	struct verdict verdict;
	int ret;

	if (!s)
		return -EINVAL;
	ret = same_scenario(side, json_text(run->json, "scenario"), err);
	if (!ret)
		ret = find_absent(side, s, err);
	for (size_t m = 0; series_metrics[m].name; m++)
		side->noise[m] = own_noise(run->scenario, m);
	verdict_make(&verdict, s);
	side->interrupted |= json_true(run->json, "interrupted");
	for (size_t i = 0; i < s->policy_count && !ret; i++) {
		struct series *series = series_of(side, s->policies[i].name, err);

		if (!series)
			return -ENOMEM;
		ret = add_boots(series, &s->policies[i], summary_phase(s), err);
		series->missing += policy_boots_missing(s, &s->policies[i]);
		series->limit_missed |= verdict.result == REPORT_MISSED &&
					!strcmp(run->scenario->verdict_policy, series->policy);
	}
	return ret;
}

/* Each imported file is a boot of its series. */
static int add_imported_series(struct side *side, struct json_object *row, struct rs_error **err)
{
	static const struct {
		const char *key, *metric;
	} quantiles[] = {
		{ "p50_us", "latency_us.p50" },
		{ "p99_us", "latency_us.p99" },
		{ "p999_us", "latency_us.p999" },
		{ "max_us", "latency_us.max" },
	};
	struct json_object *files = json_array(row, "files");
	struct series *series = series_of(side, json_shown(row, "name"), err);
	int ret = series ? 0 : -ENOMEM;

	for (unsigned long i = 0; i < json_count(files) && !ret; i++) {
		series->boots++;
		for (size_t q = 0; q < sizeof(quantiles) / sizeof(quantiles[0]) && !ret; q++) {
			double v = json_double(json_row(files, i), quantiles[q].key);
			const struct series_metric *m =
				series_metric_find(quantiles[q].metric, NULL);

			if (isfinite(v))
				ret = durations_add(&series->values[m - series_metrics], v, err);
		}
	}
	return ret;
}

static int add_imported(struct side *side, const char *dir, struct rs_error **err)
{
	cleanup_free char *path = format_text(err, "%s/imported.json", dir);
	cleanup_json struct json_object *root = path ? json_read(path, err) : NULL;
	struct json_object *list = json_array(root, "series");
	int ret = root ? 0 : -EINVAL;

	for (unsigned long i = 0; i < json_count(list) && !ret; i++)
		ret = add_imported_series(side, json_row(list, i), err);
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
			       "%s is no run's folder: it has no run.json or imported.json, and no "
			       "folder in it has a run.json",
			       dir);
	return ret;
}

int side_read(struct side *side, const char *dir, struct rs_error **err)
{
	int ret;

	*side = (struct side){ .label = strdup(dir) };
	if (!side->label)
		return rs_fail(err, ENOMEM, "no memory for a comparison");
	for (size_t m = 0; m < SERIES_METRICS_MAX; m++)
		side->noise[m] = NAN;
	if (import_is_folder(dir))
		ret = add_imported(side, dir, err);
	else
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
	free(side->absent);
	free(side->scenario);
	free(side->label);
	*side = (struct side){ 0 };
}
