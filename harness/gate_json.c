// SPDX-License-Identifier: GPL-2.0-or-later
/* A comparison for programs; docs/results.md has its keys. */
#include <errno.h>
#include <json-c/json.h>

#include "harness/gate.h"
#include "harness/jsonread.h"
#include "host/error.h"
#include "host/json_add.h"

static struct json_object *row_json(const struct gate_row *row)
{
	struct json_object *o = json_object_new_object();

	json_add_text(o, "metric", row->metric->name);
	json_add_text(o, "unit", row->metric->unit);
	json_add_text(o, "policy_a", row->policy_a);
	json_add_text(o, "policy_b", row->policy_b);
	json_add_u64(o, "boots_a", row->boots_a);
	json_add_u64(o, "boots_b", row->boots_b);
	json_add_number(o, "median_a", row->median_a);
	json_add_number(o, "median_b", row->median_b);
	json_add_number(o, "hodges_lehmann_shift", row->shift);
	json_add_number(o, "shift_share", row->shift_share);
	json_add_number(o, "p", row->p);
	json_add_number(o, "p_holm", row->p_holm);
	json_add_number(o, "noise", row->noise);
	json_add_text(o, "verdict", gate_verdict_name(row->verdict));
	json_add_u64(o, "more_boots", row->more_boots);
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
	json_add_i64(o, "schema", 1);
	json_add_text(o, "a", g->label_a);
	json_add_text(o, "b", g->label_b);
	json_add_number(o, "alpha", g->alpha);
	json_add_text(o, "verdict", gate_verdict_name(g->verdict));
	json_add_text(o, "limit_missed", g->limit_missed);
	json_add_text(o, "incomplete", *g->incomplete ? g->incomplete : NULL);
	json_add_u64(o, "more_boots", g->more_boots);
	for (size_t i = 0; i < g->count; i++)
		json_object_array_add(rows, row_json(&g->rows[i]));
	json_object_object_add(o, "rows", rows);
	return o;
}
