// SPDX-License-Identifier: GPL-2.0-or-later
/* `ringsched import`: results of other tools, for `ringsched compare`. */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/command.h"
#include "harness/import.h"
#include "host/error.h"

struct options {
	const char *out, *name;
	char **files;
	size_t count;
};

static const struct argp_option option_table[] = {
	{ "out", 'o', "DIR", 0, "folder for what is imported; more can be added to it (required)",
	  0 },
	{ "name", 'n', "NAME", 0, "what these files measured (default: the tool's name)", 0 },
	{ 0 },
};

static error_t take_option(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'o':
		o->out = arg;
		return 0;
	case 'n':
		if (!*arg || strlen(arg) > 64)
			argp_error(state, "a name has 1 to 64 bytes");
		o->name = arg;
		return 0;
	case ARGP_KEY_ARGS:
		o->files = state->argv + state->next;
		o->count = (size_t)(state->argc - state->next);
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which files?");
		return 0;
	case ARGP_KEY_END:
		if (!o->out)
			argp_error(state, "--out is missing");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* The tools come from their table. */
static char *help_filter(int key, const char *text, void *input)
{
	char *help = NULL;
	size_t size;
	FILE *f;

	(void)input;
	if (key != ARGP_KEY_HELP_POST_DOC || !(f = open_memstream(&help, &size)))
		return (char *)text;
	fprintf(f, "Tools, and how each is made to write a distribution:\n");
	for (const struct import_format *i = import_formats; i->name; i++)
		fprintf(f, "  %-15s %s\n", i->name, i->help);
	fclose(f);
	return help;
}

static const struct argp argp = {
	.options = option_table,
	.parser = take_option,
	.args_doc = "FILE...",
	.doc = "Take results of other tools into a folder that `ringsched compare` and `ringsched "
	       "report` read. Each file counts as one boot: run the tool several times, in turn "
	       "with what it is compared with.\v",
	.help_filter = help_filter,
};

int cmd_import(int argc, char **argv)
{
	cleanup_error struct rs_error *err = NULL;
	struct options o = { 0 };

	argp_parse(&argp, argc, argv, 0, NULL, &o);
	if (import_files(o.out, o.name, o.files, o.count, &err) < 0)
		return command_fail(argv[0], err);
	printf("%zu file%s imported into %s\n", o.count, o.count == 1 ? "" : "s", o.out);
	return EXIT_PASS;
}
