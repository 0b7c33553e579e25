// SPDX-License-Identifier: GPL-2.0-or-later
/* The objects "ring_change" of summary.json: with a lock and with ring changes. */
#include <json-c/json.h>
#include <math.h>

#include "harness/format.h"
#include "harness/jsonread.h"
#include "harness/summary.h"
#include "host/json_add.h"

static void add_counts(struct json_object *to, const struct blocking *b)
{
	json_add_u64(to, "periods", b->periods);
	json_add_u64(to, "unended", b->unended);
	json_add_u64(to, "uses", b->uses);
	json_add_u64(to, "waits", b->waits);
}

/* The spreads sort a copy: whoever draws or pools takes them as they came. */
static struct json_object *spread_of(const struct durations *d)
{
	struct durations copy = { 0 };
	struct json_object *json = NULL;
	struct spread s;

	if (durations_append(&copy, d, NULL) == 0) {
		s = durations_spread(&copy);
		json = summary_spread(&s);
	}
	durations_clear(&copy);
	return json;
}

static struct json_object *way_json(const struct blocking *b)
{
	struct json_object *json = json_object_new_object();

	add_counts(json, b);
	json_add_number(json, "longest_blocking_us", b->longest_us);
	json_add_number(json, "longest_blocking_any_us", b->longest_any_us);
	json_add_number(json, "longest_begun_us", b->longest_begun_us);
	json_add_number(json, "longest_wait_us", b->longest_wait_us);
	json_object_object_add(json, "blocking_us", spread_of(&b->blocked));
	json_object_object_add(json, "use_us", spread_of(&b->used));
	return json;
}

struct json_object *boot_change_json(const struct boot_result *b)
{
	struct json_object *json;

	if (!b->ring_change.present)
		return NULL;
	json = json_object_new_object();
	json_add_number(json, "ratio", b->ring_change.ratio);
	for (int w = 0; w < WAY_COUNT; w++)
		json_object_object_add(json, way_names[w], way_json(&b->ring_change.ways[w]));
	return json;
}

/* Counts are sums, the longest are medians over boots, spreads are pooled. */
static struct json_object *pooled_way(const struct policy_result *p, int way)
{
	struct blocking all = { .longest_us = p->longest_blocking_us[way],
				.longest_any_us = NAN,
				.longest_begun_us = NAN };
	struct json_object *json;

	for (size_t i = 0; i < p->boot_count; i++) {
		const struct blocking *b = &p->boots[i].ring_change.ways[way];

		all.periods += b->periods;
		all.unended += b->unended;
		all.uses += b->uses;
		all.waits += b->waits;
		all.longest_any_us = fmax(all.longest_any_us, b->longest_any_us);
		all.longest_begun_us = fmax(all.longest_begun_us, b->longest_begun_us);
		all.longest_wait_us = fmax(all.longest_wait_us, b->longest_wait_us);
		durations_append(&all.blocked, &b->blocked, NULL);
		durations_append(&all.used, &b->used, NULL);
	}
	json = way_json(&all);
	durations_clear(&all.blocked);
	durations_clear(&all.used);
	return json;
}

struct json_object *policy_change_json(const struct policy_result *p)
{
	struct json_object *json, *ratios;

	if (!p->boot_count || !p->boots[0].ring_change.present)
		return NULL;
	json = json_object_new_object();
	ratios = json_object_new_array();
	for (size_t i = 0; i < p->boot_count; i++)
		json_object_array_add(ratios, json_number(p->boots[i].ring_change.ratio));
	json_add_number(json, "ratio", p->blocking_ratio);
	json_object_object_add(json, "ratio_per_boot", ratios);
	for (int w = 0; w < WAY_COUNT; w++)
		json_object_object_add(json, way_names[w], pooled_way(p, w));
	return json;
}
