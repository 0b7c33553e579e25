// SPDX-License-Identifier: GPL-2.0-or-later
/* report.md: the run for a person. Numbers are those of summary.json. */
#include <json-c/json.h>
#include <string.h>

#include "harness/domain_xml.h"
#include "harness/figure.h"
#include "harness/format.h"
#include "harness/jsonread.h"
#include "harness/placement.h"
#include "harness/report_internal.h"
#include "harness/stats.h"
#include "harness/summary.h"
#include "harness/verdict.h"
#include "host/policy.h"

/* A resumed run may have cells of two programs; whoever compares must know. */
void report_write_versions(const struct summary *s, FILE *to)
{
	cleanup_json struct json_object *versions = summary_versions(s->run);
	const char *separator = "";

	if (json_object_object_length(versions) < 2)
		return;
	fprintf(to,
		"\n**Cells of %d versions of ringsched**, so a difference can be one of the "
		"program: ",
		json_object_object_length(versions));
	json_object_object_foreach(versions, version, cells) {
		fprintf(to, "%s`%s` measured %s", separator, version,
			json_object_get_string(cells));
		separator = ", ";
	}
	fputs(". Each `cell.json` names its own.\n", to);
}

static void write_head(const struct summary *s, const struct verdict *v, FILE *to)
{
	const char *preset = json_text(s->run->json, "preset");
	const char *name = json_text(s->run->json, "scenario");

	fprintf(to, "# %s: %s\n\n", name ? name : s->run->scenario->name,
		report_result_name(v->result));
	if (s->run->scenario->question)
		fprintf(to, "%s\n\n", s->run->scenario->question);
	verdict_reasons(v, s, "- ", to);
	if (preset && !strcmp(preset, "demo"))
		fputs("\n**This is a demonstration** (preset `demo`): it shows what the policies "
		      "do, with too few boots to prove it. `PRESET=standard` or `certify` runs more.\n",
		      to);
	if (json_true(s->run->json, "interrupted"))
		fputs("\n**The run was interrupted**; what follows are the boots finished "
		      "by then. `ringsched resume` measures the rest.\n",
		      to);
	report_write_versions(s, to);
}

static void write_rows(const char *title, const struct verdict_row *rows, size_t count, FILE *to)
{
	if (!count)
		return;
	fprintf(to, "\n## %s\n\n| what | measured | bound | holds? |\n|---|---|---|---|\n", title);
	for (size_t i = 0; i < count; i++)
		fprintf(to, "| %s | %s | %s | %s |\n", rows[i].what, rows[i].measured,
			rows[i].bound, verdict_state_name(rows[i].state));
}

void report_write_bound(const struct summary *s, FILE *to)
{
	enum phase phase = summary_phase(s);

	if (!summary_has_neighbour(s))
		fputs("\nNothing boots here: a \"boot\" is one repetition, one cell of the run.\n",
		      to);
	fputs("\nNo miss in N boots bounds the probability of a boot with a miss at "
	      "1 - 0.05^(1/N) (95 %): ",
	      to);
	for (size_t i = 0; i < s->policy_count; i++) {
		const struct policy_result *p = &s->policies[i];
		size_t with = 0;

		for (size_t k = 0; k < p->boot_count; k++)
			with += p->boots[k].phases[phase].control_missed_unstained > 0;
		fprintf(to, "%s`%s` ", i ? "; " : "", p->name);
		if (with)
			fprintf(to, "%zu of %zu boots had one", with, p->boot_count);
		else
			fprintf(to, "none in %zu, so at most %.1f %%", p->boot_count,
				100 * stats_zero_event_bound(p->boot_count));
	}
	fputs(".\n", to);
}

