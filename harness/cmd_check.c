// SPDX-License-Identifier: GPL-2.0-or-later
/* `ringsched check`: is a scenario right, and what would a run of it do? */
#include <errno.h>
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

#define AT(member) .offset = offsetof(struct options, member)

/* An option keeps together what belongs together. */
/* clang-format off */
static const struct option_row options[] = {
	{ .name = "preset", .letter = 'p', .value = "NAME", .type = OPTION_WORD, AT(preset),
	  .word = preset_word,
	  .help = "boots a policy where the scenario gives none: demo (default), smoke, standard "
		  "or certify" },
	{ .name = "yaml", .letter = 'y', .type = OPTION_FLAG, AT(yaml),
	  .help = "print the scenario with every default instead of the plan" },
	{ .name = "keys", .letter = 'k', .type = OPTION_FLAG, AT(keys),
	  .help = "explain every key a scenario can have, and end" },
	{ 0 },
};
/* clang-format on */

static int check(const void *input, struct rs_error **err)
{
	const struct options *o = input;

	return o->path || o->keys ? 0 : rs_fail(err, EINVAL, "which scenario file?");
}

static const struct option_exit exits[] = {
	{ EXIT_PASS, "the scenario is right" },
	{ EXIT_ERROR, "it has mistakes" },
	{ 0 },
};

static const struct option_example examples[] = {
	{ .command = "ringsched check scenarios/boot-interference.yaml --preset standard",
	  .help = "what a run of 20 boots a policy would do, and how long it would take" },
	{ .command = "ringsched check --keys",
	  .help = "every key of a scenario: unit, range and default" },
	{ 0 },
};

static int run(int argc, char **argv)
{
	struct options o = { .preset = presets[0].name };
	cleanup_error struct rs_error *err = NULL;
	cleanup_scenario struct scenario *s = NULL;
	const struct preset *p;
	int code;

	if (!option_read(&command_check.line, argc, argv, &o, &code))
		return code;
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

const struct command command_check = {
	.line = {
		.name = "ringsched check",
		.summary = "check a scenario file and print what a run of it would do",
		.text = "Check a scenario and print what a run of it would do. Mistakes are listed "
			"all at once, each with file, line, column and what was expected.",
		.options = options,
		.operand = { .name = "SCENARIO.yaml", .max = 1, AT(path),
			     .complete = COMPLETE_FILE },
		.exits = exits,
		.examples = examples,
		.check = check,
	},
	.run = run,
};
