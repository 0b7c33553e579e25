// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/summary.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/jsonread.h"
#include "harness/stats.h"
#include "host/error.h"

/* Median over boots of the double at `offset` in struct boot_result. */
static double boots_median(const struct policy_result *p, size_t offset)
{
	struct durations values = { 0 };
	double median;

	for (size_t i = 0; i < p->boot_count; i++) {
		double v;

		memcpy(&v, (const char *)&p->boots[i] + offset, sizeof(v));
		if (isfinite(v) && durations_add(&values, v, NULL) < 0)
			break;
	}
	stats_sort(values.us, values.count);
	median = stats_median(values.us, values.count);
	durations_clear(&values);
	return median;
}

#define BOOTS_MEDIAN(p, field) boots_median(p, offsetof(struct boot_result, field))

static int pool_phase(struct policy_result *p, int phase, struct rs_error **err)
{
	struct measure *into = &p->pooled[phase];
	int ret = 0;

	for (size_t i = 0; i < p->boot_count && !ret; i++) {
		const struct boot_phase *b = &p->boots[i].phases[phase];

		into->periods += b->measure.periods;
		into->missed += b->measure.missed;
		into->missed_unstained += b->measure.missed_unstained;
		into->stained += b->measure.stained;
		into->skipped += b->measure.skipped;
		into->cut += b->measure.cut;
		p->control_missed_unstained[phase] += b->control_missed_unstained;
		ret = durations_append(&into->wakeup, &b->measure.wakeup, err);
		if (!ret)
			ret = durations_append(&into->response, &b->measure.response, err);
		if (!ret)
			ret = durations_append(&into->handler, &b->measure.handler, err);
	}
	p->wakeup[phase] = durations_spread(&into->wakeup);
	p->response[phase] = durations_spread(&into->response);
	durations_spread(&into->handler);
	p->wait_us_per_period[phase] =
		boots_median(p, offsetof(struct boot_result, phases[0].wait_us_per_period) +
					(size_t)phase * sizeof(struct boot_phase));
	p->delay[phase] = boots_median(p, offsetof(struct boot_result, phases[0].delay) +
						  (size_t)phase * sizeof(struct boot_phase));
	for (size_t i = 0; i < COST_COUNT; i++)
		p->cost[phase].value[i] = boots_median(
			p, offsetof(struct boot_result, phases[0].cost.value[0]) +
				   (size_t)phase * sizeof(struct boot_phase) + i * sizeof(double));
	p->response_p99[phase] =
		boots_median(p, offsetof(struct boot_result, phases[0].response.p99) +
					(size_t)phase * sizeof(struct boot_phase));
	return ret;
}

/* Of the spread at `offset` in struct boot_result: medians over boots, but
 * smallest minimum, largest maximum and summed count. */
static struct spread over_boots(const struct policy_result *p, size_t offset)
{
	struct spread s = { .min = NAN, .max = NAN };

	for (size_t i = 0; i < p->boot_count; i++) {
		struct spread b;

		memcpy(&b, (const char *)&p->boots[i] + offset, sizeof(b));
		s.min = fmin(s.min, b.min); /* of a NaN and a number: the number */
		s.max = fmax(s.max, b.max);
		s.count += b.count;
	}
	s.p50 = boots_median(p, offset + offsetof(struct spread, p50));
	s.p90 = boots_median(p, offset + offsetof(struct spread, p90));
	s.p99 = boots_median(p, offset + offsetof(struct spread, p99));
	s.p999 = boots_median(p, offset + offsetof(struct spread, p999));
	return s;
}

static void take_interrupts(struct policy_result *p, int phase)
{
	size_t offset = (size_t)phase * sizeof(struct boot_phase);

	p->handler[phase] = over_boots(p, offset + offsetof(struct boot_result, phases[0].handler));
	p->end[phase] = over_boots(p, offset + offsetof(struct boot_result, phases[0].response));
}

