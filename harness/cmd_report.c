// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>

#include "harness/command.h"
#include "harness/import.h"
#include "harness/report.h"
#include "host/error.h"

static const struct option_exit exits[] = {
	{ EXIT_PASS, "every limit holds" },
	{ EXIT_ERROR, "the run cannot be reported" },
	{ EXIT_LIMIT, "a limit is missed" },
	{ EXIT_UNDECIDED, "undecided" },
	{ 0 },
};

static const struct option_example examples[] = {
	{ .command = "ringsched report results/before",
	  .help = "after an upgrade: the same cells, judged again",
	  .codes = "0 2 3" },
	{ 0 },
};

static int report_import(const char *who, const char *dir)
{
	cleanup_error struct rs_error *err = NULL;

	return import_report(dir, stdout, &err) < 0 ? command_fail(who, err) : EXIT_PASS;
}

static int run(int argc, char **argv)
{
	struct rs_error *err = NULL;
	struct report_verdict verdict;
	const char *dir = NULL;
	int code;

	if (!option_read(&command_report.line, argc, argv, &dir, &code))
		return code;
	if (import_is_folder(dir))
		return report_import(argv[0], dir);
	if (report_make(dir, &verdict, &err) < 0) {
		code = command_fail(argv[0], err);
		rs_error_free(&err);
		return code;
	}
	report_print(&verdict, stdout);
	printf("Report: %s/report.html, and as text %s/report.md\n", dir, dir);
	code = report_exit_code(verdict.result);
	report_verdict_clear(&verdict);
	return code;
}

const struct command command_report = {
	.line = {
		.name = "ringsched report",
		.summary = "make summary, figures and report of a run's folder",
		.text = "Make the report of the run in DIR again: summary.json, histograms.csv, "
			"figures, report.md, report.html, and the verdict. Works on an "
			"interrupted run, with the boots that were finished. report.html is one "
			"file for a browser that needs nothing beside it: no network, no script, "
			"at most 3 MB; it can be mailed, archived and printed. DIR may also be a "
			"folder of `ringsched import`, which gets report.md and report.html.",
		.operand = { .name = "DIR", .min = 1, .max = 1,
			     .missing = "which run? Give its folder",
			     .complete = COMPLETE_FOLDER },
		.exits = exits,
		.examples = examples,
	},
	.run = run,
};
