// SPDX-License-Identifier: GPL-2.0-or-later
/* Completion of zsh: a specification of _arguments for each option. */
#include "harness/command.h"
#include "harness/completion.h"
#include "host/daemon_line.h"

/* Within [...] of a specification, which is between single quotes. */
static void help_text(FILE *to, const char *text)
{
	for (; *text; text++) {
		char one[2] = { *text, '\0' };

		if (*text == '[' || *text == ']' || *text == ':' || *text == '\\')
			fputc('\\', to);
		completion_quoted(to, one);
	}
}

static void action(FILE *to, const char *(*word)(unsigned int index), enum option_complete complete)
{
	if (complete == COMPLETE_FILE || complete == COMPLETE_FOLDER) {
		/* _files -/ offers files too where no folder fits. */
		fputs(complete == COMPLETE_FILE ? "_files" : "_path_files -/", to);
	} else if (!word) {
		fputc(' ', to); /* anything: nothing is offered */
	} else if (complete == COMPLETE_LIST) {
		fputs("_sequence compadd -", to);
		completion_words(to, word, " ");
	} else {
		fputs("(", to);
		completion_words(to, word, " ");
		fputs(")", to);
	}
}

/* '(-p --policy)'{-p,--policy=}'[help]:A,B:action' */
static void write_option(const struct option_row *row, void *arg)
{
	const char *equals = row->value ? "=" : "";
	FILE *to = arg;

	fputs(" \\\n\t\t", to);
	if (row->letter)
		fprintf(to, "'(-%c --%s)'{-%c,--%s%s}'[", row->letter, row->name, row->letter,
			row->name, equals);
	else
		fprintf(to, "'--%s%s[", row->name, equals);
	help_text(to, row->help);
	fputc(']', to);
	if (row->value) {
		fputc(':', to);
		help_text(to, row->value);
		fputc(':', to);
		action(to, row->word, row->complete);
	}
	fputc('\'', to);
}

static void write_line(FILE *to, const struct command_line *line, const char *name)
{
	fprintf(to, "\n_ringsched_of_%s() {\n\t_arguments -s", name);
	option_each(line, write_option, to);
	if (line->operand.name) {
		fputs(" \\\n\t\t'*:", to);
		help_text(to, line->operand.name);
		fputc(':', to);
		action(to, line->operand.word, line->operand.complete);
		fputc('\'', to);
	}
	fputs("\n}\n", to);
}

static void write_commands(FILE *to)
{
	fputs("\n_ringsched_commands() {\n\tlocal -a words=(\n\t\t'help:explain a command'\n", to);
	for (unsigned int i = 0; commands[i]; i++) {
		fprintf(to, "\t\t'%s:", command_word(commands[i]));
		completion_quoted(to, commands[i]->line.summary);
		fputs("'\n", to);
	}
	fputs("\t)\n\t_describe command words\n}\n", to);
}

void completion_zsh(FILE *to)
{
	fputs("#compdef ringsched ringschedd\n"
	      "# zsh completion of ringsched and ringschedd, made by `ringsched generate zsh`\n",
	      to);
	for (unsigned int i = 0; commands[i]; i++)
		write_line(to, &commands[i]->line, command_word(commands[i]));
	write_line(to, &daemon_line, "-daemon");
	write_commands(to);
	fputs("\nif [[ $service == ringschedd ]]; then\n\t_ringsched_of_-daemon\n"
	      "elif ((CURRENT == 2)) || [[ $words[2] == help ]]; then\n\t_ringsched_commands\n"
	      "elif (($+functions[_ringsched_of_$words[2]])); then\n"
	      "\tshift words\n\t((CURRENT--))\n\t_ringsched_of_$words[1]\nfi\n",
	      to);
}
