// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest/control/child.h"
#include "guest/control/exec.h"

#define LOOK_MS 100 /* longest sleep before the process is looked at again */
#define KILL_TIMEOUT_MS 2000

/* 1 = there was something, 0 = nothing now, -1 = the pipe is closed. */
static int take(int fd, struct rsc_exec *exec)
{
	char piece[16384];
	ssize_t n = read(fd, piece, sizeof(piece));
	size_t room = RSC_EXEC_OUTPUT_MAX - exec->length;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	if (n == 0)
		return -1;
	if ((size_t)n < room)
		room = (size_t)n;
	memcpy(exec->output + exec->length, piece, room);
	exec->length += room;
	exec->dropped += (size_t)n - room;
	return 1;
}

/*
 * The command's end is that of its shell, not of the pipe: something it left
 * behind may hold the pipe open.
 */
static void collect(struct rsc_child *child, int fd, int64_t until, struct rsc_exec *exec)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	bool ending = false;

	while (child->running && !ending) {
		int64_t left = until - rsc_now_ms();

		if (left <= 0) {
			exec->timed_out = true;
			break;
		}
		if (wait.fd < 0) {
			rsc_child_wait(child, rsc_now_ms() + (left < LOOK_MS ? left : LOOK_MS));
		} else if (poll(&wait, 1, left < LOOK_MS ? (int)left : LOOK_MS) > 0) {
			if (take(fd, exec) < 0)
				wait.fd = -1;
		}
		ending = rsc_child_reap();
	}
	rsc_child_kill_group(child, SIGKILL);
	if (!rsc_child_wait(child, rsc_now_ms() + KILL_TIMEOUT_MS))
		rsc_child_forget(child);
	while (take(fd, exec) > 0)
		;
}

int rsc_exec(const char *command, unsigned int seconds, struct rsc_exec *exec,
	     struct rsc_reason *why)
{
	struct rsc_child child = { 0 };
	int ends[2], err;

	memset(exec, 0, sizeof(*exec));
	exec->output = malloc(RSC_EXEC_OUTPUT_MAX);
	if (!exec->output)
		return rsc_fail(why, ENOMEM, "no memory for a command's output");
	if (pipe2(ends, O_CLOEXEC)) {
		err = -errno;
		goto no_pipe;
	}
	/* Only this end: the command's own writes must block, not fail. */
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	err = rsc_child_shell(&child, command, ends[1]);
	close(ends[1]);
	if (err) {
		close(ends[0]);
		goto no_pipe;
	}
	collect(&child, ends[0], rsc_now_ms() + (int64_t)seconds * 1000, exec);
	close(ends[0]);
	exec->status = rsc_child_code(&child);
	return 0;

no_pipe:
	free(exec->output);
	exec->output = NULL;
	return rsc_fail(why, -err, "starting a command: %s", strerror(-err));
}
