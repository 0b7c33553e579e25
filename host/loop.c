// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/loop.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "host/error.h"

#define BATCH 32

struct loop_watch {
	int fd; /* -1 = removed, freed after the batch that may still name it */
	loop_ready ready;
	void *arg;
	struct loop_watch *next_removed;
};

static struct {
	int epoll;
	bool quit;
	struct loop_watch *removed;
} loop = { .epoll = -1 };

int loop_init(struct rs_error **err)
{
	loop.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop.epoll < 0)
		return rs_fail_errno(err, errno, "creating the poll loop");
	loop.quit = false;
	return 0;
}

static void free_removed(void)
{
	while (loop.removed) {
		struct loop_watch *watch = loop.removed;

		loop.removed = watch->next_removed;
		free(watch);
	}
}

void loop_free(void)
{
	free_removed();
	if (loop.epoll >= 0)
		close(loop.epoll);
	loop.epoll = -1;
}

struct loop_watch *loop_add(int fd, uint32_t events, loop_ready ready, void *arg,
			    struct rs_error **err)
{
	struct loop_watch *watch = calloc(1, sizeof(*watch));
	struct epoll_event event = { .events = events, .data.ptr = watch };

	if (!watch) {
		rs_fail(err, ENOMEM, "no memory to wait for a file");
		return NULL;
	}
	*watch = (struct loop_watch){ .fd = fd, .ready = ready, .arg = arg };
	if (epoll_ctl(loop.epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
		rs_fail_errno(err, errno, "waiting for a file");
		free(watch);
		return NULL;
	}
	return watch;
}

void loop_modify(struct loop_watch *watch, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = watch };

	epoll_ctl(loop.epoll, EPOLL_CTL_MOD, watch->fd, &event);
}

void loop_remove(struct loop_watch *watch)
{
	if (!watch)
		return;
	epoll_ctl(loop.epoll, EPOLL_CTL_DEL, watch->fd, NULL);
	watch->fd = -1;
	watch->next_removed = loop.removed;
	loop.removed = watch;
}

int loop_run(struct rs_error **err)
{
	struct epoll_event events[BATCH];

	while (!loop.quit) {
		int n = epoll_wait(loop.epoll, events, BATCH, -1);

		if (n < 0 && errno != EINTR)
			return rs_fail_errno(err, errno, "waiting in the poll loop");
		for (int i = 0; i < n; i++) {
			struct loop_watch *watch = events[i].data.ptr;

			if (watch->fd >= 0)
				watch->ready(watch->arg, events[i].events);
		}
		free_removed();
	}
	return 0;
}

void loop_quit(void)
{
	loop.quit = true;
}
