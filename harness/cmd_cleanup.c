// SPDX-License-Identifier: GPL-2.0-or-later
/* `ringsched cleanup`: take away what a killed run, or a killed daemon, left. */
#include <stdio.h>
#include <unistd.h>

#include "harness/command.h"
#include "harness/journal.h"
#include "host/error.h"
#include "host/record.h"

struct options {
	const char *record; /* NULL: of runs */
};

static const struct option_row options[] = {
	{ .name = "record",
	  .letter = 'r',
	  .value = "PATH",
	  .type = OPTION_TEXT,
	  .offset = offsetof(struct options, record),
	  .complete = COMPLETE_FILE,
	  .help = "only what a killed daemon has in this, its --record" },
	{ 0 },
};

static int restore(const char *path, struct rs_error **err)
{
	unsigned int count;
	int ret = record_restore(path, &count, err);

	if (ret == 0 && count)
		printf("restored the scheduling of %u threads and cgroups\n", count);
	else if (ret == 0)
		printf("nothing to clean up\n");
	return ret;
}

static int run(int argc, char **argv)
{
	cleanup_error struct rs_error *err = NULL;
	struct options o = { 0 };
	unsigned int count;
	int code;

	if (!option_read(&command_cleanup.line, argc, argv, &o, &code))
		return code;
	if (geteuid() != 0) {
		fprintf(stderr, "%s: needs root\n", argv[0]);
		return EXIT_ERROR;
	}
	if (o.record)
		return restore(o.record, &err) < 0 ? command_fail(argv[0], err) : EXIT_PASS;
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
		.options = options,
		.examples = examples,
	},
	.run = run,
};
