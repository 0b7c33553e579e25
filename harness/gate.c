// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/gate.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "harness/command.h"
#include "harness/stats.h"
#include "host/cleanup.h"
#include "host/error.h"

/* "More boots" beyond this many a side is no advice that anybody follows. */
#define MORE_BOOTS_MAX 1000

static const struct {
	const char *name;
	int exit_code;
} verdicts[] = {
	[GATE_PASS] = { "PASS", EXIT_PASS },
	[GATE_REGRESSION] = { "REGRESSION", EXIT_LIMIT },
	[GATE_UNDECIDED] = { "UNDECIDED", EXIT_UNDECIDED },
};

const char *gate_verdict_name(enum gate_verdict verdict)
{
	return verdicts[verdict].name;
}

int gate_exit_code(enum gate_verdict verdict)
{
	return verdicts[verdict].exit_code;
}

void gate_defaults(struct gate_options *o)
{
	*o = (struct gate_options){ .alpha = GATE_ALPHA };
	for (size_t i = 0; series_metrics[i].name; i++)
		o->noise[i] = NAN;
}

static double median_of(const struct durations *d)
{
	cleanup_free double *copy = calloc(d->count + 1, sizeof(*copy));

	if (!copy || !d->count)
		return NAN;
	memcpy(copy, d->us, d->count * sizeof(*copy));
	stats_sort(copy, d->count);
	return stats_median(copy, d->count);
}

/* One row's numbers; its verdict needs all rows' p. */
static int measure_row(struct gate_row *row, const struct durations *a, const struct durations *b,
		       struct rs_error **err)
{
	struct stats_comparison c;
	int ret;

	row->boots_a = a->count;
	row->boots_b = b->count;
	row->median_a = median_of(a);
	row->median_b = median_of(b);
	row->shift = row->shift_share = row->p = row->p_holm = NAN;
	if (!a->count || !b->count)
		return 0;
	ret = stats_compare(a->us, a->count, b->us, b->count, &c, err);
	if (ret < 0)
		return rs_fail_wrap(err, "%s of %s", row->metric->name, row->policy_b);
	row->p = c.p;
	row->shift = c.shift;
	if (row->median_a != 0)
		row->shift_share = c.shift / fabs(row->median_a);
	return 0;
}

/* The caller's threshold before the scenario's before the metric's. */
static double noise_of(size_t metric, const struct side *side, const struct gate_options *o)
{
	if (!isnan(o->noise[metric]))
		return o->noise[metric];
	return isnan(side->noise[metric]) ? series_metrics[metric].noise : side->noise[metric];
}

/* Only the first is said: whoever has repaired it is told the next. */
__attribute__((format(printf, 2, 3))) static void is_incomplete(struct gate *g, const char *format,
								...)
{
	va_list args;

	if (*g->incomplete)
		return;
	va_start(args, format);
	vsnprintf(g->incomplete, sizeof(g->incomplete), format, args);
	va_end(args);
}

static void look_for_boots(struct gate *g, const struct side *side, const struct series *s)
{
	if (side->interrupted)
		is_incomplete(g, "the run in %.160s was interrupted (`ringsched resume` ends it)",
			      side->label);
	if (s->missing)
		is_incomplete(g,
			      "%.160s lacks %zu of the planned boots of %.32s (`ringsched report` "
			      "says why)",
			      side->label, s->missing, s->policy);
}