static int finish_policy(struct policy_result *p, struct rs_error **err)
{
	int ret = 0;

	for (int i = 0; i < PHASE_COUNT && !ret; i++)
		ret = pool_phase(p, i, err);
	for (int i = 0; i < PHASE_COUNT; i++)
		take_interrupts(p, i);
	p->handling = over_boots(p, offsetof(struct boot_result, handling));
	p->handler_ratio = BOOTS_MEDIAN(p, handler_ratio);
	p->interference = BOOTS_MEDIAN(p, interference);
	p->kicks_per_period = BOOTS_MEDIAN(p, kicks_per_period);
	p->send_us = BOOTS_MEDIAN(p, send_us);
	p->neighbour_boot_s = BOOTS_MEDIAN(p, neighbour_boot_s);
	p->blocking_ratio = BOOTS_MEDIAN(p, ring_change.ratio);
	for (int w = 0; w < WAY_COUNT; w++)
		p->longest_blocking_us[w] = boots_median(
			p, offsetof(struct boot_result, ring_change.ways[0].longest_us) +
				   (size_t)w * sizeof(struct blocking));
	p->neighbour_boot_longest_s = NAN;
	for (size_t i = 0; i < p->boot_count; i++) {
		p->neighbour_boot_longest_s =
			fmax(p->neighbour_boot_longest_s, p->boots[i].neighbour_boot_s);
		p->interference_excluded += !isfinite(p->boots[i].interference);
		p->lost += p->boots[i].lost;
		p->rejected += p->boots[i].rejected;
		p->handover_errors += p->boots[i].handover_errors;
	}
	return ret;
}

int summary_pool_ring(const struct policy_result *p, const struct cell_ring *like, enum phase phase,
		      struct ring_pool *pool, struct rs_error **err)
{
	double wait_us = 0;
	int ret = 0;

	for (size_t i = 0; i < p->boot_count; i++) {
		const struct cell *c = p->boots[i].cell;

		for (size_t k = 0; k < c->ring_count && !ret; k++) {
			const struct cell_ring *ring = &c->rings[k];

			if (ring->id != like->id || strcmp(ring->vm, like->vm))
				continue;
			ret = measure_add(&pool->measure, ring, &c->phases[phase], err);
			wait_us += measure_wait_us(ring, &c->phases[phase], 1);
		}
	}
	pool->wakeup = durations_spread(&pool->measure.wakeup);
	pool->response = durations_spread(&pool->measure.response);
	pool->wait_us_per_period = wait_us / (double)pool->measure.periods; /* 0 / 0: NaN */
	return ret;
}

static int add_policy(struct summary *s, const char *name, struct rs_error **err)
{
	const struct run *run = s->run;
	struct policy_result *p = &s->policies[s->policy_count];
	int ret = 0;

	if (summary_policy(s, name))
		return 0;
	p->name = name;
	p->boots = calloc(run->cell_count, sizeof(*p->boots));
	if (!p->boots)
		return rs_fail(err, ENOMEM, "no memory for %zu boots", run->cell_count);
	for (size_t i = 0; i < run->cell_count && !ret; i++)
		if (!strcmp(run->cells[i]->policy, name))
			ret = summary_boot(&p->boots[p->boot_count++], run->scenario, run->cells[i],
					   err);
	s->policy_count++; /* from here on summary_free() knows it */
	if (!ret)
		ret = finish_policy(p, err);
	if (!p->boot_count) { /* planned, but no boot of it is finished */
		free(p->boots);
		memset(p, 0, sizeof(*p));
		s->policy_count--;
	}
	return ret;
}

/* What the reports take from the guest: its CPU time against that without any. */
static void compare_guest_cpu(struct summary *s)
{
	const struct policy_result *none = summary_policy(s, "none");

	for (size_t i = 0; i < s->policy_count; i++)
		for (int k = 0; k < PHASE_COUNT; k++)
			s->policies[i].guest_extra_us_per_period[k] =
				none ? s->policies[i].cost[k].value[COST_GUEST_US] -
						none->cost[k].value[COST_GUEST_US] :
				       NAN;
}

