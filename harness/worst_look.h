/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known about one period, while it is put together; between
 * worst_look.c, worst_clock.c and worst_guest.c.
 */
#ifndef RINGSCHED_WORST_LOOK_H
#define RINGSCHED_WORST_LOOK_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/worst.h"

struct hosttrace;
struct json_object;
struct rs_error;

struct look_rows { /* of rows of one kind */
	void *rows;
	size_t count, room;
};

struct look {
	const struct run *run;
	struct worst_period *p;
	struct json_object *messages; /* the daemon's trace, or NULL */
	struct hosttrace *trace; /* or NULL */
	int vcpu; /* of the period; -1 = not known */
	int32_t tid;
	struct look_rows stamps, turns, flights, stalls;
};

/* A new row at the end, not yet filled in; NULL with *err set. */
void *look_append(struct look_rows *l, size_t size, struct rs_error **err);

#define LOOK_APPEND(list, type, value, err)                         \
	({                                                          \
		type *_row = look_append(list, sizeof(*_row), err); \
		if (_row)                                           \
			*_row = (value);                            \
		_row ? 0 : -ENOMEM;                                 \
	})

static inline uint64_t look_shift(uint64_t ns, int64_t by)
{
	return ns + (uint64_t)by;
}

/* Host time of a guest's, by the clock of the cell and its correction. */
uint64_t look_host_ns(const struct look *l, uint64_t guest_ns);

/* The VM of the period's ring; NULL where the scenario has none of that name. */
const struct scenario_vm *look_vm(const struct look *l);

/* The vCPU that a ring's processes are on; -1 = it may be any of several. */
int look_vcpu(const struct look *l, const struct cell_ring *ring);

/* Is the daemon's event a message of that VM's guest? Then its time there. */
bool look_is_message(struct json_object *event, const char *vm, uint64_t *guest_ns);

/* worst_clock.c: how far the cell's clock of the VM may be off, and the
 * correction that the trace gives; the period's begin and end with it. */
uint64_t look_clock_error(const struct look *l);
int look_align(struct look *l, struct rs_error **err);

/* worst_guest.c: turns first, which flights are matched with. */
int look_turns(struct look *l, struct rs_error **err);
int look_flights(struct look *l, struct rs_error **err);
void look_usual(const struct look *l, struct explain_usual *u);

#endif
