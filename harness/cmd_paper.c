// SPDX-License-Identifier: GPL-2.0-or-later
/* `ringsched paper`: the page of a folder of runs. */
#include <errno.h>
#include <stdio.h>

#include "harness/command.h"
#include "harness/paper.h"
#include "host/cleanup.h"
#include "host/error.h"

struct options {
	const char *dir;
	bool sources;
};

#define AT(member) .offset = offsetof(struct options, member)

static const struct option_row options[] = {
	{ .name = "sources",
	  .letter = 's',
	  .type = OPTION_FLAG,
	  AT(sources),
	  .help = "print the folders that the page reads, and end" },
	{ 0 },
};

static int check(const void *input, struct rs_error **err)
{
	const struct options *o = input;

	return o->dir || o->sources ?
		       0 :
		       rs_fail(err, EINVAL, "which folder of runs? (`make paper` makes one)");
}

static const struct option_exit exits[] = {
	{ EXIT_PASS, "all that can be measured here holds" },
	{ EXIT_ERROR, "the page cannot be written" },
	{ EXIT_LIMIT, "a claim does not hold" },
	{ EXIT_UNDECIDED, "not all was measured" },
	{ 0 },
};

static const struct option_example examples[] = {
	{ .command = "ringsched paper results/reference-paper-tcg-smoke",
	  .help = "write the page again",
	  .codes = "0 2 3" },
	{ 0 },
};

static int exit_code(enum paper_state state)
{
	if (state == PAPER_FAILS)
		return EXIT_LIMIT;
	return state == PAPER_HOLDS ? EXIT_PASS : EXIT_UNDECIDED;
}

static int run(int argc, char **argv)
{
	cleanup_error struct rs_error *err = NULL;
	enum paper_state state;
	struct options o = { 0 };
	const char *source;
	int code;

	if (!option_read(&command_paper.line, argc, argv, &o, &code))
		return code;
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

const struct command command_paper = {
	.line = {
		.name = "ringsched paper",
		.summary = "the paper's claims, from a folder of runs",
		.text = "Write DIR/paper.md: the paper's claims P1 to P14, each with the numbers of "
			"the runs in DIR (one folder a scenario), its figure and a verdict. What "
			"was not run is said to be missing.",
		.options = options,
		.operand = { .name = "DIR", .max = 1, AT(dir), .complete = COMPLETE_FOLDER },
		.exits = exits,
		.examples = examples,
		.check = check,
	},
	.run = run,
};
