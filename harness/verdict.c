// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/verdict.h"

#include <math.h>
#include <string.h>

#include "harness/format.h"
#include "harness/quantity.h"
#include "harness/stats.h"
#include "harness/summary.h"
#include "host/cleanup.h"

enum relation { AT_MOST, AT_LEAST, EQUAL, NO_BOUND };

/* Two notifications a period; ATTACH and BYE of a whole cell come on top. */
#define KICKS_TOLERANCE 0.005

static const char *const state_names[] = {
	[STATE_HOLDS] = "yes",	       [STATE_FAILS] = "NO", [STATE_NOT_RUN] = "not run",
	[STATE_UNKNOWN] = "not known", [STATE_SHOWN] = "",
};

const char *verdict_state_name(enum verdict_state state)
{
	return state_names[state];
}

static enum verdict_state judge(double value, enum relation relation, double bound)
{
	if (relation == NO_BOUND)
		return STATE_SHOWN;
	if (!isfinite(value))
		return STATE_UNKNOWN;
	if (relation == AT_MOST)
		return value <= bound ? STATE_HOLDS : STATE_FAILS;
	if (relation == AT_LEAST)
		return value >= bound ? STATE_HOLDS : STATE_FAILS;
	return fabs(value - bound) <= KICKS_TOLERANCE ? STATE_HOLDS : STATE_FAILS;
}

/* Smallest and largest of one number over a policy's boots. */
static void boot_range(const struct policy_result *p, enum phase phase,
		       double (*of)(const struct boot_result *b, enum phase phase), double *low,
		       double *high)
{
	*low = *high = NAN;
	for (size_t i = 0; i < p->boot_count; i++) {
		*low = fmin(*low, of(&p->boots[i], phase));
		*high = fmax(*high, of(&p->boots[i], phase));
	}
}

/* "ring: deadlines missed in boot, ..." */
static void set_what(struct verdict_row *row, const char *policy, const char *what,
		     const char *phase)
{
	const char *at = strchr(what, '@');

	if (at)
		snprintf(row->what, sizeof(row->what), "%.32s: %.*s%s%s", policy, (int)(at - what),
			 what, phase, at + 1);
	else
		snprintf(row->what, sizeof(row->what), "%.32s: %s", policy, what);
}

static void set_bound(struct verdict_row *row, enum relation relation, double bound,
		      const char *unit)
{
	static const char *const signs[] = { "≤ ", "≥ ", "", "" };

	if (relation == NO_BOUND)
		strcpy(row->bound, "–");
	else
		snprintf(row->bound, sizeof(row->bound), "%s%.4g%s", signs[relation], bound, unit);
}

/*
 * "95 %: 0.9 to 1.1; " for a median over enough boots (docs/statistics.md, 2),
 * else nothing. A report that is drawn again has the same: the seed is fixed.
 */
static void interval_text(char *text, size_t size, const struct quantity *q,
			  const struct policy_result *p, enum phase phase)
{
	cleanup_free double *values = calloc(p->boot_count + 1, sizeof(*values));
	char from[FORMAT_NUMBER_ROOM], to[FORMAT_NUMBER_ROOM];
	struct stats_interval interval;
	size_t count = 0;

	*text = '\0';
	if (!q->median || !values)
		return;
	for (size_t i = 0; i < p->boot_count; i++) {
		values[count] = q->of_boot(&p->boots[i], phase);
		count += isfinite(values[count]); /* the median leaves the others out too */
	}
	if (count < STATS_BOOTSTRAP_MIN ||
	    stats_bootstrap(values, count, stats_median, 0.95, 1, &interval, NULL))
		return;
	snprintf(text, size, "95 %%: %s to %s; ", format_number(from, interval.low, q->digits),
		 format_number(to, interval.high, q->digits));
}

static void set_measured(struct verdict_row *row, const struct quantity *q,
			 const struct policy_result *p, enum phase phase)
{
	char value[FORMAT_NUMBER_ROOM], from[FORMAT_NUMBER_ROOM], to[FORMAT_NUMBER_ROOM];
	char interval[2 * FORMAT_NUMBER_ROOM + 16];
	double low, high;

	boot_range(p, phase, q->of_boot, &low, &high);
	interval_text(interval, sizeof(interval), q, p, phase);
	snprintf(row->measured, sizeof(row->measured), "%s%s (%s to %s; %sboots: %zu)",
		 format_number(value, q->of(p, phase), q->digits), q->unit,
		 format_number(from, low, q->digits), format_number(to, high, q->digits), interval,
		 p->boot_count);
}

static void add_row(struct verdict_row *rows, size_t *count, const struct summary *s,
		    const char *policy, const struct quantity *q, enum relation relation,
		    double bound)
{
	const struct policy_result *p = summary_policy(s, policy);
	struct verdict_row *row = &rows[(*count)++];
	enum phase phase = summary_phase(s);

	memset(row, 0, sizeof(*row));
	set_what(row, policy, q->what, phase_names[phase]);
	set_bound(row, relation, bound, q->unit);
	if (!p) {
		strcpy(row->measured, "not run");
		row->state = STATE_NOT_RUN;
		return;
	}
	set_measured(row, q, p, phase);
	row->state = judge(q->of(p, phase), relation, bound);
}

