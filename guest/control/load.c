// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "guest/control/load.h"

#define END_TIMEOUT_MS 2000

pid_t rsc_load_begin(struct rsc_loads *loads, const char *command, struct rsc_reason *why)
{
	struct rsc_child *child;
	int err;

	if (loads->count == RSC_LOAD_MAX)
		return rsc_fail(why, ENOSPC, "%d loads were begun already: UNLOAD them first",
				RSC_LOAD_MAX);
	child = &loads->child[loads->count];
	err = rsc_child_shell(child, command, -1);
	if (err)
		return rsc_fail(why, -err, "starting a load: %s", strerror(-err));
	loads->count++;
	return child->pid;
}

unsigned int rsc_loads_end(struct rsc_loads *loads)
{
	int64_t until = rsc_now_ms() + END_TIMEOUT_MS;
	unsigned int gone = 0;

	for (unsigned int i = 0; i < loads->count; i++)
		gone += rsc_child_wait(&loads->child[i], 0);
	for (unsigned int i = 0; i < loads->count; i++)
		rsc_child_kill_group(&loads->child[i], SIGTERM);
	for (unsigned int i = 0; i < loads->count; i++)
		rsc_child_wait(&loads->child[i], until);
	/* The shell may be gone while something it started is not. */
	for (unsigned int i = 0; i < loads->count; i++)
		rsc_child_kill_group(&loads->child[i], SIGKILL);
	until = rsc_now_ms() + END_TIMEOUT_MS;
	for (unsigned int i = 0; i < loads->count; i++)
		if (!rsc_child_wait(&loads->child[i], until))
			rsc_child_forget(&loads->child[i]);
	loads->count = 0;
	return gone;
}
