/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processes of this machine, told apart by pid and start time, so that a pid
 * that was given to another process is never signalled.
 */
#ifndef RINGSCHED_PROCESS_H
#define RINGSCHED_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct rs_error;

struct process {
	pid_t pid; /* 0 = none */
	uint64_t start; /* field 22 of /proc/PID/stat, clock ticks since boot */
};

/* The process `pid` as it is now; pid 0 in the answer where it is gone. */
struct process process_of(pid_t pid);

/* The same process still runs (a zombie does not). */
bool process_alive(const struct process *p);

/*
 * The process whose command line holds the argument prefix `needle` (as
 * "guest=rs-1a2b-control,"); pid 0 where there is none.
 */
struct process process_find(const char *needle);

/* As process_find(), for all: calls found() with each until it returns non-zero. */
void process_each(const char *needle, void (*found)(const struct process *p, void *arg), void *arg);

/* The same for processes by their program's name, up to 15 bytes of it. */
void process_each_called(const char *name, void (*found)(const struct process *p, void *arg),
			 void *arg);

/*
 * Value of an option on the command line of the process (--name VALUE,
 * --name=VALUE, -l VALUE, -lVALUE) that is a path, made absolute by its working
 * folder; the caller's. NULL where there is none.
 */
char *process_option(pid_t pid, const char *name, char letter);

/* A pidfd (close-on-exec) of exactly this process; ESRCH where it is gone. */
int process_open(const struct process *p, struct rs_error **err);

/*
 * End it: SIGTERM, after `grace_s` SIGKILL, and wait until it is gone. Does
 * nothing for a process that is gone. True if it had to be ended.
 */
bool process_end(const struct process *p, double grace_s);

/* The thread called `name` of the process, 0 where there is none. */
pid_t process_thread(pid_t pid, const char *name);

#endif
