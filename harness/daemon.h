/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ringschedd as a child of the run: one a cell, so that every cell begins
 * with fresh counters and ends with a daemon that put everything back.
 */
#ifndef RINGSCHED_DAEMON_H
#define RINGSCHED_DAEMON_H

#include <json-c/json_object.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "harness/placement.h"

struct control_client;
struct daemon;
struct journal;
struct rs_error;

#define DAEMON_SOCKETS_MAX 14 /* other folders of sockets */

struct daemon_config { /* all borrowed */
	const char *program;
	const char *policy;
	const char *control_socket;
	const char *record;
	const char *log; /* gets its standard error */
	int cpu; /* housekeeping core */
	unsigned int trace_events; /* room for */
	/* Sockets it is to make later elsewhere than beside the control socket:
	 * it is told their folders, for it can make none in others. */
	const char *sockets[DAEMON_SOCKETS_MAX];
	unsigned int socket_count;
};

/* ENOSPC, with *err set: there are more than it has room for. */
int daemon_config_socket(struct daemon_config *c, const char *path, struct rs_error **err);

/* Start it and wait until it is ready. Every wait watches it from then on. */
struct daemon *daemon_start(const struct daemon_config *config, struct journal *j,
			    struct rs_error **err);

struct daemon_vm {
	const char *name;
	const char *role; /* control or neighbour */
	const char *notify_socket; /* the daemon listens there for the VM's QEMU */
	unsigned int ceiling;
	unsigned int rt_budget_permille;
	uint64_t rt_budget_period_us; /* 0 = the daemon's default */
	const char *budget_by; /* auto, kernel or daemon */
	uint64_t longest_boost_us; /* 0 = the daemon's default, as below */
	unsigned int notify_rate; /* a second */
	uint64_t scan_interval_us; /* of policy rq_scan */
	bool io_boost;
	const char *disk; /* file that holds its disk; NULL = none */
	struct placement elsewhere; /* where a policy may move its vCPUs */
	uint64_t deadline_runtime_us, deadline_period_us; /* of policy deadline; 0 = none */
	const char *policy; /* instead of the daemon's; NULL = that */
};

int daemon_add_vm(struct daemon *d, const struct daemon_vm *vm, struct rs_error **err);

struct daemon_interrupt { /* as add-interrupt takes it: docs/control-socket.md */
	const char *vm;
	unsigned int number, ring, priority, vcpu;
	uint64_t confirm_us;
	const char *source;
	uint64_t interval_us; /* generator */
	const char *distribution; /* generator */
	unsigned int seed; /* generator */
	const char *path; /* unix; else NULL */
	unsigned int port; /* udp; else 0 */
};

int daemon_add_interrupt(struct daemon *d, const struct daemon_interrupt *i, struct rs_error **err);
int daemon_remove_interrupt(struct daemon *d, const char *vm, unsigned int number,
			    struct rs_error **err);

/* Another policy for that VM, from now on. */
int daemon_choose_policy(struct daemon *d, const char *vm, const char *policy,
			 struct rs_error **err);

/* The VM exists, paused, as process `pid`: find its threads, grant, apply the
 * policy's start. Fails if another process is connected in its place. The answer,
 * what is in force then, is the caller's; NULL with *err set. */
struct json_object *daemon_settle(struct daemon *d, const char *vm, pid_t pid,
				  struct rs_error **err);

/* Answers; the caller owns them. NULL with *err set. */
struct json_object *daemon_status(struct daemon *d, struct rs_error **err);
struct json_object *daemon_trace(struct daemon *d, struct rs_error **err); /* the array */

/* The connection that these go over (daemon_request.c); the daemon's. */
struct control_client *daemon_client(const struct daemon *d);

/* CPU time it has used so far: the whole process, and its notification thread. */
struct daemon_cpu {
	uint64_t process_ns, notify_ns;
};
int daemon_cpu(const struct daemon *d, struct daemon_cpu *cpu, struct rs_error **err);

/* Its process runs; true for NULL, which has nothing to put back. */
bool daemon_alive(const struct daemon *d);

/* Shut down, or kill; then put back what its record still holds. Frees d.
 * NULL is allowed. Fails if the daemon did not end by itself with success. */
int daemon_stop(struct daemon *d, struct rs_error **err);

#endif
