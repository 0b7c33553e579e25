// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs in the guest in place of the agent: makes real-time tasks runnable when
 * the host says so, so that the host knows what must be in the run queues.
 * On the second serial port, one line each way:
 *	run VCPU PRIO MS [PRIO MS]...	processes pinned to the vCPU, SCHED_FIFO,
 *					that compute for so long; "done" follows
 *	reload				ringsched.ko out and in; "done"
 *	quit
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define PORT "/dev/ttyS1"
#define TASKS_MAX 4

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ll + t.tv_nsec / 1000000;
}

static _Noreturn void be_task(int vcpu, int prio, long ms)
{
	struct sched_param param = { .sched_priority = prio };
	long long end;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(vcpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) || sched_setscheduler(0, SCHED_FIFO, &param))
		_exit(1);
	end = now_ms() + ms; /* of what the host can see */
	while (now_ms() < end)
		;
	_exit(0);
}

static const char *run(char *arguments)
{
	int vcpu = (int)strtol(arguments, &arguments, 10), started = 0, status, bad = 0;

	while (*arguments && started < TASKS_MAX) {
		long prio = strtol(arguments, &arguments, 10);
		long ms = strtol(arguments, &arguments, 10);
		pid_t pid = fork();

		if (!pid)
			be_task(vcpu, (int)prio, ms);
		started += pid > 0;
	}
	for (int i = 0; i < started; i++)
		bad |= wait(&status) < 0 || status;
	return bad ? "failed" : "done";
}

static const char *reload(void)
{
	return system("rmmod ringsched && insmod /lib/ringsched.ko") ? "failed" : "done";
}

/* As it is sent, without echo. */
static FILE *open_port(void)
{
	int fd = open(PORT, O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct termios t;

	if (fd < 0 || tcgetattr(fd, &t))
		return NULL;
	cfmakeraw(&t);
	if (tcsetattr(fd, TCSANOW, &t))
		return NULL;
	return fdopen(fd, "r+");
}

int main(void)
{
	FILE *port = open_port();
	char line[128];
	const char *said = "ready";

	if (!port) {
		printf("scan: no port: %s\n", strerror(errno));
		return 1;
	}
	for (;;) {
		fprintf(port, "%s\n", said);
		fflush(port);
		if (!fgets(line, sizeof(line), port))
			return 1;
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, "run ", 4))
			said = run(line + 4);
		else if (!strcmp(line, "reload"))
			said = reload();
		else
			return 0;
	}
}
