// SPDX-License-Identifier: GPL-2.0-or-later
/* The Markdown that report_*.c writes, as HTML: line by line, no nesting. */
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "harness/html.h"
#include "host/cleanup.h"

#define WIDE 40 /* bytes of a cell that may be broken into lines */

/* What the lines before this one have opened. */
enum block { BLOCK_NONE, BLOCK_PARAGRAPH, BLOCK_LIST, BLOCK_TABLE, BLOCK_COUNT };

struct renderer {
	FILE *to;
	enum block block;
	bool head_done; /* of a table */
	bool headless; /* a table of names and values, which are not compared */
	char *head; /* borrowed: a table's first line, until its second row tells what is a number */
};

static const struct {
	const char *mark, *tag;
	bool plain; /* what is within is text */
} marks[] = { { "`", "code", true }, { "**", "strong", false } };

#define MARKS (sizeof(marks) / sizeof(marks[0]))

/* `code` and **bold** where both marks are on the line; else they are text. In
 * one go, however long the line and whatever is in it. */
static void put_inline(FILE *to, char *text)
{
	bool has_end[MARKS] = { true, true }; /* as far as is known, further on */
	char *at = text;

	while (*at) {
		char *end = NULL;
		size_t i = 0, width;

		while (i < MARKS &&
		       (!has_end[i] || strncmp(at, marks[i].mark, strlen(marks[i].mark))))
			i++;
		width = i < MARKS ? strlen(marks[i].mark) : 1;
		if (i < MARKS)
			end = strstr(at + width, marks[i].mark);
		if (!end) {
			if (i < MARKS)
				has_end[i] = false;
			at += width;
			continue;
		}
		*at = *end = '\0';
		html_text(to, text);
		fprintf(to, "<%s>", marks[i].tag);
		if (marks[i].plain)
			html_text(to, at + width);
		else
			put_inline(to, at + width);
		fprintf(to, "</%s>", marks[i].tag);
		text = at = end + width;
	}
	html_text(to, text);
}

/* The cell at `*rest`, which moves on; NULL behind the last bar. */
static char *next_cell(char **rest)
{
	char *begin = *rest, *from = *rest, *to = *rest;

	for (; *from && *from != '|'; *to++ = *from++)
		if (from[0] == '\\' && from[1] == '|')
			from++;
	if (!*from)
		return NULL;
	*rest = from + 1;
	*to = '\0';
	while (to > begin && isspace((unsigned char)to[-1]))
		*--to = '\0';
	while (isspace((unsigned char)*begin))
		begin++;
	return begin;
}

/* Numbers stand to the right, under each other. */
static bool is_number(const char *text)
{
	return isdigit((unsigned char)text[strspn(text, "-+")]) || !strncmp(text, "n/a", 3);
}

/* One bit for each column but the first that has a number in this row. */
static uint64_t number_columns(const char *line)
{
	uint64_t columns = 0;
	unsigned int column = 0;

	for (; *line && column < 64; line++) {
		if (line[0] == '\\' && line[1] == '|')
			line++;
		else if (*line == '|' && column++ && is_number(line + 1 + strspn(line + 1, " ")))
			columns |= (uint64_t)1 << (column - 1);
	}
	return columns;
}

static void put_row(struct renderer *r, char *line, uint64_t numbers)
{
	const char *tag = r->head_done ? "td" : "th";
	char *rest = line + 1, *cell;

	fputs(r->head_done ? "<tr>" : "<thead><tr>", r->to);
	for (unsigned int column = 0; (cell = next_cell(&rest)); column++) {
		const char *class = strlen(cell) > WIDE ? " class=\"wide\"" : "";

		if (column < 64 && numbers >> column & 1)
			class = " class=\"n\"";
		fprintf(r->to, "<%s%s>", tag, class);
		put_inline(r->to, cell);
		fprintf(r->to, "</%s>", tag);
	}
	fputs(r->head_done ? "</tr>\n" : "</tr></thead>\n<tbody>\n", r->to);
	r->head_done = true;
}

static void enter(struct renderer *r, enum block block)
{
	static const char *const begin[BLOCK_COUNT] = {
		[BLOCK_NONE] = "",
		[BLOCK_PARAGRAPH] = "<p>",
		[BLOCK_LIST] = "<ul>\n",
		[BLOCK_TABLE] = "<div class=\"scroll\"><table>\n",
	};
	static const char *const end[BLOCK_COUNT] = {
		[BLOCK_NONE] = "",
		[BLOCK_PARAGRAPH] = "</p>\n",
		[BLOCK_LIST] = "</ul>\n",
		[BLOCK_TABLE] = "</tbody></table></div>\n",
	};

	if (r->block == block)
		return;
	if (r->head) /* a table of nothing else */
		put_row(r, steal_pointer(&r->head), 0);
	fputs(end[r->block], r->to);
	fputs(begin[block], r->to);
	r->block = block;
	r->head_done = r->headless = false;
}

/* "| | |": a table without a head. */
static bool is_empty_row(const char *line)
{
	return !line[strspn(line, "| ")];
}

static void put_table_line(struct renderer *r, char *line)
{
	enter(r, BLOCK_TABLE);
	if (!strncmp(line, "|---", 4))
		return;
	if (!r->head_done && !r->head && is_empty_row(line)) {
		fputs("<tbody>\n", r->to);
		r->head_done = r->headless = true;
	} else if (!r->head_done && !r->head) {
		r->head = line;
	} else {
		uint64_t numbers = r->headless ? 0 : number_columns(line);

		if (r->head)
			put_row(r, steal_pointer(&r->head), numbers);
		put_row(r, line, numbers);
	}
}

static void put_heading(struct renderer *r, char *line)
{
	size_t level = strspn(line, "#");

	enter(r, BLOCK_NONE);
	fprintf(r->to, "<h%zu>", level < 5 ? level + 1 : 6);
	put_inline(r->to, line + level + strspn(line + level, " "));
	fprintf(r->to, "</h%zu>\n", level < 5 ? level + 1 : 6);
}

static void put_line(struct renderer *r, char *line)
{
	if (!*line) {
		enter(r, BLOCK_NONE);
	} else if (*line == '|') {
		put_table_line(r, line);
	} else if (*line == '#') {
		put_heading(r, line);
	} else if (!strncmp(line, "- ", 2)) {
		enter(r, BLOCK_LIST);
		fputs("<li>", r->to);
		put_inline(r->to, line + 2);
		fputs("</li>\n", r->to);
	} else if (strncmp(line, "![", 2) != 0) {
		bool goes_on = r->block == BLOCK_PARAGRAPH;

		enter(r, BLOCK_PARAGRAPH);
		if (goes_on)
			fputc('\n', r->to);
		put_inline(r->to, line);
	}
}

void html_markdown(FILE *to, const char *text)
{
	struct renderer r = { .to = to };
	cleanup_free char *copy = strdup(text);
	char *rest = copy, *line;

	while ((line = strsep(&rest, "\n"))) /* without memory: no line */
		put_line(&r, line);
	enter(&r, BLOCK_NONE);
}
