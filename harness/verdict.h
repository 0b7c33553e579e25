/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a summary says: rows of "what, measured, bound, does it hold". The
 * scenario's limits decide the verdict; the project's expectations of the
 * boot experiment are shown beside them and decide nothing.
 */
#ifndef RINGSCHED_VERDICT_H
#define RINGSCHED_VERDICT_H

#include <stdbool.h>
#include <stdio.h>

#include "harness/report.h"

struct summary;

enum verdict_state {
	STATE_HOLDS,
	STATE_FAILS,
	STATE_NOT_RUN, /* the policy has no finished boot */
	STATE_UNKNOWN, /* too few periods, or not recorded */
	STATE_SHOWN, /* has no bound */
};

struct verdict_row {
	char what[112], measured[128], bound[16];
	enum verdict_state state;
};

#define VERDICT_ROWS_MAX 24

struct verdict {
	struct verdict_row limits[VERDICT_ROWS_MAX]; /* of the scenario: judged */
	size_t limit_count;
	struct verdict_row shown[VERDICT_ROWS_MAX]; /* expectations */
	size_t shown_count;
	enum report_result result;
};

void verdict_make(struct verdict *v, const struct summary *s);

/* "yes", "NO", "not run", "not known", "". */
const char *verdict_state_name(enum verdict_state state);

/* One sentence a line, each after `bullet`: why the result is what it is. */
void verdict_reasons(const struct verdict *v, const struct summary *s, const char *bullet,
		     FILE *to);

/* Of these, those that are about no row: boots missing, periods not counted. */
void verdict_remarks(const struct verdict *v, const struct summary *s, const char *bullet,
		     FILE *to);

#endif
