// SPDX-License-Identifier: GPL-2.0-or-later
/* How often a response time is exceeded, one curve a policy, with the deadline. */
#include <math.h>

#include "harness/figure.h"
#include "harness/format.h"
#include "harness/html.h"
#include "harness/page_internal.h"
#include "harness/plot.h"

#define HEIGHT 340

/* From the shortest to the longest time, and down to one period of the most. */
static struct plot frame(const struct summary *s)
{
	enum phase phase = summary_phase(s);
	double shortest = NAN, longest = summary_deadline_ms(s);
	size_t most = 1;

	for (size_t i = 0; i < s->policy_count; i++)
		for (int k = 0; k < PHASE_COUNT; k++) {
			const struct policy_result *p = &s->policies[i];

			if (k != PHASE_SOLO && k != (int)phase)
				continue;
			shortest = fmin(shortest, p->response[k].min / 1e3);
			longest = fmax(longest, p->response[k].max / 1e3);
			most = p->pooled[k].periods > most ? p->pooled[k].periods : most;
		}
	return (struct plot){
		.x = plot_axis_around(shortest, longest, true),
		.y = { .low = 0.7 / (double)most, .high = 1, .log = true, .percent = true },
		.height = HEIGHT,
	};
}

/* The share of a policy's periods that a time is exceeded by is the same at
 * each mark, so that the eye goes along a line; none where so few remain. */
static void write_marks(const struct plot *p, const struct measure *m, size_t series, FILE *to)
{
	const struct durations *d = &m->response;

	for (double share = 0.5; share > p->y.low; share /= 5) {
		size_t above = (size_t)(share * (double)m->periods);
		size_t i = m->periods - above;

		if (above >= 2 && i && i <= d->count)
			plot_mark(to, p, series, d->us[i - 1] / 1e3,
				  (double)above / (double)m->periods);
	}
}

static void write_legend(const struct page *page, FILE *to)
{
	enum phase phase = summary_phase(page->s);

	fputs("<ul class=\"legend\">\n", to);
	for (size_t i = 0; i < page->s->policy_count; i++) {
		fputs("<li>", to);
		plot_legend_mark(to, i);
		html_text(to, page->s->policies[i].name);
		fputs("</li>\n", to);
	}
	if (phase != PHASE_SOLO)
		fprintf(to,
			"<li class=\"soft\"><svg class=\"key\" viewBox=\"0 0 26 11\" "
			"aria-hidden=\"true\"><path d=\"M0 5.5H26\" stroke=\"currentColor\" "
			"stroke-width=\"2.2\"/></svg>%s</li>\n"
			"<li class=\"soft\"><svg class=\"key\" viewBox=\"0 0 26 11\" "
			"aria-hidden=\"true\"><path d=\"M0 5.5H26\" stroke=\"currentColor\" "
			"stroke-width=\"1.3\" stroke-dasharray=\"2 3\"/></svg>solo</li>\n",
			phase_names[phase]);
	fputs("</ul>\n", to);
}

static void write_curves(const struct page *page, const struct plot *p, FILE *to)
{
	enum phase phase = summary_phase(page->s);

	for (size_t i = 0; i < page->s->policy_count; i++) {
		const struct measure *pooled = page->s->policies[i].pooled;
		char series[16], class[32];

		plot_class(series, i);
		snprintf(class, sizeof(class), "thin %s", series);
		if (phase != PHASE_SOLO && pooled[PHASE_SOLO].periods)
			plot_exceeded(to, p, class, &pooled[PHASE_SOLO].response,
				      pooled[PHASE_SOLO].periods, 1e3);
		snprintf(class, sizeof(class), "curve %s", series);
		if (pooled[phase].periods)
			plot_exceeded(to, p, class, &pooled[phase].response, pooled[phase].periods,
				      1e3);
	}
}

int page_ccdf(const struct page *page, FILE *to, struct rs_error **err)
{
	const struct plot p = frame(page->s);
	double deadline = summary_deadline_ms(page->s);
	enum phase phase = summary_phase(page->s);
	char number[FORMAT_NUMBER_ROOM], note[64];

	(void)err;
	fputs("<figure>\n<h3>How often is a response time exceeded?</h3>\n", to);
	write_legend(page, to);
	fputs("<p class=\"axis y\">share of periods that take longer</p>\n", to);
	plot_open(to, &p, figure_ccdf.title);
	write_curves(page, &p, to);
	plot_upright(to, &p, "limit", deadline);
	plot_labels(to, &p);
	for (size_t i = 0; i < page->s->policy_count; i++)
		write_marks(&p, &page->s->policies[i].pooled[phase], i, to);
	snprintf(note, sizeof(note), "deadline %s ms", format_number(number, deadline, 2));
	plot_note(to, &p, "", deadline, 1, note);
	plot_close(to, "response time of the control ring (ms)");
	page_caption(to, figure_ccdf.caption);
	return 0;
}
