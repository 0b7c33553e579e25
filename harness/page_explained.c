// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The worst periods and where their time went, from worst.json of `ringsched
 * worst`: a card a period, a bar a cause. The file may have been made by
 * anyone: what is missing in it is said to be, and shares stay within 100 %.
 */
#include <json-c/json.h>
#include <math.h>
#include <string.h>

#include "harness/format.h"
#include "harness/html.h"
#include "harness/jsonread.h"
#include "harness/page_internal.h"
#include "harness/plot.h"

#define CAUSES_MAX 30 /* of a period; `ringsched worst` has a third of that */

static void write_cause(FILE *to, struct json_object *row, const char *series)
{
	double percent = json_double(row, "percent");
	const char *cause = json_shown(row, "cause"), *who = json_text(row, "who");
	bool known = strcmp(cause, "unexplained") != 0;
	double us = json_double(row, "us");
	char number[FORMAT_NUMBER_ROOM];

	fputs("<div class=\"bar cause\"><span class=\"name\">", to);
	html_printf(to, "%s%s%s", cause, who && *who ? ": " : "", who ? who : "");
	fputs("</span><span>", to);
	if (percent > 0)
		fprintf(to,
			"<span class=\"full %s\" style=\"display:block;width:%.1f%%%s\"></span>",
			series, fmin(percent, 100), known ? "" : ";background:none");
	fprintf(to, "</span><span class=\"value\">%s&nbsp;µs</span><span class=\"value\">",
		format_number(number, us, us >= 1000 ? 4 : 3));
	fprintf(to, "%s&nbsp;%%</span></div>\n", format_number(number, percent, 3));
}

/* What bounds the trust in a card's bars. */
static void write_remarks(FILE *to, struct json_object *period)
{
	double speed = json_double(period, "speed_permille"), also = json_double(period, "also");
	double steal = json_double(period, "phase_steal_us");
	char number[FORMAT_NUMBER_ROOM];

	fputs("<p class=\"soft small\">", to);
	html_printf(to, "%s %% has a cause; ",
		    format_number(number, json_double(period, "attributed_percent"), 3));
	if (json_true(period, "traced"))
		html_printf(to, "the guest's clock is aligned to ±%s µs",
			    format_number(number, json_double(period, "clock_error_us"), 2));
	else
		html_printf(to, "coarse: %s", json_shown(period, "why_coarse"));
	if (isfinite(speed))
		html_printf(to, "; the core ran at %s %% of its median speed",
			    format_number(number, speed / 10, 3));
	if (steal > 0)
		html_printf(to, "; %s ms of this phase were taken away below the host (steal)",
			    format_number(number, steal / 1e3, 3));
	if (also > 0)
		html_printf(to, "; %.0f more overlap it", also);
	html_printf(to, "; cell %s", json_shown(period, "cell"));
	fputs(".</p>\n", to);
}

static void write_period(const struct page *page, FILE *to, struct json_object *period)
{
	const char *policy = json_shown(period, "policy");
	const struct policy_result *p = summary_policy(page->s, policy);
	struct json_object *causes = json_array(period, "causes");
	char n[2][FORMAT_NUMBER_ROOM], series[16] = "";

	if (p)
		plot_class(series, page_series(page, p));
	fputs("<div><h4>", to);
	html_printf(to, "%s, boot %.0f: %s ms", policy, json_double(period, "boot"),
		    format_number(n[0], json_double(period, "us") / 1e3, 4));
	fputs("</h4>\n<p class=\"small\">", to);
	html_printf(to, "Phase %s, ring %s/%.0f, period %.0f; deadline %s ms%s%s%s%s.",
		    json_shown(period, "phase"), json_shown(period, "vm"),
		    json_double(period, "ring_id"), json_double(period, "sequence"),
		    format_number(n[1], json_double(period, "deadline_us") / 1e3, 3),
		    json_true(period, "missed") ? ", missed" : "",
		    json_true(period, "skipped") ? ", skipped" : "",
		    json_true(period, "ended") ? "" : ", never ended",
		    json_true(period, "stained") ? ", host disturbed" : "");
	fputs("</p>\n", to);
	for (unsigned long i = 0; i < json_count(causes) && i < CAUSES_MAX; i++)
		write_cause(to, json_row(causes, i), series);
	write_remarks(to, period);
	fputs("</div>\n", to);
}

void page_explained(const struct page *page, struct json_object *worst, FILE *to)
{
	struct json_object *periods = json_array(worst, "periods");
	struct json_object *causes = json_dict(worst, "causes");

	fputs("<p>Of each policy the worst first: from its planned release to its end, each moment "
	      "has one cause. <code>worst.json</code> beside this page has the numbers.</p>\n"
	      "<div class=\"panels cards\">\n",
	      to);
	for (unsigned long i = 0; i < json_count(periods) && i < PAGE_ROWS_MAX; i++)
		write_period(page, to, json_row(periods, i));
	fputs("</div>\n", to);
	if (!causes)
		return;
	fputs("<h3>The causes</h3>\n<dl>\n", to);
	json_object_object_foreach(causes, cause, help) {
		html_element(to, "dt", cause);
		html_element(to, "dd", help ? json_object_get_string(help) : "");
	}
	fputs("</dl>\n", to);
}
