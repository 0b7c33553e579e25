// SPDX-License-Identifier: GPL-2.0-or-later
/* What --help prints of a command line. */
#include <string.h>

#include "host/option.h"

#define WIDTH 80
#define NAMES 26 /* columns of what is explained, left of the explanation */

/* One paragraph a line of `text`, from column `at` on; it stands at `indent`. */
static void print_wrapped(FILE *to, const char *text, int indent, int at)
{
	while (*text) {
		int length = (int)strcspn(text, " \n");

		if (at > indent && at + 1 + length > WIDTH) {
			fprintf(to, "\n%*s", indent, "");
			at = indent;
		}
		fprintf(to, "%s%.*s", at > indent ? " " : "", length, text);
		at += length + (at > indent);
		text += length;
		if (*text == '\n' && text[1]) {
			fprintf(to, "\n%*s", indent, "");
			at = indent;
		}
		text += *text != '\0';
	}
	fputc('\n', to);
}

/* "  NAME    what it is", or the explanation below a long name. */
static void print_term(FILE *to, const char *name, const char *text)
{
	int at = fprintf(to, "  %s", name);

	if (at > NAMES - 2) {
		fputc('\n', to);
		at = 0;
	}
	fprintf(to, "%*s", NAMES - at, "");
	print_wrapped(to, text, NAMES, NAMES);
}

static void print_option(const struct option_row *row, void *arg)
{
	char letter[8] = "    ", name[80];

	if (row->letter)
		snprintf(letter, sizeof(letter), "-%c, ", row->letter);
	snprintf(name, sizeof(name), "%s--%s%s%s", letter, row->name, row->value ? "=" : "",
		 row->value ? row->value : "");
	print_term(arg, name, row->help);
}

static void print_list(FILE *to, const struct option_list *list)
{
	struct option_term term;
	unsigned int i;

	fprintf(to, "\n%s:\n", list->title);
	for (i = 0; list->row(i, &term); i++)
		print_term(to, term.name, term.text);
}

static void print_exits(FILE *to, const struct option_exit *exits)
{
	char code[16];

	fputs("\nExit code:\n", to);
	for (; exits->text; exits++) {
		snprintf(code, sizeof(code), "%d", exits->code);
		fprintf(to, "  %-4s", code);
		print_wrapped(to, exits->text, 6, 6);
	}
}

static void print_examples(FILE *to, const struct option_example *example)
{
	fputs("\nExamples:\n", to);
	for (; example->command; example++)
		fprintf(to, "  # %s\n  %s\n", example->help, example->command);
}

void option_help(const struct command_line *line, FILE *to)
{
	const struct option_list *list;

	fprintf(to, "Usage: %s [OPTION...]%s%s\n", line->name, line->operand.name ? " " : "",
		line->operand.name ? line->operand.name : "");
	print_wrapped(to, line->text, 0, 0);
	fputc('\n', to);
	option_each(line, print_option, to);
	if (line->notes) {
		fputc('\n', to);
		print_wrapped(to, line->notes, 0, 0);
	}
	for (list = line->lists; list && list->title; list++)
		print_list(to, list);
	if (line->exits)
		print_exits(to, line->exits);
	if (line->examples)
		print_examples(to, line->examples);
}
