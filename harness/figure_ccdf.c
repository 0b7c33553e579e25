// SPDX-License-Identifier: GPL-2.0-or-later
/* How often a response time is exceeded: judged phase and solo, pooled. */
#include <errno.h>
#include <math.h>

#include "harness/figure.h"
#include "harness/summary.h"
#include "host/error.h"

/*
 * Share of periods that took longer than each response time. A period that
 * never ended exceeds any time: it stays in the count, so that a curve that
 * does not fall to the floor shows periods lost. Equal steps are thinned
 * out: 2000 points are more than the picture has pixels.
 */
#define POINTS_MAX 2000

void figure_write_exceeded(FILE *dat, const struct durations *d, size_t periods)
{
	size_t step = d->count / POINTS_MAX + 1;

	for (size_t i = 0; i < d->count; i++) {
		size_t above = periods - i - 1;

		/* The tail is drawn in full: it is what the figure is about. */
		if (i % step && i + POINTS_MAX / 2 < d->count)
			continue;
		if (above)
			fprintf(dat, "%.4f %.4e\n", d->us[i] / 1e3,
				(double)above / (double)periods);
	}
	if (!d->count)
		fputs("NaN NaN\n", dat);
	else if (d->count == periods) /* down to the floor */
		fprintf(dat, "%.4f %.4e\n", d->us[d->count - 1] / 1e3, 0.1 / (double)periods);
	else /* on to the right edge: some never ended */
		fprintf(dat, "1e7 %.4e\n", (double)(periods - d->count) / (double)periods);
	fputs("\n\n", dat);
}

/* The judged phase and solo, which may be one. */
static bool is_drawn(const struct summary *s, int phase)
{
	return phase == PHASE_SOLO || phase == (int)summary_phase(s);
}

static double floor_of(const struct summary *s)
{
	size_t most = 1;

	for (size_t i = 0; i < s->policy_count; i++)
		for (int k = 0; k < PHASE_COUNT; k++)
			if (is_drawn(s, k) && s->policies[i].pooled[k].periods > most)
				most = s->policies[i].pooled[k].periods;
	return 0.7 / (double)most;
}

static void write_axes(const struct summary *s, FILE *gp)
{
	double deadline = summary_deadline_ms(s);
	/* Ticks on a logarithmic axis, in ms: few over many decades. */
	static const char fine[] = "0.1, 0.2, 0.3, 0.5, 0.7, 1, 2, 3, 5, 7, 10, 15, 20, 30, 50, "
				   "70, 100, 150, 200, 300, 500, 700, 1000";
	static const char coarse[] = "0.01, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, "
				     "1000, 2000, 5000, 10000, 20000, 50000, 100000";
	double shortest = NAN, longest = NAN;

	for (size_t i = 0; i < s->policy_count; i++)
		for (int k = 0; k < PHASE_COUNT; k++) {
			if (!is_drawn(s, k))
				continue;
			shortest = fmin(shortest, s->policies[i].response[k].min);
			longest = fmax(longest, s->policies[i].response[k].max);
		}
	fprintf(gp,
		"set title 'Response time of the control ring: how often is it exceeded?' "
		"offset 0,0.8\n"
		"set tmargin 4.5\n"
		"set xlabel 'response time (ms)'\n"
		"set ylabel 'share of periods that take longer'\n"
		"set logscale xy\n"
		"set format y '10^{%%L}'\n"
		"set yrange [%.3e:1]\n"
		"set key outside right top vertical spacing 1.2 samplen 2.5\n"
		"deadline = %.6f\n"
		"set xrange [%.4f:%.4f]\n"
		"set xtics (%s)\n"
		"set arrow from deadline, graph 0 to deadline, graph 1 nohead linecolor '#000000' "
		"dashtype 2 linewidth 1.5\n"
		"set label 'deadline' at deadline, graph 1.03 center "
		"textcolor '#000000'\n",
		floor_of(s), deadline, shortest / 1e3 / 1.15, fmax(longest / 1e3, deadline) * 1.25,
		longest > 60 * shortest ? coarse : fine);
}

static int write_ccdf(const struct summary *s, FILE *dat, FILE *gp, struct rs_error **err)
{
	enum phase phase = summary_phase(s);
	const char *name = phase_names[phase];
	size_t samples = 0;

	fprintf(dat,
		"# two blocks a policy, %s and solo: response time in ms, share that takes longer\n",
		name);
	for (size_t i = 0; i < s->policy_count; i++) {
		const struct policy_result *p = &s->policies[i];

		fprintf(dat, "# %s\n", p->name);
		figure_write_exceeded(dat, &p->pooled[phase].response, p->pooled[phase].periods);
		figure_write_exceeded(dat, &p->pooled[PHASE_SOLO].response,
				      p->pooled[PHASE_SOLO].periods);
		samples += p->pooled[phase].response.count;
	}
	if (!samples)
		return rs_fail(err, ENODATA, "no period of phase %s ended", name);
	write_axes(s, gp);
	figure_plot_exceeded(gp, "ccdf.dat", s, phase);
	return 0;
}

const struct figure figure_ccdf = {
	.name = "ccdf",
	.title = "Share of periods whose response takes longer than a time, one curve a policy",
	.caption =
		"Complementary distribution of the control ring's response time, both axes "
		"logarithmic: solid in the phase that is judged, dashed in the solo phases right "
		"before. A skipped period counts up to the end of the next that ran; a curve that leaves "
		"at the right edge: nothing ended any more. All boots of a policy are pooled, so this picture describes; it does "
		"not judge.",
	.width = 1100,
	.height = 620,
	.in_page = true,
	.write = write_ccdf,
};
