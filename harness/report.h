/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The report of a run's folder (docs/run-folder.md): summary.json,
 * histograms.csv, figures, report.md, report.html and the verdict by the
 * scenario's limits. Reads nothing but the folder, so an old or an interrupted run can
 * be reported again at any time.
 */
#ifndef RINGSCHED_REPORT_H
#define RINGSCHED_REPORT_H

#include <stdio.h>

struct rs_error;

enum report_result {
	REPORT_PASS, /* every limit that is judged holds */
	REPORT_MISSED, /* at least one does not */
	REPORT_UNDECIDED, /* none is known to fail, but not all could be judged */
};

struct report_verdict {
	enum report_result result;
	char *reasons; /* owned; one sentence a line, ended by '\n'; never NULL */
	char *table; /* owned; the short table for a terminal; never NULL */
};

/*
 * Write the report of folder `dir` and judge it. Figures that cannot be
 * drawn (no gnuplot, no data) are named in the table and in report.md, and so
 * is a report.html that would be too large; they do not fail the report. On success the caller owns *verdict's strings.
 */
int report_make(const char *dir, struct report_verdict *verdict, struct rs_error **err);

/* "PASS", "MISSED", "UNDECIDED". */
const char *report_result_name(enum report_result result);

/* Exit code of docs/errors.md: 0, 2 or 3. */
int report_exit_code(enum report_result result);

/* Table, reasons, verdict: the last thing `run` and `report` print. */
void report_print(const struct report_verdict *verdict, FILE *to);

void report_verdict_clear(struct report_verdict *verdict);

#endif
