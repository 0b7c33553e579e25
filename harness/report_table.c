// SPDX-License-Identifier: GPL-2.0-or-later
/* What a run and `ringsched report` print at the end. */
#include <string.h>

#include "harness/figure.h"
#include "harness/format.h"
#include "harness/jsonread.h"
#include "harness/report_internal.h"
#include "harness/summary.h"

static void write_policies(const struct summary *s, FILE *to)
{
	char n[7][FORMAT_NUMBER_ROOM];

	fprintf(to, "%-12s %5s %7s %19s %13s %9s %6s %8s %9s\n", "", "", "inter-",
		"response p99 (ms)", "missed/peri-", "wait (us/", "kicks/", "handling",
		"neighbour");
	fprintf(to, "%-12s %5s %7s %9s %9s %13s %9s %6s %8s %9s\n", "policy", "boots", "ference",
		"solo", "boot", "ods in boot", "period)", "period", "p99 (us)", "boot (s)");
	for (size_t i = 0; i < s->policy_count; i++) {
		const struct policy_result *p = &s->policies[i];
		const struct measure *m = &p->pooled[PHASE_BOOT];
		char missed[48];

		snprintf(missed, sizeof(missed), "%zu/%zu", m->missed_unstained, m->periods);
		fprintf(to, "%-12s %5zu %7s %9s %9s %13s %9s %6s %8s %9s\n", p->name, p->boot_count,
			format_number(n[0], p->interference, 3),
			format_number(n[1], p->response_p99[PHASE_SOLO] / 1e3, 3),
			format_number(n[2], p->response_p99[PHASE_BOOT] / 1e3, 3), missed,
			format_number(n[3], p->wait_us_per_period[PHASE_BOOT], 3),
			format_number(n[4], p->kicks_per_period, 3),
			format_number(n[5], p->handling.p99, 3),
			format_number(n[6], p->neighbour_boot_s, 3));
	}
	fputs("(medians over boots; missed: all boots, outside windows the host stained)\n", to);
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
