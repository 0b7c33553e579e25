// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "guest/control/rogue.h"
#include "guest/lib/ringsched.h"

#define ROGUE_RING (RS_RING_MAX - 1)
#define ROGUE_PRIO RS_PRIO_MAX /* the host's ceiling is what bounds it */
#define SPIN_MS 2

static volatile sig_atomic_t told_to_end;

static void on_term(int number)
{
	(void)number;
	told_to_end = 1;
}

static void spin(void)
{
	struct timespec begin, now;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while ((now.tv_sec - begin.tv_sec) * 1000 + (now.tv_nsec - begin.tv_nsec) / 1000000 <
	       SPIN_MS);
}

static const struct kind {
	const char *name;
	bool again; /* START once more after each spin */
	bool ends; /* END before it */
} kinds[] = {
	{ "hold", false, false }, /* one START, no END */
	{ "restart", true, false }, /* START upon START, no END */
	{ "flip", true, true }, /* ends, and starts again at once */
};

static int run(const struct kind *kind)
{
	int err = g_sched_notify_start(ROGUE_RING, ROGUE_PRIO);

	while (!err && !told_to_end) {
		spin();
		if (kind->ends)
			err = g_sched_notify_end(ROGUE_RING, ROGUE_PRIO);
		if (kind->again && !err)
			err = g_sched_notify_start(ROGUE_RING, ROGUE_PRIO);
	}
	return err;
}

/* The agent stays in reach: above the process that spins. */
static void raise_agent(pid_t agent, int policy, int priority)
{
	const struct sched_param param = { .sched_priority = priority };

	if (sched_setscheduler(agent, policy, &param))
		perror("rs-control: rogue: the agent's scheduling");
}

int rsc_rogue(const char *name)
{
	const struct sched_param low = { .sched_priority = 1 };
	const struct kind *kind = NULL;
	pid_t agent = getppid();
	int err;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i].name, name))
			kind = &kinds[i];
	if (!kind) {
		fprintf(stderr, "rs-control: there is no rogue '%s', but hold, restart and flip\n",
			name);
		return 2;
	}
	signal(SIGTERM, on_term);
	raise_agent(agent, SCHED_FIFO, 2);
	if (sched_setscheduler(0, SCHED_FIFO, &low))
		perror("rs-control: rogue: SCHED_FIFO");
	err = run(kind);
	raise_agent(agent, SCHED_OTHER, 0);
	if (err)
		fprintf(stderr, "rs-control: rogue: %s\n", strerror(-err));
	return err ? 1 : 0;
}
