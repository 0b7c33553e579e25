// SPDX-License-Identifier: GPL-2.0-or-later
/* What a run and `ringsched report` print at the end. */
#include <math.h>
#include <string.h>

#include "harness/figure.h"
#include "harness/format.h"
#include "harness/jsonread.h"
#include "harness/report_internal.h"
#include "harness/summary.h"

static bool always(const struct summary *s)
{
	(void)s;
	return true;
}

static bool phase_beside_solo(const struct summary *s)
{
	return summary_phase(s) != PHASE_SOLO;
}

static void boots(const struct policy_result *p, enum phase phase, char *text)
{
	(void)phase;
	snprintf(text, REPORT_CELL_ROOM, "%zu", p->boot_count);
}

static void interference(const struct policy_result *p, enum phase phase, char *text)
{
	(void)phase; /* made for it already */
	format_number(text, p->interference, 3);
}

static void solo_p99(const struct policy_result *p, enum phase phase, char *text)
{
	(void)phase;
	format_number(text, p->response_p99[PHASE_SOLO] / 1e3, 3);
}

static void judged_p99(const struct policy_result *p, enum phase phase, char *text)
{
	format_number(text, p->response_p99[phase] / 1e3, 3);
}

/* Over all control VMs' rings, as the limit counts. */
static void missed(const struct policy_result *p, enum phase phase, char *text)
{
	size_t periods = 0;

	for (size_t i = 0; i < p->boot_count; i++)
		periods += p->boots[i].phases[phase].control_periods;
	snprintf(text, REPORT_CELL_ROOM, "%zu/%zu", p->control_missed_unstained[phase], periods);
}

static void wait_us(const struct policy_result *p, enum phase phase, char *text)
{
	format_number(text, p->wait_us_per_period[phase], 3);
}

static void kicks(const struct policy_result *p, enum phase phase, char *text)
{
	(void)phase;
	format_number(text, p->kicks_per_period, 3);
}

static void handling(const struct policy_result *p, enum phase phase, char *text)
{
	(void)phase;
	format_number(text, p->handling.p99, 3);
}

static void handler(const struct policy_result *p, enum phase phase, char *text)
{
	format_number(text, p->handler[phase].p99 / 1e3, 3);
}

static void neighbour_boot(const struct policy_result *p, enum phase phase, char *text)
{
	(void)phase;
	format_number(text, p->neighbour_boot_s, 3);
}

static void neighbour_share(const struct policy_result *p, enum phase phase, char *text)
{
	format_number(text, 100 * p->cost[phase].value[COST_NEIGHBOUR_SHARE], 3);
}

const struct report_column report_columns[] = {
	{ { "", "boots" }, 5, always, boots },
	{ { "inter-", "ference" }, 7, phase_beside_solo, interference },
	{ { "p99 (ms)", "in solo" }, 8, always, solo_p99 },
	{ { "p99 (ms)", "in @" }, 9, phase_beside_solo, judged_p99 },
	{ { "missed/peri-", "ods in @" }, 13, always, missed },
	{ { "wait (us/", "period)" }, 9, always, wait_us },
	{ { "kicks/", "period" }, 6, always, kicks },
	{ { "handling", "p99 (us)" }, 8, always, handling },
	{ { "irq to han-", "dler (ms)" }, 11, summary_has_interrupts, handler },
	{ { "boot", "(s)" }, 5, summary_has_neighbour, neighbour_boot },
	{ { "their", "core %" }, 6, summary_has_neighbour, neighbour_share },
	{ { NULL, NULL }, 0, NULL, NULL },
};

void report_column_head(const struct report_column *c, size_t line, const struct summary *s,
			char *text)
{
	const char *head = c->head[line], *at = strchr(head, '@');

	snprintf(text, REPORT_CELL_ROOM, "%.*s%s", at ? (int)(at - head) : 40, head,
		 at ? phase_names[summary_phase(s)] : "");
}

static void write_head(const struct summary *s, FILE *to)
{
	for (size_t line = 0; line < 2; line++) {
		fprintf(to, "%-12s", line ? "policy" : "");
		for (const struct report_column *c = report_columns; c->write; c++) {
			char text[REPORT_CELL_ROOM];

			if (!c->applies(s))
				continue;
			report_column_head(c, line, s, text);
			fprintf(to, " %*s", c->width, text);
		}
		fputs("\n", to);
	}
}

static void write_policies(const struct summary *s, FILE *to)
{
	write_head(s, to);
	for (size_t i = 0; i < s->policy_count; i++) {
		fprintf(to, "%-12s", s->policies[i].name);
		for (const struct report_column *c = report_columns; c->write; c++) {
			char text[REPORT_CELL_ROOM];

			if (!c->applies(s))
				continue;
			c->write(&s->policies[i], summary_phase(s), text);
			fprintf(to, " %*s", c->width, text);
		}
		fputs("\n", to);
	}
	fprintf(to,
		"(medians over boots; missed: all boots and control rings, outside windows the host "
		"stained%s%s)\n",
		summary_has_neighbour(s) ? ";\nboot and core %: of the neighbours" : "",
		summary_has_interrupts(s) ? ";\nirq to handler: p99, in the judged phase" : "");
}

void report_write_table(const struct summary *s, const struct figures_drawn *drawn, FILE *to)
{
	const char *preset = json_text(s->run->json, "preset");

	write_policies(s, to);
	if (preset && !strcmp(preset, "demo"))
		fputs("\nPreset demo: this is a demonstration; too few boots to prove anything.\n",
		      to);
	for (size_t i = 0; i < s->run->failure_count; i++)
		fprintf(to, "Failed cell %s: %s\n", s->run->failures[i].name,
			s->run->failures[i].why);
	for (size_t i = 0; figures[i]; i++)
		if (drawn->why_not[i])
			fprintf(to, "Figure %s not drawn: %s\n", figures[i]->name,
				drawn->why_not[i]);
}
