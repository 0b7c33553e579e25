// SPDX-License-Identifier: GPL-2.0-or-later
/* What a row of the table of claims comes to, and a claim. */
#include <json-c/json.h>
#include <math.h>
#include <string.h>

#include "harness/format.h"
#include "harness/jsonread.h"
#include "harness/paper.h"

/* "policies.NAME" of a path into that policy; of another, "". */
static void policy_path(const char *path, char *room, size_t size)
{
	const char *end = strncmp(path, "policies.", 9) ? NULL : strchr(path + 9, '.');

	snprintf(room, size, "%.*s", end ? (int)(end - path) : 0, path);
}

static double at(struct json_object *json, const char *path, const char *key)
{
	char whole[256];

	snprintf(whole, sizeof(whole), "%s.%s", path, key);
	return paper_number(json, whole);
}

/* "; boots: 6", where the row is about a policy; how many of those planned are missing. */
static double add_boots(struct json_object *json, const struct paper_row *row, char *text,
			size_t size)
{
	char policy[128];
	double boots, missing;

	policy_path(row->value, policy, sizeof(policy));
	boots = at(json, policy, "boots");
	missing = at(json, policy, "boots_missing");
	if (isfinite(boots))
		snprintf(text + strlen(text), size - strlen(text), "; boots: %.0f", boots);
	if (missing > 0)
		snprintf(text + strlen(text), size - strlen(text), ", missing: %.0f", missing);
	return missing;
}

static double read_missed(struct json_object *json, const struct paper_row *row, char *text,
			  size_t size)
{
	double missed = at(json, row->value, "missed_unstained");
	double periods = at(json, row->value, "periods");
	char policy[128];
	double lost;

	policy_path(row->value, policy, sizeof(policy));
	lost = at(json, policy, "samples_lost");
	/* Of a period that was not sampled nobody knows whether it was in time. */
	if (lost > 0 || periods == 0 || !isfinite(missed)) {
		snprintf(text, size, "%s",
			 lost > 0     ? "periods were not sampled" :
			 periods == 0 ? "no period ran" :
					"no such number");
		return NAN;
	}
	snprintf(text, size, "%.0f of %.0f periods (%.0f more in stained windows)", missed, periods,
		 at(json, row->value, "missed") - missed);
	return missed;
}

/* "0", "20323", "1.04": whole numbers without a fraction. */
static const char *shown(char *room, double value)
{
	if (value != 0 && value != floor(value))
		return format_number(room, value, 3);
	snprintf(room, FORMAT_NUMBER_ROOM, "%.0f", value);
	return room;
}

struct line { /* least squares through so many points */
	double n, x, y, xx, xy, yy; /* sums */
};

static void add_point(struct line *l, double x, double y)
{
	l->n++;
	l->x += x;
	l->y += y;
	l->xx += x * x;
	l->xy += x * y;
	l->yy += y * y;
}

static double read_line(struct json_object *json, const struct paper_row *row, char *text,
			size_t size)
{
	struct json_object *points = paper_points(json, row->value);
	struct line l = { 0 };
	double slope, squares, fit;
	char n[2][FORMAT_NUMBER_ROOM];

	for (unsigned long i = 0; i < json_count(points); i++)
		add_point(&l, paper_number(json_row(points, i), "vms"),
			  paper_number(json_row(points, i), "cost.median"));
	slope = (l.n * l.xy - l.x * l.y) / (l.n * l.xx - l.x * l.x);
	squares = (l.n * l.xx - l.x * l.x) * (l.n * l.yy - l.y * l.y);
	fit = pow(l.n * l.xy - l.x * l.y, 2) / squares;
	if (l.n < 3 || !isfinite(fit))
		return NAN; /* a line goes through any two points */
	fit = slope > 0 ? fit : 0;
	snprintf(text, size, "%s (%s more a VM, at %.0f numbers of VMs)",
		 format_number(n[0], fit, 3), format_number(n[1], slope, 3), l.n);
	return fit;
}

static double read_value(struct json_object *json, const struct paper_row *row, char *text,
			 size_t size)
{
	const char *unit = row->unit ? row->unit : "";
	double scale = row->scale != 0 ? row->scale : 1;
	double value = scale * paper_number(json, row->value);
	double over = row->over ? scale * paper_number(json, row->over) : 1;
	char n[3][FORMAT_NUMBER_ROOM];

	if (!row->over) {
		snprintf(text, size, "%s%s", shown(n[0], value), unit);
		return value;
	}
	snprintf(text, size, "%s (%s%s ÷ %s%s)", format_number(n[0], value / over, 3),
		 shown(n[1], value), unit, shown(n[2], over), unit);
	return value / over;
}

