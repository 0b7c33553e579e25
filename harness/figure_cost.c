// SPDX-License-Identifier: GPL-2.0-or-later
/* What each policy costs in the judged phase: one panel a number. */
#include <errno.h>
#include <math.h>

#include "harness/figure.h"
#include "harness/summary.h"
#include "host/error.h"

#define MANY 5 /* policies */

const char *const figure_cost_titles[COST_PANELS] = {
	"notifications or reads, a period",
	"daemon: CPU ms a second",
	"priority changes, a second",
	"guest besides its work: CPU ms a period (solo)",
	"neighbour: boot (s)",
	"neighbour: CPU, % of the core",
};

void figure_cost_values(const struct policy_result *p, enum phase phase, double values[COST_PANELS])
{
	const double *c = p->cost[phase].value;
	/* A policy reads or is notified; where a guest does both, both count. */
	double reads = isfinite(c[COST_READS]) ? c[COST_READS] : 0;

	values[0] = c[COST_NOTIFICATIONS] + reads;
	values[1] = c[COST_DAEMON_US_S] / 1e3;
	values[2] = c[COST_CHANGES_S];
	values[3] = p->cost[PHASE_SOLO].value[COST_OVERHEAD_US] / 1e3;
	values[4] = p->neighbour_boot_s;
	values[5] = c[COST_NEIGHBOUR_SHARE] * 100;
}

/* The highest bar of each panel, so that the numbers above fit; NaN where the
 * run has no such number. */
static void write_data(const struct summary *s, FILE *dat, double top[COST_PANELS])
{
	fputs("# position, then a column a panel\n", dat);
	for (size_t i = 0; i < s->policy_count; i++) {
		double values[COST_PANELS];

		figure_cost_values(&s->policies[i], summary_phase(s), values);
		fprintf(dat, "# %s\n%zu", s->policies[i].name, i + 1);
		for (int k = 0; k < COST_PANELS; k++) {
			fprintf(dat, isfinite(values[k]) ? " %.6g" : " NaN", values[k]);
			top[k] = fmax(top[k], values[k]);
		}
		fputc('\n', dat);
	}
}

static void write_panel(const struct summary *s, int panel, double top, FILE *gp)
{
	int column = panel + 2;
	bool upright = s->policy_count > MANY; /* their numbers, side by side, would touch */

	fprintf(gp,
		"set title \"%s\"\n"
		"set yrange [0:%.6g]\n"
		"plot ",
		figure_cost_titles[panel], top > 0 ? top * (upright ? 1.35 : 1.2) : 1);
	for (size_t i = 0; i < s->policy_count; i++)
		fprintf(gp,
			"'cost.dat' every ::%zu::%zu using 1:%d with boxes linecolor '%s', \\\n\t",
			i, i, column, figure_colour(s->policies[i].name));
	fprintf(gp, "'cost.dat' using 1:%d:(sprintf(\"%%.3g\", column(%d))) with labels %s\n",
		column, column, upright ? "rotate by 90 left offset 0,0.4" : "offset 0,0.7");
}

static int write_cost(const struct summary *s, FILE *dat, FILE *gp, struct rs_error **err)
{
	double top[COST_PANELS] = { NAN, NAN, NAN, NAN, NAN, NAN };
	const char *phase = phase_names[summary_phase(s)];
	char label[80];
	bool known = false;

	write_data(s, dat, top);
	for (int i = 0; i < COST_PANELS; i++)
		known = known || isfinite(top[i]);
	if (!known)
		return rs_fail(err, ENODATA, "no cost is known of phase %s", phase);
	fprintf(gp,
		"set multiplot layout 2, 3 title 'What it costs in phase %s'\n"
		"set style fill solid 1 noborder\n"
		"set boxwidth 0.7\n"
		"set xrange [0.4:%.1f]\n"
		"unset grid\nset grid ytics\n"
		"unset key\n",
		phase, (double)s->policy_count + 0.6);
	fputs("set xtics (", gp);
	for (size_t i = 0; i < s->policy_count; i++)
		fprintf(gp, "%s'%s' %zu", i ? ", " : "", figure_label(s->policies[i].name, label),
			i + 1);
	fputs(") scale 0 rotate by 30 right\n", gp);
	for (int i = 0; i < COST_PANELS; i++)
		if (isfinite(top[i])) /* nothing to draw is an error to gnuplot */
			write_panel(s, i, top[i], gp);
	fputs("unset multiplot\n", gp);
	return 0;
}

const struct figure figure_cost = {
	.name = "cost",
	.title = "Cost of each policy in the judged phase: notifications or reads, CPU time of "
		 "the daemon and of the guest, and what is left for the neighbour",
	.caption =
		"Medians over boots, in the phase that is judged. The control guest's CPU time is "
		"that of phase solo, outside of its processes' turns: compare it with `none`, which has "
		"the same timers and switches and sends nothing.",
	.width = 1200,
	.height = 720,
	.in_page = true,
	.write = write_cost,
};
