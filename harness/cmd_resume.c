// SPDX-License-Identifier: GPL-2.0-or-later
/* `ringsched resume`: measure what a run has not measured yet. */
#include <argp.h>

#include "harness/command.h"
#include "harness/run.h"
#include "host/cleanup.h"
#include "host/error.h"

enum { /* options without a letter */
       OPT_GUESTS = 256,
       OPT_DAEMON,
};

static const struct argp_option option_table[] = {
	{ "retry-failed", 'r', NULL, 0, "Measure cells that failed once more, too", 0 },
	{ "guests", OPT_GUESTS, "DIR", 0, "Kernels and images, default: where the run had them",
	  0 },
	{ "daemon", OPT_DAEMON, "PATH", 0, "ringschedd, default: beside ringsched", 0 },
	{ "quiet", 'q', NULL, 0, "Print results and errors only", 0 },
	{ 0 },
};

static error_t take_option(int key, char *value, struct argp_state *state)
{
	struct resume_options *o = state->input;

	switch (key) {
	case 'r':
		o->retry_failed = true;
		return 0;
	case 'q':
		o->quiet = true;
		return 0;
	case OPT_GUESTS:
		o->guests = value;
		return 0;
	case OPT_DAEMON:
		o->daemon = value;
		return 0;
	case ARGP_KEY_ARG:
		if (o->dir)
			argp_error(state, "one folder at a time, not '%s' too", value);
		o->dir = value;
		return 0;
	case ARGP_KEY_END:
		if (!o->dir)
			argp_error(state, "which run? Give its folder");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = option_table,
	.parser = take_option,
	.args_doc = "DIR",
	.doc = "Finish the run in DIR that was interrupted or killed, at whatever moment: cells "
	       "that were measured are kept, the others are measured in the run's own order. Where "
	       "nothing is left to measure, the report is made again.\v"
	       "Refused while the run goes on, and where the scenario, the guests or the machine "
	       "are not those of the cells that are there; another version of ringsched is "
	       "allowed, each cell names its own. Exit code: as of `ringsched run`.",
};

int cmd_resume(int argc, char **argv)
{
	struct resume_options o = { 0 };
	cleanup_free char *daemon = command_beside("ringschedd");
	cleanup_error struct rs_error *err = NULL;
	int ret;

	o.daemon = daemon;
	argp_parse(&argp, argc, argv, 0, NULL, &o);
	ret = run_resume(&o, &err);
	return ret < 0 ? command_fail(argv[0], err) : ret;
}
