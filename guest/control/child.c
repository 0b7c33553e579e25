// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guest/control/child.h"

static struct {
	int signal_fd;
	bool ending; /* SIGTERM or SIGINT came */
	struct rsc_child *first;
} children = { .signal_fd = -1 };

int rsc_child_init(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	signal(SIGPIPE, SIG_IGN);
	children.signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return children.signal_fd < 0 ? -errno : children.signal_fd;
}

/* In the new process: nothing of the agent's state may leak into it. */
static void detach(pid_t agent, int keep_fd)
{
	sigset_t none;
	int null = open("/dev/null", O_RDWR);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != agent)
		_exit(127); /* the agent died before the line above */
	if (null >= 0) {
		dup2(null, 0);
		dup2(null, 1);
	}
	if (keep_fd >= 0 && keep_fd != RSC_CHILD_FD)
		dup2(keep_fd, RSC_CHILD_FD);
	close_range(keep_fd >= 0 ? RSC_CHILD_FD + 1 : RSC_CHILD_FD, ~0u, 0);
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

pid_t rsc_child_fork(struct rsc_child *child, int keep_fd)
{
	pid_t agent = getpid();
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (!pid) {
		detach(agent, keep_fd);
		return 0;
	}
	*child = (struct rsc_child){ .pid = pid, .running = true, .next = children.first };
	children.first = child;
	return pid;
}

int rsc_child_shell(struct rsc_child *child, const char *command, int out_fd)
{
	pid_t pid = rsc_child_fork(child, out_fd);

	if (pid < 0)
		return pid;
	if (pid)
		return 0;
	setsid();
	if (out_fd >= 0) {
		dup2(RSC_CHILD_FD, 1);
		dup2(RSC_CHILD_FD, 2);
		close(RSC_CHILD_FD);
	} else {
		dup2(1, 2);
	}
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

static void note_end(pid_t pid, int status)
{
	for (struct rsc_child **at = &children.first; *at; at = &(*at)->next) {
		struct rsc_child *child = *at;

		if (child->pid != pid)
			continue;
		child->running = false;
		child->status = status;
		*at = child->next;
		return;
	}
}

void rsc_child_forget(struct rsc_child *child)
{
	if (child->running)
		note_end(child->pid, SIGKILL);
}

bool rsc_child_reap(void)
{
	struct signalfd_siginfo info;
	int status;
	pid_t pid;

	while (read(children.signal_fd, &info, sizeof(info)) == sizeof(info))
		if (info.ssi_signo != SIGCHLD)
			children.ending = true;
	/* Signals of one kind merge: ask for every process that has ended. */
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		note_end(pid, status);
	return children.ending;
}

void rsc_child_kill_group(const struct rsc_child *child, int signal_number)
{
	/* Just forked, it may not have its session yet: then it is alone. */
	if (child->pid > 0 && kill(-child->pid, signal_number) && child->running)
		kill(child->pid, signal_number);
}

int64_t rsc_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool rsc_child_wait(struct rsc_child *child, int64_t until_ms)
{
	struct pollfd wait = { .fd = children.signal_fd, .events = POLLIN };

	for (;;) {
		int64_t left;

		rsc_child_reap();
		if (!child->running)
			return true;
		left = until_ms - rsc_now_ms();
		if (left <= 0)
			return false;
		poll(&wait, 1, (int)left);
	}
}

int rsc_child_code(const struct rsc_child *child)
{
	return WIFSIGNALED(child->status) ? 128 + WTERMSIG(child->status) :
					    WEXITSTATUS(child->status);
}
