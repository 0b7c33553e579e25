// SPDX-License-Identifier: GPL-2.0-or-later
/* `ringsched paper`: the page of a folder of runs. */
#include <argp.h>
#include <stdio.h>

#include "harness/command.h"
#include "harness/paper.h"
#include "host/cleanup.h"
#include "host/error.h"

struct options {
	const char *dir;
	bool sources;
};

static const struct argp_option option_table[] = {
	{ "sources", 's', NULL, 0, "Print the folders that the page reads, and end", 0 },
	{ 0 },
};

static error_t take_option(int key, char *value, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 's':
		o->sources = true;
		return 0;
	case ARGP_KEY_ARG:
		if (o->dir)
			argp_error(state, "one folder is enough, '%s' is a second one", value);
		o->dir = value;
		return 0;
	case ARGP_KEY_END:
		if (!o->dir && !o->sources)
			argp_error(state, "which folder of runs? (`make paper` makes one)");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = option_table,
	.parser = take_option,
	.args_doc = "DIR",
	.doc = "Write DIR/paper.md: the paper's claims P1 to P14, each with the numbers of the runs "
	       "in DIR (one folder a scenario), its figure and a verdict. What was not run is said "
	       "to be missing.\v"
	       "Exit code: 0 all that can be measured here holds, 1 the page cannot be written, 2 a "
	       "claim does not hold, 3 not all was measured.",
};

static int exit_code(enum paper_state state)
{
	if (state == PAPER_FAILS)
		return EXIT_LIMIT;
	return state == PAPER_HOLDS ? EXIT_PASS : EXIT_UNDECIDED;
}

int cmd_paper(int argc, char **argv)
{
	cleanup_error struct rs_error *err = NULL;
	enum paper_state state;
	struct options o = { 0 };
	const char *source;

	argp_parse(&argp, argc, argv, 0, NULL, &o);
	if (o.sources) {
		for (unsigned int i = 0; (source = paper_source(i)); i++)
			puts(source);
		return EXIT_PASS;
	}
	if (paper_make(o.dir, &state, &err) < 0)
		return command_fail(argv[0], err);
	printf("Page: %s/paper.md\n", o.dir);
	return exit_code(state);
}
