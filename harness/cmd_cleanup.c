// SPDX-License-Identifier: GPL-2.0-or-later
/* `ringsched cleanup`: take away what a killed run left. */
#include <stdio.h>
#include <unistd.h>

#include "harness/command.h"
#include "harness/journal.h"
#include "host/error.h"

static int run(int argc, char **argv)
{
	cleanup_error struct rs_error *err = NULL;
	unsigned int count;
	int code;

	if (!option_read(&command_cleanup.line, argc, argv, NULL, &code))
		return code;
	if (geteuid() != 0) {
		fprintf(stderr, "%s: needs root\n", argv[0]);
		return EXIT_ERROR;
	}
	if (journal_clean_up(stdout, &count, &err) < 0)
		return command_fail(argv[0], err);
	if (count)
		printf("cleaned up after %u run%s\n", count, count == 1 ? "" : "s");
	else
		printf("nothing to clean up\n");
	return EXIT_PASS;
}

static const struct option_example examples[] = {
	{ .command = "ringsched cleanup", .help = "after a run was killed", .codes = "0 1" },
	{ 0 },
};

const struct command command_cleanup = {
	.line = {
		.name = "ringsched cleanup",
		.summary = "remove what an interrupted run left behind",
		.text = "Find runs that were killed and take away what they left: VMs, the daemon, "
			"changed scheduling, cgroups, sockets. Only what a run's own journal names "
			"is touched; runs that are alive are left alone. The start of a run does "
			"the same.",
		.examples = examples,
	},
	.run = run,
};
