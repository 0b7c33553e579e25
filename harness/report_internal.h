/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between report.c and report_*.c. */
#ifndef RINGSCHED_REPORT_INTERNAL_H
#define RINGSCHED_REPORT_INTERNAL_H

#include <stdbool.h>
#include <stdio.h>

#include "harness/summary.h"

struct rs_error;
struct verdict;
struct figures_drawn;

/* report.md. */
void report_write_md(const struct summary *s, const struct verdict *v,
		     const struct figures_drawn *drawn, FILE *to);

/* Parts of it that the page (page.h) has as well, as Markdown. */
void report_write_bound(const struct summary *s, FILE *to);
void report_write_details(const struct summary *s, FILE *to);
void report_write_environment(const struct summary *s, FILE *to); /* without heading */

/* Cells of two versions of ringsched: a paragraph; nothing where there is one. */
void report_write_versions(const struct summary *s, FILE *to);

/* The command that made the run, as a shell takes it; nothing where it was not
 * recorded. Its seed as a text, "not recorded" likewise. */
void report_write_command(const struct summary *s, FILE *to);
const char *report_seed(const struct summary *s);

/* Its section on what the policies cost. */
void report_write_cost(const struct summary *s, FILE *to);
/* Its section on a resource of two rings; nothing where there is none. */
void report_write_change(const struct summary *s, FILE *to);

/* Its section on external interrupts; nothing where there are none. */
void report_write_interrupts(const struct summary *s, FILE *to);

/* The table for a terminal, below 100 columns. */
void report_write_table(const struct summary *s, const struct figures_drawn *drawn, FILE *to);

#define REPORT_CELL_ROOM 48

/* That table's columns, one number a policy each. */
struct report_column {
	const char *head[2]; /* two lines; '@' = the judged phase's name */
	int width;
	bool (*applies)(const struct summary *s);
	void (*write)(const struct policy_result *p, enum phase phase, char *text);
};

extern const struct report_column report_columns[]; /* ended by a row without write() */

/* A line of a column's head into `text` (REPORT_CELL_ROOM). */
void report_column_head(const struct report_column *c, size_t line, const struct summary *s,
			char *text);

#endif
