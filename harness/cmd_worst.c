// SPDX-License-Identifier: GPL-2.0-or-later
/* `ringsched worst`: where the time of a run's worst periods went. */
#include <json-c/json.h>

#include "harness/command.h"
#include "harness/jsonread.h"
#include "harness/worst.h"
#include "host/cleanup.h"
#include "host/error.h"
#include "host/policy.h"

#define WORST_MAX 1000 /* a policy */

struct options {
	const char *dir;
	struct worst_options worst;
	bool json;
};

#define AT(member) .offset = offsetof(struct options, member)

/* An option keeps together what belongs together. */
/* clang-format off */
static const struct option_row options[] = {
	{ .name = "worst", .letter = 'k', .value = "K", .type = OPTION_COUNT, AT(worst.count),
	  .min = 1, .max = WORST_MAX, .help = "how many periods a policy (default: 5)" },
	{ .name = "policy", .letter = 'p', .value = "NAME", .type = OPTION_TEXT,
	  AT(worst.policy), .word = policy_word, .help = "of this policy only" },
	{ .name = "ring", .value = "VM/ID", .type = OPTION_TEXT, AT(worst.ring),
	  .help = "of this ring, instead of the one that is judged" },
	{ .name = "json", .type = OPTION_FLAG, AT(json), .help = "print JSON instead of text" },
	{ 0 },
};
/* clang-format on */

static const struct option_exit exits[] = {
	{ EXIT_PASS, "explained" },
	{ EXIT_ERROR, "the run cannot be explained" },
	{ 0 },
};

static const struct option_example examples[] = {
	{ .command = "ringsched worst results/before --worst 3",
	  .help = "the three worst periods of each policy" },
	{ 0 },
};

static void print(const struct options *o, const struct worst *w)
{
	cleanup_json struct json_object *json = o->json ? worst_json(w) : NULL;

	if (json)
		printf("%s\n", json_object_to_json_string_ext(json, JSON_C_TO_STRING_PRETTY));
	else
		worst_print(w, stdout);
}

static int explain_run(const struct options *o, struct worst *w, const char *who)
{
	cleanup_error struct rs_error *err = NULL;
	cleanup_run struct run *read = run_read(o->dir, &err);

	if (!read || worst_find(w, read, &o->worst, &err) < 0 || worst_write(w, &err) < 0)
		return command_fail(who, err);
	print(o, w);
	return EXIT_PASS;
}

static int run(int argc, char **argv)
{
	struct options o = { .worst = { .count = WORST_DEFAULT } };
	struct worst w = { 0 };
	int code;

	if (!option_read(&command_worst.line, argc, argv, &o, &code))
		return code;
	code = explain_run(&o, &w, argv[0]);
	worst_clear(&w);
	return code;
}

const struct command command_worst = {
	.line = {
		.name = "ringsched worst",
		.summary = "where the time of a run's worst periods went",
		.text = "Explain the worst periods of the run in DIR: where the time from release "
			"to end went. Writes worst.json and worst.md there, and prints them.\n"
			"A run made with `--trace` is explained from the host's own events; without, "
			"only coarsely. docs/worst-case.md says how to read it.",
		.options = options,
		.operand = { .name = "DIR", .min = 1, .max = 1, AT(dir),
			     .missing = "which run? Give its folder",
			     .complete = COMPLETE_FOLDER },
		.exits = exits,
		.examples = examples,
	},
	.run = run,
};