static int add_policy(struct gate *g, const struct side *side_a, const struct series *a,
		      const struct side *side_b, const struct series *b,
		      const struct gate_options *o, struct rs_error **err)
{
	bool same = !strcmp(a->policy, b->policy);
	int ret = 0;

	for (size_t i = 0; series_metrics[i].name && !ret; i++) {
		const struct series_metric *m = &series_metrics[i];
		struct gate_row *row = &g->rows[g->count];

		if (o->left_out[i] || (o->ratios_only && !m->ratio) || (m->one_policy && !same) ||
		    !a->values[i].count)
			continue;
		if (!b->values[i].count) {
			is_incomplete(g,
				      "no boot of %.32s in %.160s has %s (too few samples?); "
				      "--metric gates others alone",
				      b->policy, g->label_b, m->name);
			continue;
		}
		if (g->count == GATE_ROWS_MAX)
			return rs_fail(err, E2BIG, "more than %d rows: name the policies",
				       GATE_ROWS_MAX);
		*row = (struct gate_row){
			.metric = m,
			.policy_a = a->policy,
			.policy_b = b->policy,
			.noise = noise_of(i, side_b, o),
		};
		ret = measure_row(row, &a->values[i], &b->values[i], err);
		g->count += !ret;
	}
	look_for_boots(g, side_a, a);
	look_for_boots(g, side_b, b);
	if (b->limit_missed)
		g->limit_missed = b->policy;
	return ret;
}

static int correct(struct gate *g, struct rs_error **err)
{
	cleanup_free double *p = calloc(g->count + 1, sizeof(*p));
	cleanup_free double *adjusted = calloc(g->count + 1, sizeof(*adjusted));
	int ret;

	if (!p || !adjusted)
		return rs_fail(err, ENOMEM, "no memory for a comparison");
	for (size_t i = 0; i < g->count; i++)
		p[i] = g->rows[i].p;
	ret = g->count ? stats_holm(p, g->count, adjusted, err) : 0;
	for (size_t i = 0; i < g->count && !ret; i++)
		g->rows[i].p_holm = adjusted[i];
	return ret;
}

/* Beyond what the threshold calls noise; a metric whose median is 0 (misses)
 * has no share: there every step upwards counts. */
static bool beyond_noise(const struct gate_row *row)
{
	if (isnan(row->shift_share))
		return row->shift > 0;
	return row->shift_share > row->noise;
}

/* Boots a side until the smallest p that there can be passes Holm's first step. */
static size_t boots_to_tell(double alpha, size_t rows)
{
	size_t n = 1;

	while (n < MORE_BOOTS_MAX && stats_smallest_p(n, n) * (double)rows > alpha)
		n++;
	return n;
}

/* With the effect as it is, z grows with the root of the number of boots:
 * from p on to alpha. A rough advice, for p above alpha only. */
static size_t boots_for_effect(size_t boots, double p, double alpha)
{
	double z = 0, wanted = 0, n;

	/* Two-sided normal quantiles by bisection: erfc is all there is. */
	for (double step = 8; step > 1e-6; step /= 2) {
		if (erfc((z + step) / M_SQRT2) > p)
			z += step;
		if (erfc((wanted + step) / M_SQRT2) > alpha)
			wanted += step;
	}
	n = z > 0.1 ? ceil((double)boots * (wanted / z) * (wanted / z)) : INFINITY;
	return n < MORE_BOOTS_MAX ? (size_t)n : 0;
}

static size_t more_than(size_t wanted, size_t boots)
{
	return wanted > boots ? wanted - boots : 0;
}

static void judge_row(struct gate_row *row, const struct gate *g)
{
	size_t boots = row->boots_a < row->boots_b ? row->boots_a : row->boots_b;
	double smallest = stats_smallest_p(row->boots_a, row->boots_b) * (double)g->count;

	if (smallest > g->alpha) {
		row->verdict = GATE_UNDECIDED;
		row->more_boots = more_than(boots_to_tell(g->alpha, g->count), boots);
	} else if (!beyond_noise(row)) {
		row->verdict = GATE_PASS;
	} else if (row->p_holm <= g->alpha) {
		row->verdict = GATE_REGRESSION;
	} else {
		row->verdict = GATE_UNDECIDED;
		row->more_boots = more_than(boots_for_effect(boots, row->p_holm, g->alpha), boots);
	}
}

