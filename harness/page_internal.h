/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between page.c and page_*.c: each writes one section of the page. */
#ifndef RINGSCHED_PAGE_INTERNAL_H
#define RINGSCHED_PAGE_INTERNAL_H

#include <stdbool.h>
#include <stdio.h>

#include "harness/summary.h"

struct figures_drawn;
struct json_object;
struct rs_error;
struct verdict;

/* Rows of a list whose length a file decides. */
#define PAGE_ROWS_MAX 200

/* What is left out to keep the page small. */
struct page_detail {
	unsigned int coarse; /* see plot_points() */
	bool pictures; /* gnuplot's */
	bool tables; /* every number of report.md */
};

struct page {
	const struct summary *s;
	const struct verdict *v;
	const struct figures_drawn *drawn;
	const char *dir;
	struct page_detail detail;
};

/* The sections: text of their own after the heading, which page.c writes. */
int page_head(const struct page *page, FILE *to, struct rs_error **err);
int page_limits(const struct page *page, FILE *to, struct rs_error **err);
int page_figures(const struct page *page, FILE *to, struct rs_error **err);
int page_worst(const struct page *page, FILE *to, struct rs_error **err);
int page_tables(const struct page *page, FILE *to, struct rs_error **err);
int page_environment(const struct page *page, FILE *to, struct rs_error **err);
int page_doctor(const struct page *page, FILE *to, struct rs_error **err);
int page_command(const struct page *page, FILE *to, struct rs_error **err);

/* The parts of page_figures() that have a file of their own. */
int page_ccdf(const struct page *page, FILE *to, struct rs_error **err);
int page_timeline(const struct page *page, FILE *to, struct rs_error **err);

/* page_worst() where there is a worst.json: with causes. */
void page_explained(const struct page *page, struct json_object *worst, FILE *to);

/* A word with a mark before it, in the colour of its kind. */
enum page_kind { PAGE_GOOD, PAGE_BAD, PAGE_OPEN };
void page_state(FILE *to, const char *class, enum page_kind kind, const char *word);

/* A figure's caption and its end. */
void page_caption(FILE *to, const char *caption);

/* What a report_*.c writes as Markdown. */
int page_markdown(FILE *to, void (*write)(const struct summary *s, FILE *to),
		  const struct summary *s, struct rs_error **err);

/* The series of a policy's drawings: its place in the summary. */
size_t page_series(const struct page *page, const struct policy_result *p);

/* Put a finished page into DIR/report.html, or remove an older one. */
int page_keep(const char *dir, const char *text, struct rs_error **err);
void page_remove(const char *dir);

#endif
