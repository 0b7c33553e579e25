// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/wait.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "host/clock.h"
#include "host/error.h"

/* The daemon, a QEMU for each VM of a scenario, and room. */
#define WATCH_MAX 16
#define LOOK_MS 500

static volatile sig_atomic_t caught;
static int wake_pipe[2] = { -1, -1 };

static struct {
	int fd;
	char what[64];
} watched[WATCH_MAX];
static unsigned int watched_count;

static struct {
	int (*look)(void *arg, struct rs_error **err);
	void *arg;
	int64_t due_ns;
} looking;

static struct {
	void (*fn)(void *arg);
	void *arg;
	int64_t every_ns, next_ns;
} tick;

int64_t wait_now_ns(void)
{
	return (int64_t)monotonic_ns();
}

int64_t wait_deadline(double seconds)
{
	return wait_now_ns() + (int64_t)(seconds * 1e9);
}

static void on_signal(int number)
{
	int saved = errno;

	if (!caught)
		caught = number;
	/* A full pipe means that the wake-up is there already. */
	if (write(wake_pipe[1], "", 1) < 0)
		errno = saved;
	errno = saved;
}

static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };

int wait_catch_signals(struct rs_error **err)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	size_t i;

	if (wake_pipe[0] < 0 && pipe2(wake_pipe, O_CLOEXEC | O_NONBLOCK) < 0)
		return rs_fail_errno(err, errno, "creating a pipe");
	sigemptyset(&action.sa_mask);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaction(numbers[i], &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	return 0;
}

void wait_release_signals(void)
{
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		signal(numbers[i], SIG_DFL);
}

int wait_signal(void)
{
	return caught;
}

int wait_check(struct rs_error **err)
{
	if (caught)
		return rs_fail(err, EINTR, "interrupted by SIG%s", sigabbrev_np(caught));
	return 0;
}

int wait_watch(int fd, const char *what, struct rs_error **err)
{
	if (watched_count == WATCH_MAX)
		return rs_fail(err, ENOSPC, "more than %d processes to watch", WATCH_MAX);
	watched[watched_count].fd = fd;
	snprintf(watched[watched_count].what, sizeof(watched[0].what), "%s", what);
	watched_count++;
	return 0;
}

void wait_unwatch(int fd)
{
	unsigned int i;

	for (i = 0; i < watched_count; i++)
		if (watched[i].fd == fd) {
			watched[i] = watched[--watched_count];
			return;
		}
}

void wait_look(int (*look)(void *arg, struct rs_error **err), void *arg)
{
	looking.look = look;
	looking.arg = arg;
	looking.due_ns = wait_now_ns() + LOOK_MS * 1000000ll;
}

static int look_if_due(struct rs_error **err)
{
	int64_t now = wait_now_ns();

	if (!looking.look || now < looking.due_ns)
		return 0;
	looking.due_ns = now + LOOK_MS * 1000000ll;
	return looking.look(looking.arg, err);
}

/* Rounded up, so that a wait never ends early; -1 never occurs. */
static int remaining_ms(int64_t deadline_ns)
{
	int64_t left = (deadline_ns - wait_now_ns() + 999999) / 1000000;
	int most = looking.look ? LOOK_MS : 60000;

	if (left < 0)
		return 0;
	return left > most ? most : (int)left;
}

void wait_set_tick(void (*fn)(void *arg), void *arg, int every_ms)
{
	tick.fn = fn;
	tick.arg = arg;
	tick.every_ns = every_ms * 1000000ll;
	tick.next_ns = wait_now_ns() + tick.every_ns;
}

/* `timeout_ms`, or what is left until the next tick. */
static int until_tick(int timeout_ms)
{
	int left;

	if (!tick.fn)
		return timeout_ms;
	left = remaining_ms(tick.next_ns);
	return left < timeout_ms ? left : timeout_ms;
}

static void tick_if_due(void)
{
	int64_t now = wait_now_ns();

	if (!tick.fn || now < tick.next_ns)
		return;
	tick.next_ns = now + tick.every_ns;
	tick.fn(tick.arg);
}

/*
 * One poll over the wanted fd (may be -1), the signals and all that is
 * watched. 1: the wanted fd is ready; 0: time passed, maybe less than that;
 * else an error.
 */
static int poll_once(int fd, short events, int timeout_ms, struct rs_error **err)
{
	struct pollfd fds[2 + WATCH_MAX];
	unsigned int i;
	int ret;

	fds[0] = (struct pollfd){ .fd = fd, .events = events };
	fds[1] = (struct pollfd){ .fd = wake_pipe[0], .events = POLLIN };
	for (i = 0; i < watched_count; i++)
		fds[2 + i] = (struct pollfd){ .fd = watched[i].fd, .events = POLLIN };
	do
		ret = poll(fds, 2 + watched_count, until_tick(timeout_ms));
	while (ret < 0 && errno == EINTR && !caught);
	if (wait_check(err) < 0)
		return -EINTR;
	if (ret < 0)
		return rs_fail_errno(err, errno, "poll");
	if (fd >= 0 && fds[0].revents)
		return 1;
	for (i = 0; i < watched_count; i++)
		if (fds[2 + i].revents)
			return rs_fail(err, ECHILD, "%s ended unexpectedly", watched[i].what);
	tick_if_due();
	return look_if_due(err);
}

int wait_fd(int fd, short events, int64_t deadline_ns, struct rs_error **err)
{
	int ret;

	do {
		ret = poll_once(fd, events, remaining_ms(deadline_ns), err);
		if (ret < 0)
			return ret;
		if (ret)
			return 0;
	} while (wait_now_ns() < deadline_ns);
	return rs_fail(err, ETIMEDOUT, "no answer in time");
}

int wait_until(int64_t deadline_ns, struct rs_error **err)
{
	int ret = 0;

	while (ret == 0 && wait_now_ns() < deadline_ns)
		ret = poll_once(-1, 0, remaining_ms(deadline_ns), err);
	return ret;
}

int wait_poll(int (*ready)(void *arg, struct rs_error **err), void *arg, int step_ms,
	      int64_t deadline_ns, struct rs_error **err)
{
	int ret;

	for (;;) {
		ret = ready(arg, err);
		if (ret)
			return ret < 0 ? ret : 0;
		if (wait_now_ns() >= deadline_ns)
			return rs_fail(err, ETIMEDOUT, "not in time");
		ret = wait_until(wait_now_ns() + step_ms * 1000000ll, err);
		if (ret < 0)
			return ret;
	}
}
