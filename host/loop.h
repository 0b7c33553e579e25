/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The main thread's poll loop: files and what to do when they are ready. */
#ifndef RINGSCHED_LOOP_H
#define RINGSCHED_LOOP_H

#include <stdint.h>

struct loop_watch;
struct rs_error;

/* `events` is what epoll says: EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLERR. */
typedef void (*loop_ready)(void *arg, uint32_t events);

int loop_init(struct rs_error **err);
void loop_free(void);

/* The file stays the caller's; NULL with *err set on failure. */
struct loop_watch *loop_add(int fd, uint32_t events, loop_ready ready, void *arg,
			    struct rs_error **err);
void loop_modify(struct loop_watch *watch, uint32_t events);
/* No call after this one; may be called from any handler. NULL is allowed. */
void loop_remove(struct loop_watch *watch);

/* Until loop_quit(). */
int loop_run(struct rs_error **err);
void loop_quit(void);

#endif
