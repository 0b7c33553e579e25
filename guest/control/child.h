/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The processes the agent starts: ring processes, background loads and
 * commands. None outlives the agent (PR_SET_PDEATHSIG); each is reaped here
 * and nowhere else. A struct rsc_child must stay where it is until it ended.
 */
#ifndef RINGSCHED_CONTROL_CHILD_H
#define RINGSCHED_CONTROL_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct rsc_child {
	pid_t pid; /* 0 = never started */
	bool running;
	int status; /* of waitpid(), once it has ended */
	struct rsc_child *next;
};

/*
 * Blocks SIGCHLD, SIGTERM and SIGINT and returns a signalfd for them, on
 * which the agent sleeps; -errno.
 */
int rsc_child_init(void);

/*
 * fork(). In the new process: signals as by default, standard input and
 * output on /dev/null, all other descriptors but standard error closed,
 * except keep_fd (-1 = none), which is there as RSC_CHILD_FD.
 * Returns 0 in the new process, its pid in the old one, -errno.
 */
#define RSC_CHILD_FD 3
pid_t rsc_child_fork(struct rsc_child *child, int keep_fd);

/*
 * A shell command in a session of its own; its output goes to out_fd
 * (-1 = nowhere). 0 or -errno.
 */
int rsc_child_shell(struct rsc_child *child, const char *command, int out_fd);

/* Take note of all that ended; true where SIGTERM or SIGINT came. */
bool rsc_child_reap(void);

/* CLOCK_MONOTONIC in ms. */
int64_t rsc_now_ms(void);

/* Wait until it has ended, or rsc_now_ms() is until_ms; true = it has. */
bool rsc_child_wait(struct rsc_child *child, int64_t until_ms);

/* To a shell command and all it started that stayed in its process group. */
void rsc_child_kill_group(const struct rsc_child *child, int signal_number);

/*
 * Give up on a process that does not even die of SIGKILL (it hangs in the
 * kernel), so that its struct may go; it counts as killed.
 */
void rsc_child_forget(struct rsc_child *child);

/* Exit code, or 128 + signal number. */
int rsc_child_code(const struct rsc_child *child);

#endif