static void write_policy_table(const struct policy_result *p, FILE *to)
{
	char n[8][FORMAT_NUMBER_ROOM];

	fprintf(to,
		"\n### %s\n\nBoots: %zu. Interference %s; kicks per period %s; handling p50 %s µs, "
		"p99 %s µs, max %s µs.\n\n",
		p->name, p->boot_count, format_number(n[0], p->interference, 3),
		format_number(n[1], p->kicks_per_period, 3),
		format_number(n[2], p->handling.p50, 3), format_number(n[3], p->handling.p99, 3),
		format_number(n[4], p->handling.max, 3));
	fputs("| phase | periods | missed | missed, unstained | stained | skipped | wake-up p50 / "
	      "p99 (ms) | response p50 / p99 / p99.9 / max (ms) | vCPU wait (µs/period) | "
	      "neighbours' core (%) |\n"
	      "|---|---|---|---|---|---|---|---|---|---|\n",
	      to);
	for (int i = 0; i < PHASE_COUNT; i++) {
		const struct measure *m = &p->pooled[i];

		if (!m->periods)
			continue;
		fprintf(to,
			"| %s | %zu | %zu | %zu | %zu | %zu | %s / %s | %s / %s / %s / %s | %s | "
			"%s |\n",
			phase_names[i], m->periods, m->missed, m->missed_unstained, m->stained,
			m->skipped, format_number(n[0], p->wakeup[i].p50 / 1e3, 3),
			format_number(n[1], p->wakeup[i].p99 / 1e3, 3),
			format_number(n[2], p->response[i].p50 / 1e3, 3),
			format_number(n[3], p->response[i].p99 / 1e3, 3),
			format_number(n[4], p->response[i].p999 / 1e3, 3),
			format_number(n[5], p->response[i].max / 1e3, 3),
			format_number(n[6], p->wait_us_per_period[i], 3),
			format_number(n[7], 100 * p->cost[i].value[COST_NEIGHBOUR_SHARE], 3));
	}
	if (p->lost || p->rejected)
		fprintf(to,
			"\n%ju periods were not sampled (the guest's memory for them was full); "
			"%ju samples had impossible times and count as missed.\n",
			(uintmax_t)p->lost, (uintmax_t)p->rejected);
	if (p->handover_errors)
		fprintf(to, "\nShared data was found damaged or written out of turn %ju times.\n",
			(uintmax_t)p->handover_errors);
}

static void write_ring_row(const struct policy_result *p, const struct cell_ring *ring,
			   enum phase phase, FILE *to)
{
	struct ring_pool pool = { 0 };
	const struct measure *m = &pool.measure;
	char n[4][FORMAT_NUMBER_ROOM];

	/* Without memory the row says what was added up by then; summary.json fails. */
	summary_pool_ring(p, ring, phase, &pool, NULL);
	if (m->periods)
		fprintf(to, "| %s | %s/%u | %u | %g / %g | %zu | %zu | %zu | %s / %s / %s | %s |\n",
			p->name, ring->vm, ring->id, ring->prio, (double)ring->period_ns / 1e6,
			(double)ring->deadline_ns / 1e6, m->periods, m->missed, m->missed_unstained,
			format_number(n[0], pool.response.p50 / 1e3, 3),
			format_number(n[1], pool.response.p99 / 1e3, 3),
			format_number(n[2], pool.response.max / 1e3, 3),
			format_number(n[3], pool.wait_us_per_period, 3));
	measure_clear(&pool.measure);
}

/* Where there is more than the judged ring. */
static void write_rings(const struct summary *s, FILE *to)
{
	enum phase phase = summary_phase(s);
	const struct cell *first = s->policies[0].boots[0].cell;

	if (first->ring_count < 2)
		return;
	fprintf(to,
		"\n## Rings in phase %s\n\nAll boots of a policy pooled. The wait is that of the "
		"ring's VM, per period of this ring.\n\n"
		"| policy | ring | priority | period / deadline (ms) | periods | missed | missed, "
		"unstained | response p50 / p99 / max (ms) | vCPU wait (µs/period) |\n"
		"|---|---|---|---|---|---|---|---|---|\n",
		phase_names[phase]);
	for (size_t k = 0; k < first->ring_count; k++)
		for (size_t i = 0; i < s->policy_count; i++)
			write_ring_row(&s->policies[i], &first->rings[k], phase, to);
}

