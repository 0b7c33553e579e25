// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/manpage.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/command.h"
#include "harness/version.h"
#include "host/daemon_line.h"

void manpage_name(const struct command_line *line, char name[MANPAGE_NAME_MAX])
{
	snprintf(name, MANPAGE_NAME_MAX, "%s", line->name);
	for (char *c = name; *c; c++)
		if (*c == ' ')
			*c = '-';
}

/* One character, which never begins a request. */
static void put(FILE *to, char c, bool first, bool typed)
{
	if (first && (c == '.' || c == '\''))
		fputs("\\&", to);
	if (c == '\\')
		fputs("\\e", to);
	else if (c == '-' && typed)
		fputs("\\-", to);
	else
		fputc(c, to);
}

void manpage_typed(FILE *to, const char *text)
{
	for (const char *c = text; *c; c++)
		put(to, *c, c == text, true);
}

void manpage_text(FILE *to, const char *text)
{
	bool typed = false, first = true;

	for (const char *c = text; *c; c++) {
		if (*c == '`') {
			typed = !typed;
			fputs(typed ? "\\fB" : "\\fR", to);
		} else if (*c == ' ' && !typed && c > text && strchr(".?!", c[-1])) {
			fputc('\n', to); /* as manual pages are written: a sentence a line */
			first = true;
			continue;
		} else {
			put(to, *c, first, typed);
		}
		first = false;
	}
	fputc('\n', to);
}

void manpage_paragraphs(FILE *to, const char *text)
{
	char paragraph[1024];

	while (*text) {
		size_t length = strcspn(text, "\n");

		snprintf(paragraph, sizeof(paragraph), "%.*s", (int)length, text);
		manpage_text(to, paragraph);
		text += length;
		text += *text != '\0';
		if (*text)
			fputs(".PP\n", to);
	}
}

static void put_upper(FILE *to, const char *text)
{
	for (; *text; text++)
		put(to, (char)toupper((unsigned char)*text), false, true);
}

void manpage_header(FILE *to, const char *name, int section)
{
	const char *given = getenv("SOURCE_DATE_EPOCH");
	time_t when = given ? (time_t)strtoll(given, NULL, 10) : time(NULL);
	char date[16];
	struct tm utc;

	gmtime_r(&when, &utc);
	strftime(date, sizeof(date), "%Y-%m-%d", &utc);
	fputs(".\\\" Made from the program's own tables; see docs/adding-a-command.md.\n.TH ", to);
	put_upper(to, name);
	fprintf(to, " %d %s \"ringsched ", section, date);
	manpage_typed(to, version_text());
	fputs("\" \"ringsched\"\n", to);
}

static void heading(FILE *to, const char *title)
{
	fputs(".SH \"", to);
	put_upper(to, title);
	fputs("\"\n", to);
}

static void synopsis(FILE *to, const struct command_line *line)
{
	heading(to, "Synopsis");
	fputs("\\fB", to);
	manpage_typed(to, line->name);
	fputs("\\fR [\\fIOPTION\\fR...]", to);
	if (line->operand.name) {
		fputs(" \\fI", to);
		manpage_typed(to, line->operand.name);
		fputs("\\fR", to);
	}
	fputc('\n', to);
}

static void write_option(const struct option_row *row, void *arg)
{
	FILE *to = arg;

	fputs(".TP\n", to);
	if (row->letter)
		fprintf(to, "\\fB\\-%c\\fR, ", row->letter);
	fputs("\\fB\\-\\-", to);
	manpage_typed(to, row->name);
	fputs("\\fR", to);
	if (row->value) {
		fputs("=\\fI", to);
		manpage_typed(to, row->value);
		fputs("\\fR", to);
	}
	fputc('\n', to);
	manpage_text(to, row->help);
}

static void write_lists(FILE *to, const struct option_list *list)
{
	struct option_term term;

	for (; list && list->title; list++) {
		heading(to, list->title);
		for (unsigned int i = 0; list->row(i, &term); i++) {
			fputs(".TP\n\\fB", to);
			manpage_typed(to, term.name);
			fputs("\\fR\n", to);
			manpage_text(to, term.text);
		}
	}
}

static void write_exits(FILE *to, const struct option_exit *e)
{
	if (!e)
		return;
	heading(to, "Exit status");
	for (; e->text; e++) {
		fprintf(to, ".TP 6\n\\fB%d\\fR\n", e->code);
		manpage_text(to, e->text);
	}
}

static void write_examples(FILE *to, const struct option_example *e)
{
	if (!e)
		return;
	heading(to, "Examples");
	for (; e->command; e++) {
		fputs(".TP\n\\fB", to);
		manpage_typed(to, e->command);
		fputs("\\fR\n", to);
		manpage_text(to, e->help);
	}
}

static void mention(FILE *to, const char *name, int section, const char *but, unsigned int *count)
{
	if (!strcmp(name, but))
		return;
	fputs((*count)++ ? ",\n\\fB" : "\\fB", to);
	manpage_typed(to, name);
	fprintf(to, "\\fR(%d)", section);
}

void manpage_see_also(FILE *to, const char *but)
{
	char name[MANPAGE_NAME_MAX];
	unsigned int count = 0;

	heading(to, "See also");
	mention(to, "ringsched", 1, but, &count);
	for (unsigned int i = 0; commands[i]; i++) {
		manpage_name(&commands[i]->line, name);
		mention(to, name, 1, but, &count);
	}
	mention(to, "ringsched-scenario", 5, but, &count);
	mention(to, daemon_line.name, 8, but, &count);
	fputc('\n', to);
}

void manpage_write(const struct command_line *line, int section, FILE *to)
{
	char name[MANPAGE_NAME_MAX];

	manpage_name(line, name);
	manpage_header(to, name, section);
	heading(to, "Name");
	manpage_typed(to, name);
	fputs(" \\- ", to);
	manpage_text(to, line->summary);
	synopsis(to, line);
	heading(to, "Description");
	manpage_paragraphs(to, line->text);
	heading(to, "Options");
	option_each(line, write_option, to);
	if (line->notes) {
		heading(to, "Notes");
		manpage_paragraphs(to, line->notes);
	}
	write_lists(to, line->lists);
	write_exits(to, line->exits);
	write_examples(to, line->examples);
	manpage_see_also(to, name);
}
