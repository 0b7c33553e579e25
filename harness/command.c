// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/command.h"

#include <argp.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/suggest.h"
#include "host/error.h"

/* In the order of --help: as a person meets them. */
const struct command commands[] = {
	{ "list", "list the scenarios there are, or the policies", cmd_list },
	{ "doctor", "check this host before a run: what will show in the numbers", cmd_doctor },
	{ "check", "check a scenario file and print what a run of it would do", cmd_check },
	{ "run", "run a scenario: real VMs, every policy, so many boots", cmd_run },
	{ "resume", "finish a run that was interrupted or killed", cmd_resume },
	{ "report", "make summary, figures and report of a run's folder", cmd_report },
	{ "import", "take in results of cyclictest, rtla, jitterdebugger or fio", cmd_import },
	{ "paper", "the paper's claims, from a folder of runs", cmd_paper },
	{ "compare", "is a run, or a policy, worse than another? For CI", cmd_compare },
	{ "cleanup", "remove what an interrupted run left behind", cmd_cleanup },
	{ "version", "print versions", cmd_version },
	{ NULL, NULL, NULL },
};

static void print_help(FILE *to)
{
	const struct command *c;

	fprintf(to, "Usage: ringsched COMMAND [OPTION...]\n"
		    "Measure how a VM that boots disturbs a control VM on the same core,\n"
		    "and how well a scheduling policy protects it.\n\n");
	for (c = commands; c->name; c++)
		fprintf(to, "  %-10s %s\n", c->name, c->help);
	fprintf(to,
		"\n`ringsched COMMAND --help` explains a command.\n"
		"Exit codes: 0 pass, 1 error, 2 a limit was missed, 3 undecided, 77 skipped.\n");
}

static const struct command *find_command(const char *name)
{
	const struct command *c;

	for (c = commands; c->name; c++)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

static int unknown_command(const char *name)
{
	struct suggestion nearest = { .word = name };
	const struct command *c;

	for (c = commands; c->name; c++)
		suggest_offer(&nearest, c->name);
	fprintf(stderr, "ringsched: '%.64s' is no command", name);
	if (nearest.best)
		fprintf(stderr, "; did you mean '%s'?\n", nearest.best);
	else
		fprintf(stderr, "; `ringsched --help` lists them\n");
	return EXIT_ERROR;
}

/* argp takes the program's name for its messages from argv[0]. */
static int run_command(const struct command *c, int argc, char **argv)
{
	char name[64];

	snprintf(name, sizeof(name), "ringsched %s", c->name);
	argv[0] = name;
	return c->run(argc, argv);
}

/* `ringsched help COMMAND` is `ringsched COMMAND --help`. */
static int help_command(int argc, char **argv)
{
	char option[] = "--help";
	char *help_argv[] = { argv[0], option, NULL };
	const struct command *c;

	if (argc < 2) {
		print_help(stdout);
		return EXIT_PASS;
	}
	c = find_command(argv[1]);
	return c ? run_command(c, 2, help_argv) : unknown_command(argv[1]);
}

static bool is_any(const char *word, const char *a, const char *b, const char *c)
{
	return !strcmp(word, a) || !strcmp(word, b) || !strcmp(word, c);
}

int command_main(int argc, char **argv)
{
	const struct command *c;

	argp_err_exit_status = EXIT_ERROR;
	if (argc < 2) {
		print_help(stderr);
		return EXIT_ERROR;
	}
	if (is_any(argv[1], "--help", "-?", "help") || !strcmp(argv[1], "-h"))
		return help_command(argc - 1, argv + 1);
	c = find_command(is_any(argv[1], "--version", "-V", "version") ? "version" : argv[1]);
	return c ? run_command(c, argc - 1, argv + 1) : unknown_command(argv[1]);
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

char *command_beside(const char *name)
{
	char path[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
	char *slash, *result;

	path[length > 0 ? length : 0] = '\0';
	slash = strrchr(path, '/');
	if (slash)
		*slash = '\0';
	return asprintf(&result, "%s/%s", slash ? path : ".", name) < 0 ? NULL : result;
}
