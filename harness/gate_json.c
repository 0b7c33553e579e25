// SPDX-License-Identifier: GPL-2.0-or-later
/* A comparison for programs; docs/results.md has its keys. */
#include <errno.h>
#include <json-c/json.h>

#include "harness/gate.h"
#include "harness/jsonread.h"
#include "host/error.h"

static void put(struct json_object *o, const char *key, struct json_object *value)
{
	json_object_object_add(o, key, value);
}

static struct json_object *count(size_t n)
{
	return json_object_new_int64((int64_t)n);
}

static struct json_object *row_json(const struct gate_row *row)
{
	struct json_object *o = json_object_new_object();

	put(o, "metric", json_object_new_string(row->metric->name));
	put(o, "unit", json_object_new_string(row->metric->unit));
	put(o, "policy_a", json_object_new_string(row->policy_a));
	put(o, "policy_b", json_object_new_string(row->policy_b));
	put(o, "boots_a", count(row->boots_a));
	put(o, "boots_b", count(row->boots_b));
	put(o, "median_a", json_number(row->median_a));
	put(o, "median_b", json_number(row->median_b));
	put(o, "hodges_lehmann_shift", json_number(row->shift));
	put(o, "shift_share", json_number(row->shift_share));
	put(o, "p", json_number(row->p));
	put(o, "p_holm", json_number(row->p_holm));
	put(o, "noise", json_number(row->noise));
	put(o, "verdict", json_object_new_string(gate_verdict_name(row->verdict)));
	put(o, "more_boots", count(row->more_boots));
	return o;
}

struct json_object *gate_json(const struct gate *g, struct rs_error **err)
{
	struct json_object *o = json_object_new_object(), *rows = json_object_new_array();

	if (!o || !rows) {
		json_object_put(o);
		json_object_put(rows);
		rs_fail(err, ENOMEM, "no memory for a comparison");
		return NULL;
	}
	put(o, "schema", json_object_new_int(1));
	put(o, "a", json_object_new_string(g->label_a));
	put(o, "b", json_object_new_string(g->label_b));
	put(o, "alpha", json_number(g->alpha));
	put(o, "verdict", json_object_new_string(gate_verdict_name(g->verdict)));
	put(o, "limit_missed", g->limit_missed ? json_object_new_string(g->limit_missed) : NULL);
	put(o, "incomplete", *g->incomplete ? json_object_new_string(g->incomplete) : NULL);
	put(o, "more_boots", count(g->more_boots));
	for (size_t i = 0; i < g->count; i++)
		json_object_array_add(rows, row_json(&g->rows[i]));
	put(o, "rows", rows);
	return o;
}
