/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Background loads: shell commands, each in a session of its own. */
#ifndef RINGSCHED_CONTROL_LOAD_H
#define RINGSCHED_CONTROL_LOAD_H

#include "guest/control/child.h"
#include "guest/control/reason.h"

#define RSC_LOAD_MAX 16

struct rsc_loads {
	struct rsc_child child[RSC_LOAD_MAX];
	unsigned int count;
};

/* The pid of its shell, or -errno. */
pid_t rsc_load_begin(struct rsc_loads *loads, const char *command, struct rsc_reason *why);

/*
 * SIGTERM to all, and SIGKILL to what is still there after 2 s. Returns how
 * many had ended by themselves: they did not load what was measured.
 */
unsigned int rsc_loads_end(struct rsc_loads *loads);

#endif
