// SPDX-License-Identifier: GPL-2.0-or-later
/* What is wrong with a YAML file, shown the way compilers show it. */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/yaml.h"
#include "host/cleanup.h"
#include "host/error.h"

#define SHOWN_WIDTH 96 /* characters of a source line that are shown */
#define SHOWN_BEFORE 60 /* of them, before the column where a line is longer */

void yaml_mistake(struct yaml_file *f, unsigned int line, unsigned int column, const char *format,
		  ...)
{
	struct mistake *m;
	va_list args;

	if (f->mistake_count++ >= MISTAKES_MAX)
		return;
	m = &f->mistakes[f->mistake_count - 1];
	m->line = line;
	m->column = column;
	va_start(args, format);
	if (vasprintf(&m->sentence, format, args) < 0)
		m->sentence = NULL;
	va_end(args);
}

static int compare_mistakes(const void *a, const void *b)
{
	const struct mistake *x = a, *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return (x->column > y->column) - (x->column < y->column);
}

static const char *find_line(const char *text, unsigned int line)
{
	while (text && --line) {
		text = strchr(text, '\n');
		if (text)
			text++;
	}
	return text && *text ? text : NULL;
}

/* Bytes to step over; what is no character counts as one. */
static size_t step(const char *c)
{
	size_t length = yaml_character(c);

	return length ? length : 1;
}

static bool at_end(const char *c)
{
	return !*c || *c == '\n' || !strncmp(c, "\r\n", 2);
}

/* One character to the terminal, as one column and without its controls. */
static void show_character(FILE *to, const char *c)
{
	if (*c == '\t')
		fputc(' ', to);
	else if ((*c >= 0 && *c < ' ') || *c == 0x7f || !yaml_character(c))
		fputc('?', to);
	else
		fwrite(c, 1, step(c), to);
}

static void show_line(FILE *to, const char *c, unsigned int column)
{
	unsigned int from = column > SHOWN_WIDTH ? column - SHOWN_BEFORE : 1;
	unsigned int at;

	for (at = 1; at < from && !at_end(c); at++)
		c += step(c);
	fprintf(to, "\n  ");
	for (; at < from + SHOWN_WIDTH && !at_end(c); at++, c += step(c))
		show_character(to, c);
	fprintf(to, "\n  %*s^", (int)(column - from), "");
}

static void show_mistake(FILE *to, const struct yaml_file *f, const struct mistake *m)
{
	const char *line = find_line(f->text, m->line);

	fprintf(to, "%s:%u:%u: %s", f->path, m->line, m->column,
		m->sentence ? m->sentence : "out of memory");
	if (line)
		show_line(to, line, m->column);
}

int yaml_file_fail(struct yaml_file *f, struct rs_error **err)
{
	unsigned int shown, i;
	cleanup_free char *text = NULL;
	size_t size;
	FILE *to;

	if (!f->mistake_count)
		return 0;
	to = open_memstream(&text, &size);
	if (!to)
		return rs_fail_errno(err, errno, "%s is wrong, and its mistakes", f->path);
	shown = f->mistake_count < MISTAKES_MAX ? f->mistake_count : MISTAKES_MAX;
	qsort(f->mistakes, shown, sizeof(f->mistakes[0]), compare_mistakes);
	for (i = 0; i < shown; i++) {
		if (i)
			fputc('\n', to);
		show_mistake(to, f, &f->mistakes[i]);
	}
	if (f->mistake_count > shown)
		fprintf(to, "\n%s: %u more mistakes are not shown", f->path,
			f->mistake_count - shown);
	if (fclose(to))
		return rs_fail_errno(err, errno, "%s is wrong, and its mistakes", f->path);
	return rs_fail(err, EINVAL, "%s", text);
}
