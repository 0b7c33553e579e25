/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Drawings in a page, by SVG and style sheet alone, that fit a phone, a
 * screen and paper: the svg is stretched to the width there is (its lines
 * and dots are not), and every text is HTML beside or on it, which keeps its
 * size. A unit of x is 1/1000 of the width, a unit of y is one pixel.
 *
 * plot_open(), what is drawn, plot_labels(), notes, plot_close().
 *
 * The figures of figure.h stay what a paper or a slide takes; these are for
 * the page, also where there is no gnuplot.
 */
#ifndef RINGSCHED_PLOT_H
#define RINGSCHED_PLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct durations;
struct rs_error;

#define PLOT_WIDTH 1000
#define PLOT_SERIES_MAX 64 /* with a class and a mark of their own */

struct plot_axis {
	double low, high; /* low < high; above 0 where logarithmic */
	bool log;
	bool percent; /* values are shares */
};

struct plot {
	struct plot_axis x, y;
	unsigned int height; /* pixels */
	bool named; /* y is rows of plot_name(): without a scale */
};

struct plot_point {
	double x, y;
};

#define PLOT_TICKS_MAX 16
struct plot_tick {
	double value;
	bool optional; /* left out where there is little room */
};

/* 1, 2, 5 and so on, as many as fit; their number. */
size_t plot_ticks(const struct plot_axis *axis, struct plot_tick ticks[PLOT_TICKS_MAX]);

/* An axis with the next tick's worth of room around both values. */
struct plot_axis plot_axis_around(double low, double high, bool logarithmic);

/* In the drawing's units; what lies outside is drawn on the edge. */
double plot_x(const struct plot *p, double value);
double plot_y(const struct plot *p, double value);

/* `says` is for who cannot see it: one sentence with the numbers. */
void plot_open(FILE *to, const struct plot *p, const char *says);
void plot_labels(FILE *to, const struct plot *p);
void plot_close(FILE *to, const char *x_title);

/* A line across, upright or level; `class` of html_style.c. */
void plot_upright(FILE *to, const struct plot *p, const char *class, double x);
void plot_level(FILE *to, const struct plot *p, const char *class, double y);
/* The stretch from x to x, shaded. */
void plot_shade(FILE *to, const struct plot *p, double from, double until);

/*
 * Points as dots, or as upright bars of that many pixels. Of those that would
 * lie on each other within `coarse` units (1 = a pixel or so) one is drawn:
 * so a drawing has a bounded size, however many points there are.
 */
int plot_points(FILE *to, const struct plot *p, const char *class, const struct plot_point *points,
		size_t count, unsigned int bar, unsigned int coarse, struct rs_error **err);

/*
 * Share of `periods` that took longer than each of the sorted times, as
 * steps; what has no time exceeds any. Times are divided by `unit` (us).
 */
void plot_exceeded(FILE *to, const struct plot *p, const char *class, const struct durations *d,
		   size_t periods, double unit);

/* After plot_labels(): a text at a point; `class` says on which side. */
void plot_note(FILE *to, const struct plot *p, const char *class, double x, double y,
	       const char *text);
/* Of a drawing with rows: the name of the one at that y. */
void plot_name(FILE *to, const struct plot *p, double y, const char *name);
/* The mark of that series there, told from the others without colour. */
void plot_mark(FILE *to, const struct plot *p, size_t series, double x, double y);

struct strip_row {
	const char *name;
	size_t series;
	const double *values; /* NaN = has no number */
	size_t count;
};

/* One dot a boot, one row a policy. */
struct strip {
	const char *title, *x_title;
	const struct strip_row *rows;
	size_t count;
	double limit; /* NaN = none */
	const char *limit_row; /* the row it is about; NULL = all */
	bool ratio; /* 1 is marked */
};

/* Nothing where no row has a number. */
int plot_strip(FILE *to, const struct strip *s, struct rs_error **err);

/* Once a page, before all others: the marks' shapes, and the series' colours
 * ("#rrggbb"), made dark or light enough for the paper they lie on. */
void plot_define(FILE *to, const char *const *colours, size_t count);

/* The class of a series, "k3". */
const char *plot_class(char room[16], size_t series);
/* Its mark, to stand in a text. */
void plot_legend_mark(FILE *to, size_t series);

#endif
