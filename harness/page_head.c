// SPDX-License-Identifier: GPL-2.0-or-later
/* The page's head and its first section: what was asked, and the verdict. */
#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "harness/html.h"
#include "harness/jsonread.h"
#include "harness/page_internal.h"
#include "harness/plot.h"
#include "harness/report_internal.h"
#include "harness/verdict.h"
#include "host/cleanup.h"
#include "host/error.h"

static const enum page_kind result_kinds[] = {
	[REPORT_PASS] = PAGE_GOOD,
	[REPORT_MISSED] = PAGE_BAD,
	[REPORT_UNDECIDED] = PAGE_OPEN,
};

/* "3 boots a policy · preset demo · TCG ..." as far as the run says so. */
static void write_facts(const struct run *run, FILE *to)
{
	static const struct {
		const char *key, *before, *after;
	} facts[] = {
		{ "preset", "preset ", "" },
		{ "boots", "", " boots a policy planned" },
		{ "accel", "", "" },
		{ "started", "started ", "" },
		{ "version", "ringsched ", "" },
	};
	const char *separator = "";

	fputs("<span class=\"soft\">", to);
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		struct json_object *value = NULL;

		if (!json_object_object_get_ex(run->json, facts[i].key, &value) || !value)
			continue;
		html_printf(to, "%s%s%s%s", separator, facts[i].before,
			    json_object_get_string(value), facts[i].after);
		separator = " · ";
	}
	fputs("</span>\n", to);
}

static void write_notes(const struct summary *s, FILE *to)
{
	const char *preset = json_text(s->run->json, "preset");

	if (preset && !strcmp(preset, "demo"))
		fputs("<p class=\"note\"><strong>This is a demonstration</strong> (preset demo): it "
		      "shows what the policies do, with too few boots to prove it. "
		      "<code>PRESET=standard</code> or <code>certify</code> runs more.</p>\n",
		      to);
	if (json_true(s->run->json, "interrupted"))
		fputs("<p class=\"note\"><strong>The run was interrupted</strong>; what follows are "
		      "the boots finished by then. <code>ringsched resume</code> measures the "
		      "rest.</p>\n",
		      to);
	if (s->run->failure_count)
		fprintf(to,
			"<p class=\"note\">Cells that do not count: %zu. <a href=\"#environment\">"
			"Why</a> stands below the environment.</p>\n",
			s->run->failure_count);
}

int page_head(const struct page *page, FILE *to, struct rs_error **err)
{
	const char *name = json_text(page->s->run->json, "scenario");
	const struct scenario *scenario = page->s->run->scenario;

	fputs("<header>\n", to);
	html_element(to, "h1", name ? name : scenario->name);
	if (scenario->question)
		html_element(to, "p", scenario->question);
	fputs("<div class=\"verdict\">", to);
	page_state(to, "badge", result_kinds[page->v->result], report_result_name(page->v->result));
	write_facts(page->s->run, to);
	fputs("</div>\n", to);
	write_notes(page->s, to);
	return page_markdown(to, report_write_versions, page->s, err);
}

static void write_row(const struct verdict_row *row, FILE *to)
{
	static const struct {
		enum page_kind kind;
		const char *word;
	} states[] = {
		[STATE_HOLDS] = { PAGE_GOOD, "yes" },
		[STATE_FAILS] = { PAGE_BAD, "no" },
		[STATE_NOT_RUN] = { PAGE_OPEN, "not run" },
		[STATE_UNKNOWN] = { PAGE_OPEN, "not known" },
		[STATE_SHOWN] = { PAGE_OPEN, "" },
	};

	fputs("<tr><td class=\"wide\">", to);
	html_text(to, row->what);
	fputs("</td><td><span class=\"label\">measured </span>", to);
	html_text(to, row->measured);
	fputs("</td><td><span class=\"label\">bound </span>", to);
	html_text(to, row->bound);
	fputs("</td><td>", to);
	if (row->state != STATE_SHOWN)
		page_state(to, "state", states[row->state].kind, states[row->state].word);
	fputs("</td></tr>\n", to);
}

static void write_rows(const char *title, const struct verdict_row *rows, size_t count, FILE *to)
{
	if (!count)
		return;
	html_element(to, "h3", title);
	fputs("<div class=\"scroll\"><table class=\"rows\"><thead><tr><th>what</th><th>measured</th><th>bound</th>"
	      "<th>holds?</th></tr></thead>\n<tbody>\n",
	      to);
	for (size_t i = 0; i < count; i++)
		write_row(&rows[i], to);
	fputs("</tbody></table></div>\n", to);
}

/* The two lines of a head in one: "inter-" and "ference", "kicks/" and "period". */
static void write_column_head(const struct report_column *c, const struct summary *s, FILE *to)
{
	char first[REPORT_CELL_ROOM], second[REPORT_CELL_ROOM];
	size_t length;

	report_column_head(c, 0, s, first);
	report_column_head(c, 1, s, second);
	length = strlen(first);
	if (length && first[length - 1] == '-')
		first[--length] = '\0';
	else if (length && first[length - 1] != '/')
		strcat(first, " "); /* a head is far shorter than its room */
	fputs("<th class=\"n\">", to);
	html_printf(to, "%s%s", first, second);
	fputs("</th>", to);
}

/* What a run prints at its end, without the pictures' fate. */
static void write_policies(const struct page *page, FILE *to)
{
	const struct summary *s = page->s;

	fputs("<h3>The policies</h3>\n<div class=\"scroll\"><table><thead><tr><th>policy</th>", to);
	for (const struct report_column *c = report_columns; c->write; c++)
		if (c->applies(s))
			write_column_head(c, s, to);
	fputs("</tr></thead>\n<tbody>\n", to);
	for (size_t i = 0; i < s->policy_count; i++) {
		fputs("<tr><td>", to);
		html_text(to, s->policies[i].name);
		fputs("</td>", to);
		for (const struct report_column *c = report_columns; c->write; c++) {
			char text[REPORT_CELL_ROOM];

			if (!c->applies(s))
				continue;
			c->write(&s->policies[i], summary_phase(s), text);
			fputs("<td class=\"n\">", to);
			html_text(to, text);
			fputs("</td>", to);
		}
		fputs("</tr>\n", to);
	}
	fprintf(to,
		"</tbody></table></div>\n<p class=\"soft small\">Medians over boots; missed: sum over "
		"all boots and control rings, outside windows in which the host itself was "
		"disturbed%s%s.</p>\n",
		summary_has_neighbour(s) ? "; boot and core %: of the neighbours" : "",
		summary_has_interrupts(s) ? "; irq to handler: p99, in the judged phase" : "");
}

/* Sentences of verdict.c that are about no row of the table. */
static int write_remarks(const struct page *page, FILE *to, struct rs_error **err)
{
	cleanup_free char *remarks = NULL;
	size_t size;
	FILE *text = open_memstream(&remarks, &size);

	if (!text)
		return rs_fail(err, ENOMEM, "no memory for the verdict");
	verdict_remarks(page->v, page->s, "- ", text);
	if (fclose(text))
		return rs_fail(err, ENOMEM, "no memory for the verdict");
	html_markdown(to, remarks);
	return 0;
}

int page_limits(const struct page *page, FILE *to, struct rs_error **err)
{
	const struct verdict *v = page->v;
	int ret;

	write_rows("Limits of the scenario", v->limits, v->limit_count, to);
	ret = write_remarks(page, to, err);
	write_policies(page, to);
	write_rows("What the experiment is expected to show", v->shown, v->shown_count, to);
	if (!ret)
		ret = page_markdown(to, report_write_bound, page->s, err);
	return ret;
}