static int fill_summary(struct summary *s, struct rs_error **err)
{
	const struct run *run = s->run;
	size_t room = run->scenario->policy_count + run->cell_count;
	int ret = 0;

	if (!run->cell_count)
		return rs_fail(err, ENODATA, "%s: no cell is finished, nothing to report%s%s",
			       run->dir, run->failure_count ? "; the first one: " : "",
			       run->failure_count ? run->failures[0].why : "");
	s->policies = calloc(room, sizeof(*s->policies));
	if (!s->policies)
		return rs_fail(err, ENOMEM, "no memory for %zu policies", room);
	for (unsigned int i = 0; i < run->scenario->policy_count && !ret; i++)
		ret = add_policy(s, run->scenario->policies[i], err);
	for (size_t i = 0; i < run->cell_count && !ret; i++)
		ret = add_policy(s, run->cells[i]->policy, err);
	compare_guest_cpu(s);
	return ret ? ret : summary_compare(s, err);
}

struct summary *summary_make(const struct run *run, struct rs_error **err)
{
	struct summary *s = calloc(1, sizeof(*s));

	if (!s) {
		rs_fail(err, ENOMEM, "no memory for a summary");
		return NULL;
	}
	s->run = run;
	if (fill_summary(s, err) < 0) {
		summary_free(s);
		return NULL;
	}
	return s;
}

void summary_free(struct summary *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->policy_count; i++) {
		struct policy_result *p = &s->policies[i];

		for (size_t k = 0; k < p->boot_count; k++) {
			for (int j = 0; j < PHASE_COUNT; j++)
				measure_clear(&p->boots[k].phases[j].measure);
			ring_change_clear(&p->boots[k].ring_change);
		}
		for (int j = 0; j < PHASE_COUNT; j++)
			measure_clear(&p->pooled[j]);
		free(p->boots);
	}
	free(s->policies);
	free(s->comparisons);
	free(s);
}

bool summary_has_interrupts(const struct summary *s)
{
	const struct cell_ring *judged = cell_judged_ring(s->run->cells[0]);

	return judged && judged->by_interrupt;
}

double summary_deadline_ms(const struct summary *s)
{
	/* summary_make() refuses cells without it. */
	return (double)cell_judged_ring(s->run->cells[0])->deadline_ns / 1e6;
}

uint64_t policy_counter(const struct policy_result *p, const char *key)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < p->boot_count; i++)
		sum += boot_counter(&p->boots[i], key);
	return sum;
}

const struct policy_result *summary_policy(const struct summary *s, const char *name)
{
	for (size_t i = 0; i < s->policy_count; i++)
		if (!strcmp(s->policies[i].name, name))
			return &s->policies[i];
	return NULL;
}

const struct boot_result *policy_median_boot(const struct policy_result *p)
{
	const struct boot_result *best = NULL;
	size_t valid = p->boot_count - p->interference_excluded;

	/* The boot with exactly (valid - 1) / 2 boots ranked before it. */
	for (size_t i = 0; i < p->boot_count && !best; i++) {
		double v = p->boots[i].interference;
		size_t before = 0;

		if (!isfinite(v))
			continue;
		for (size_t k = 0; k < p->boot_count; k++) {
			double w = p->boots[k].interference;

			before += w < v || (w == v && k < i);
		}
		if (before == (valid - 1) / 2)
			best = &p->boots[i];
	}
	return best || !p->boot_count ? best : &p->boots[0];
}

size_t policy_boots_missing(const struct summary *s, const struct policy_result *p)
{
	uint64_t planned = 0;

	json_u64(s->run->json, "boots", &planned);
	return planned > p->boot_count ? planned - p->boot_count : 0;
}
