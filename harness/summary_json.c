// SPDX-License-Identifier: GPL-2.0-or-later
/* summary.json: every key is documented in docs/results.md. */
#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/format.h"
#include "harness/jsonread.h"
#include "harness/stats.h"
#include "harness/summary.h"
#include "host/error.h"
#include "host/json_add.h"

/* A value taken over from another document as it is, null where absent. */
static void add_copy(struct json_object *to, const char *key, struct json_object *from)
{
	struct json_object *value = NULL;

	if (json_object_object_get_ex(from, key, &value))
		json_object_get(value);
	json_object_object_add(to, key, value);
}

struct json_object *summary_spread(const struct spread *s)
{
	struct json_object *json = json_object_new_object();

	json_add_u64(json, "count", s->count);
	for (size_t i = 0; i < SPREAD_COUNT; i++)
		json_add_number(json, spread_names[i], spread_value(s, i));
	return json;
}

static struct json_object *phase_json(const struct measure *m, const struct spread *wakeup,
				      const struct spread *response, double wait)
{
	struct json_object *json = json_object_new_object();

	json_add_u64(json, "periods", m->periods);
	json_add_u64(json, "missed", m->missed);
	json_add_u64(json, "missed_unstained", m->missed_unstained);
	json_add_u64(json, "stained", m->stained);
	json_add_u64(json, "skipped", m->skipped);
	json_add_u64(json, "cut_off", m->cut);
	json_object_object_add(json, "wakeup_us", summary_spread(wakeup));
	json_object_object_add(json, "response_us", summary_spread(response));
	json_add_number(json, "vcpu_wait_us_per_period", wait);
	return json;
}

/* Of a ring that interrupts release. */
static void add_interrupt(struct json_object *to, const struct spread *handler,
			  const struct spread *end)
{
	struct json_object *json;

	if (!handler->count)
		return;
	json = json_object_new_object();
	json_object_object_add(json, "handler_us", summary_spread(handler));
	json_object_object_add(json, "end_us", summary_spread(end));
	json_object_object_add(to, "interrupt", json);
}

static struct json_object *counters_json(const struct policy_result *p)
{
	static const char *const keys[] = { "irq_raised", "irq_lost", "irq_coalesced",
					    "irq_confirmed", "irq_unconfirmed" };
	struct json_object *json = json_object_new_object();

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		json_add_u64(json, keys[i], policy_counter(p, keys[i]));
	return json;
}

static struct json_object *cost_json(const struct cost *c)
{
	struct json_object *json = json_object_new_object();

	for (size_t i = 0; i < COST_COUNT; i++)
		json_add_number(json, cost_names[i], c->value[i]);
	return json;
}

static struct json_object *boot_json(const struct boot_result *b)
{
	struct json_object *json = json_object_new_object();
	struct json_object *phases = json_object_new_object();
	struct json_object *steal = json_dict(b->cell->json, "steal_us");

	json_add_u64(json, "boot", b->cell->boot);
	json_add_u64(json, "order", b->cell->order);
	json_add_text(json, "cell", b->cell->name);
	json_add_number(json, "interference", b->interference);
	json_add_number(json, "kicks_per_period", b->kicks_per_period);
	json_add_number(json, "send_us", b->send_us);
	json_add_number(json, "neighbour_boot_s", b->neighbour_boot_s);
	add_copy(json, "neighbour_boots_s", b->cell->json);
	json_object_object_add(json, "handling_us", summary_spread(&b->handling));
	for (int i = 0; i < PHASE_COUNT; i++) {
		const struct boot_phase *p = &b->phases[i];
		struct json_object *phase =
			phase_json(&p->measure, &p->wakeup, &p->response, p->wait_us_per_period);

		add_interrupt(phase, &p->handler, &p->response);
		json_object_object_add(phase, "cost", cost_json(&p->cost));
		json_add_u64(phase, "control_missed_unstained", p->control_missed_unstained);
		json_add_number(phase, "delay", p->delay);
		json_add_number(phase, "steal_us", json_double(steal, phase_names[i]));
		json_object_object_add(phases, phase_names[i], phase);
	}
	json_object_object_add(json, "phases", phases);
	json_object_object_add(json, "ring_change", boot_change_json(b));
	return json;
}

