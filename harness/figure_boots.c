// SPDX-License-Identifier: GPL-2.0-or-later
/* Interference of every boot: one dot a boot, one column a policy. */
#include <errno.h>
#include <math.h>

#include "harness/figure.h"
#include "harness/summary.h"
#include "host/error.h"

/* Dots of one column lie side by side, in the order of the boots. */
#define COLUMN_WIDTH 0.5

static size_t write_data(const struct summary *s, FILE *dat)
{
	size_t written = 0;

	fputs("# one block a policy: column, interference, boot\n", dat);
	for (size_t i = 0; i < s->policy_count; i++) {
		const struct policy_result *p = &s->policies[i];
		double step = p->boot_count > 1 ? COLUMN_WIDTH / (double)(p->boot_count - 1) : 0;

		fprintf(dat, "# %s\n", p->name);
		for (size_t k = 0; k < p->boot_count; k++) {
			double x = (double)i + 1 +
				   (p->boot_count > 1 ? (double)k * step - COLUMN_WIDTH / 2 : 0);

			if (!isfinite(p->boots[k].interference))
				continue;
			fprintf(dat, "%.4f %.5f %u\n", x, p->boots[k].interference,
				p->boots[k].cell->boot);
			written++;
		}
		if (p->interference_excluded == p->boot_count)
			fputs("NaN NaN 0\n", dat); /* an empty block would shift the index */
		fputs("\n\n", dat);
	}
	return written;
}

static void write_limit(const struct summary *s, FILE *gp)
{
	double limit = s->run->scenario->limits.interference_max;
	char label[80], quoted[160], *to = quoted;

	if (!isfinite(limit) || !s->run->scenario->verdict_policy)
		return;
	/* Within double quotes, which the line breaks need, '\' is "\\". */
	figure_label(s->run->scenario->verdict_policy, label);
	for (const char *from = label; *from; from++) {
		if (*from == '\\')
			*to++ = '\\';
		*to++ = *from;
	}
	*to = '\0';
	fprintf(gp,
		"limit = %.6g\n"
		"set arrow from graph 0, first limit to graph 1, first limit nohead "
		"linecolor '#444444' dashtype 2 linewidth 1.5\n"
		"set label sprintf(\"limit of\\n%s:\\n%%.2f\", limit) at graph 1.01, first limit "
		"left offset 0,1 textcolor '#444444'\n",
		limit, quoted);
}

/* Room for the highest and the lowest dot, and always 1 to 2. */
static void write_range(const struct summary *s, FILE *gp)
{
	double low = 1, high = 2;

	for (size_t i = 0; i < s->policy_count; i++)
		for (size_t k = 0; k < s->policies[i].boot_count; k++) {
			low = fmin(low, s->policies[i].boots[k].interference);
			high = fmax(high, s->policies[i].boots[k].interference);
		}
	fprintf(gp, "set yrange [%.4f:%.4f]\n", low / 1.25, high * 1.25);
}

static int write_boots(const struct summary *s, FILE *dat, FILE *gp, struct rs_error **err)
{
	const char *phase = phase_names[summary_phase(s)];
	char label[80];

	if (summary_phase(s) == PHASE_SOLO)
		return rs_fail(err, ENODATA, "phase solo is judged: it has no interference");
	if (!write_data(s, dat))
		return rs_fail(err, ENODATA, "no boot has enough periods for a p99 in solo and %s",
			       phase);
	fprintf(gp, "set ylabel 'response p99, %s ÷ solo'\n", phase);
	fputs("set title 'Interference of each boot of the neighbour'\n"
	      "set logscale y 2\n"
	      "set format y '%g'\n"
	      "unset grid\nset grid ytics\n"
	      "set rmargin 12\n"
	      "set ytics (0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 1, 1.2, 1.5, 2, 3, 4, 5, 7, 10, 15, "
	      "20, 30, 50, 70, 100, 200, 500, 1000)\n"
	      "unset key\n",
	      gp);
	fprintf(gp, "set xrange [0.4:%.1f]\n", (double)s->policy_count + 0.6);
	fputs("set xtics (", gp);
	for (size_t i = 0; i < s->policy_count; i++)
		fprintf(gp, "%s'%s' %zu", i ? ", " : "", figure_label(s->policies[i].name, label),
			i + 1);
	fputs(")\nset xtics scale 0\n"
	      "set arrow from graph 0, first 1 to graph 1, first 1 nohead linecolor '#888888'\n",
	      gp);
	write_range(s, gp);
	write_limit(s, gp);
	for (size_t i = 0; i < s->policy_count; i++)
		if (isfinite(s->policies[i].interference))
			fprintf(gp,
				"set arrow from %.2f, %.5f to %.2f, %.5f nohead front "
				"linecolor '#000000' linewidth 2\n",
				(double)i + 0.68, s->policies[i].interference, (double)i + 1.32,
				s->policies[i].interference);
	fputs("plot ", gp);
	for (size_t i = 0; i < s->policy_count; i++)
		fprintf(gp,
			"%s'boots.dat' index %zu using 1:2 with points pointtype 7 pointsize %.1f "
			"linecolor '%s'",
			i ? ", \\\n\t" : "", i, s->policies[i].boot_count > 30 ? 0.7 : 1.5,
			figure_colour(s->policies[i].name));
	fputs("\n", gp);
	return 0;
}

const struct figure figure_boots = {
	.name = "boots",
	.title = "Interference of each boot, one column a policy",
	.caption = "One dot is one boot of the neighbour: p99 of the control ring's response time "
		   "in the phase that is judged (boot: while it boots), divided by that of the "
		   "solo phase right before; the bar is the median. 1 means undisturbed.",
	.width = 1000,
	.height = 560,
	.in_page = true,
	.write = write_boots,
};