static void judge(struct gate *g)
{
	g->verdict = *g->incomplete ? GATE_UNDECIDED : GATE_PASS;
	if (g->limit_missed)
		g->verdict = GATE_REGRESSION;
	for (size_t i = 0; i < g->count; i++) {
		struct gate_row *row = &g->rows[i];

		judge_row(row, g);
		if (row->more_boots > g->more_boots)
			g->more_boots = row->more_boots;
		if (row->verdict == GATE_REGRESSION)
			g->verdict = GATE_REGRESSION;
		else if (row->verdict == GATE_UNDECIDED && g->verdict == GATE_PASS)
			g->verdict = GATE_UNDECIDED;
	}
}

static const struct series *need_policy(const struct side *side, const char *policy,
					struct rs_error **err)
{
	const struct series *s = side_policy(side, policy);
	char names[256] = "";
	size_t used = 0;

	if (s)
		return s;
	for (size_t i = 0; i < side->count && used < sizeof(names); i++)
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s", i ? ", " : "",
					 side->series[i].policy);
	rs_fail(err, ENOENT, "%s has no boot of policy %s; it has %s", side->label, policy, names);
	return NULL;
}

static void look_for_policies(struct gate *g, const struct side *side)
{
	if (side->absent)
		is_incomplete(g,
			      "%.160s has no boot of %.32s, which was planned (`ringsched report` "
			      "says why)",
			      side->label, side->absent);
}

static void look_for_scenarios(struct gate *g, const struct side *a, const struct side *b)
{
	if (a->scenario && b->scenario && strcmp(a->scenario, b->scenario))
		is_incomplete(
			g,
			"%.160s is of scenario %.64s, %.160s of %.64s: it may be the scenarios "
			"that differ",
			a->label, a->scenario, b->label, b->scenario);
}

static int add_all(struct gate *g, const struct side *a, const struct side *b,
		   const struct gate_options *o, struct rs_error **err)
{
	int ret = 0;
	bool any = false;

	look_for_policies(g, a);
	look_for_policies(g, b);
	for (size_t i = 0; i < a->count && !ret; i++) {
		const struct series *other = side_policy(b, a->series[i].policy);

		if (!other)
			continue;
		any = true;
		ret = add_policy(g, a, &a->series[i], b, other, o, err);
	}
	if (!ret && !any)
		ret = rs_fail(err, ENOENT,
			      "%s and %s have no policy in common: name one of each with "
			      "--policies A,B",
			      a->label, b->label);
	return ret;
}

static int add_two(struct gate *g, const struct side *a, const struct side *b, const char *policy_a,
		   const char *policy_b, const struct gate_options *o, struct rs_error **err)
{
	const struct series *x = need_policy(a, policy_a, err);
	const struct series *y = x ? need_policy(b, policy_b, err) : NULL;

	return y ? add_policy(g, a, x, b, y, o, err) : -ENOENT;
}

int gate_make(struct gate *g, const struct side *a, const struct side *b, const char *policy_a,
	      const char *policy_b, const struct gate_options *o, struct rs_error **err)
{
	int ret;

	*g = (struct gate){
		.alpha = o->alpha,
		.label_a = strdup(a->label),
		.label_b = strdup(b->label),
		.rows = calloc(GATE_ROWS_MAX, sizeof(*g->rows)),
	};
	if (!g->label_a || !g->label_b || !g->rows)
		return rs_fail(err, ENOMEM, "no memory for a comparison");
	look_for_scenarios(g, a, b);
	ret = policy_a ? add_two(g, a, b, policy_a, policy_b, o, err) : add_all(g, a, b, o, err);
	if (!ret && !g->count)
		ret = rs_fail(err, ENODATA,
			      "there is no metric that boots of both sides have (too few periods "
			      "a boot, or all left out)");
	if (!ret)
		ret = correct(g, err);
	if (!ret)
		judge(g);
	return ret;
}

void gate_clear(struct gate *g)
{
	free(g->label_a);
	free(g->label_b);
	free(g->rows);
	*g = (struct gate){ 0 };
}
