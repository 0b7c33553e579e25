// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/command.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "host/error.h"
#include "host/suggest.h"

/* In the order of --help: as a person meets them. One a line, so that two new
 * ones do not meet in one line. */
/* clang-format off */
const struct command *const commands[] = {
	&command_list,
	&command_doctor,
	&command_check,
	&command_run,
	&command_resume,
	&command_status,
	&command_report,
	&command_worst,
	&command_trace,
	&command_import,
	&command_paper,
	&command_compare,
	&command_cleanup,
	&command_generate,
	&command_version,
	NULL
};
/* clang-format on */

const char *command_word(const struct command *c)
{
	return c->line.name + strlen(COMMAND_PREFIX);
}

static bool command_row(unsigned int index, struct option_term *term)
{
	const struct command *c = commands[index];

	if (!c)
		return false;
	snprintf(term->name, sizeof(term->name), "%s", command_word(c));
	snprintf(term->text, sizeof(term->text), "%s", c->line.summary);
	return true;
}

static const struct option_list lists[] = {
	{ "Commands", command_row },
	{ 0 },
};

static const struct option_exit exits[] = {
	{ EXIT_PASS, "pass" },
	{ EXIT_ERROR, "could not be done, or wrong usage; the last line says why" },
	{ EXIT_LIMIT, "a limit was missed" },
	{ EXIT_UNDECIDED, "undecided: more boots are needed" },
	{ EXIT_SKIPPED, "skipped" },
	{ 130, "interrupted by Ctrl-C (143: by SIGTERM)" },
	{ 0 },
};

static const struct option_example examples[] = {
	{ .command = "ringsched list", .help = "the scenarios there are, each with its question" },
	{ .command = "ringsched help run", .help = "explain a command" },
	{ 0 },
};

const struct command_line ringsched_line = {
	.name = "ringsched",
	.summary = "measure how VMs that share a core disturb each other, and what protects them",
	.text = "Measure how a VM that boots disturbs a control VM on the same core, and how well "
		"a scheduling policy protects it.\n"
		"`ringsched COMMAND --help` explains a command.",
	.operand = { .name = "COMMAND [ARGUMENT...]" },
	.version = "",
	.lists = lists,
	.exits = exits,
	.examples = examples,
};

static const struct command *find_command(const char *name)
{
	const struct command *const *c;

	for (c = commands; *c; c++)
		if (!strcmp(command_word(*c), name))
			return *c;
	return NULL;
}

static int unknown_command(const char *name)
{
	struct suggestion nearest = { .word = name };
	const struct command *const *c;

	for (c = commands; *c; c++)
		suggest_offer(&nearest, command_word(*c));
	fprintf(stderr, "ringsched: '%.64s' is no command", name);
	if (nearest.best)
		fprintf(stderr, "; did you mean '%s'?\n", nearest.best);
	else
		fprintf(stderr, "; `ringsched --help` lists them\n");
	return EXIT_ERROR;
}

static int run_command(const struct command *c, int argc, char **argv)
{
	char name[64];

	snprintf(name, sizeof(name), "%s", c->line.name);
	argv[0] = name;
	return c->run(argc, argv);
}

/* `ringsched help COMMAND` is `ringsched COMMAND --help`. */
static int help_command(int argc, char **argv)
{
	const struct command *c;

	if (argc < 2) {
		option_help(&ringsched_line, stdout);
		return EXIT_PASS;
	}
	c = find_command(argv[1]);
	if (!c)
		return unknown_command(argv[1]);
	option_help(&c->line, stdout);
	return EXIT_PASS;
}

static bool is_any(const char *word, const char *a, const char *b, const char *c)
{
	return !strcmp(word, a) || !strcmp(word, b) || !strcmp(word, c);
}

/* Output that is lost must not look like success, unless its reader has seen
 * enough and went away. A verdict's own code stays. */
static int end_output(int code)
{
	errno = 0;
	if ((fflush(stdout) == 0 && !ferror(stdout)) || errno == EPIPE)
		return code;
	fprintf(stderr, "ringsched: writing the output: %s\n",
		errno ? strerror(errno) : "part of it is lost");
	return code ? code : EXIT_ERROR;
}

static int find_and_run(int argc, char **argv)
{
	const struct command *c;

	if (argc < 2) {
		option_help(&ringsched_line, stderr);
		return EXIT_ERROR;
	}
	if (is_any(argv[1], "--help", "-?", "help") || !strcmp(argv[1], "-h"))
		return help_command(argc - 1, argv + 1);
	c = find_command(is_any(argv[1], "--version", "-V", "version") ? "version" : argv[1]);
	return c ? run_command(c, argc - 1, argv + 1) : unknown_command(argv[1]);
}

int command_main(int argc, char **argv)
{
	return end_output(find_and_run(argc, argv));
}

int command_fail(const char *who, const struct rs_error *err)
{
	const char *message = err ? err->message : "failed without a reason";

	/* Several lines are a list of mistakes; each names its file itself. */
	if (strchr(message, '\n'))
		fprintf(stderr, "%s\n", message);
	else
		fprintf(stderr, "%s: %s\n", who, message);
	return EXIT_ERROR;
}
