/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who had the shared cores: the host scheduler's own events of a cell
 * (docs/run-folder.md, host-trace.csv.gz), all on CLOCK_MONOTONIC. Recorded by
 * hostrecord.c, read back here, and turned into what a thread did meanwhile.
 */
#ifndef RINGSCHED_HOSTTRACE_H
#define RINGSCHED_HOSTTRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/scenario.h"
#include "host/proc.h"

struct json_object;
struct rs_error;

enum host_event_kind {
	HOST_SLEEP, /* `from` left the core and sleeps, `to` has it */
	HOST_PREEMPT, /* `from` left it and is still runnable, `to` has it */
	HOST_WAKE, /* `to` became runnable on that core; `from` woke it, 0: an interrupt */
	HOST_LOST, /* `from` events that were seen on that core are missing before this */
	HOST_EVENT_KINDS,
};

struct host_event {
	uint64_t ns; /* CLOCK_MONOTONIC */
	int32_t from, to; /* thread ids; 0 = the core's idle thread; or HOSTTRACE_ENDED */
	uint16_t core;
	uint8_t kind; /* enum host_event_kind */
};

struct host_thread {
	int32_t tid, pid;
	char name[PROC_COMM_MAX];
	char vm[33]; /* whose QEMU it belongs to; empty = nobody's */
	int vcpu; /* its index; -1 = no vCPU */
};

/* 48 MB; at 5000 events a second, which is much, they last for 400 s. */
#define HOSTTRACE_EVENTS_MAX 2000000u
#define HOSTTRACE_ENDED INT32_MAX /* a thread so near its end that it has no id */
#define HOSTTRACE_THREADS_MAX 4096u
#define HOSTTRACE_FILE "host-trace.csv.gz"

struct hosttrace {
	struct host_event *events; /* owned; by time */
	size_t count;
	struct host_thread *threads; /* owned; every thread that had a core */
	size_t thread_count;
	int cores[SCENARIO_CORES_MAX]; /* that were watched */
	unsigned int core_count;
	bool wakeups; /* HOST_WAKE is there; else sleep and wait look alike */
	uint64_t begin, end; /* watched from when to when */
	uint64_t lost; /* events the kernel had no room for */
	uint64_t cpu_ns; /* CPU time the recording took on the housekeeping core */
	uint64_t dropped; /* events beyond HOSTTRACE_EVENTS_MAX: `end` is before them */
};

/* The events into `path`, gzip-compressed. */
int hosttrace_write(const struct hosttrace *t, const char *path, struct rs_error **err);
/* All the rest, the object "host_trace" of cell.json; the caller owns it. */
struct json_object *hosttrace_json(const struct hosttrace *t);

/* Both back; `json` is that object, `dir` the cell's folder. NULL with *err set. */
struct hosttrace *hosttrace_read(struct json_object *json, const char *dir, struct rs_error **err);
void hosttrace_free(struct hosttrace *t); /* NULL is allowed */

/* What a thread did for a while. */
enum host_state {
	HOST_UNKNOWN, /* not watched, or events are missing */
	HOST_RUNNING,
	HOST_WAITING, /* runnable, but `who` had the core */
	HOST_ASLEEP, /* `who` woke it at the end */
};

struct host_stretch {
	uint64_t begin, end;
	enum host_state state;
	int32_t who; /* a thread id, 0 = nobody (the core was idle), -1 = not known */
	int core; /* -1 = not known */
};

/*
 * Calls each() with what thread `tid` did from begin to end: stretches without
 * gaps, in order of time, none empty.
 */
void hosttrace_follow(const struct hosttrace *t, int32_t tid, uint64_t begin, uint64_t end,
		      void (*each)(const struct host_stretch *s, void *arg), void *arg);

/* The vCPU's thread, 0 where it never had a watched core. */
int32_t hosttrace_vcpu(const struct hosttrace *t, const char *vm, int vcpu);

const struct host_thread *hosttrace_thread(const struct hosttrace *t, int32_t tid); /* or NULL */

/* A thread may have any bytes in its name: what could do harm in a table, a
 * terminal or JSON becomes '?'. */
void hosttrace_clean(char *name);

/* For a person: "neighbour, vCPU 0", "QEMU of control", "I/O thread of
 * control", "rs-witness", "nobody". */
#define HOSTTRACE_NAME_ROOM 64
void hosttrace_name(const struct hosttrace *t, int32_t tid, char name[HOSTTRACE_NAME_ROOM]);

static inline void hosttrace_freep(struct hosttrace **t)
{
	hosttrace_free(*t);
}
#define cleanup_hosttrace __attribute__((cleanup(hosttrace_freep)))

#endif
