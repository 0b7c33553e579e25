/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel says of a tracepoint: its number for perf_event_open() and
 * where its fields are in a record. Asked of a tracefs of our own that is
 * mounted nowhere (Linux 5.2 and later), else of the one at its usual place.
 */
#ifndef RINGSCHED_TRACEPOINT_H
#define RINGSCHED_TRACEPOINT_H

#include <stddef.h>
#include <stdint.h>

struct rs_error;

struct tracepoint_field { /* a 32-bit number */
	const char *name;
	size_t offset;
};

/* Fills in *id and the offsets of `fields`. */
int tracepoint_find(const char *system, const char *name, uint64_t *id,
		    struct tracepoint_field *fields, size_t count, struct rs_error **err);

/* The same of the text of a tracepoint's file "format". */
int tracepoint_parse(const char *format, uint64_t *id, struct tracepoint_field *fields,
		     size_t count, struct rs_error **err);

#endif