/* The one row that takes two policies: waiting for the core, with and without. */
static void add_wait_row(struct verdict *v, const struct summary *s)
{
	const struct policy_result *with = summary_policy(s, "ring_boot");
	const struct policy_result *without = summary_policy(s, "none");
	char ratio[FORMAT_NUMBER_ROOM], a[FORMAT_NUMBER_ROOM], b[FORMAT_NUMBER_ROOM];
	struct verdict_row *row = &v->shown[v->shown_count++];
	double value;

	memset(row, 0, sizeof(*row));
	snprintf(row->what, sizeof(row->what), "%s",
		 "control vCPU's wait for the core per period in boot, ring_boot ÷ none");
	set_bound(row, AT_MOST, 0.05, "");
	if (!with || !without) {
		strcpy(row->measured, "not run");
		row->state = STATE_NOT_RUN;
		return;
	}
	value = with->wait_us_per_period[PHASE_BOOT] / without->wait_us_per_period[PHASE_BOOT];
	snprintf(row->measured, sizeof(row->measured), "%s (%s µs ÷ %s µs)",
		 format_number(ratio, value, 2),
		 format_number(a, with->wait_us_per_period[PHASE_BOOT], 3),
		 format_number(b, without->wait_us_per_period[PHASE_BOOT], 3));
	row->state = judge(value, AT_MOST, 0.05);
}

/* The neighbour must come up beside the policy, however long it takes. */
static double unfinished_boots(const struct policy_result *p)
{
	double count = 0;

	for (size_t i = 0; i < p->boot_count; i++)
		count += !isfinite(p->boots[i].neighbour_boot_s);
	return count;
}

static void add_completes_row(struct verdict *v, const struct summary *s)
{
	const struct policy_result *p = summary_policy(s, "ring_boot");
	struct verdict_row *row;

	add_row(v->shown, &v->shown_count, s, "ring_boot", &quantity_neighbour, NO_BOUND, 0);
	row = &v->shown[v->shown_count - 1];
	strcpy(row->bound, "completes");
	if (p)
		row->state = unfinished_boots(p) ? STATE_FAILS : STATE_HOLDS;
}

/* What is expected of one control VM beside one neighbour's boot, and of
 * nothing else. */
static bool is_boot_experiment(const struct summary *s)
{
	const struct scenario *scenario = s->run->scenario;

	return summary_phase(s) == PHASE_BOOT && scenario->vm_count == 2 &&
	       scenario_count_role(scenario, VM_ROLE_CONTROL) == 1 &&
	       scenario->vms[scenario->vms[0].role == VM_ROLE_CONTROL].image == VM_IMAGE_DEBIAN;
}

static void add_expectations(struct verdict *v, const struct summary *s)
{
	static const struct expectation {
		const char *policy;
		const struct quantity *quantity;
		enum relation relation;
		double bound;
	} table[] = {
		{ "none", &quantity_interference, AT_LEAST, 2.0 },
		{ "ring_boot", &quantity_interference, AT_MOST, 1.10 },
		{ "ring_boot", &quantity_missed, AT_MOST, 0 },
		{ "ring", &quantity_kicks, EQUAL, 2.0 },
		{ "ring_boot", &quantity_kicks, EQUAL, 2.0 },
		{ "ring", &quantity_handling, AT_MOST, 100 },
		{ "ring_boot", &quantity_handling, AT_MOST, 100 },
		{ "none", &quantity_neighbour, NO_BOUND, 0 },
		{ "static", &quantity_neighbour, NO_BOUND, 0 },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		add_row(v->shown, &v->shown_count, s, table[i].policy, table[i].quantity,
			table[i].relation, table[i].bound);
	add_completes_row(v, s);
	add_wait_row(v, s);
}

/* The same interrupt, boosted and not: p99 to its handler in the judged phase. */
static void add_unboosted_row(struct verdict_row *rows, size_t *count, const struct summary *s,
			      const char *boosted, const char *unboosted, double bound)
{
	const struct policy_result *with = summary_policy(s, boosted);
	const struct policy_result *without = summary_policy(s, unboosted);
	char ratio[FORMAT_NUMBER_ROOM], a[FORMAT_NUMBER_ROOM], b[FORMAT_NUMBER_ROOM];
	struct verdict_row *row = &rows[(*count)++];
	enum phase phase = summary_phase(s);
	double value;

	memset(row, 0, sizeof(*row));
	snprintf(row->what, sizeof(row->what), "interrupt → handler in %s, p99: %.32s ÷ %s",
		 phase_names[phase], boosted, unboosted);
	set_bound(row, AT_MOST, bound, "");
	if (!with || !without) {
		strcpy(row->measured, "not run");
		row->state = STATE_NOT_RUN;
		return;
	}
	value = with->handler[phase].p99 / without->handler[phase].p99;
	snprintf(row->measured, sizeof(row->measured), "%s (%s µs ÷ %s µs)",
		 format_number(ratio, value, 2), format_number(a, with->handler[phase].p99, 3),
		 format_number(b, without->handler[phase].p99, 3));
	row->state = judge(value, AT_MOST, bound);
}

static void add_limits(struct verdict *v, const struct summary *s)
{
	const struct scenario *scenario = s->run->scenario;
	const struct {
		const struct quantity *quantity;
		enum relation relation;
		double bound;
	} table[] = {
		{ &quantity_interference, AT_MOST, scenario->limits.interference_max },
		{ &quantity_missed, AT_MOST, scenario->limits.missed_max },
		{ &quantity_handling, AT_MOST, scenario->limits.handling_p99_us_max },
		{ &quantity_longest, AT_MOST, scenario->limits.boot_s_max },
		{ &quantity_delay, AT_MOST, scenario->limits.delay_max },
		{ &quantity_share, AT_LEAST, scenario->limits.neighbour_share_min },
		{ &quantity_blocking, AT_MOST, scenario->limits.blocking_ratio_max },
		{ &quantity_handler, AT_MOST, scenario->limits.handler_max },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]) && scenario->verdict_policy; i++)
		if (isfinite(table[i].bound))
			add_row(v->limits, &v->limit_count, s, scenario->verdict_policy,
				table[i].quantity, table[i].relation, table[i].bound);
	if (isfinite(scenario->limits.unboosted_max) && scenario->verdict_policy)
		add_unboosted_row(v->limits, &v->limit_count, s, scenario->verdict_policy, "ring",
				  scenario->limits.unboosted_max);
}

