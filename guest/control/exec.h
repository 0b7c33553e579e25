/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One shell command to its end, within a time limit, its output kept. */
#ifndef RINGSCHED_CONTROL_EXEC_H
#define RINGSCHED_CONTROL_EXEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest/control/reason.h"

#define RSC_EXEC_OUTPUT_MAX (1024 * 1024)

struct rsc_exec {
	char *output; /* owned by the caller: free() */
	size_t length;
	uint64_t dropped; /* bytes beyond RSC_EXEC_OUTPUT_MAX */
	int status; /* exit code, 128 + signal */
	bool timed_out; /* killed after the time limit */
};

/* 0 where the command was started and has ended, whatever its status. */
int rsc_exec(const char *command, unsigned int seconds, struct rsc_exec *exec,
	     struct rsc_reason *why);

#endif
