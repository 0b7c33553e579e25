// SPDX-License-Identifier: GPL-2.0-or-later
/* Completion of fish: one `complete` a word or option. */
#include "harness/command.h"
#include "harness/completion.h"
#include "host/daemon_line.h"

struct target {
	FILE *to;
	const char *program;
	const char *command; /* NULL = the program has none */
};

/* fish's own quotes: a backslash before a quote. */
static void quoted(FILE *to, const char *text)
{
	fputc('\'', to);
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			fputc('\\', to);
		fputc(*text, to);
	}
	fputc('\'', to);
}

static void begin(const struct target *t)
{
	fprintf(t->to, "complete -c %s", t->program);
	if (t->command)
		fprintf(t->to, " -n '__fish_seen_subcommand_from %s'", t->command);
}

/* -x: a value and no file beside what is offered; -r: a value, files too. */
static void offer(FILE *to, const char *(*word)(unsigned int index), enum option_complete complete)
{
	bool list = complete == COMPLETE_LIST;

	if (complete == COMPLETE_FILE) {
		fputs(" -r -F", to);
	} else if (complete == COMPLETE_FOLDER) {
		fputs(" -x -a '(__fish_complete_directories)'", to);
	} else if (word) {
		fputs(list ? " -x -a '(__fish_append ," : " -x -a '", to);
		completion_words(to, word, " ");
		fputs(list ? ")'" : "'", to);
	} else {
		fputs(" -x", to);
	}
}

static void write_option(const struct option_row *row, void *arg)
{
	const struct target *t = arg;

	begin(t);
	if (row->letter)
		fprintf(t->to, " -s %c", row->letter);
	fprintf(t->to, " -l %s", row->name);
	if (row->value)
		offer(t->to, row->word, row->complete);
	else
		fputs(" -f", t->to);
	fputs(" -d ", t->to);
	quoted(t->to, row->help);
	fputc('\n', t->to);
}

static void write_line(FILE *to, const struct command_line *line, const char *program,
		       const char *command)
{
	const struct target t = { to, program, command };

	option_each(line, write_option, (void *)&t);
	begin(&t);
	fputs(line->operand.complete == COMPLETE_FILE ? " -F" : " -f", to);
	if (line->operand.complete == COMPLETE_FOLDER)
		fputs(" -a '(__fish_complete_directories)'", to);
	fputc('\n', to);
}

void completion_fish(FILE *to)
{
	fputs("# fish completion of ringsched and ringschedd, made by `ringsched generate fish`\n"
	      "complete -c ringsched -f -n __fish_use_subcommand -a help -d 'explain a command'\n",
	      to);
	for (unsigned int i = 0; commands[i]; i++) {
		fprintf(to, "complete -c ringsched -f -n __fish_use_subcommand -a %s -d ",
			command_word(commands[i]));
		quoted(to, commands[i]->line.summary);
		fputc('\n', to);
	}
	for (unsigned int i = 0; commands[i]; i++)
		write_line(to, &commands[i]->line, "ringsched", command_word(commands[i]));
	write_line(to, &daemon_line, "ringschedd", NULL);
}
