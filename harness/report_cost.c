// SPDX-License-Identifier: GPL-2.0-or-later
/* report.md, section "Cost": what each policy takes from whom. */
#include <math.h>

#include "harness/format.h"
#include "harness/report_internal.h"
#include "harness/summary.h"

/* "12.3 %", or "n/a". */
static const char *percent(char *room, size_t size, double share)
{
	char number[FORMAT_NUMBER_ROOM];

	snprintf(room, size, "%s%s", format_number(number, share * 100, 3),
		 isfinite(share) ? " %" : "");
	return room;
}

static void write_row(const struct policy_result *p, int phase, FILE *to)
{
	const double *c = p->cost[phase].value;
	char n[10][FORMAT_NUMBER_ROOM], shares[2][FORMAT_NUMBER_ROOM + 4];

	fprintf(to, "| %s | %s / %s | %s / %s | %s / %s | %s / %s / %s | %s | %s / %s |\n", p->name,
		format_number(n[0], c[COST_NOTIFICATIONS], 3),
		format_number(n[1], c[COST_READS], 3), format_number(n[2], c[COST_DAEMON_US_S], 3),
		format_number(n[3], c[COST_NOTIFY_US_S], 3),
		format_number(n[4], c[COST_DAEMON_US], 3),
		format_number(n[5], c[COST_NOTIFY_US], 3), format_number(n[6], c[COST_GUEST_US], 4),
		format_number(n[7], p->guest_extra_us_per_period[phase], 3),
		format_number(n[8], c[COST_OVERHEAD_US], 3),
		format_number(n[9], c[COST_CHANGES_S], 3),
		percent(shares[0], sizeof(shares[0]), c[COST_CONTROL_SHARE]),
		percent(shares[1], sizeof(shares[1]), c[COST_NEIGHBOUR_SHARE]));
}

static void write_phase(const struct summary *s, int phase, FILE *to)
{
	fprintf(to,
		"\n### Phase %s\n\n"
		"| policy | notifications / reads a period | daemon: CPU µs a second, all / its "
		"notification thread | daemon: CPU µs a period, all / that thread | control guest: "
		"CPU µs a period / more than `none` / outside its turns | priority changes a second | CPU of the core: "
		"control / neighbour |\n"
		"|---|---|---|---|---|---|---|\n",
		phase_names[phase]);
	for (size_t i = 0; i < s->policy_count; i++)
		write_row(&s->policies[i], phase, to);
}

/* What cgroup weights give the neighbours while everyone wants the core. */
static double entitled_share(const struct scenario *scenario)
{
	double all = 0, neighbours = 0;

	for (unsigned int i = 0; i < scenario->vm_count; i++) {
		all += scenario->vms[i].cpu_shares;
		if (scenario->vms[i].role == VM_ROLE_NEIGHBOUR)
			neighbours += scenario->vms[i].cpu_shares;
	}
	return neighbours > 0 ? neighbours / all : NAN;
}

static void write_sending(const struct summary *s, FILE *to)
{
	double share = entitled_share(s->run->scenario);
	char n[2][FORMAT_NUMBER_ROOM], room[FORMAT_NUMBER_ROOM + 4];

	fputs("\n| policy | sending one notification, in the guest (µs) | a period (µs) | "
	      "neighbour's boot (s) |\n|---|---|---|---|\n",
	      to);
	for (size_t i = 0; i < s->policy_count; i++) {
		const struct policy_result *p = &s->policies[i];
		char seconds[FORMAT_NUMBER_ROOM];

		fprintf(to, "| %s | %s | %s | %s |\n", p->name, format_number(n[0], p->send_us, 3),
			format_number(n[1],
				      p->send_us * p->cost[PHASE_SOLO].value[COST_NOTIFICATIONS],
				      3),
			format_number(seconds, p->neighbour_boot_s, 3));
	}
	if (isfinite(share))
		fprintf(to,
			"\nBy their `cpu_shares` alone the neighbours are entitled to %s of the "
			"core while all VMs want it.\n",
			percent(room, sizeof(room), share));
}

void report_write_cost(const struct summary *s, FILE *to)
{
	fputs("\n## Cost\n\nMedians over boots; a period is one that ran. The extra CPU time in the "
	      "guest is a difference of two boots' medians on a core whose speed wanders: where it "
	      "is small, or negative, it says only that the cost is below that. Two other measures "
	      "do not have this error: the CPU time outside of the processes' turns (phase solo), "
	      "and what the guest itself measured of sending (last table).\n",
	      to);
	for (int i = 0; i < PHASE_COUNT; i++)
		if (s->run->cells[0]->phases[i].present)
			write_phase(s, i, to);
	write_sending(s, to);
}
