/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a finished cell says at first sight, for those who watch the run. The
 * report has the same numbers (docs/results.md), and is what counts.
 */
#ifndef RINGSCHED_GLANCE_H
#define RINGSCHED_GLANCE_H

#include <stdbool.h>
#include <stddef.h>

struct rs_error;
struct scenario;

struct glance { /* of the phase that the scenario judges */
	double p99_us; /* response time of the judged ring; NaN: too few periods */
	size_t missed; /* deadlines of all control rings, outside stained windows */
};

int glance_read(const char *dir, const struct scenario *s, struct glance *g, struct rs_error **err);

#endif
