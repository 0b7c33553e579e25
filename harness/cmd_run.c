// SPDX-License-Identifier: GPL-2.0-or-later
/* `ringsched run`: measure a scenario. */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>

#include "harness/command.h"
#include "harness/run.h"
#include "harness/scenario.h"
#include "host/cleanup.h"
#include "host/error.h"

enum { /* options without a letter */
       OPT_PRESET = 256,
       OPT_ACCEL,
       OPT_CONNECT,
       OPT_GUESTS,
       OPT_DAEMON,
       OPT_KERNEL,
       OPT_DRY_RUN,
};

static const struct argp_option options[] = {
	{ "policy", 'p', "A,B", 0, "Policies instead of the scenario's; 'all' = every one", 0 },
	{ "boots", 'b', "N", 0, "Boots of the neighbour a policy, instead of the preset's", 0 },
	{ "preset", OPT_PRESET, "NAME", 0, "demo (default), smoke, standard or certify", 0 },
	{ "seed", 's', "N", 0, "Of the order of cells; default: from the clock", 0 },
	{ "out", 'o', "DIR", 0, "Folder of the results, new or empty; default: results/DATE-NAME",
	  0 },
	{ "accel", OPT_ACCEL, "auto|tcg|kvm", 0, "auto (default): KVM where a guest boots under it",
	  0 },
	{ "connect", OPT_CONNECT, "URI", 0, "libvirt, default: its driver inside this program", 0 },
	{ "guests", OPT_GUESTS, "DIR", 0, "Kernels and images, default: guest/ beside ringsched",
	  0 },
	{ "daemon", OPT_DAEMON, "PATH", 0, "ringschedd, default: beside ringsched", 0 },
	{ "kernel", OPT_KERNEL, "rt|standard", 0, "Of control VMs, instead of the scenario's", 0 },
	{ "dry-run", OPT_DRY_RUN, NULL, 0, "Print the plan and how long it would take, and end",
	  0 },
	{ "quiet", 'q', NULL, 0, "Print results and errors only", 0 },
	{ 0 },
};

static unsigned long long number(const struct argp_state *state, const char *option,
				 const char *text, unsigned long long min, unsigned long long max)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || end == text || *end || text[0] == '-' || value < min || value > max)
		argp_error(state, "--%s '%s': expected a number from %llu to %llu", option, text,
			   min, max);
	return value;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct run_options *o = state->input;

	switch (key) {
	case 'p':
		o->policies = arg;
		return 0;
	case 'b':
		o->boots = (unsigned int)number(state, "boots", arg, 1, SCENARIO_BOOTS_MAX);
		return 0;
	case 's':
		/* JSON readers keep whole numbers exactly up to 2^53. */
		o->seed = number(state, "seed", arg, 0, 1ull << 53);
		o->seed_given = true;
		return 0;
	case 'o':
		o->out = arg;
		return 0;
	case 'q':
		o->quiet = true;
		return 0;
	case OPT_PRESET:
		o->preset = arg;
		return 0;
	case OPT_ACCEL:
		o->accel = arg;
		return 0;
	case OPT_CONNECT:
		o->uri = arg;
		return 0;
	case OPT_GUESTS:
		o->guests = arg;
		return 0;
	case OPT_DAEMON:
		o->daemon = arg;
		return 0;
	case OPT_DRY_RUN:
		o->dry_run = true;
		return 0;
	case OPT_KERNEL:
		o->kernel = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (o->scenario)
			argp_error(state, "one scenario at a time, not '%s' too", arg);
		o->scenario = arg;
		return 0;
	case ARGP_KEY_END:
		if (!o->scenario)
			argp_error(state, "which SCENARIO.yaml?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "SCENARIO.yaml",
	.doc = "Measure a scenario: every policy, in random order, with a boot of the neighbour "
	       "each; then write the report.\v"
	       "Exit code: 0 all limits held, 1 could not measure, 2 a limit was missed, "
	       "3 undecided, 130 or 143 interrupted.",
};

int cmd_run(int argc, char **argv)
{
	struct run_options o = { .argc = argc, .argv = argv, .preset = "demo", .accel = "auto" };
	cleanup_free char *guests = command_beside("guest"), *daemon = command_beside("ringschedd");
	cleanup_error struct rs_error *err = NULL;
	int ret;

	o.guests = guests;
	o.daemon = daemon;
	argp_parse(&argp, argc, argv, 0, NULL, &o);
	ret = run_scenario(&o, &err);
	return ret < 0 ? command_fail(argv[0], err) : ret;
}
