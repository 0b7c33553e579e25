/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is left to the daemon after confine.h, tried out: a child confines itself
 * as the daemon does, does one thing, and its end tells what came of it. As
 * root, for it gives away what only root has. Of test_confine.c and
 * test_confine_capability.c.
 */
#ifndef TESTS_CONFINE_WORLD_H
#define TESTS_CONFINE_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/cgroup.h"
#include "host/confine.h"
#include "host/coreset.h"
#include "host/error.h"
#include "host/ioprio.h"
#include "host/sched.h"
#include "host/socket.h"

#define CPU "/sys/fs/cgroup/cpu"
#define OTHER_USER "nobody"
#define PROBLEM 200 /* exit code: the child could not even confine itself */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* With the user that has more capabilities, and with root, who owns files. */
static const char *const users[] = { OTHER_USER, "root" };

static char folder[64], group[128];
static pid_t sleeper; /* another user's process */

/* ---- what a child tries; 0 or an errno value ---- */

static inline int result(long ret)
{
	return ret < 0 ? errno : 0;
}

static inline int try_socket_in_folder(void)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/socket-%d", folder, getpid());
	fd = socket_listen(path, NULL);
	return fd < 0 ? -fd : result(unlink(path));
}

static inline int try_knob(void)
{
	return -cgroup_set(group, "cpu.shares", "77", NULL);
}

static inline int try_boost(void)
{
	return -sched_apply_fifo(sleeper, 10, NULL);
}

static inline int try_cores(void)
{
	struct coreset cores;
	int ret = sched_read_cores(sleeper, &cores);

	return ret ? -ret : -sched_apply_cores(sleeper, &cores);
}

static inline int try_ioprio(void)
{
	return -ioprio_apply(sleeper, IOPRIO_BOOST);
}

/* ---- children ---- */

static inline void confine(const char *user)
{
	struct confine_options o = { .user = user };
	struct rs_error *err = NULL;
	char path[128];

	snprintf(path, sizeof(path), "%s/control", folder);
	if (confine_add_folder_of(&o, path, &err) || confine_begin(&o, &err) ||
	    confine_calls(&err)) {
		fprintf(stderr, "confining: %s\n", err ? err->message : "no reason given");
		_exit(PROBLEM);
	}
	if (confine_state()->missing_count)
		_exit(PROBLEM + 1);
}

static inline int wait_for(pid_t pid)
{
	int status = -1;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static inline int set_up(void **state)
{
	int ready[2];
	char byte;

	(void)state;
	if (geteuid() != 0)
		return 0;
	snprintf(folder, sizeof(folder), "/tmp/rs-confine-XXXXXX");
	if (!mkdtemp(folder) || pipe(ready))
		return -1;
	snprintf(group, sizeof(group), CPU "/ringsched-test-%d", getpid());
	if (cgroup_has(CPU, "cpu.shares") && mkdir(group, 0755))
		return -1;
	sleeper = fork();
	if (sleeper == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (setresuid(1, 1, 1) || write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	return read(ready[0], &byte, 1) == 1 ? 0 : -1;
}

static inline int tear_down(void **state)
{
	(void)state;
	if (sleeper > 0) {
		kill(sleeper, SIGKILL);
		waitpid(sleeper, NULL, 0);
	}
	rmdir(group);
	rmdir(folder);
	return 0;
}

static inline void need_root(void)
{
	if (geteuid() != 0)
		skip();
}

#endif
