// SPDX-License-Identifier: GPL-2.0-or-later
/* Response times along time, the neighbour's boot shaded: one policy a panel. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "harness/figure.h"
#include "harness/html.h"
#include "harness/page_internal.h"
#include "harness/plot.h"
#include "host/error.h"

#define HEIGHT 150
/* A few endless periods must not press all others flat on the floor. */
#define TOP_DEADLINES 2.5
#define MISSED_BAR 7
#define STAINED_BAR 5
#define NARROW 0.12 /* of the width: a phase without room for its name on a phone */

struct panel {
	const struct policy_result *policy;
	const struct cell *cell; /* the boot of median interference */
	const struct cell_ring *ring;
	uint64_t begin, end;
};

static double seconds(const struct panel *panel, uint64_t host_ns)
{
	return (double)(int64_t)(host_ns - panel->begin) / 1e9;
}

static double response_ms(const struct period *p)
{
	return (double)(int64_t)(p->end - p->release) / 1e6;
}

static bool open_panel(struct panel *panel, const struct policy_result *policy)
{
	const struct boot_result *boot = policy_median_boot(policy);
	const struct cell_phase *phases = boot ? boot->cell->phases : NULL;

	panel->policy = policy;
	panel->cell = boot ? boot->cell : NULL;
	panel->ring = boot ? cell_judged_ring(boot->cell) : NULL;
	if (!panel->ring || !panel->ring->period_count)
		return false;
	panel->begin = phases[PHASE_SOLO].begin;
	panel->end = 0;
	for (int i = 0; i < PHASE_COUNT; i++)
		if (phases[i].present && phases[i].end > panel->end)
			panel->end = phases[i].end;
	return panel->end > panel->begin;
}

/* The same scales for all, so that they can be compared. */
static struct plot frame(const struct panel *panels, size_t count)
{
	double highest = 0, deadline = 0, longest = 0;

	for (size_t i = 0; i < count; i++) {
		const struct cell_ring *ring = panels[i].ring;

		deadline = fmax(deadline, (double)ring->deadline_ns / 1e6);
		longest = fmax(longest, seconds(&panels[i], panels[i].end));
		for (size_t k = 0; k < ring->period_count; k++)
			if (ring->periods[k].end)
				highest = fmax(highest, response_ms(&ring->periods[k]));
	}
	return (struct plot){
		.x = { .low = 0, .high = longest },
		.y = { .low = 0,
		       .high = fmin(fmax(1.05 * highest, 1.15 * deadline),
				    TOP_DEADLINES * deadline) },
		.height = HEIGHT,
	};
}

/* ---- the periods, by how they went ---- */

static bool is_met(const struct panel *panel, const struct period *p)
{
	return p->end && !period_missed(panel->ring, p);
}

static bool is_missed(const struct panel *panel, const struct period *p)
{
	return p->end && period_missed(panel->ring, p);
}

static bool is_endless(const struct panel *panel, const struct period *p)
{
	(void)panel;
	return !p->end;
}

static bool is_stained(const struct panel *panel, const struct period *p)
{
	(void)panel;
	return p->stained;
}

static const struct kind {
	const char *class;
	unsigned int bar;
	bool at_floor; /* not at its time, which may be none */
	bool (*is)(const struct panel *panel, const struct period *p);
} kinds[] = {
	{ "dots", 0, false, is_met },
	{ "missed", MISSED_BAR, false, is_missed },
	{ "never", MISSED_BAR, false, is_endless },
	{ "stained", STAINED_BAR, true, is_stained },
};

static int write_kind(const struct page *page, const struct panel *panel, const struct plot *plot,
		      const struct kind *kind, struct plot_point *points, FILE *to,
		      struct rs_error **err)
{
	char series[16], class[32];
	size_t count = 0;

	for (size_t i = 0; i < panel->ring->period_count; i++) {
		const struct period *p = &panel->ring->periods[i];

		if (p->release < panel->begin || p->release >= panel->end || !kind->is(panel, p))
			continue;
		points[count++] = (struct plot_point){
			seconds(panel, p->release),
			kind->at_floor ? 0 :
			p->end	       ? response_ms(p) :
					 plot->y.high,
		};
	}
	snprintf(class, sizeof(class), "%s %s", kind->class,
		 plot_class(series, page_series(page, panel->policy)));
	return plot_points(to, plot, class, points, count, kind->bar, page->detail.coarse, err);
}