/* What a policy takes that the others do not have. */
static void write_placement(const struct scenario *s, const struct policy_result *p, FILE *to)
{
	const struct policy *policy = policy_find(p->name, NULL);
	struct placement elsewhere;
	char cores[64];

	if (!policy || !policy->moves_neighbours)
		return;
	placement_elsewhere(s, &elsewhere);
	cores_text(elsewhere.cores, elsewhere.count, cores, sizeof(cores));
	if (elsewhere.housekeeping)
		fprintf(to,
			"\nThere is no further core to give to the neighbours: their vCPUs ran on "
			"the housekeeping core (%s), beside the daemon, QEMU's own threads and the "
			"harness, and disturbed those. This policy takes one core more than the "
			"others.\n",
			cores);
	else
		fprintf(to,
			"\nThe neighbours' vCPUs ran on core %s. This policy takes that core "
			"besides what the others have.\n",
			cores);
}

/* Made from what the rings declare, so the reader has to know it. */
static void write_budgets(const struct policy_result *p, FILE *to)
{
	struct json_object *vms = json_array(json_dict(p->boots[0].cell->json, "daemon"), "vms");
	const struct policy *policy = policy_find(p->name, NULL);

	for (unsigned long i = 0; policy && policy->from_work && i < json_count(vms); i++) {
		struct json_object *vm = json_row(vms, i), *budget = json_dict(vm, "deadline");
		uint64_t runtime, period;

		if (!json_u64(budget, "runtime_us", &runtime) ||
		    !json_u64(budget, "period_us", &period))
			continue;
		fprintf(to,
			"\nThe vCPUs of VM %s had SCHED_DEADLINE with %ju µs of each %ju µs, from "
			"the start of the rings on: the period of its highest ring, and 1.5 times "
			"what all its rings declare plus 5 %% of the period (less where all VMs "
			"together would have more than the core).\n",
			json_text(vm, "name"), (uintmax_t)runtime, (uintmax_t)period);
	}
}

static void write_policies(const struct summary *s, FILE *to)
{
	fputs("\n## Policies\n\nThese tables pool the periods of all boots: they describe. What is "
	      "judged above is one number a boot. `n/a`: too few samples for that quantile.\n",
	      to);
	for (size_t i = 0; i < s->policy_count; i++) {
		write_policy_table(&s->policies[i], to);
		write_placement(s->run->scenario, &s->policies[i], to);
		write_budgets(&s->policies[i], to);
	}
}

/* One column a boot; policies in an interrupted run may have fewer. */
static void write_per_boot(const struct summary *s, const char *title, int digits,
			   double (*of)(const struct boot_result *b), FILE *to)
{
	char number[FORMAT_NUMBER_ROOM];
	size_t most = 0;

	for (size_t i = 0; i < s->policy_count; i++)
		most = s->policies[i].boot_count > most ? s->policies[i].boot_count : most;
	if (most > 30) { /* a table that wide helps nobody; summary.json has it */
		fprintf(to, "\n%s: %zu boots a policy, see `summary.json`.\n", title, most);
		return;
	}
	fprintf(to, "\n| %s |", title);
	for (size_t k = 0; k < most; k++)
		fprintf(to, " %zu |", k + 1);
	fputs("\n|---|", to);
	for (size_t k = 0; k < most; k++)
		fputs("---|", to);
	for (size_t i = 0; i < s->policy_count; i++) {
		const struct policy_result *p = &s->policies[i];

		fprintf(to, "\n| %s |", p->name);
		for (size_t k = 0; k < most; k++)
			fprintf(to, " %s |",
				k >= p->boot_count ?
					"" :
					format_number(number, of(&p->boots[k]), digits));
	}
	fputs("\n", to);
}