static enum paper_state compare(const struct paper_row *row, double v)
{
	switch (row->relation) {
	case PAPER_AT_MOST:
		return v <= row->bound ? PAPER_HOLDS : PAPER_FAILS;
	case PAPER_AT_LEAST:
		return v >= row->bound ? PAPER_HOLDS : PAPER_FAILS;
	case PAPER_BELOW:
		return v < row->bound ? PAPER_HOLDS : PAPER_FAILS;
	case PAPER_BETWEEN:
		return v >= row->bound && v <= row->high ? PAPER_HOLDS : PAPER_FAILS;
	default:
		return PAPER_NOT_JUDGED;
	}
}

static void write_bound(const struct paper_row *row, char *text, size_t size)
{
	static const char *const signs[] = {
		[PAPER_AT_MOST] = "≤ ",
		[PAPER_AT_LEAST] = "≥ ",
		[PAPER_BELOW] = "< ",
	};
	const char *unit = row->unit ? row->unit : "";

	if (row->relation == PAPER_SHOWN)
		snprintf(text, size, "–");
	else if (row->relation == PAPER_BETWEEN)
		snprintf(text, size, "%.4g to %.4g%s", row->bound, row->high, unit);
	else
		snprintf(text, size, "%s%.4g%s", signs[row->relation], row->bound, unit);
}

/* No number: is it the whole policy that is missing? */
static void explain(struct json_object *json, const struct paper_row *row, char *text, size_t size)
{
	const char *paths[] = { row->value, row->over };

	for (int i = 0; i < 2 && paths[i]; i++) {
		char policy[128];

		policy_path(paths[i], policy, sizeof(policy));
		if (*policy && isnan(at(json, policy, "boots"))) {
			snprintf(text, size, "not measured: `%s` was not run with policy `%s`",
				 row->source, policy + strlen("policies."));
			return;
		}
	}
	snprintf(text, size, "not measured: no such number, or too few samples for it, in `%s`",
		 row->source);
}

static bool is_emulated(struct json_object *json)
{
	const char *accel = json_text(json, "accel");

	return accel && !strcmp(accel, "tcg");
}

void paper_read(struct paper *p, const struct paper_row *row, struct paper_reading *r)
{
	static double (*const readers[])(struct json_object * json, const struct paper_row *row,
					 char *text, size_t size) = {
		[PAPER_VALUE] = read_value,
		[PAPER_MISSED] = read_missed,
		[PAPER_LINE] = read_line,
	};
	const char *why;
	struct json_object *json = paper_json(p, row->source, &why);
	double missing;

	*r = (struct paper_reading){ .state = PAPER_UNKNOWN, .value = NAN };
	write_bound(row, r->bound, sizeof(r->bound));
	if (!json) {
		snprintf(r->measured, sizeof(r->measured), "not measured: %s", why);
		return;
	}
	r->value = readers[row->kind](json, row, r->measured, sizeof(r->measured));
	if (!isfinite(r->value)) {
		if (row->kind != PAPER_MISSED || !strcmp(r->measured, "no such number"))
			explain(json, row, r->measured, sizeof(r->measured));
		return;
	}
	missing = add_boots(json, row, r->measured, sizeof(r->measured));
	r->state = row->guest_time && is_emulated(json) ? PAPER_NOT_HERE : compare(row, r->value);
	/* The boots still to come may break it; what is broken stays so. */
	if (r->state == PAPER_HOLDS && missing > 0)
		r->state = PAPER_UNKNOWN;
}

enum paper_state paper_judge_rows(struct paper *p, const struct paper_claim *claim)
{
	unsigned int count[PAPER_NOT_JUDGED + 1] = { 0 };
	const struct paper_row *row;

	if (claim->not_here)
		return PAPER_NOT_HERE;
	for (row = claim->rows; row->what; row++) {
		struct paper_reading r;

		paper_read(p, row, &r);
		/* What is only shown may be missing. */
		if (row->relation != PAPER_SHOWN)
			count[r.state]++;
	}
	if (count[PAPER_FAILS])
		return PAPER_FAILS;
	if (count[PAPER_UNKNOWN])
		return count[PAPER_HOLDS] ? PAPER_PARTLY : PAPER_UNKNOWN;
	return count[PAPER_HOLDS] ? PAPER_HOLDS : PAPER_NOT_HERE;
}

enum paper_state paper_judge(struct paper *p, const struct paper_claim *claim)
{
	enum paper_state rows = paper_judge_rows(p, claim);

	return rows == PAPER_HOLDS && claim->unmeasured ? PAPER_PARTLY : rows;
}