void verdict_make(struct verdict *v, const struct summary *s)
{
	const struct policy_result *p =
		s->run->scenario->verdict_policy ?
			summary_policy(s, s->run->scenario->verdict_policy) :
			NULL;

	memset(v, 0, sizeof(*v));
	add_limits(v, s);
	if (is_boot_experiment(s))
		add_expectations(v, s);
	if (summary_has_interrupts(s) && summary_phase(s) != PHASE_SOLO)
		add_unboosted_row(v->shown, &v->shown_count, s, "ring_irq", "none", 1);
	v->result = REPORT_PASS;
	for (size_t i = 0; i < v->limit_count; i++) {
		if (v->limits[i].state == STATE_FAILS)
			v->result = REPORT_MISSED;
		else if (v->limits[i].state != STATE_HOLDS && v->result == REPORT_PASS)
			v->result = REPORT_UNDECIDED;
	}
	/* Fewer boots than planned may miss nothing and still prove nothing. */
	if (p && policy_boots_missing(s, p) && v->result == REPORT_PASS)
		v->result = REPORT_UNDECIDED;
}

void verdict_reasons(const struct verdict *v, const struct summary *s, const char *bullet, FILE *to)
{
	for (size_t i = 0; i < v->limit_count; i++) {
		const struct verdict_row *row = &v->limits[i];

		if (row->state == STATE_HOLDS)
			fprintf(to, "%s%s: %s, within %s.\n", bullet, row->what, row->measured,
				row->bound);
		else if (row->state == STATE_FAILS)
			fprintf(to, "%s%s: %s breaks the limit %s.\n", bullet, row->what,
				row->measured, row->bound);
		else
			fprintf(to, "%s%s: %s, cannot be judged against %s.\n", bullet, row->what,
				row->measured, row->bound);
	}
	verdict_remarks(v, s, bullet, to);
}

void verdict_remarks(const struct verdict *v, const struct summary *s, const char *bullet, FILE *to)
{
	const char *name = s->run->scenario->verdict_policy;
	const struct policy_result *p = name ? summary_policy(s, name) : NULL;

	if (!v->limit_count)
		fprintf(to, "%sThe scenario states no limit: nothing was judged.\n", bullet);
	if (!p)
		return;
	if (policy_boots_missing(s, p))
		fprintf(to, "%s%s: %zu of the planned boots are missing; need %zu more.\n", bullet,
			p->name, policy_boots_missing(s, p), policy_boots_missing(s, p));
	if (p->interference_excluded && isfinite(s->run->scenario->limits.interference_max))
		fprintf(to,
			"%s%s: boots with fewer than %zu periods in solo or %s, "
			"left out of interference: %zu.\n",
			bullet, p->name, stats_quantile_needs(0.99), phase_names[summary_phase(s)],
			p->interference_excluded);
	if (p->lost)
		fprintf(to,
			"%s%s: %ju periods were not sampled (the guest's memory for them was "
			"full), so misses cannot be counted.\n",
			bullet, p->name, (uintmax_t)p->lost);
}
