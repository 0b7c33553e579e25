// SPDX-License-Identifier: GPL-2.0-or-later
/* `ringsched trace`: a cell as a file that Perfetto opens. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/chrome.h"
#include "harness/command.h"
#include "host/cleanup.h"
#include "host/error.h"

#define SECONDS_MAX 1e6

struct options {
	const char *dir, *cell, *out;
	struct chrome_options chrome;
};

#define AT(member) .offset = offsetof(struct options, member)

/* An option keeps together what belongs together. */
/* clang-format off */
static const struct option_row options[] = {
	{ .name = "cell", .letter = 'c', .value = "N", .type = OPTION_TEXT, AT(cell),
	  .help = "which cell: its number or its folder's name (default: the first)" },
	{ .name = "output", .letter = 'o', .value = "FILE", .type = OPTION_TEXT, AT(out),
	  .complete = COMPLETE_FILE, .help = "write to FILE (default: standard output, `-`)" },
	{ .name = "begin", .value = "S", .type = OPTION_REAL, AT(chrome.begin_s),
	  .min = -SECONDS_MAX, .max = SECONDS_MAX,
	  .help = "only from S seconds after the begin of the first phase on" },
	{ .name = "end", .value = "S", .type = OPTION_REAL, AT(chrome.end_s),
	  .min = -SECONDS_MAX, .max = SECONDS_MAX, .help = "only up to S seconds after it" },
	{ 0 },
};
/* clang-format on */

static const struct option_exit exits[] = {
	{ EXIT_PASS, "written" },
	{ EXIT_ERROR, "cannot be written" },
	{ 0 },
};

static const struct option_example examples[] = {
	{ .command = "ringsched trace results/before --cell 1 --end 5 --output cell.json",
	  .help = "the first five seconds of a cell" },
	{ 0 },
};

static int check(const void *input, struct rs_error **err)
{
	const struct options *o = input;

	if (o->chrome.end_s <= o->chrome.begin_s)
		return rs_fail(err, EINVAL, "--end %g is not after --begin %g", o->chrome.end_s,
			       o->chrome.begin_s);
	return 0;
}

static int write_file(const struct options *o, const struct run *run, bool *traced,
		      struct rs_error **err)
{
	const struct cell *cell;
	FILE *to = stdout;
	int ret;

	if (!o->cell && !run->cell_count)
		return rs_fail(err, ENODATA, "%s has no finished cell", run->dir);
	cell = o->cell ? chrome_find_cell(run, o->cell, err) : run->cells[0];
	if (!cell)
		return -ENOENT;
	if (strcmp(o->out, "-"))
		to = fopen(o->out, "we");
	if (!to)
		return rs_fail_errno(err, errno, "opening %s", o->out);
	ret = chrome_write(run, cell, &o->chrome, to, traced, err);
	if (ret == 0 && (fflush(to) || ferror(to)))
		ret = rs_fail_errno(err, errno, "writing %s", o->out);
	if (to != stdout)
		fclose(to);
	if (to != stdout && ret < 0)
		unlink(o->out);
	return ret;
}

static int run(int argc, char **argv)
{
	struct options o = { .out = "-", .chrome = { .begin_s = NAN, .end_s = NAN } };
	cleanup_error struct rs_error *err = NULL;
	cleanup_run struct run *read = NULL;
	bool traced = false;
	int code;

	if (!option_read(&command_trace.line, argc, argv, &o, &code))
		return code;
	read = run_read(o.dir, &err);
	if (!read || write_file(&o, read, &traced, &err) < 0)
		return command_fail(argv[0], err);
	if (!traced)
		fprintf(stderr,
			"%s: without who had the shared cores: the run was made without --trace, "
			"or the host gave none\n",
			argv[0]);
	return EXIT_PASS;
}

const struct command command_trace = {
	.line = {
		.name = "ringsched trace",
		.summary = "write a cell as a file that Perfetto's UI opens",
		.text = "Write a cell of the run in DIR as one file in Chrome's trace format, "
			"which https://ui.perfetto.dev opens: phases, rings and their processes, "
			"notifications, priorities of vCPUs, missed deadlines and, of a run made "
			"with `--trace`, who had the shared cores. docs/worst-case.md says how to "
			"read it.",
		.options = options,
		.operand = { .name = "DIR", .min = 1, .max = 1, AT(dir),
			     .missing = "which run? Give its folder",
			     .complete = COMPLETE_FOLDER },
		.exits = exits,
		.examples = examples,
		.check = check,
	},
	.run = run,
};
