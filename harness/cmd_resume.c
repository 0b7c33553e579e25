// SPDX-License-Identifier: GPL-2.0-or-later
/* `ringsched resume`: measure what a run has not measured yet. */
#include "harness/command.h"
#include "harness/place.h"
#include "harness/run.h"
#include "host/cleanup.h"
#include "host/error.h"

#define AT(member) .offset = offsetof(struct resume_options, member)

/* An option keeps together what belongs together. */
/* clang-format off */
static const struct option_row options[] = {
	{ .name = "retry-failed", .letter = 'r', .type = OPTION_FLAG, AT(retry_failed),
	  .help = "measure cells that failed once more, too" },
	{ .name = "guests", .value = "DIR", .type = OPTION_TEXT, AT(guests),
	  .complete = COMPLETE_FOLDER,
	  .help = "kernels and images (default: where the run had them)" },
	{ .name = "daemon", .value = "PATH", .type = OPTION_TEXT, AT(daemon),
	  .complete = COMPLETE_FILE, .help = "ringschedd (default: beside ringsched)" },
	{ .name = "quiet", .letter = 'q', .type = OPTION_FLAG, AT(quiet),
	  .help = "print results and errors only" },
	{ 0 },
};
/* clang-format on */

static const struct option_example examples[] = {
	{ .command = "ringsched resume results/before",
	  .help = "finish it; where nothing is left, the report is made again",
	  .codes = "0 2 3" },
	{ 0 },
};

static int run(int argc, char **argv)
{
	struct resume_options o = { 0 };
	cleanup_free char *daemon = place_find(PLACE_DAEMON);
	cleanup_error struct rs_error *err = NULL;
	int ret;

	o.daemon = daemon;
	if (!option_read(&command_resume.line, argc, argv, &o, &ret))
		return ret;
	ret = run_resume(&o, &err);
	return ret < 0 ? command_fail(argv[0], err) : ret;
}

const struct command command_resume = {
	.line = {
		.name = "ringsched resume",
		.summary = "finish a run that was interrupted or killed",
		.text = "Finish the run in DIR that was interrupted or killed, at whatever moment: "
			"cells that were measured are kept, the others are measured in the run's "
			"own order. Where nothing is left to measure, the report is made again.",
		.notes = "Refused while the run goes on, and where the scenario, the guests or the "
			 "machine are not those of the cells that are there; another version of "
			 "ringsched is allowed, each cell names its own.\n"
			 "Exit code: as of `ringsched run`.",
		.options = options,
		.operand = { .name = "DIR", .min = 1, .max = 1, AT(dir),
			     .missing = "which run? Give its folder",
			     .complete = COMPLETE_FOLDER },
		.examples = examples,
	},
	.run = run,
};
