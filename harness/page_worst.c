// SPDX-License-Identifier: GPL-2.0-or-later
/* The longest periods of each policy: with their causes from worst.json where
 * `ringsched worst` wrote one, else from the periods themselves. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/folder.h"
#include "harness/format.h"
#include "harness/html.h"
#include "harness/jsonread.h"
#include "harness/page_internal.h"
#include "host/cleanup.h"
#include "host/error.h"

#define WORST 5 /* of a policy */

struct worst {
	const struct cell *cell;
	const struct cell_ring *ring;
	const struct period *period;
	double response_us; /* infinite where nothing ended any more */
};

static double response_us(const struct period *p)
{
	return p->end ? (double)(int64_t)(p->end - p->release) / 1e3 : INFINITY;
}

/* Keep the longest, the longest first. Periods that were skipped because of one
 * late turn end with the same one: of these the first, which waited longest. */
static void offer(struct worst *list, size_t *count, struct worst w)
{
	size_t at;

	for (size_t i = 0; i < *count; i++)
		if (list[i].cell == w.cell && list[i].period->end == w.period->end)
			return; /* offered by rising release, so the longest came first */
	if (*count == WORST && list[WORST - 1].response_us >= w.response_us)
		return;
	*count += *count < WORST;
	at = *count - 1;
	for (; at && list[at - 1].response_us < w.response_us; at--)
		list[at] = list[at - 1];
	list[at] = w;
}

static size_t find_worst(const struct policy_result *p, enum phase phase, struct worst *list)
{
	size_t count = 0;

	for (size_t i = 0; i < p->boot_count; i++) {
		const struct cell *cell = p->boots[i].cell;
		const struct cell_ring *ring = cell_judged_ring(cell);
		size_t first, last;

		if (!ring || !cell->phases[phase].present)
			continue;
		ring_phase(ring, &cell->phases[phase], &first, &last);
		for (size_t k = first; k < last; k++)
			offer(list, &count,
			      (struct worst){ cell, ring, &ring->periods[k],
					      response_us(&ring->periods[k]) });
	}
	return count;
}

static void write_what(const struct worst *w, FILE *to)
{
	const struct {
		bool is;
		const char *word;
	} words[] = {
		{ period_missed(w->ring, w->period), "missed" },
		{ w->period->skipped, "skipped" },
		{ w->period->cut, "a turn was cut off" },
		{ w->period->stained, "host disturbed" },
	};
	const char *separator = "";

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!words[i].is)
			continue;
		fprintf(to, "%s%s", separator, words[i].word);
		separator = ", ";
	}
}

static void write_row(const struct worst *w, const char *policy, enum phase phase, FILE *to)
{
	const struct period *p = w->period;
	double deadline_us = (double)w->ring->deadline_ns / 1e3;
	double wakeup_us = p->start ? (double)(int64_t)(p->start - p->release) / 1e3 : NAN;
	char n[3][FORMAT_NUMBER_ROOM];

	fputs("<tr><td>", to);
	html_text(to, policy);
	fprintf(to,
		"</td><td class=\"n\">%u</td><td class=\"n\">%ju</td><td class=\"n\">%.3f</td>"
		"<td class=\"n\">%s</td><td class=\"n\">%s</td><td class=\"n\">%s</td><td>",
		w->cell->boot, (uintmax_t)p->sequence,
		(double)(int64_t)(p->release - w->cell->phases[phase].begin) / 1e9,
		isfinite(w->response_us) ? format_number(n[0], w->response_us / 1e3, 4) :
					   "never ended",
		format_number(n[1], 100 * w->response_us / deadline_us, 3),
		format_number(n[2], wakeup_us / 1e3, 3));
	write_what(w, to);
	fputs("</td></tr>\n", to);
}

static void write_longest(const struct page *page, FILE *to)
{
	enum phase phase = summary_phase(page->s);

	fprintf(to,
		"<p>The %d longest periods of the judged ring in phase %s, of each policy and over all "
		"its boots. Of periods skipped in a row, which end together, the first.</p>\n"
		"<div class=\"scroll\"><table><thead><tr><th>policy</th><th class=\"n\">boot</th>"
		"<th class=\"n\">period</th><th class=\"n\">released at (s)</th>"
		"<th class=\"n\">response (ms)</th><th class=\"n\">of the deadline (%%)</th>"
		"<th class=\"n\">first process began after (ms)</th><th>what</th></tr></thead>\n"
		"<tbody>\n",
		WORST, phase_names[phase]);
	for (size_t i = 0; i < page->s->policy_count; i++) {
		const struct policy_result *p = &page->s->policies[i];
		struct worst list[WORST];
		size_t count = find_worst(p, phase, list);

		for (size_t k = 0; k < count; k++)
			write_row(&list[k], p->name, phase, to);
	}
	fputs("</tbody></table></div>\n<p class=\"soft small\">Released at: from the start of the "
	      "phase. <code>ringsched worst</code> says where their time went; then it stands "
	      "here as well.</p>\n",
	      to);
}

int page_worst(const struct page *page, FILE *to, struct rs_error **err)
{
	cleanup_free char *path = folder_path(page->dir, "worst.json");
	cleanup_error struct rs_error *why = NULL;
	cleanup_json struct json_object *worst = NULL;

	if (!path)
		return rs_fail(err, ENOMEM, "no memory for a path");
	if (access(path, F_OK) == 0)
		worst = json_read(path, &why);
	if (why) {
		fputs("<p class=\"note\">", to);
		html_text(to, why->message);
		fputs("</p>\n", to);
	}
	if (json_count(json_array(worst, "periods")))
		page_explained(page, worst, to);
	else
		write_longest(page, to);
	return 0;
}
