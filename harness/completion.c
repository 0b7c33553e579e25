// SPDX-License-Identifier: GPL-2.0-or-later
/* What the completion scripts have in common, and bash's. */
#include "harness/completion.h"

#include "harness/command.h"
#include "host/daemon_line.h"

void completion_words(FILE *to, const char *(*word)(unsigned int index), const char *before)
{
	for (unsigned int i = 0; word && word(i); i++)
		fprintf(to, "%s%s", before, word(i));
}

void completion_quoted(FILE *to, const char *text)
{
	for (; *text; text++)
		if (*text == '\'')
			fputs("'\\''", to);
		else
			fputc(*text, to);
}

/* The functions that offer something; "$cur" is what is typed so far. */
static const char bash_begin[] =
	"# bash completion of ringsched and ringschedd, made by `ringsched generate bash`\n"
	"# shellcheck shell=bash\n"
	"\n"
	"_ringsched_offer_words() { mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$cur\"); }\n"
	"\n"
	"# The last of several words with commas between them.\n"
	"_ringsched_offer_list() {\n"
	"\tlocal before=\n"
	"\t[[ $cur != *,* ]] || before=${cur%,*},\n"
	"\tmapfile -t COMPREPLY < <(compgen -P \"$before\" -W \"$1\" -- \"${cur##*,}\")\n"
	"}\n"
	"\n"
	"_ringsched_offer_paths() {\n"
	"\tcompopt -o filenames 2>/dev/null\n"
	"\tmapfile -t COMPREPLY < <(compgen \"$1\" -- \"$cur\")\n"
	"}\n"
	"\n"
	"# --name=value comes as three words; prev is then the name.\n"
	"_ringsched_position() {\n"
	"\tcur=${COMP_WORDS[COMP_CWORD]}\n"
	"\tprev=${COMP_WORDS[COMP_CWORD - 1]}\n"
	"\tif [[ $cur == = ]]; then\n"
	"\t\tcur=\n"
	"\telif [[ $prev == = ]]; then\n"
	"\t\tprev=${COMP_WORDS[COMP_CWORD - 2]}\n"
	"\tfi\n"
	"}\n";

static void bash_offer(FILE *to, const char *(*word)(unsigned int index),
		       enum option_complete complete)
{
	if (complete == COMPLETE_FILE || complete == COMPLETE_FOLDER) {
		fprintf(to, "_ringsched_offer_paths %s", complete == COMPLETE_FILE ? "-f" : "-d");
		return;
	}
	fprintf(to, "_ringsched_offer_%s \"", complete == COMPLETE_LIST ? "list" : "words");
	completion_words(to, word, " ");
	fputs("\"", to);
}

/* What may follow an option that has a value; else the shell offers nothing. */
static void bash_value(const struct option_row *row, void *arg)
{
	FILE *to = arg;

	if (!row->value)
		return;
	fputs("\t", to);
	if (row->letter)
		fprintf(to, "-%c | ", row->letter);
	fprintf(to, "--%s) ", row->name);
	bash_offer(to, row->word, row->complete);
	fputs("; return ;;\n", to);
}

static void bash_name(const struct option_row *row, void *arg)
{
	fprintf(arg, " --%s", row->name);
}

static void bash_line(FILE *to, const struct command_line *line, const char *function)
{
	fprintf(to, "\n%s() {\n\tcase $prev in\n", function);
	option_each(line, bash_value, to);
	fputs("\tesac\n\tif [[ $cur == -* ]]; then\n\t\t_ringsched_offer_words \"", to);
	option_each(line, bash_name, to);
	fputs("\"\n", to);
	if (line->operand.name) {
		fputs("\telse\n\t\t", to);
		bash_offer(to, line->operand.word, line->operand.complete);
		fputs("\n", to);
	}
	fputs("\tfi\n}\n", to);
}

static void bash_ringsched(FILE *to)
{
	fputs("\n_ringsched() {\n\tlocal cur prev\n\t_ringsched_position\n"
	      "\tif ((COMP_CWORD == 1)) || [[ ${COMP_WORDS[1]} == help ]]; then\n"
	      "\t\t_ringsched_offer_words \"help --help --version",
	      to);
	for (unsigned int i = 0; commands[i]; i++)
		fprintf(to, " %s", command_word(commands[i]));
	fputs("\"\n\t\treturn\n\tfi\n\tcase ${COMP_WORDS[1]} in\n", to);
	for (unsigned int i = 0; commands[i]; i++)
		fprintf(to, "\t%s) _ringsched_of_%s ;;\n", command_word(commands[i]),
			command_word(commands[i]));
	fputs("\tesac\n}\n\n_ringschedd() {\n\tlocal cur prev\n\t_ringsched_position\n"
	      "\t_ringschedd_options\n}\n\n"
	      "complete -F _ringsched ringsched\ncomplete -F _ringschedd ringschedd\n",
	      to);
}

void completion_bash(FILE *to)
{
	char function[64];

	fputs(bash_begin, to);
	for (unsigned int i = 0; commands[i]; i++) {
		snprintf(function, sizeof(function), "_ringsched_of_%s", command_word(commands[i]));
		bash_line(to, &commands[i]->line, function);
	}
	bash_line(to, &daemon_line, "_ringschedd_options");
	bash_ringsched(to);
}
