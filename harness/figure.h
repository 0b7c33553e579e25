/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Figures of a run: one figure a file figure_*.c, one row each in figures[].
 * A figure is a data file NAME.dat and a gnuplot script NAME.gp, which stay
 * beside the pictures made of them and can be run by hand:
 *
 *	cd OUT/figures && gnuplot NAME.gp
 *
 * The script draws NAME.png; figure_draw() has it drawn as NAME.svg as well.
 */
#ifndef RINGSCHED_FIGURE_H
#define RINGSCHED_FIGURE_H

#include <stdbool.h>
#include <stdio.h>

#include "harness/summary.h"

struct rs_error;

struct figure {
	const char *name; /* Required. Of its files */
	const char *title; /* Required. Alternative text in report.md */
	const char *caption; /* Required. One sentence below it in report.md */
	unsigned int width, height; /* Required. Pixels */
	/* Not required. The height where it grows with the number of policies. */
	unsigned int (*height_of)(const struct summary *s);
	/* Not required. report.html draws it by itself (page.h); else it shows the picture. */
	bool in_page;
	/* Not required. False: this run is not about it, nothing is said of it. */
	bool (*applies)(const struct summary *s);
	/*
	 * Required. Writes the data and, after the preamble that figure_draw()
	 * has written, the script. -ENODATA with a sentence where this run has
	 * nothing to draw.
	 */
	int (*write)(const struct summary *s, FILE *dat, FILE *gp, struct rs_error **err);
};

extern const struct figure figure_response, figure_ccdf, figure_priority, figure_boots, figure_cost;
extern const struct figure figure_blocking, figure_interrupt, figure_notifications;
extern const struct figure *const figures[]; /* NULL-ended, in order of the report */

bool figure_applies(const struct figure *f, const struct summary *s);

/* One sentence on each figure; NULL = drawn. Owned; see figures_clear(). */
#define FIGURES_MAX 16
struct figures_drawn {
	char *why_not[FIGURES_MAX];
};

/* Draw all that apply in DIR/figures. Fails only where the folder cannot be made. */
int figures_draw(const struct summary *s, const char *dir, struct figures_drawn *drawn,
		 struct rs_error **err);
void figures_clear(struct figures_drawn *drawn);

/* The panels of figure_cost, and a policy's numbers in them; NaN where the run
 * has no such number. */
#define COST_PANELS 6
extern const char *const figure_cost_titles[COST_PANELS];
void figure_cost_values(const struct policy_result *p, enum phase phase,
			double values[COST_PANELS]);

/* The colour of what is no policy. */
const char *figure_other_colour(size_t series);

/* A policy's colour, "#rrggbb", the same in every figure, told apart by
 * colour-blind readers (Okabe and Ito, 2008). */
const char *figure_colour(const char *policy);

/* A data block of sorted times, in ms, and the share of `periods` that take
 * longer. What has no time at all exceeds any: figure_ccdf.c. */
void figure_write_exceeded(FILE *dat, const struct durations *d, size_t periods);

/* The plot of such blocks, of `data` two a policy, in `phase` and solo: one curve
 * a block, the latter dashed. */
void figure_plot_exceeded(FILE *gp, const char *data, const struct summary *s, enum phase phase);

/* The policy's name for gnuplot's enhanced text: '_' is no subscript. */
const char *figure_label(const char *policy, char room[80]);

#endif
