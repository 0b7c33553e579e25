// SPDX-License-Identifier: GPL-2.0-or-later
#include <argp.h>
#include <stdio.h>

#include "harness/command.h"
#include "harness/import.h"
#include "harness/report.h"
#include "host/error.h"

static error_t parse(int key, char *arg, struct argp_state *state)
{
	const char **dir = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (*dir)
			argp_error(state, "one folder is enough, '%s' is a second one", arg);
		*dir = arg;
		return 0;
	case ARGP_KEY_END:
		if (!*dir)
			argp_error(state, "which run? Give its folder");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.parser = parse,
	.args_doc = "DIR",
	.doc = "Make the report of the run in DIR again: summary.json, histograms.csv, figures, "
	       "report.md, and the verdict.\v"
	       "Exit code: 0 every limit holds, 1 the run cannot be reported, 2 a limit is missed, "
	       "3 undecided. Works on an interrupted run, with the boots that were finished.",
};

static int report_import(const char *who, const char *dir)
{
	cleanup_error struct rs_error *err = NULL;

	return import_report(dir, stdout, &err) < 0 ? command_fail(who, err) : EXIT_PASS;
}

int cmd_report(int argc, char **argv)
{
	struct rs_error *err = NULL;
	struct report_verdict verdict;
	const char *dir = NULL;
	int code;

	argp_parse(&argp, argc, argv, 0, NULL, &dir);
	if (import_is_folder(dir))
		return report_import(argv[0], dir);
	if (report_make(dir, &verdict, &err) < 0) {
		code = command_fail(argv[0], err);
		rs_error_free(&err);
		return code;
	}
	report_print(&verdict, stdout);
	printf("Report: %s/report.md\n", dir);
	code = report_exit_code(verdict.result);
	report_verdict_clear(&verdict);
	return code;
}
