// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs in the guest: a real-time process on each vCPU that wakes every 2 ms and
 * has next to nothing to do, until it is killed. So each vCPU switches to a
 * real-time task and back all the time.
 */
#include <sched.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "tests/device/agent.h"

static void sleep_for_ever(int vcpu, int priority)
{
	const struct timespec pause = { .tv_nsec = 2000000 };
	const struct sched_param param = { .sched_priority = priority };
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(vcpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) || sched_setscheduler(0, SCHED_FIFO, &param)) {
		perror("sleepers");
		_exit(1);
	}
	for (;;)
		nanosleep(&pause, NULL);
}

int main(void)
{
	if (fork() == 0)
		sleep_for_ever(1, PRIO_SLEEPER_1);
	sleep_for_ever(0, PRIO_SLEEPER_0);
}
