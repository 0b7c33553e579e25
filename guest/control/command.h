/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The commands of docs/guest-protocol.md. Nothing of a line is taken on
 * trust: every name, key, number and length is checked against the table.
 */
#ifndef RINGSCHED_CONTROL_COMMAND_H
#define RINGSCHED_CONTROL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "guest/control/arguments.h"
#include "guest/control/load.h"
#include "guest/control/port.h"
#include "guest/control/reason.h"
#include "guest/control/ring.h"

struct rsc_agent {
	struct rsc_port port;
	const char *role;
	struct rsc_rings rings;
	struct rsc_loads loads;
	bool quit;
};

struct rsc_command;

/*
 * The command of a line and its arguments, or NULL with the reason in *why
 * and a positive errno value in *code. The line is cut into words in place;
 * line[length] must be NUL.
 */
const struct rsc_command *rsc_command_parse(char *line, size_t length,
					    struct rsc_arguments *arguments, int *code,
					    struct rsc_reason *why);

/* One line: parse, do, answer. -errno only where the port fails. */
int rsc_command_do(struct rsc_agent *agent, char *line, size_t length);
int rsc_command_refuse(struct rsc_agent *agent, int code, const char *sentence);
int rsc_command_hello(struct rsc_agent *agent);

#endif
