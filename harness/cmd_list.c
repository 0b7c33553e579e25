// SPDX-License-Identifier: GPL-2.0-or-later
/* `ringsched list`: the scenarios of a folder, or the policies. */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "harness/command.h"
#include "harness/place.h"
#include "harness/scenario.h"
#include "host/cleanup.h"
#include "host/error.h"
#include "host/policy.h"

#define DIR_DEFAULT "scenarios" /* here; else those that come with ringsched */

struct options {
	const char *dir;
	bool policies;
};

#define AT(member) .offset = offsetof(struct options, member)

/* An option keeps together what belongs together. */
/* clang-format off */
static const struct option_row options[] = {
	{ .name = "dir", .letter = 'd', .value = "DIR", .type = OPTION_TEXT, AT(dir),
	  .complete = COMPLETE_FOLDER,
	  .help = "folder of the scenarios (default: " DIR_DEFAULT ", else those installed)" },
	{ .name = "policies", .letter = 'p', .type = OPTION_FLAG, AT(policies),
	  .help = "list the policies instead" },
	{ 0 },
};
/* clang-format on */

static const struct option_example examples[] = {
	{ .command = "ringsched list", .help = "the scenarios there are" },
	{ .command = "ringsched list --policies",
	  .help = "the policies, and what the guest must report for each" },
	{ 0 },
};

static int list_policies(void)
{
	static const char *const sources[] = {
		[RS_SOURCE_NONE] = "nothing from the guest",
		[RS_SOURCE_RING] = "START and END of rings",
		[RS_SOURCE_SWITCH] = "every task switch",
		[RS_SOURCE_SCAN] = "where its run queues are",
	};
	const struct policy *const *p;

	for (p = policies; *p; p++)
		printf("%-12s %s (needs %s)\n", (*p)->name, (*p)->help, sources[(*p)->needs]);
	return EXIT_PASS;
}

static void print_scenario(const struct scenario *s)
{
	unsigned int i;

	printf("%s\n  %s\n  policies:", s->path, *s->question ? s->question : "(no question)");
	for (i = 0; i < s->policy_count; i++)
		printf(" %s", s->policies[i]);
	printf("\n  phases: solo %g s", s->solo_s);
	if (s->loaded_s > 0)
		printf(", loaded %g s", s->loaded_s);
	if (s->boot_timeout_s > 0)
		printf(", boot");
	if (s->shared_s > 0)
		printf(", shared %g s", s->shared_s);
	printf("\n");
}

static int is_scenario(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return entry->d_name[0] != '.' && length > 5 &&
	       !strcmp(entry->d_name + length - 5, ".yaml");
}

/* A scenario with mistakes is told, and the others are still listed. */
static int list_one(const char *who, const char *dir, const char *name)
{
	cleanup_error struct rs_error *err = NULL;
	cleanup_scenario struct scenario *s = NULL;
	cleanup_free char *path = NULL;

	if (asprintf(&path, "%s/%s", dir, name) < 0) {
		path = NULL;
		rs_fail(&err, ENOMEM, "out of memory listing %s", dir);
		return command_fail(who, err);
	}
	s = scenario_load(path, &err);
	if (!s)
		return command_fail(who, err);
	print_scenario(s);
	return EXIT_PASS;
}

static int list_scenarios(const char *who, const char *dir)
{
	cleanup_error struct rs_error *err = NULL;
	struct dirent **entries = NULL;
	int count, i, verdict = EXIT_PASS;

	count = scandir(dir, &entries, is_scenario, alphasort);
	if (count < 0) {
		rs_fail_errno(&err, errno,
			      "listing the scenarios in %s (--dir names another folder)", dir);
		return command_fail(who, err);
	}
	for (i = 0; i < count; i++) {
		if (list_one(who, dir, entries[i]->d_name) != EXIT_PASS)
			verdict = EXIT_ERROR;
		free(entries[i]);
	}
	free(entries);
	if (!count) {
		rs_fail(&err, ENOENT, "no scenario (*.yaml) in %s", dir);
		return command_fail(who, err);
	}
	return verdict;
}

static int run(int argc, char **argv)
{
	cleanup_free char *ours = place_find(PLACE_SCENARIOS);
	struct options o = { .dir = access(DIR_DEFAULT, F_OK) && ours ? ours : DIR_DEFAULT };
	int code;

	if (!option_read(&command_list.line, argc, argv, &o, &code))
		return code;
	return o.policies ? list_policies() : list_scenarios(argv[0], o.dir);
}

const struct command command_list = {
	.line = {
		.name = "ringsched list",
		.summary = "list the scenarios there are, or the policies",
		.text = "List the scenarios there are, each with its question, or the policies.",
		.options = options,
		.examples = examples,
	},
	.run = run,
};