static double boot_interference(const struct boot_result *b)
{
	return b->interference;
}

static double boot_seconds(const struct boot_result *b)
{
	return b->neighbour_boot_s;
}

static void write_boots(const struct summary *s, FILE *to)
{
	enum phase phase = summary_phase(s);

	if (!summary_has_neighbour(s))
		return;
	fputs("\n## Boot by boot\n", to);
	if (phase != PHASE_SOLO)
		write_per_boot(s, "interference", 3, boot_interference, to);
	write_per_boot(s, "neighbours' boot (s)", 3, boot_seconds, to);
	for (size_t i = 0; phase != PHASE_SOLO && i < s->policy_count; i++)
		if (s->policies[i].interference_excluded)
			fprintf(to,
				"\n`%s`: boots with fewer than %zu periods in solo or %s, so "
				"without interference: %zu.\n",
				s->policies[i].name, stats_quantile_needs(0.99), phase_names[phase],
				s->policies[i].interference_excluded);
}

static void write_comparisons(const struct summary *s, FILE *to)
{
	char n[3][FORMAT_NUMBER_ROOM];

	if (!s->comparison_count)
		return;
	fputs("\n## Policies compared\n\nOne number a boot; exact Mann-Whitney test, Hodges-Lehmann "
	      "shift, Holm's correction over all rows. Where the smallest p that so few boots can "
	      "give is above 0.01, no difference can be significant.\n\n"
	      "| metric | policy, boots | against, boots | shift | p (Holm) | smallest p "
	      "possible |\n"
	      "|---|---|---|---|---|---|\n",
	      to);
	for (size_t i = 0; i < s->comparison_count; i++) {
		const struct comparison *c = &s->comparisons[i];

		fprintf(to, "| %s | %s, %zu | %s, %zu | %s | %s | %s |\n", c->metric, c->policy,
			c->policy_boots, c->baseline, c->baseline_boots,
			format_number(n[0], c->shift, 3), format_number(n[1], c->p_holm, 2),
			format_number(n[2], c->smallest_p, 2));
	}
}

static void write_figures(const struct summary *s, const struct figures_drawn *drawn, FILE *to)
{
	fputs("\n## Figures\n", to);
	for (size_t i = 0; figures[i]; i++) {
		if (!figure_applies(figures[i], s))
			continue;
		if (drawn->why_not[i])
			fprintf(to, "\nNot drawn: %s (%s).\n", figures[i]->title,
				drawn->why_not[i]);
		else
			fprintf(to, "\n![%s](figures/%s.png)\n\n%s\n", figures[i]->title,
				figures[i]->name, figures[i]->caption);
	}
}

static void write_made_by(const struct summary *s, FILE *to)
{
	if (!json_count(json_array(s->run->json, "command")))
		return;
	fputs("\n## Made by\n\n    ", to);
	report_write_command(s, to);
	fprintf(to,
		"\n\nSeed %s. Numbers: `summary.json`; their definitions: `docs/results.md`; the "
		"rules: `docs/statistics.md`.\n",
		report_seed(s));
}

void report_write_details(const struct summary *s, FILE *to)
{
	write_rings(s, to);
	write_policies(s, to);
	report_write_interrupts(s, to);
	report_write_cost(s, to);
	report_write_change(s, to);
	write_boots(s, to);
	write_comparisons(s, to);
}

void report_write_md(const struct summary *s, const struct verdict *v,
		     const struct figures_drawn *drawn, FILE *to)
{
	write_head(s, v, to);
	write_rows("Limits of the scenario", v->limits, v->limit_count, to);
	write_rows("What the experiment is expected to show", v->shown, v->shown_count, to);
	report_write_bound(s, to);
	write_figures(s, drawn, to);
	report_write_details(s, to);
	fputs("\n## Environment\n", to);
	report_write_environment(s, to);
	write_made_by(s, to);
}
