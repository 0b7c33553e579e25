/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What goes on on this machine now: every ringschedd that runs, found among
 * the processes, asked over its control socket.
 */
#ifndef RINGSCHED_STATUS_H
#define RINGSCHED_STATUS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct json_object;
struct rs_error;

struct status_daemon {
	pid_t pid;
	uint64_t start; /* with it, no other process of that number is meant */
	char *control; /* owned; its socket; NULL = its command line does not tell */
	char run[16]; /* id of the run it belongs to; "" = none */
	char *why; /* owned; why it could not be asked; NULL = it answered */
	struct json_object *answer; /* owned; to `status` */
};

struct status {
	struct status_daemon *daemons; /* owned */
	size_t count;
	unsigned int runs_alive, runs_dead; /* of `ringsched run` */
};

/* Fails only without memory: a daemon that does not answer says so itself; one
 * that ended meanwhile is left out. */
int status_read(struct status *s, struct rs_error **err);
void status_clear(struct status *s);

/* As a table; `s` without daemons is a sentence. */
void status_print(const struct status *s, FILE *to);

/* docs/control-socket.md has its form; the caller owns it. */
struct json_object *status_json(const struct status *s);

/*
 * Calls fn() with each set of cores ("1", "2-3") that vCPUs of more than one
 * VM may run on, and the names of these VMs, separated by ", ".
 */
void status_each_shared(const struct status *s,
			void (*fn)(const char *cores, const char *vms, void *arg), void *arg);

#endif
