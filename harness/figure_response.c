// SPDX-License-Identifier: GPL-2.0-or-later
/* Response time along time: one panel a policy, its median boot. */
#include <errno.h>
#include <math.h>

#include "harness/figure.h"
#include "harness/summary.h"
#include "host/error.h"

/* The four kinds of dots, a block of data each. */
enum dot { DOT_MET, DOT_MISSED, DOT_STAINED, DOT_ABSENT, DOT_COUNT };

/* A few endless periods must not press all others flat on the floor. */
#define TOP_DEADLINES 2.5

/* Pixels: up to so many panels share a picture of one height, more make it higher. */
#define PANELS_PLAIN 4
#define PLAIN_HEIGHT 1000
#define PANEL_HEIGHT 170
#define EDGES_HEIGHT 190 /* title, key and time scale */

struct panel {
	const struct policy_result *policy;
	const struct boot_result *boot;
	const struct cell_ring *ring;
	uint64_t origin; /* begin of solo: time 0 */
};

static double seconds(const struct panel *p, uint64_t host_ns)
{
	return (double)(int64_t)(host_ns - p->origin) / 1e9;
}

static double response_ms(const struct period *p)
{
	return (double)(int64_t)(p->end - p->release) / 1e6;
}

static bool open_panel(struct panel *panel, const struct policy_result *policy)
{
	panel->policy = policy;
	panel->boot = policy_median_boot(policy);
	panel->ring = panel->boot ? cell_judged_ring(panel->boot->cell) : NULL;
	if (!panel->ring || !panel->ring->period_count)
		return false;
	panel->origin = panel->boot->cell->phases[PHASE_SOLO].begin;
	return true;
}

/* Solo begin to the end of the last phase there is. */
static uint64_t panel_end(const struct panel *p)
{
	const struct cell_phase *phases = p->boot->cell->phases;
	uint64_t end = 0;

	for (int i = 0; i < PHASE_COUNT; i++)
		if (phases[i].present && phases[i].end > end)
			end = phases[i].end;
	return end;
}

/* A missed period is a miss, stained or not; it then has both marks. */
static bool is_dot(const struct panel *panel, const struct period *p, enum dot kind)
{
	switch (kind) {
	case DOT_MET:
		return p->end && !period_missed(panel->ring, p);
	case DOT_MISSED:
		return p->end && period_missed(panel->ring, p);
	case DOT_STAINED:
		return p->stained;
	default:
		return !p->end;
	}
}

static void write_panel_data(FILE *dat, const struct panel *panel, double top)
{
	static const char *const names[] = { "met", "missed", "stained", "never ended or started" };
	uint64_t end = panel_end(panel);

	for (int kind = 0; kind < DOT_COUNT; kind++) {
		fprintf(dat,
			"# %s, boot %u: %s; s since the begin of solo, response ms, as drawn\n",
			panel->policy->name, panel->boot->cell->boot, names[kind]);
		fputs("NaN NaN NaN\n", dat);
		for (size_t i = 0; i < panel->ring->period_count; i++) {
			const struct period *p = &panel->ring->periods[i];
			double ms = p->end ? response_ms(p) : NAN;

			if (p->release < panel->origin || p->release >= end ||
			    !is_dot(panel, p, (enum dot)kind))
				continue;
			fprintf(dat, "%.4f %.4f %.4f\n", seconds(panel, p->release), ms,
				p->end && ms < top ? ms : top);
		}
		fputs("\n\n", dat);
	}
}

static double top_of(const struct panel *panels, size_t count)
{
	double highest = 0, deadline = 0;

	for (size_t i = 0; i < count; i++) {
		const struct cell_ring *ring = panels[i].ring;

		deadline = fmax(deadline, (double)ring->deadline_ns / 1e6);
		for (size_t k = 0; k < ring->period_count; k++)
			if (ring->periods[k].end)
				highest = fmax(highest, response_ms(&ring->periods[k]));
	}
	return fmin(fmax(1.05 * highest, 1.1 * deadline), TOP_DEADLINES * deadline);
}

