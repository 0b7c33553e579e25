// SPDX-License-Identifier: GPL-2.0-or-later
/* How often a time from interrupt to handler is exceeded: judged phase and solo. */
#include <errno.h>
#include <math.h>

#include "harness/figure.h"
#include "harness/summary.h"
#include "host/error.h"

static void write_axes(const struct summary *s, FILE *gp)
{
	double shortest = NAN, longest = NAN, most = 1;

	for (size_t i = 0; i < s->policy_count; i++)
		for (int k = 0; k < PHASE_COUNT; k++) {
			const struct policy_result *p = &s->policies[i];

			shortest = fmin(shortest, p->handler[k].min);
			longest = fmax(longest, p->handler[k].max);
			most = fmax(most, (double)p->pooled[k].periods);
		}
	fprintf(gp,
		"set title 'From an external interrupt to its handler: how often is it exceeded?'\n"
		"set xlabel 'time from the interrupt to its handler in the guest (ms)'\n"
		"set ylabel 'share of interrupts that take longer'\n"
		"set logscale xy\n"
		"set format y '10^{%%L}'\n"
		"set yrange [%.3e:1]\n"
		"set xrange [%.4f:%.4f]\n"
		"set xtics (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, "
		"1000)\n"
		"set key outside right top vertical spacing 1.2 samplen 2.5\n",
		0.7 / most, fmax(shortest, 1) / 1e3 / 1.15, longest / 1e3 * 1.25);
}

static void write_curves(const struct summary *s, FILE *dat, FILE *gp)
{
	enum phase phase = summary_phase(s);

	for (size_t i = 0; i < s->policy_count; i++) {
		const struct policy_result *p = &s->policies[i];

		fprintf(dat, "# %s\n", p->name);
		figure_write_exceeded(dat, &p->pooled[phase].handler, p->pooled[phase].periods);
		figure_write_exceeded(dat, &p->pooled[PHASE_SOLO].handler,
				      p->pooled[PHASE_SOLO].periods);
	}
	figure_plot_exceeded(gp, "interrupt.dat", s, phase);
}

static int write_interrupt(const struct summary *s, FILE *dat, FILE *gp, struct rs_error **err)
{
	size_t handled = 0;

	for (size_t i = 0; i < s->policy_count; i++)
		handled += s->policies[i].handler[summary_phase(s)].count;
	if (!handled)
		return rs_fail(err, ENODATA, "no interrupt was handled in phase %s",
			       phase_names[summary_phase(s)]);
	fprintf(dat,
		"# two blocks a policy, %s and solo: interrupt to handler in ms, share that takes "
		"longer\n",
		phase_names[summary_phase(s)]);
	write_axes(s, gp);
	write_curves(s, dat, gp);
	return 0;
}

const struct figure figure_interrupt = {
	.name = "interrupt",
	.title =
		"Share of external interrupts whose handler takes longer to run, one curve a policy",
	.caption =
		"Complementary distribution of the time from an external interrupt at the host to its "
		"handler in the guest, both axes logarithmic: solid in the judged phase, dashed in "
		"solo. One that was not served counts as the next that was. All boots of a policy are "
		"pooled, so this picture describes; it does not judge.",
	.width = 1100,
	.height = 560,
	.write = write_interrupt,
	.applies = summary_has_interrupts,
};
