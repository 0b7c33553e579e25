// SPDX-License-Identifier: GPL-2.0-or-later
/* report.md, section "External interrupts": how long they take, boosted or not. */
#include "harness/format.h"
#include "harness/report_internal.h"
#include "harness/summary.h"

static void write_row(const struct policy_result *p, int phase, FILE *to)
{
	const struct spread *h = &p->handler[phase], *e = &p->end[phase];
	const struct measure *m = &p->pooled[phase];
	char n[8][FORMAT_NUMBER_ROOM];

	fprintf(to, "| %s | %zu | %zu | %s / %s / %s / %s | %s / %s / %s / %s |\n", p->name,
		m->periods, m->skipped, format_number(n[0], h->p50 / 1e3, 3),
		format_number(n[1], h->p90 / 1e3, 3), format_number(n[2], h->p99 / 1e3, 3),
		format_number(n[3], h->max / 1e3, 3), format_number(n[4], e->p50 / 1e3, 3),
		format_number(n[5], e->p90 / 1e3, 3), format_number(n[6], e->p99 / 1e3, 3),
		format_number(n[7], e->max / 1e3, 3));
}

static void write_phase(const struct summary *s, int phase, FILE *to)
{
	size_t came = 0;

	for (size_t i = 0; i < s->policy_count; i++)
		came += s->policies[i].pooled[phase].periods;
	if (!came)
		return;
	fprintf(to,
		"\n### Phase %s\n\n"
		"| policy | came | not served | interrupt → handler, p50 / p90 / p99 / max (ms) | "
		"interrupt → ring's end, p50 / p90 / p99 / max (ms) |\n|---|---|---|---|---|\n",
		phase_names[phase]);
	for (size_t i = 0; i < s->policy_count; i++)
		write_row(&s->policies[i], phase, to);
}

static void write_counters(const struct policy_result *p, FILE *to)
{
	fprintf(to, "| %s | %ju | %ju | %ju | %ju | %ju |\n", p->name,
		(uintmax_t)policy_counter(p, "irq_raised"),
		(uintmax_t)policy_counter(p, "irq_lost"),
		(uintmax_t)policy_counter(p, "irq_coalesced"),
		(uintmax_t)policy_counter(p, "irq_confirmed"),
		(uintmax_t)policy_counter(p, "irq_unconfirmed"));
}

void report_write_interrupts(const struct summary *s, FILE *to)
{
	if (!summary_has_interrupts(s))
		return;
	fputs("\n## External interrupts\n\nTimes count from when the interrupt came to the host (a "
	      "generator's: planned), so what the boost itself takes is in them. Medians over "
	      "boots, but the maximum of all. One that was not served takes as long as the next "
	      "one that was.\n",
	      to);
	for (int i = 0; i < PHASE_COUNT; i++)
		write_phase(s, i, to);
	fputs("\n### The daemon's counters, whole cells\n\n"
	      "| policy | raised | of these lost | under a boost that waited | boosts confirmed | "
	      "taken back |\n|---|---|---|---|---|---|\n",
	      to);
	for (size_t i = 0; i < s->policy_count; i++)
		write_counters(&s->policies[i], to);
}
