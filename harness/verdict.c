// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/verdict.h"

#include <math.h>
#include <string.h>

#include "harness/format.h"
#include "harness/stats.h"
#include "harness/summary.h"

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

/*
 * One measured thing of one policy in the judged phase: its number for the
 * bound, its number a boot for the range that is printed beside it, and its
 * unit.
 */
struct quantity {
	const char *what; /* '@' = the phase's name */
	const char *unit;
	double (*of)(const struct policy_result *p, enum phase phase);
	double (*of_boot)(const struct boot_result *b, enum phase phase);
	int digits;
};

static double interference(const struct policy_result *p, enum phase phase)
{
	(void)phase; /* made for it already */
	return p->interference;
}

static double boot_interference(const struct boot_result *b, enum phase phase)
{
	(void)phase;
	return b->interference;
}

/* Periods whose samples were lost cannot be said to have met the deadline. */
static double missed_unstained(const struct policy_result *p, enum phase phase)
{
	if (p->lost || !p->pooled[phase].periods)
		return NAN;
	return (double)p->control_missed_unstained[phase];
}

static double boot_missed_unstained(const struct boot_result *b, enum phase phase)
{
	return (double)b->phases[phase].control_missed_unstained;
}

static double kicks(const struct policy_result *p, enum phase phase)
{
	(void)phase; /* of the whole cell, as is the handling */
	return p->kicks_per_period;
}

static double boot_kicks(const struct boot_result *b, enum phase phase)
{
	(void)phase;
	return b->kicks_per_period;
}

static double handling_p99(const struct policy_result *p, enum phase phase)
{
	(void)phase;
	return p->handling.p99;
}

static double boot_handling_p99(const struct boot_result *b, enum phase phase)
{
	(void)phase;
	return b->handling.p99;
}

static double neighbour_boot(const struct policy_result *p, enum phase phase)
{
	(void)phase;
	return p->neighbour_boot_s;
}

static double longest_boot(const struct policy_result *p, enum phase phase)
{
	(void)phase;
	return p->neighbour_boot_longest_s;
}

static double boot_neighbour_boot(const struct boot_result *b, enum phase phase)
{
	(void)phase;
	return b->neighbour_boot_s;
}

static double share(const struct policy_result *p, enum phase phase)
{
	return p->cost[phase].value[COST_NEIGHBOUR_SHARE];
}

static double boot_share(const struct boot_result *b, enum phase phase)
{
	return b->phases[phase].cost.value[COST_NEIGHBOUR_SHARE];
}

static double blocking_ratio(const struct policy_result *p, enum phase phase)
{
	(void)phase;
	return p->blocking_ratio;
}

static double boot_blocking_ratio(const struct boot_result *b, enum phase phase)
{
	(void)phase;
	return b->ring_change.ratio;
}

static double delay(const struct policy_result *p, enum phase phase)
{
	return p->delay[phase];
}

static double boot_delay(const struct boot_result *b, enum phase phase)
{
	return b->phases[phase].delay;
}

static const struct quantity
	interference_of = { "interference (response p99, @ ÷ solo, median over boots)", "",
			    interference, boot_interference, 3 },
	missed_of = { "deadlines missed in @, outside stained windows, all boots", "",
		      missed_unstained, boot_missed_unstained, 1 },
	kicks_of = { "kicks per period", "", kicks, boot_kicks, 3 },
	handling_of = { "handling (kick seen → priority in force), p99, median over boots", " µs",
			handling_p99, boot_handling_p99, 3 },
	neighbour_of = { "neighbour's boot, median over boots", " s", neighbour_boot,
			 boot_neighbour_boot, 3 },
	longest_of = { "neighbours' boot, the longest", " s", longest_boot, boot_neighbour_boot,
		       3 },
	delay_of = { "wait of a lower VM ÷ work of those above, a period, in @, median over boots",
		     "", delay, boot_delay, 3 },
	share_of = { "neighbours' CPU time ÷ length of phase @, median over boots", "", share,
		     boot_share, 3 },
	blocking_of = { "the higher ring's longest blocking, ring change ÷ lock, median over boots",
			"", blocking_ratio, boot_blocking_ratio, 3 };

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

static void set_measured(struct verdict_row *row, const struct quantity *q,
			 const struct policy_result *p, enum phase phase)
{
	char value[FORMAT_NUMBER_ROOM], from[FORMAT_NUMBER_ROOM], to[FORMAT_NUMBER_ROOM];
	double low, high;

	boot_range(p, phase, q->of_boot, &low, &high);
	snprintf(row->measured, sizeof(row->measured), "%s%s (%s to %s; boots: %zu)",
		 format_number(value, q->of(p, phase), q->digits), q->unit,
		 format_number(from, low, q->digits), format_number(to, high, q->digits),
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

	add_row(v->shown, &v->shown_count, s, "ring_boot", &neighbour_of, NO_BOUND, 0);
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
		{ "none", &interference_of, AT_LEAST, 2.0 },
		{ "ring_boot", &interference_of, AT_MOST, 1.10 },
		{ "ring_boot", &missed_of, AT_MOST, 0 },
		{ "ring", &kicks_of, EQUAL, 2.0 },
		{ "ring_boot", &kicks_of, EQUAL, 2.0 },
		{ "ring", &handling_of, AT_MOST, 100 },
		{ "ring_boot", &handling_of, AT_MOST, 100 },
		{ "none", &neighbour_of, NO_BOUND, 0 },
		{ "static", &neighbour_of, NO_BOUND, 0 },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		add_row(v->shown, &v->shown_count, s, table[i].policy, table[i].quantity,
			table[i].relation, table[i].bound);
	add_completes_row(v, s);
	add_wait_row(v, s);
}

static void add_limits(struct verdict *v, const struct summary *s)
{
	const struct scenario *scenario = s->run->scenario;
	const struct {
		const struct quantity *quantity;
		enum relation relation;
		double bound;
	} table[] = {
		{ &interference_of, AT_MOST, scenario->limits.interference_max },
		{ &missed_of, AT_MOST, scenario->limits.missed_max },
		{ &handling_of, AT_MOST, scenario->limits.handling_p99_us_max },
		{ &longest_of, AT_MOST, scenario->limits.boot_s_max },
		{ &delay_of, AT_MOST, scenario->limits.delay_max },
		{ &share_of, AT_LEAST, scenario->limits.neighbour_share_min },
		{ &blocking_of, AT_MOST, scenario->limits.blocking_ratio_max },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]) && scenario->verdict_policy; i++)
		if (isfinite(table[i].bound))
			add_row(v->limits, &v->limit_count, s, scenario->verdict_policy,
				table[i].quantity, table[i].relation, table[i].bound);
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
	const char *name = s->run->scenario->verdict_policy;
	const struct policy_result *p = name ? summary_policy(s, name) : NULL;

	if (!v->limit_count)
		fprintf(to, "%sThe scenario states no limit: nothing was judged.\n", bullet);
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
