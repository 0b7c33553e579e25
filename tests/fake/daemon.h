/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The real daemon under test: started in a folder of its own below $TMPDIR,
 * spoken to over its control socket, ended and cleaned up. Used by every test
 * that needs a running build/ringschedd.
 */
#ifndef FAKE_DAEMON_H
#define FAKE_DAEMON_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "host/control_client.h"
#include "host/sched.h"

#define DAEMON_PATH_MAX 100 /* of a UNIX socket: sun_path has 108 bytes */

struct rs_error;
struct json_object;

struct daemon {
	pid_t pid; /* 0: not running */
	pid_t guardian; /* its (host/guardian.h) */
	char folder[48];
	char control[DAEMON_PATH_MAX];
	char record[DAEMON_PATH_MAX];
	char log[DAEMON_PATH_MAX]; /* its standard error */
	struct control_client *client;
};

/* The daemon's binary; $RINGSCHEDD if that is set. */
const char *daemon_binary(void);

/*
 * Start it with `policy` and the further arguments `extra` (NULL-ended, may
 * be NULL), and wait until it says that it is ready. *d must be zero, or that
 * of a daemon that has died: then the same folder is used again.
 */
int daemon_start(struct daemon *d, const char *policy, const char *const *extra,
		 struct rs_error **err);

/* Send it a signal and wait for its end; returns its wait status. With SIGKILL
 * its guardian is killed before it: nobody puts anything back. */
int daemon_end(struct daemon *d, int signal, struct rs_error **err);

/* SIGKILL to the daemon alone. */
int daemon_kill(struct daemon *d, struct rs_error **err);

/* End it (SIGTERM, then SIGKILL) and remove its folder; prints its log when
 * `show_log`. Never fails, may be called twice. */
void daemon_clean(struct daemon *d, bool show_log);

/* Is it still there and does it answer? */
bool daemon_alive(struct daemon *d);

/* The vhost-user socket of VM `name`, made up by daemon_add_vm(). */
void daemon_vm_socket(const struct daemon *d, const char *name, char path[DAEMON_PATH_MAX]);

/* ceiling 0 and policy NULL leave the daemon's defaults. No budget is kept but
 * by the kernel, and a boost may last a minute. */
int daemon_add_vm(struct daemon *d, const char *name, unsigned int ceiling, const char *policy,
		  struct rs_error **err);

/* With a budget that the daemon keeps. */
int daemon_add_vm_budget(struct daemon *d, const char *name, unsigned int permille,
			 unsigned int period_us, struct rs_error **err);

/* With bounds, 0 = the daemon's default; no budget but the kernel's. */
int daemon_add_vm_bounded(struct daemon *d, const char *name, unsigned int longest_boost_us,
			  unsigned int notify_rate, struct rs_error **err);

/* With policy rq_scan, which reads it at this interval. */
int daemon_add_vm_scanned(struct daemon *d, const char *name, unsigned int interval_us,
			  struct rs_error **err);

/* {"command":command,"name":name[,"vm":vm]}: for "policy" and "remove-vm". */
int daemon_command(struct daemon *d, const char *command, const char *name, const char *vm,
		   struct rs_error **err);

/*
 * A number in the status of a VM, by a path of keys and array indices like
 * "messages.start" or "vcpus.0.tid". INT64_MIN where there is none.
 */
int64_t daemon_number(struct daemon *d, const char *vm, const char *path);

/* The same for a string, into text; false where there is none. */
bool daemon_text(struct daemon *d, const char *vm, const char *path, char *text, size_t size);

/* The sum of all reject counters of a VM. */
int64_t daemon_rejects(struct daemon *d, const char *vm);

/* Ask until the number is at least `wanted`; false after limit_ms. */
bool daemon_wait_number(struct daemon *d, const char *vm, const char *path, int64_t wanted,
			int limit_ms);

/*
 * Read the scheduling of a thread until it has this policy and real-time
 * priority (0 without one); false after limit_ms, *last = what was read.
 */
bool thread_wait_sched(pid_t tid, uint32_t policy, uint32_t priority, int limit_ms,
		       struct sched_state *last);

/* The thread of that name, or 0. */
pid_t thread_find(pid_t pid, const char *name);

/* Milliseconds of CLOCK_MONOTONIC. */
int64_t now_ms(void);

/* 1 ms, between two looks at something that gives no other sign. */
void short_pause(void);

#endif
