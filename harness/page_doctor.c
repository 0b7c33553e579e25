// SPDX-License-Identifier: GPL-2.0-or-later
/* What `ringsched doctor` found of the host before the run, and each time it was
 * resumed: what is not as it should be in full, the rest as a list. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/folder.h"
#include "harness/html.h"
#include "harness/jsonread.h"
#include "harness/page_internal.h"
#include "host/cleanup.h"
#include "host/error.h"

#define SESSIONS_MAX 8 /* doctor.json, doctor-2.json and so on */

static bool has_state(struct json_object *row, const char *state)
{
	const char *has = json_text(row, "state");

	return has && !strcmp(has, state);
}

static void write_line(FILE *to, struct json_object *row, const char *key, const char *title,
		       bool code)
{
	const char *text = json_text(row, key);

	if (!text || !*text)
		return;
	fprintf(to, "<dt>%s</dt><dd>%s", title, code ? "<code>" : "");
	html_text(to, text);
	fprintf(to, "%s</dd>\n", code ? "</code>" : "");
}

static void write_finding(FILE *to, struct json_object *row, enum page_kind kind)
{
	fputs("<tr><td>", to);
	page_state(to, "state", kind, json_text(row, "state"));
	fputs("</td><td>", to);
	html_text(to, json_shown(row, "check"));
	fputs("</td><td class=\"wide\">", to);
	html_text(to, json_shown(row, "found"));
	fputs("<dl>", to);
	write_line(to, row, "why", "why it matters", false);
	write_line(to, row, "change", "change", true);
	write_line(to, row, "undo", "undo", true);
	fputs("</dl></td></tr>\n", to);
}

static void write_findings(FILE *to, struct json_object *checks)
{
	static const struct {
		const char *state;
		enum page_kind kind;
	} wrong[] = { { "FAIL", PAGE_BAD }, { "WARN", PAGE_OPEN } };
	size_t written = 0;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		for (unsigned long k = 0; k < json_count(checks) && written < PAGE_ROWS_MAX; k++) {
			struct json_object *row = json_row(checks, k);

			if (!has_state(row, wrong[i].state))
				continue;
			if (!written++)
				fputs("<div class=\"scroll\"><table><thead><tr><th>state</th>"
				      "<th>check</th><th>found</th></tr></thead>\n<tbody>\n",
				      to);
			write_finding(to, row, wrong[i].kind);
		}
	fputs(written ? "</tbody></table></div>\n" : "<p>Nothing to complain of.</p>\n", to);
}

/* The others, a paragraph a state. */
static void write_rest(FILE *to, struct json_object *checks, const char *state, const char *title)
{
	const char *separator = "";
	size_t written = 0;

	for (unsigned long k = 0; k < json_count(checks) && written < PAGE_ROWS_MAX; k++) {
		struct json_object *row = json_row(checks, k);

		if (!has_state(row, state))
			continue;
		if (!written++)
			fprintf(to, "<p class=\"small\"><strong>%s:</strong> ", title);
		html_printf(to, "%s%s (%s)", separator, json_shown(row, "check"),
			    json_shown(row, "found"));
		separator = "; ";
	}
	if (written)
		fputs("</p>\n", to);
}

/* False: there is no such file. */
static bool write_session(const struct page *page, unsigned int session, FILE *to)
{
	cleanup_free char *path = session == 1 ? folder_path(page->dir, "doctor.json") :
						 folder_path(page->dir, "doctor-%u.json", session);
	cleanup_error struct rs_error *err = NULL;
	cleanup_json struct json_object *json = NULL;
	struct json_object *checks;

	if (!path || access(path, F_OK) < 0)
		return false;
	json = json_read(path, &err);
	if (session > 1)
		fprintf(to, "<h3>As the run went on, session %u</h3>\n", session);
	checks = json_array(json, "checks");
	if (!checks) {
		fputs("<p class=\"note\">Cannot be read: ", to);
		html_text(to, err ? err->message : "it has no list of checks");
		fputs("</p>\n", to);
		return true;
	}
	write_findings(to, checks);
	write_rest(to, checks, "PASS", "Passed");
	write_rest(to, checks, "SKIP", "Cannot be seen here");
	return true;
}

int page_doctor(const struct page *page, FILE *to, struct rs_error **err)
{
	unsigned int session = 1;

	(void)err;
	while (session <= SESSIONS_MAX && write_session(page, session, to))
		session++;
	if (session == 1)
		fputs("<p>The run's folder has no <code>doctor.json</code>: the host was not looked "
		      "at before it, or the file was not kept.</p>\n",
		      to);
	return 0;
}
