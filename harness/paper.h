/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The page of a folder of runs (scripts/paper): the paper's claims, each with
 * what was measured of it and a verdict. The table of claims is the only
 * thing typed in; every number comes from DIR/SCENARIO/summary.json and
 * DIR/scale/scale.json, and what is not there is said not to be there.
 */
#ifndef RINGSCHED_PAPER_H
#define RINGSCHED_PAPER_H

#include <stdbool.h>
#include <stdio.h>

struct json_object;
struct rs_error;

/* ---- the table (paper_claims.c) ---- */

enum paper_kind {
	PAPER_VALUE, /* the number at path `value`, or that ÷ the one at `over` */
	PAPER_MISSED, /* deadlines missed outside stained windows below `value`, a phase's path */
	/* R² of a straight line through the cost of series `value` against its VMs;
	 * 0 where the line does not rise */
	PAPER_LINE,
};

enum paper_relation {
	PAPER_SHOWN, /* for the reader; not judged */
	PAPER_AT_MOST,
	PAPER_AT_LEAST,
	PAPER_BELOW,
	PAPER_BETWEEN, /* bound and high included */
};

/*
 * A path is names joined by dots, from the top of the file: a key, a pattern
 * of keys as "control/" and a star (the sum over those that match), or
 * first and last of an array. An array of numbers at its end gives its median.
 */
struct paper_row {
	const char *what; /* Required */
	const char *source; /* Required. Folder below DIR: a scenario, or "scale" */
	enum paper_kind kind;
	const char *value; /* Required */
	const char *over; /* Not required */
	const char *unit; /* Not required. " µs" */
	double scale; /* 0 = 1; value times this is shown and judged */
	enum paper_relation relation;
	double bound, high;
	bool must; /* one of the bounds that the project set itself */
	/* A time inside a guest: under emulation it is the emulator's. */
	bool guest_time;
};

struct paper_figure {
	const char *file; /* below DIR */
	const char *caption;
};

#define PAPER_ROWS_MAX 9 /* the last one ends the list */
#define PAPER_FIGURES_MAX 2

struct paper_claim {
	unsigned int number; /* of P1 to P14 */
	const char *part; /* Not required. "a" of P14a */
	const char *title; /* Required */
	const char *said; /* Required. What the paper says, in our words */
	const char *here; /* Required. How it is looked at here */
	const char *not_here; /* Why it cannot be judged here; then its rows are shown only */
	/* Not required. A part of it that no scenario measures: at best it holds as
	 * far as it was measured. */
	const char *unmeasured;
	struct paper_row rows[PAPER_ROWS_MAX]; /* ended by one without `what` */
	struct paper_figure figures[PAPER_FIGURES_MAX];
};

extern const struct paper_claim paper_claims[]; /* ended by one without title */

/* ---- the files (paper_json.c) ---- */

/* Folder number i that the claims read, each once; NULL after the last. */
const char *paper_source(unsigned int i);

struct paper; /* the files of a folder, read once */

/* Fails only without memory, or where DIR is no folder. */
struct paper *paper_open(const char *dir, struct rs_error **err);
void paper_close(struct paper *p);
const char *paper_dir(const struct paper *p);

/* The file of a source, borrowed; NULL and *why (borrowed) where it is not to be had. */
struct json_object *paper_json(struct paper *p, const char *source, const char **why);

/* NaN where the path leads to no number. */
double paper_number(struct json_object *json, const char *path);
/* The array SERIES.points; NULL where there is none. */
struct json_object *paper_points(struct json_object *json, const char *series);

/* ---- what was measured (paper_value.c) ---- */

enum paper_state {
	PAPER_HOLDS,
	PAPER_FAILS,
	PAPER_PARTLY, /* of a claim: what was measured holds, but not all was */
	PAPER_UNKNOWN, /* not measured */
	PAPER_NOT_HERE, /* cannot be on this machine */
	PAPER_NOT_JUDGED, /* shown */
};

struct paper_reading {
	enum paper_state state;
	double value;
	char measured[256]; /* the number with its parts, or why there is none */
	char bound[64];
};
void paper_read(struct paper *p, const struct paper_row *row, struct paper_reading *r);

/* What the claim's rows come to together, and the claim as a whole. */
enum paper_state paper_judge_rows(struct paper *p, const struct paper_claim *claim);
enum paper_state paper_judge(struct paper *p, const struct paper_claim *claim);

/* ---- the page (paper_page.c) ---- */

/* Write DIR/paper.md; the state of all claims together: FAILS, PARTLY or HOLDS. */
int paper_make(const char *dir, enum paper_state *state, struct rs_error **err);

#endif
