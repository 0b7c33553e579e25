// SPDX-License-Identifier: GPL-2.0-or-later
/* The doctor's findings, for a terminal and as JSON (docs/results.md). */
#include <errno.h>
#include <json-c/json.h>

#include "harness/doctor.h"
#include "host/error.h"
#include "host/json_add.h"

static const char *const state_names[] = {
	[DOCTOR_PASS] = "PASS",
	[DOCTOR_WARN] = "WARN",
	[DOCTOR_FAIL] = "FAIL",
	[DOCTOR_SKIP] = "SKIP",
};

static void print_finding(const struct doctor_check *c, const struct doctor_finding *f, FILE *to)
{
	fprintf(to, "%s  %-15s %s\n", state_names[f->state], c->name, f->found);
	if (f->state != DOCTOR_WARN && f->state != DOCTOR_FAIL)
		return;
	fprintf(to, "      why:    %s\n", c->why);
	if (*f->change)
		fprintf(to, "      change: %s\n", f->change);
	if (*f->undo)
		fprintf(to, "      undo:   %s\n", f->undo);
}

void doctor_print(const struct doctor_report *r, bool all, FILE *to)
{
	size_t fixable = 0;

	for (size_t i = 0; doctor_checks[i].name; i++) {
		const struct doctor_finding *f = &r->findings[i];

		fixable += f->change_count > 0;
		if (all || f->state == DOCTOR_WARN || f->state == DOCTOR_FAIL)
			print_finding(&doctor_checks[i], f, to);
	}
	fprintf(to, "%zu passed, %zu warned, %zu failed, %zu skipped", r->count[DOCTOR_PASS],
		r->count[DOCTOR_WARN], r->count[DOCTOR_FAIL], r->count[DOCTOR_SKIP]);
	if (fixable)
		fprintf(to, "; --fix would change what %zu of them found, --undo takes it back",
			fixable);
	fputc('\n', to);
}

static struct json_object *finding_json(const struct doctor_check *c,
					const struct doctor_finding *f)
{
	struct json_object *o = json_object_new_object();

	json_add_text(o, "check", c->name);
	json_add_text(o, "state", state_names[f->state]);
	json_add_text(o, "found", f->found);
	json_add_text(o, "why", c->why);
	if (*f->change)
		json_add_text(o, "change", f->change);
	if (*f->undo)
		json_add_text(o, "undo", f->undo);
	json_add_bool(o, "fixable", f->change_count > 0);
	return o;
}

struct json_object *doctor_json(const struct doctor_report *r, struct rs_error **err)
{
	struct json_object *o = json_object_new_object(), *list = json_object_new_array();
	struct json_object *counts = json_object_new_object();

	if (!o || !list || !counts) {
		json_object_put(o);
		json_object_put(list);
		json_object_put(counts);
		rs_fail(err, ENOMEM, "no memory for the findings");
		return NULL;
	}
	for (size_t i = 0; i <= DOCTOR_SKIP; i++)
		json_add_u64(counts, state_names[i], r->count[i]);
	for (size_t i = 0; doctor_checks[i].name; i++)
		json_object_array_add(list, finding_json(&doctor_checks[i], &r->findings[i]));
	json_add_i64(o, "schema", 1);
	json_object_object_add(o, "counts", counts);
	json_object_object_add(o, "checks", list);
	return o;
}
