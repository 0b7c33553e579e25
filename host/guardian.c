// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/guardian.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/cleanup.h"
#include "host/confine.h"
#include "host/error.h"
#include "host/log.h"
#include "host/loop.h"
#include "host/record.h"

#define DISMISSED 'd' /* said on the pipe: all is put back */

static struct {
	pid_t pid;
	int pidfd;
	int pipe; /* to it; a signal may not be ours to send by then */
	struct loop_watch *watch;
} guardian = { .pidfd = -1, .pipe = -1 };

/* Of our files these two and the log. Whoever waits for the daemon's standard
 * output to close is not to wait for the guardian too. */
static void keep_only(int a, int b)
{
	unsigned int low = (unsigned int)(a < b ? a : b), high = (unsigned int)(a < b ? b : a);
	int null = open("/dev/null", O_RDWR);

	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
	}
	if (low > 3)
		close_range(3, low - 1, 0);
	if (high > low + 1)
		close_range(low + 1, high - 1, 0);
	close_range(high + 1, ~0u, 0);
}

/* Until the process is gone, or says that we may go. */
static void wait_for_end(int process, int pipe)
{
	struct pollfd p[] = {
		{ .fd = process, .events = POLLIN },
		{ .fd = pipe, .events = POLLIN },
	};
	char said;

	while (poll(p, 2, -1) < 0 || !p[0].revents)
		if (p[1].revents & POLLIN && read(pipe, &said, 1) == 1 && said == DISMISSED)
			_exit(0);
		else if (p[1].revents)
			p[1].fd = -1; /* its end is near */
}

static _Noreturn void guard(pid_t of, int process, int pipe, const char *record)
{
	cleanup_error struct rs_error *err = NULL;
	unsigned int count = 0;
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	setsid();
	prctl(PR_SET_NAME, GUARDIAN_NAME);
	keep_only(process, pipe);
	if (confine_child(&err)) /* it does no more for having kept more */
		log_error("guardian", &err);
	wait_for_end(process, pipe);
	/* Somebody else (the harness, the next daemon) may be faster: then there is
	 * no record any more, or it is not ours. */
	if (!record_restore(record, &count, &err) && count)
		log_line("guardian: process %d was ended before it could put back what it had "
			 "changed: %u things it had changed were put back",
			 (int)of, count);
	else if (err && err->code != EBUSY)
		log_error("guardian", &err);
	_exit(0);
}

static void forget(void)
{
	loop_remove(guardian.watch);
	guardian.watch = NULL;
	if (guardian.pidfd >= 0)
		close(guardian.pidfd);
	if (guardian.pipe >= 0)
		close(guardian.pipe);
	guardian.pidfd = guardian.pipe = -1;
	guardian.pid = 0;
}

int guardian_start(const char *record, struct rs_error **err)
{
	pid_t self = getpid();
	cleanup_close int process = (int)syscall(SYS_pidfd_open, self, 0u), in = -1;
	int ends[2];

	if (process < 0)
		return rs_fail_errno(err, errno, "opening our own process");
	if (pipe2(ends, O_CLOEXEC) < 0)
		return rs_fail_errno(err, errno, "creating a pipe");
	in = ends[0];
	guardian.pipe = ends[1];
	guardian.pid = fork();
	if (guardian.pid == 0)
		guard(self, process, in, record);
	if (guardian.pid > 0)
		guardian.pidfd = (int)syscall(SYS_pidfd_open, guardian.pid, 0u);
	if (guardian.pidfd < 0) {
		rs_fail_errno(err, errno, "starting the guardian");
		forget(); /* where it runs it ends after us: there is no record yet */
		return -EIO;
	}
	return 0;
}

static void ended(void *arg, uint32_t events)
{
	(void)arg;
	(void)events;
	waitpid(guardian.pid, NULL, 0);
	log_line("the guardian (process %d) is gone: if this daemon is killed too, what it has "
		 "changed stays until its next start",
		 (int)guardian.pid);
	forget();
}

int guardian_watch(struct rs_error **err)
{
	if (!guardian.pid)
		return 0;
	guardian.watch = loop_add(guardian.pidfd, EPOLLIN, ended, NULL, err);
	return guardian.watch ? 0 : -EIO;
}

void guardian_end(void)
{
	const char dismissed = DISMISSED;

	if (!guardian.pid)
		return;
	if (write(guardian.pipe, &dismissed, 1) == 1)
		while (waitpid(guardian.pid, NULL, 0) < 0 && errno == EINTR)
			;
	forget();
}

pid_t guardian_pid(void)
{
	return guardian.pid;
}
