/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between report.c and report_*.c. */
#ifndef RINGSCHED_REPORT_INTERNAL_H
#define RINGSCHED_REPORT_INTERNAL_H

#include <stdio.h>

struct rs_error;
struct summary;
struct verdict;
struct figures_drawn;

/* report.md. */
void report_write_md(const struct summary *s, const struct verdict *v,
		     const struct figures_drawn *drawn, FILE *to);

/* Its section on what the policies cost. */
void report_write_cost(const struct summary *s, FILE *to);
/* Its section on a resource of two rings; nothing where there is none. */
void report_write_change(const struct summary *s, FILE *to);

/* Its section on external interrupts; nothing where there are none. */
void report_write_interrupts(const struct summary *s, FILE *to);

/* The table for a terminal, below 100 columns. */
void report_write_table(const struct summary *s, const struct figures_drawn *drawn, FILE *to);

#endif
