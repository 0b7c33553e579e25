/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line of ringschedd; apart from its main(), so that its man page
 * and completion can be made from the same table.
 */
#ifndef RINGSCHED_DAEMON_LINE_H
#define RINGSCHED_DAEMON_LINE_H

#include "host/confine.h"
#include "host/option.h"

struct daemon_options { /* texts are borrowed from argv */
	const char *control;
	const char *policy;
	const char *record; /* NULL = in memory only */
	const char *vms; /* NULL = they are forgotten */
	int cpu; /* -1 = not pinned */
	unsigned int priority;
	unsigned int trace;
	unsigned int longest_boost_us, notify_rate; /* of VMs that bring none */
	unsigned int budget_total; /* permille of a core, all VMs together */
	struct confine_options confine;
};

extern const struct daemon_options daemon_defaults;
extern const struct command_line daemon_line;

#endif
