// SPDX-License-Identifier: GPL-2.0-or-later
/* What the witness saw of the host, over all cells of a run: docs/results.md. */
#include <json-c/json.h>
#include <math.h>

#include "harness/jsonread.h"
#include "harness/stats.h"
#include "harness/summary.h"
#include "host/json_add.h"

/* Smallest and largest of one number over the cells, and their median. */
static struct json_object *over_cells(struct durations *values)
{
	struct json_object *json = json_object_new_object();

	stats_sort(values->us, values->count);
	json_add_number(json, "min", values->count ? values->us[0] : NAN);
	json_add_number(json, "median", stats_median(values->us, values->count));
	json_add_number(json, "max", values->count ? values->us[values->count - 1] : NAN);
	durations_clear(values);
	return json;
}

static void keep(struct durations *d, double value, struct rs_error **err)
{
	if (isfinite(value))
		durations_add(d, value, err);
}

struct json_object *summary_witness(const struct run *run, struct rs_error **err)
{
	struct json_object *json = json_object_new_object();
	struct durations p50 = { 0 }, p99 = { 0 }, worst = { 0 }, speed = { 0 }, loop = { 0 };
	uint64_t stalls = 0, stalled = 0, longest = 0, slow = 0, probes = 0;

	for (size_t i = 0; i < run->cell_count; i++) {
		const struct cell *c = run->cells[i];
		struct json_object *late = json_dict(json_dict(c->json, "witness"), "lateness_us");

		keep(&p50, json_double(late, "p50"), err);
		keep(&p99, json_double(late, "p99"), err);
		keep(&worst, json_double(late, "max"), err);
		keep(&loop,
		     json_double(json_row(json_array(c->json, "rings"), 0), "iterations_per_ms"),
		     err);
		for (size_t k = 0; k < c->stall_count; k++) {
			uint64_t length = c->stalls[k].end - c->stalls[k].begin;

			stalls++;
			stalled += length;
			longest = length > longest ? length : longest;
		}
		for (size_t k = 0; k < c->speed_count; k++) {
			keep(&speed, c->speeds[k].permille, err);
			slow += c->speeds[k].permille < WITNESS_SPEED_PERMILLE;
			probes++;
		}
	}
	json_add_number(json, "stall_threshold_us", WITNESS_STALL_NS / 1e3);
	json_add_u64(json, "stalls", stalls);
	json_add_number(json, "stalled_ms", (double)stalled / 1e6);
	json_add_number(json, "longest_stall_ms", (double)longest / 1e6);
	json_object_object_add(json, "lateness_p50_us", over_cells(&p50));
	json_object_object_add(json, "lateness_p99_us", over_cells(&p99));
	json_object_object_add(json, "lateness_max_us", over_cells(&worst));
	json_add_u64(json, "speed_probes", probes);
	json_add_u64(json, "speed_probes_below_half", slow);
	json_object_object_add(json, "speed_permille_of_cell_median", over_cells(&speed));
	json_object_object_add(json, "calibration_iterations_per_ms", over_cells(&loop));
	return json;
}
