// SPDX-License-Identifier: GPL-2.0-or-later
/* `ringsched check`: is a scenario right, and what would a run of it do? */
#include <argp.h>
#include <stdlib.h>

#include "harness/command.h"
#include "harness/plan.h"
#include "harness/preset.h"
#include "harness/scenario.h"
#include "host/cleanup.h"
#include "host/error.h"

struct options {
	const char *path;
	const char *preset;
	bool yaml;
	bool keys;
};

static const struct argp_option option_table[] = {
	{ "preset", 'p', "NAME", 0,
	  "boots a policy where the scenario gives none: demo, smoke, "
	  "standard or certify (default: demo)",
	  0 },
	{ "yaml", 'y', NULL, 0, "print the scenario with every default instead of the plan", 0 },
	{ "keys", 'k', NULL, 0, "explain every key a scenario can have, and end", 0 },
	{ 0 },
};

static error_t take_option(int key, char *value, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'p':
		o->preset = value;
		return 0;
	case 'y':
		o->yaml = true;
		return 0;
	case 'k':
		o->keys = true;
		return 0;
	case ARGP_KEY_ARG:
		if (o->path)
			argp_error(state, "one scenario at a time, not also %s", value);
		o->path = value;
		return 0;
	case ARGP_KEY_END:
		if (!o->path && !o->keys)
			argp_error(state, "which scenario file?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = option_table,
	.parser = take_option,
	.args_doc = "SCENARIO.yaml",
	.doc = "Check a scenario and print what a run of it would do. Mistakes are listed with "
	       "file, line and column (exit code 1).",
};

int cmd_check(int argc, char **argv)
{
	struct options o = { .preset = presets[0].name };
	cleanup_error struct rs_error *err = NULL;
	cleanup_scenario struct scenario *s = NULL;
	const struct preset *p;

	argp_parse(&argp, argc, argv, 0, NULL, &o);
	if (o.keys) {
		scenario_print_keys(stdout);
		return EXIT_PASS;
	}
	p = preset_find(o.preset, &err);
	if (!p)
		return command_fail(argv[0], err);
	s = scenario_load(o.path, &err);
	if (!s)
		return command_fail(argv[0], err);
	if ((o.yaml ? scenario_write(s, stdout, &err) : plan_print(s, p, &err)) < 0)
		return command_fail(argv[0], err);
	return EXIT_PASS;
}