static void write_panel(FILE *gp, const struct summary *s, const struct panel *panel, size_t index,
			bool last)
{
	static const char *const labels[] = {
		[PHASE_BOOT] = "neighbour boots",
		[PHASE_SHARED] = "all VMs at work",
		[PHASE_LOADED] = "its own load",
	};
	enum phase phase = summary_phase(s);
	const struct cell_phase *judged = &panel->boot->cell->phases[phase];
	const char *colour = figure_colour(panel->policy->name);
	char label[80];
	size_t block = index * DOT_COUNT;

	fputs("unset object\nunset label\nunset arrow\n", gp);
	if (judged->present && phase != PHASE_SOLO) {
		double from = seconds(panel, judged->begin), to = seconds(panel, judged->end);

		fprintf(gp,
			"set object 1 rectangle from %.3f, graph 0 to %.3f, graph 1 behind "
			"fillcolor '#e4e4e4' fillstyle solid noborder\n",
			from, to);
		if (!index)
			fprintf(gp,
				"set label 1 '%s' at %.3f, graph 1 center offset 0,0.7 "
				"textcolor '#555555'\n",
				labels[phase], (from + to) / 2);
	}
	fprintf(gp,
		"set label 2 '%s, boot %u' at graph 1.019, graph 0.5 center rotate by -90 "
		"font ',14' textcolor '%s'\n"
		"set arrow 1 from graph 0, first %.3f to graph 1, first %.3f nohead "
		"linecolor '#000000' dashtype 2 front\n",
		figure_label(panel->policy->name, label), panel->boot->cell->boot, colour,
		(double)panel->ring->deadline_ns / 1e6, (double)panel->ring->deadline_ns / 1e6);
	if (last)
		fputs("set xlabel 'time since the start of solo (s)'\nset format x '%g'\n", gp);
	fprintf(gp,
		"plot 'response-time.dat' index %zu using 1:3 with points pointtype 7 "
		"pointsize 0.3 linecolor '%s' title 'one period', \\\n"
		"\t'' index %zu using 1:3 with points pointtype 6 pointsize 1.1 "
		"linecolor '#666666' title 'stained', \\\n"
		"\t'' index %zu using 1:3 with points pointtype 2 pointsize 0.8 "
		"linecolor '#000000' title 'missed', \\\n"
		"\t'' index %zu using 1:3 with points pointtype 11 pointsize 1 "
		"linecolor '#000000' title 'no end', \\\n"
		"\tNaN with lines linecolor '#000000' dashtype 2 title 'deadline'\n",
		block + DOT_MET, colour, block + DOT_STAINED, block + DOT_MISSED,
		block + DOT_ABSENT);
}

/* A panel keeps a height in which its label and its scale can be read. */
static unsigned int height_of(const struct summary *s)
{
	return s->policy_count <= PANELS_PLAIN ?
		       PLAIN_HEIGHT :
		       EDGES_HEIGHT + (unsigned int)s->policy_count * PANEL_HEIGHT;
}

static void write_script(FILE *gp, const struct summary *s, const struct panel *panels,
			 size_t count, double top)
{
	double longest = 0, height = height_of(s);

	for (size_t i = 0; i < count; i++)
		longest = fmax(longest, seconds(&panels[i], panel_end(&panels[i])));
	fprintf(gp,
		"set multiplot layout %zu,1 title 'Response time of the control ring along time "
		"(the boot of median interference of each policy)' margins 0.06,0.965,%.3f,%.3f "
		"spacing 0,%.4f\n"
		"set xrange [0:%.3f]\n"
		"set yrange [0:%.3f]\n"
		"set ylabel 'response (ms)'\n"
		"set format x ''\n"
		"set key at screen 0.965,%.3f right horizontal samplen 1.5 maxrows 1\n"
		"set grid ytics\n",
		count, 70 / height, 1 - 120 / height, 25 / height, longest, 1.04 * top,
		1 - 55 / height);
	for (size_t i = 0; i < count; i++) {
		write_panel(gp, s, &panels[i], i, i + 1 == count);
		fputs("unset key\n", gp); /* once for all panels */
	}
	fputs("unset multiplot\n", gp);
}

static int write_response(const struct summary *s, FILE *dat, FILE *gp, struct rs_error **err)
{
	struct panel panels[SCENARIO_POLICIES_MAX];
	size_t count = 0;
	double top;

	for (size_t i = 0; i < s->policy_count && count < SCENARIO_POLICIES_MAX; i++)
		count += open_panel(&panels[count], &s->policies[i]);
	if (!count)
		return rs_fail(err, ENODATA, "no policy has a period");
	top = top_of(panels, count);
	for (size_t i = 0; i < count; i++)
		write_panel_data(dat, &panels[i], top);
	write_script(gp, s, panels, count, top);
	return 0;
}

const struct figure figure_response = {
	.name = "response-time",
	.title = "Response time of the control ring along time, one panel a policy",
	.caption =
		"One dot is one period. Shaded: the phase that is judged. A cross: the deadline was "
		"missed, or the period was skipped (then up to the end of the next). A triangle: "
		"nothing ended any more. A ring: the witness saw the machine itself disturbed (stained). Times beyond the upper edge are "
		"drawn on it.",
	.width = 1300,
	.height = PLAIN_HEIGHT,
	.height_of = height_of,
	.in_page = true,
	.write = write_response,
};
