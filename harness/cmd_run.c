// SPDX-License-Identifier: GPL-2.0-or-later
/* `ringsched run`: measure a scenario. */
#include <stdlib.h>

#include "harness/command.h"
#include "harness/place.h"
#include "harness/preset.h"
#include "harness/run.h"
#include "harness/scenario.h"
#include "host/cleanup.h"
#include "host/error.h"
#include "host/policy.h"

#define AT(member) .offset = offsetof(struct run_options, member)
#define SEED_MAX 0x1p53 /* up to it JSON readers keep whole numbers exactly */

static const char *policies_word(unsigned int index)
{
	/* "all" first: it is no policy, so it has no place among them. */
	return index ? policy_word(index - 1) : "all";
}

static const char *accel_word(unsigned int index)
{
	static const char *const words[] = { "auto", "tcg", "kvm", NULL };

	return words[index];
}

static const char *kernel_word(unsigned int index)
{
	static const char *const words[] = { "rt", "standard", NULL };

	return words[index];
}

static int take_seed(void *input, char *text, struct rs_error **err)
{
	struct run_options *o = input;

	o->seed_given = true;
	return option_whole(text, 0, SEED_MAX, &o->seed, err);
}

/* An option keeps together what belongs together. */
/* clang-format off */
static const struct option_row options[] = {
	{ .name = "policy", .letter = 'p', .value = "A,B", .type = OPTION_TEXT, AT(policies),
	  .word = policies_word, .complete = COMPLETE_LIST,
	  .help = "policies instead of the scenario's; `all`: every one" },
	{ .name = "boots", .letter = 'b', .value = "N", .type = OPTION_COUNT, AT(boots), .min = 1,
	  .max = SCENARIO_BOOTS_MAX,
	  .help = "boots of the neighbour a policy, instead of the preset's" },
	{ .name = "preset", .value = "NAME", .type = OPTION_WORD, AT(preset), .word = preset_word,
	  .help = "how many boots: demo (default), smoke, standard or certify" },
	{ .name = "seed", .letter = 's', .value = "N", .take = take_seed,
	  .help = "of the order of cells (default: from the clock)" },
	{ .name = "out", .letter = 'o', .value = "DIR", .type = OPTION_TEXT, AT(out),
	  .complete = COMPLETE_FOLDER,
	  .help = "folder of the results, new or empty (default: results/DATE-NAME)" },
	{ .name = "accel", .value = "NAME", .type = OPTION_WORD, AT(accel), .word = accel_word,
	  .help = "auto (default): KVM where a guest boots under it; tcg or kvm: that one" },
	{ .name = "connect", .value = "URI", .type = OPTION_TEXT, AT(uri),
	  .help = "libvirt (default: its driver inside this program)" },
	{ .name = "guests", .value = "DIR", .type = OPTION_TEXT, AT(guests),
	  .complete = COMPLETE_FOLDER,
	  .help = "kernels and images (default: guest/ beside ringsched)" },
	{ .name = "daemon", .value = "PATH", .type = OPTION_TEXT, AT(daemon),
	  .complete = COMPLETE_FILE, .help = "ringschedd (default: beside ringsched)" },
	{ .name = "kernel", .value = "NAME", .type = OPTION_WORD, AT(kernel), .word = kernel_word,
	  .help = "of control VMs, instead of the scenario's: rt or standard" },
	{ .name = "trace", .type = OPTION_FLAG, AT(trace),
	  .help = "record who had the shared cores, for `ringsched worst` and `ringsched trace`" },
	{ .name = "dry-run", .type = OPTION_FLAG, AT(dry_run),
	  .help = "print the plan and how long it would take, and end" },
	{ .name = "quiet", .letter = 'q', .type = OPTION_FLAG, AT(quiet),
	  .help = "print results and errors only" },
	{ 0 },
};
/* clang-format on */

static const struct option_exit exits[] = {
	{ EXIT_PASS, "all limits held" },
	{ EXIT_ERROR, "could not measure" },
	{ EXIT_LIMIT, "a limit was missed" },
	{ EXIT_UNDECIDED, "undecided" },
	{ 130, "interrupted by Ctrl-C (143: by SIGTERM); `ringsched resume` goes on from there" },
	{ 0 },
};

static const struct option_example examples[] = {
	{ .command = "ringsched run scenarios/boot-interference.yaml --policy none,ring_boot "
		     "--boots 6",
	  .help = "two policies, six boots each",
	  .dry = "--dry-run" },
	{ .command = "ringsched run scenarios/io-storm.yaml --preset certify --dry-run",
	  .help = "what it would do, and how many hours it would take" },
	{ 0 },
};

static int run(int argc, char **argv)
{
	struct run_options o = { .argc = argc, .argv = argv, .preset = "demo", .accel = "auto" };
	cleanup_free char *guests = place_find(PLACE_GUESTS), *daemon = place_find(PLACE_DAEMON);
	cleanup_error struct rs_error *err = NULL;
	int ret;

	o.guests = guests;
	o.daemon = daemon;
	if (!option_read(&command_run.line, argc, argv, &o, &ret))
		return ret;
	ret = run_scenario(&o, &err);
	return ret < 0 ? command_fail(argv[0], err) : ret;
}

const struct command command_run = {
	.line = {
		.name = "ringsched run",
		.summary = "run a scenario: real VMs, every policy, so many boots",
		.text = "Measure a scenario: every policy, in random order, with a boot of the "
			"neighbour each; then write the report.",
		.notes = "While it works, a terminal shows the phase, the time left, and for each "
			 "policy the boots measured so far with their median p99 and the deadlines "
			 "missed; anything else gets a line a phase and a cell. It is drawn once a "
			 "second, from the housekeeping core; --quiet spares the run that "
			 "(docs/results.md). Ctrl-C ends it at once: what is measured is kept and "
			 "reported, and `ringsched resume` goes on.",
		.options = options,
		.operand = { .name = "SCENARIO.yaml", .min = 1, .max = 1, AT(scenario),
			     .missing = "which SCENARIO.yaml?", .complete = COMPLETE_FILE },
		.exits = exits,
		.examples = examples,
	},
	.run = run,
};