static bool is_ring(const struct cell_ring *r, const struct cell_ring *like)
{
	return r->id == like->id && !strcmp(r->vm, like->vm);
}

double summary_notifications(const struct policy_result *p, const struct cell_ring *like,
			     double *changes_per_period)
{
	uint64_t periods = 0, notifications = 0, changes = 0;

	for (size_t i = 0; i < p->boot_count; i++) {
		const struct cell *c = p->boots[i].cell;

		for (size_t j = 0; j < c->ring_count; j++) {
			if (!is_ring(&c->rings[j], like))
				continue;
			periods += c->rings[j].notified_periods;
			notifications += c->rings[j].notifications;
			changes += c->rings[j].priority_changes;
		}
	}
	*changes_per_period = periods ? (double)changes / (double)periods : NAN;
	return periods ? (double)notifications / (double)periods : NAN;
}

static void add_notifications(struct json_object *json, const struct policy_result *p,
			      const struct cell_ring *like)
{
	double changes;

	json_add_number(json, "notifications_per_period", summary_notifications(p, like, &changes));
	json_add_number(json, "priority_changes_per_period", changes);
}

/* The pooled figures of one ring of one policy, all phases. */
static struct json_object *ring_json(const struct policy_result *p, const struct cell_ring *like,
				     struct rs_error **err)
{
	struct json_object *json = json_object_new_object();
	struct json_object *phases = json_object_new_object();

	json_add_text(json, "vm", like->vm);
	json_add_u64(json, "ring_id", like->id);
	json_add_u64(json, "ring_prio", like->prio);
	json_add_u64(json, "processes", like->processes);
	json_add_u64(json, "period_us", like->period_ns / 1000);
	json_add_u64(json, "deadline_us", like->deadline_ns / 1000);
	add_notifications(json, p, like);
	for (int k = 0; k < PHASE_COUNT; k++) {
		struct ring_pool pool = { 0 };

		summary_pool_ring(p, like, k, &pool, err);
		json_object_object_add(phases, phase_names[k],
				       phase_json(&pool.measure, &pool.wakeup, &pool.response,
						  pool.wait_us_per_period));
		measure_clear(&pool.measure);
	}
	json_object_object_add(json, "phases", phases);
	return json;
}

static struct json_object *rings_json(const struct policy_result *p, struct rs_error **err)
{
	struct json_object *rings = json_object_new_object();
	const struct cell *first = p->boots[0].cell;
	char key[64];

	for (size_t i = 0; i < first->ring_count; i++) {
		snprintf(key, sizeof(key), "%.40s/%u", first->rings[i].vm, first->rings[i].id);
		json_object_object_add(rings, key, ring_json(p, &first->rings[i], err));
	}
	return rings;
}

static struct json_object *policy_json(const struct summary *s, const struct policy_result *p,
				       struct rs_error **err)
{
	struct json_object *json = json_object_new_object();
	struct json_object *phases = json_object_new_object();
	struct json_object *ratios = json_object_new_array();
	struct json_object *seconds = json_object_new_array();
	struct json_object *boots = json_object_new_array();

	for (int i = 0; i < PHASE_COUNT; i++) {
		struct json_object *cost = cost_json(&p->cost[i]);
		struct json_object *phase = phase_json(&p->pooled[i], &p->wakeup[i],
						       &p->response[i], p->wait_us_per_period[i]);

		add_interrupt(phase, &p->handler[i], &p->end[i]);
		json_add_number(cost, "guest_extra_us_per_period", p->guest_extra_us_per_period[i]);
		json_object_object_add(phase, "cost", cost);
		json_add_u64(phase, "control_missed_unstained", p->control_missed_unstained[i]);
		json_add_number(phase, "delay", p->delay[i]);
		json_object_object_add(phases, phase_names[i], phase);
	}
	for (size_t i = 0; i < p->boot_count; i++) {
		json_object_array_add(ratios, json_number(p->boots[i].interference));
		json_object_array_add(seconds, json_number(p->boots[i].neighbour_boot_s));
		json_object_array_add(boots, boot_json(&p->boots[i]));
	}
	json_add_u64(json, "boots", p->boot_count);
	json_add_u64(json, "boots_missing", policy_boots_missing(s, p));
	json_add_number(json, "no_miss_bound_95", stats_zero_event_bound(p->boot_count));
	json_add_number(json, "interference", p->interference);
	json_object_object_add(json, "interference_per_boot", ratios);
	json_add_u64(json, "interference_excluded", p->interference_excluded);
	json_add_number(json, "kicks_per_period", p->kicks_per_period);
	json_add_number(json, "send_us", p->send_us);
	json_object_object_add(json, "handling_us", summary_spread(&p->handling));
	if (summary_has_interrupts(s)) {
		json_add_number(json, "interrupt_handler", p->handler_ratio);
		json_object_object_add(json, "interrupts", counters_json(p));
	}
	json_object_object_add(json, "neighbour_boot_s", seconds);
	json_add_u64(json, "samples_lost", p->lost);
	json_add_u64(json, "samples_rejected", p->rejected);
	json_add_u64(json, "handover_errors", p->handover_errors);
	json_object_object_add(json, "phases", phases);
	json_object_object_add(json, "rings", rings_json(p, err));
	json_object_object_add(json, "ring_change", policy_change_json(p));
	json_object_object_add(json, "per_boot", boots);
	return json;
}

