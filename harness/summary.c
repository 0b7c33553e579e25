// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/summary.h"

#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/delay.h"
#include "harness/jsonread.h"
#include "harness/samples.h"
#include "harness/stats.h"
#include "host/error.h"

/* The daemon's status line of the judged ring's VM. */
static struct json_object *daemon_vm(const struct cell *cell, const char *vm)
{
	return json_named(json_array(json_dict(cell->json, "daemon"), "vms"), vm);
}

static struct spread read_spread(struct json_object *json)
{
	uint64_t count = 0;
	struct spread s = {
		.min = json_double(json, "min"),
		.p50 = json_double(json, "p50"),
		.p90 = json_double(json, "p90"),
		.p99 = json_double(json, "p99"),
		.p999 = json_double(json, "p999"),
		.max = json_double(json, "max"),
	};

	json_u64(json, "count", &count);
	s.count = count;
	return s;
}

static double kicks_per_period(const struct cell *cell, const char *vm)
{
	struct json_object *row = json_dict(json_dict(cell->json, "kicks"), vm);
	double kicks = json_double(row, "kicks"), periods = json_double(row, "periods");

	return periods > 0 ? kicks / periods : NAN;
}

/* Time that the ring's VM wanted the core and had it not, us a period; NaN where
 * it is not known. */
static double wait_a_period(const struct cell_phase *phase, const struct cell_ring *ring,
			    size_t periods)
{
	const struct cell_vcpu *vcpu = ring->vm_index < 0 ? NULL : &phase->vms[ring->vm_index];

	if (!vcpu || !vcpu->known || !periods)
		return NAN;
	return (double)vcpu->wait_ns / 1e3 / (double)periods;
}

static int measure_phase(struct boot_phase *b, const struct cell *cell,
			 const struct cell_ring *judged, const struct cell_phase *phase,
			 struct rs_error **err)
{
	int ret = measure_add(&b->measure, judged, phase, err);

	for (size_t i = 0; i < cell->ring_count && !ret; i++) {
		struct measure m = { 0 };

		if (!cell->rings[i].control)
			continue;
		ret = measure_add(&m, &cell->rings[i], phase, err);
		b->control_periods += m.periods;
		b->control_missed += m.missed;
		b->control_missed_unstained += m.missed_unstained;
		measure_clear(&m);
	}
	b->wakeup = durations_spread(&b->measure.wakeup);
	b->response = durations_spread(&b->measure.response);
	b->handler = durations_spread(&b->measure.handler);
	b->wait_us_per_period = wait_a_period(phase, judged, b->measure.periods);
	b->delay = delay_of_phase(cell, phase);
	cost_of_phase(&b->cost, cell, phase);
	return ret;
}

/* Nothing is disturbed by itself: with phase solo judged there is none. */
static double interference(const struct boot_result *b, enum phase judged)
{
	if (judged == PHASE_SOLO)
		return NAN;
	return b->phases[judged].response.p99 / b->phases[PHASE_SOLO].response.p99;
}

static int measure_boot(struct boot_result *b, const struct scenario *s, const struct cell *cell,
			struct rs_error **err)
{
	const struct cell_ring *judged = cell_judged_ring(cell);
	int ret = 0;

	b->cell = cell;
	if (!judged)
		return rs_fail(err, ENODATA, "cell %s: no ring of a control VM", cell->name);
	for (int i = 0; i < PHASE_COUNT && !ret; i++)
		ret = measure_phase(&b->phases[i], cell, judged, &cell->phases[i], err);
	b->interference = interference(b, s->limits.phase);
	b->handler_ratio =
		b->phases[s->limits.phase].handler.p99 / b->phases[PHASE_SOLO].handler.p99;
	b->kicks_per_period = kicks_per_period(cell, judged->vm);
	b->send_us = cost_of_sending(cell, judged->vm);
	b->neighbour_boot_s = json_double(cell->json, "neighbour_boot_s");
	b->handling = read_spread(json_dict(daemon_vm(cell, judged->vm), "handling_us"));
	for (size_t i = 0; i < cell->ring_count; i++) {
		if (!cell->rings[i].control)
			continue;
		b->lost += cell->rings[i].samples->lost;
		b->rejected += cell->rings[i].samples->rejected;
		b->handover_errors += cell->rings[i].samples->handover_errors;
	}
	return ret ? ret : ring_change_measure(&b->ring_change, cell, err);
}

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
			wait_us += wait_a_period(&c->phases[phase], ring, 1);
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
			ret = measure_boot(&p->boots[p->boot_count++], run->scenario, run->cells[i],
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
	uint64_t sum = 0, value;

	for (size_t i = 0; i < p->boot_count; i++) {
		const struct cell *cell = p->boots[i].cell;
		const struct cell_ring *judged = cell_judged_ring(cell);

		if (judged && json_u64(daemon_vm(cell, judged->vm), key, &value))
			sum += value;
	}
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
