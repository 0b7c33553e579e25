// SPDX-License-Identifier: GPL-2.0-or-later
/* `ringsched cleanup`: take away what a killed run left. */
#include <argp.h>
#include <stdio.h>
#include <unistd.h>

#include "harness/command.h"
#include "harness/journal.h"
#include "host/error.h"

static const struct argp argp = {
	.doc = "Find runs that were killed and take away what they left: VMs, the daemon, changed "
	       "scheduling, cgroups, sockets. Only what a run's own journal names is touched; "
	       "runs that are alive are left alone. The start of a run does the same.",
};

int cmd_cleanup(int argc, char **argv)
{
	cleanup_error struct rs_error *err = NULL;
	unsigned int count;

	argp_parse(&argp, argc, argv, 0, NULL, NULL);
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