struct json_object *summary_versions(const struct run *run)
{
	struct json_object *versions = json_object_new_object();

	for (size_t i = 0; i < run->cell_count; i++) {
		const char *version = json_text(run->cells[i]->json, "version");
		double before = version ? json_double(versions, version) : NAN;

		if (version)
			json_add_u64(versions, version,
				     isfinite(before) ? (uint64_t)before + 1 : 1);
	}
	return versions;
}

static struct json_object *comparisons_json(const struct summary *s)
{
	struct json_object *rows = json_object_new_array();

	for (size_t i = 0; i < s->comparison_count; i++) {
		const struct comparison *c = &s->comparisons[i];
		struct json_object *row = json_object_new_object();

		json_add_text(row, "metric", c->metric);
		json_add_text(row, "baseline", c->baseline);
		json_add_text(row, "policy", c->policy);
		json_add_u64(row, "baseline_boots", c->baseline_boots);
		json_add_u64(row, "policy_boots", c->policy_boots);
		json_add_number(row, "hodges_lehmann_shift", c->shift);
		json_add_number(row, "p", c->p);
		json_add_number(row, "p_holm", c->p_holm);
		json_add_number(row, "smallest_possible_p", c->smallest_p);
		json_object_array_add(rows, row);
	}
	return rows;
}

static struct json_object *failures_json(const struct run *run)
{
	struct json_object *rows = json_object_new_array();

	for (size_t i = 0; i < run->failure_count; i++) {
		struct json_object *row = json_object_new_object();

		json_add_text(row, "cell", run->failures[i].name);
		json_add_text(row, "why", run->failures[i].why);
		json_object_array_add(rows, row);
	}
	return rows;
}

struct json_object *summary_json(const struct summary *s, struct rs_error **err)
{
	static const char *const taken_over[] = { "preset",    "seed",	      "accel",
						  "accel_why", "version",     "command",
						  "started",   "interrupted", "environment" };
	struct json_object *json = json_object_new_object();
	struct json_object *policies = json_object_new_object();
	struct rs_error *failed = NULL;

	json_add_u64(json, "schema", SUMMARY_SCHEMA);
	json_add_text(json, "scenario", s->run->scenario->name);
	if (json_text(s->run->json, "scenario"))
		add_copy(json, "scenario", s->run->json);
	for (size_t i = 0; i < sizeof(taken_over) / sizeof(taken_over[0]); i++)
		add_copy(json, taken_over[i], s->run->json);
	json_add_text(json, "verdict_policy", s->run->scenario->verdict_policy);
	json_add_text(json, "judged_phase", phase_names[summary_phase(s)]);
	for (size_t i = 0; i < s->policy_count; i++)
		json_object_object_add(policies, s->policies[i].name,
				       policy_json(s, &s->policies[i], &failed));
	json_object_object_add(json, "policies", policies);
	json_object_object_add(json, "comparisons", comparisons_json(s));
	json_object_object_add(json, "witness", summary_witness(s->run, &failed));
	json_object_object_add(json, "versions", summary_versions(s->run));
	json_object_object_add(json, "failed_cells", failures_json(s->run));
	if (!failed)
		return json;
	rs_fail(err, failed->code, "making summary.json: %s", failed->message);
	rs_error_free(&failed);
	json_object_put(json);
	return NULL;
}
