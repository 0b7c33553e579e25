// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every policy against the baseline (`none`, or the first there is), on one
 * number a boot: exact Mann-Whitney, Hodges-Lehmann shift, and Holm's
 * correction over all of these tests together (docs/statistics.md).
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/stats.h"
#include "harness/summary.h"
#include "host/error.h"

static double boot_interference(const struct boot_result *b, enum phase phase)
{
	(void)phase; /* the judged one already */
	return b->interference;
}

static double boot_response_p99(const struct boot_result *b, enum phase phase)
{
	return b->phases[phase].response.p99;
}

static double boot_wait(const struct boot_result *b, enum phase phase)
{
	return b->phases[phase].wait_us_per_period;
}

static double boot_handler_p99(const struct boot_result *b, enum phase phase)
{
	return b->phases[phase].handler.p99;
}

static const struct metric {
	const char *names[PHASE_COUNT]; /* by judged phase; NULL = has no meaning there */
	double (*of)(const struct boot_result *b, enum phase phase);
	bool (*applies)(const struct summary *s); /* NULL = always */
} metrics[] = {
	{ { NULL, "interference", "interference", "interference" }, boot_interference, NULL },
	{ { "response_p99_us.solo", "response_p99_us.boot", "response_p99_us.shared",
	    "response_p99_us.loaded" },
	  boot_response_p99,
	  NULL },
	{ { "vcpu_wait_us_per_period.solo", "vcpu_wait_us_per_period.boot",
	    "vcpu_wait_us_per_period.shared", "vcpu_wait_us_per_period.loaded" },
	  boot_wait,
	  NULL },
	{ { "interrupt_handler_p99_us.solo", "interrupt_handler_p99_us.boot",
	    "interrupt_handler_p99_us.shared", "interrupt_handler_p99_us.loaded" },
	  boot_handler_p99,
	  summary_has_interrupts },
};

#define METRIC_COUNT (sizeof(metrics) / sizeof(metrics[0]))

static int collect(const struct policy_result *p, const struct metric *m, enum phase phase,
		   struct durations *into, struct rs_error **err)
{
	int ret = 0;

	for (size_t i = 0; i < p->boot_count && !ret; i++) {
		double v = m->of(&p->boots[i], phase);

		if (isfinite(v))
			ret = durations_add(into, v, err);
	}
	return ret;
}

static int compare_one(struct comparison *c, const struct policy_result *a,
		       const struct policy_result *b, const struct metric *m, enum phase phase,
		       struct rs_error **err)
{
	struct durations x = { 0 }, y = { 0 };
	struct stats_comparison result;
	int ret = collect(a, m, phase, &x, err);

	if (!ret)
		ret = collect(b, m, phase, &y, err);
	*c = (struct comparison){
		.metric = m->names[phase],
		.baseline = a->name,
		.policy = b->name,
		.baseline_boots = x.count,
		.policy_boots = y.count,
		.p = NAN,
		.p_holm = NAN,
		.smallest_p = NAN,
		.shift = NAN,
	};
	if (!ret && x.count && y.count) {
		ret = stats_compare(x.us, x.count, y.us, y.count, &result, err);
		if (!ret) {
			c->p = result.p;
			c->shift = result.shift;
			c->smallest_p = stats_smallest_p(x.count, y.count);
		}
	}
	durations_clear(&x);
	durations_clear(&y);
	return ret;
}

/* Holm's correction over the tests that could be made. */
static int correct(struct summary *s, struct rs_error **err)
{
	struct durations p = { 0 }, adjusted = { 0 };
	size_t next = 0;
	int ret = 0;

	for (size_t i = 0; i < s->comparison_count && !ret; i++) {
		if (!isfinite(s->comparisons[i].p))
			continue;
		ret = durations_add(&p, s->comparisons[i].p, err);
		if (!ret)
			ret = durations_add(&adjusted, NAN, err);
	}
	if (!ret && p.count)
		ret = stats_holm(p.us, p.count, adjusted.us, err);
	for (size_t i = 0; i < s->comparison_count && !ret; i++)
		if (isfinite(s->comparisons[i].p))
			s->comparisons[i].p_holm = adjusted.us[next++];
	durations_clear(&p);
	durations_clear(&adjusted);
	return ret;
}

int summary_compare(struct summary *s, struct rs_error **err)
{
	const struct policy_result *baseline = summary_policy(s, "none");
	enum phase phase = summary_phase(s);
	int ret = 0;

	if (!baseline)
		baseline = &s->policies[0];
	s->comparisons = calloc(s->policy_count * METRIC_COUNT, sizeof(*s->comparisons));
	if (!s->comparisons)
		return rs_fail(err, ENOMEM, "no memory for comparisons");
	for (size_t i = 0; i < s->policy_count; i++)
		for (size_t k = 0; k < METRIC_COUNT && !ret; k++)
			if (&s->policies[i] != baseline && metrics[k].names[phase] &&
			    (!metrics[k].applies || metrics[k].applies(s)))
				ret = compare_one(&s->comparisons[s->comparison_count++], baseline,
						  &s->policies[i], &metrics[k], phase, err);
	return ret ? ret : correct(s, err);
}