/* ---- a panel ---- */

static void write_shade(const struct page *page, const struct panel *panel, const struct plot *plot,
			FILE *to)
{
	enum phase judged = summary_phase(page->s);
	const struct cell_phase *phase =
		&panel->cell->phases[judged == PHASE_SOLO ? PHASE_BOOT : judged];

	if (phase->present)
		plot_shade(to, plot, seconds(panel, phase->begin), seconds(panel, phase->end));
	for (int i = 0; i < PHASE_COUNT; i++)
		if (panel->cell->phases[i].present && panel->cell->phases[i].begin > panel->begin)
			plot_upright(to, plot, "one", seconds(panel, panel->cell->phases[i].begin));
}

static void write_phase_names(const struct panel *panel, const struct plot *plot, FILE *to)
{
	static const char *const names[PHASE_COUNT] = {
		[PHASE_SOLO] = "solo",
		[PHASE_BOOT] = "neighbour boots",
		[PHASE_SHARED] = "shared",
		[PHASE_LOADED] = "loaded",
	};

	for (int i = 0; i < PHASE_COUNT; i++) {
		const struct cell_phase *phase = &panel->cell->phases[i];
		double from = seconds(panel, phase->begin), until = seconds(panel, phase->end);

		if (phase->present && names[i])
			plot_note(to, plot,
				  until - from < NARROW * plot->x.high ? "over optional" : "over",
				  (from + until) / 2, plot->y.high, names[i]);
	}
}

static int write_panel(const struct page *page, const struct panel *panel, const struct plot *plot,
		       struct plot_point *points, FILE *to, struct rs_error **err)
{
	double deadline = (double)panel->ring->deadline_ns / 1e6;
	int ret = 0;

	fputs("<h4>", to);
	plot_legend_mark(to, page_series(page, panel->policy));
	html_printf(to, " %s, boot %u", panel->policy->name, panel->cell->boot);
	fputs("</h4>\n", to);
	plot_open(to, plot, figure_response.title);
	write_shade(page, panel, plot, to);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && !ret; i++)
		ret = write_kind(page, panel, plot, &kinds[i], points, to, err);
	plot_level(to, plot, "limit", deadline);
	plot_labels(to, plot);
	write_phase_names(panel, plot, to);
	plot_close(to, NULL);
	return ret;
}

static int write_panels(const struct page *page, const struct panel *panels, size_t count, FILE *to,
			struct rs_error **err)
{
	const struct plot plot = frame(panels, count);
	struct plot_point *points;
	size_t most = 1;
	int ret = 0;

	for (size_t i = 0; i < count; i++)
		most = panels[i].ring->period_count > most ? panels[i].ring->period_count : most;
	points = malloc(most * sizeof(*points));
	if (!points)
		return rs_fail(err, ENOMEM, "no memory for a drawing");
	for (size_t i = 0; i < count && !ret; i++)
		ret = write_panel(page, &panels[i], &plot, points, to, err);
	free(points);
	return ret;
}

int page_timeline(const struct page *page, FILE *to, struct rs_error **err)
{
	struct panel panels[SCENARIO_POLICIES_MAX];
	size_t count = 0;
	int ret;

	for (size_t i = 0; i < page->s->policy_count && count < SCENARIO_POLICIES_MAX; i++)
		count += open_panel(&panels[count], &page->s->policies[i]);
	if (!count)
		return 0;
	fputs("<figure class=\"timeline\">\n<h3>Response time along time</h3>\n"
	      "<p class=\"axis y\">response time of the control ring (ms)</p>\n",
	      to);
	ret = write_panels(page, panels, count, to, err);
	fputs("<p class=\"axis\">time since the start of solo (s)</p>\n"
	      "<figcaption>Of each policy the boot of median interference. A dot is a period that "
	      "met its deadline (dashed); a thin upright bar one that missed it, or was skipped (then "
	      "up to the end of the next); a thick bar on the upper edge one after which nothing "
	      "ended any more. Short bars on the floor: the witness saw the host itself disturbed "
	      "(stained). Times beyond the upper edge are drawn on it.</figcaption>\n</figure>\n",
	      to);
	return ret;
}
