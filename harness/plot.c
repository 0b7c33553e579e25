// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/plot.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "harness/html.h"
#include "harness/measure.h"
#include "host/cleanup.h"
#include "host/error.h"

/* As many labels as fit below a phone's drawing, and below a wide one. */
#define TICKS_NARROW 6
#define TICKS_WIDE 12
/* Beyond these, numbers are no longer about time. */
#define AXIS_LEAST 1e-9
#define AXIS_MOST 1e15

/* ---- axes ---- */

static bool in_range(const struct plot_axis *a, double value)
{
	double room = 1e-9 * (a->high - a->low);

	return value >= a->low - room && value <= a->high + room;
}

/* The mantissas of a logarithmic axis, by how readily they are left out. */
static const struct {
	double mantissa;
	unsigned int rank;
} mantissas[] = { { 1, 0 }, { 1.5, 3 }, { 2, 1 }, { 3, 2 }, { 5, 1 }, { 7, 2 } };

#define MANTISSAS (sizeof(mantissas) / sizeof(mantissas[0]))
#define RANKS 4

/* Calls for each tick up to that rank; ticks may be NULL to count. */
static size_t log_ticks(const struct plot_axis *a, unsigned int rank, unsigned int optional_above,
			unsigned int every, struct plot_tick *ticks)
{
	int first = (int)floor(log10(a->low)), last = (int)ceil(log10(a->high));
	size_t count = 0;

	for (int decade = first; decade <= last; decade++)
		for (size_t i = 0; i < MANTISSAS; i++) {
			double value = mantissas[i].mantissa * pow(10, decade);

			if (mantissas[i].rank > rank || !in_range(a, value) ||
			    (unsigned int)(decade - first) % every)
				continue;
			if (ticks && count < PLOT_TICKS_MAX)
				ticks[count] = (struct plot_tick){ value, mantissas[i].rank >
										  optional_above };
			count++;
		}
	return count;
}

static size_t log_axis_ticks(const struct plot_axis *a, struct plot_tick *ticks)
{
	unsigned int wide = 0, narrow = 0, every = 1;

	while (log_ticks(a, 0, 0, every, NULL) > TICKS_WIDE)
		every++; /* of so many decades, some */
	for (unsigned int rank = 1; rank < RANKS && every == 1; rank++) {
		size_t count = log_ticks(a, rank, 0, 1, NULL);

		wide = count <= TICKS_WIDE ? rank : wide;
		narrow = count <= TICKS_NARROW ? rank : narrow;
	}
	return log_ticks(a, wide, narrow, every, ticks);
}

/* 1, 2 or 5 times a power of ten, for some `parts` steps. */
static double nice_step(double range, double parts)
{
	double raw = range / parts, power = pow(10, floor(log10(raw)));
	double mantissa = raw / power;

	return power * (mantissa <= 1 ? 1 : mantissa <= 2 ? 2 : mantissa <= 5 ? 5 : 10);
}

/* Every other one is left out where there is little room. */
static size_t linear_axis_ticks(const struct plot_axis *a, struct plot_tick *ticks)
{
	double step = nice_step(a->high - a->low, TICKS_WIDE);
	size_t count = 0;

	for (double i = ceil(a->low / step - 1e-9); count < PLOT_TICKS_MAX && in_range(a, i * step);
	     i++)
		ticks[count++] = (struct plot_tick){ i * step + 0.0, fmod(i, 2) != 0 }; /* no -0 */
	return count;
}

size_t plot_ticks(const struct plot_axis *axis, struct plot_tick ticks[PLOT_TICKS_MAX])
{
	size_t count = axis->log ? log_axis_ticks(axis, ticks) : linear_axis_ticks(axis, ticks);

	return count < PLOT_TICKS_MAX ? count : PLOT_TICKS_MAX;
}

struct plot_axis plot_axis_around(double low, double high, bool logarithmic)
{
	struct plot_axis a = { .log = logarithmic };

	/* Numbers from a file can be any, also none. */
	low = fmin(fmax(low, logarithmic ? AXIS_LEAST : -AXIS_MOST), AXIS_MOST);
	high = fmin(fmax(high, -AXIS_MOST), AXIS_MOST);
	if (!(high > low))
		high = logarithmic ? low * 2 : low + 1;
	a.low = logarithmic ? low / 1.15 : low;
	a.high = logarithmic ? high * 1.15 : high + 0.06 * (high - low);
	return a;
}

static double place(const struct plot_axis *a, double value)
{
	double share = a->log ? log(value / a->low) / log(a->high / a->low) :
				(value - a->low) / (a->high - a->low);

	return fmin(fmax(share, 0), 1); /* NaN becomes 0 */
}

double plot_x(const struct plot *p, double value)
{
	return PLOT_WIDTH * place(&p->x, value);
}

double plot_y(const struct plot *p, double value)
{
	return p->height * (1 - place(&p->y, value));
}

/* ---- frame and labels ---- */

void plot_open(FILE *to, const struct plot *p, const char *says)
{
	struct plot_tick ticks[PLOT_TICKS_MAX];
	size_t count;

	fprintf(to, "<div class=\"plot%s\"><div class=\"area\" style=\"height:%upx\" role=\"img\" ",
		p->named ? " named" : "", p->height);
	fputs("aria-label=\"", to);
	html_text(to, says);
	fprintf(to,
		"\">\n<svg class=\"drawing\" viewBox=\"0 0 %d %u\" preserveAspectRatio=\"none\">\n"
		"<path class=\"grid\" d=\"",
		PLOT_WIDTH, p->height);
	count = p->named ? 0 : plot_ticks(&p->y, ticks);
	for (size_t i = 0; i < count; i++)
		if (!ticks[i].optional)
			fprintf(to, "M0 %.1fH%d", plot_y(p, ticks[i].value), PLOT_WIDTH);
	count = plot_ticks(&p->x, ticks);
	for (size_t i = 0; i < count; i++)
		fprintf(to, "M%.1f 0V%u", plot_x(p, ticks[i].value), p->height);
	fputs("\"/>\n", to);
}

static void put_value(FILE *to, const struct plot_axis *a, double value)
{
	/* A multiple of a step may miss zero by a rounding error. */
	double shown = fabs(value) < 1e-9 * (a->high - a->low) ? 0 : value;

	if (a->percent)
		fprintf(to, "%.4g&nbsp;%%", shown * 100);
	else
		fprintf(to, "%.6g", shown);
}

void plot_labels(FILE *to, const struct plot *p)
{
	struct plot_tick ticks[PLOT_TICKS_MAX];
	size_t count = p->named ? 0 : plot_ticks(&p->y, ticks);

	fputs("</svg>\n", to);
	for (size_t i = 0; i < count; i++) {
		if (ticks[i].optional)
			continue;
		fprintf(to, "<span class=\"yt\" style=\"top:%.2f%%\">",
			100 * plot_y(p, ticks[i].value) / p->height);
		put_value(to, &p->y, ticks[i].value);
		fputs("</span>", to);
	}
	count = plot_ticks(&p->x, ticks);
	for (size_t i = 0; i < count; i++) {
		fprintf(to, "<span class=\"xt%s\" style=\"left:%.2f%%\">",
			ticks[i].optional ? " optional" : "",
			100 * plot_x(p, ticks[i].value) / PLOT_WIDTH);
		put_value(to, &p->x, ticks[i].value);
		fputs("</span>", to);
	}
	fputc('\n', to);
}

void plot_close(FILE *to, const char *x_title)
{
	fputs("</div></div>\n", to);
	if (!x_title)
		return;
	fputs("<p class=\"axis\">", to);
	html_text(to, x_title);
	fputs("</p>\n", to);
}

void plot_name(FILE *to, const struct plot *p, double y, const char *name)
{
	fprintf(to, "<span class=\"yt\" style=\"top:%.2f%%\" title=\"",
		100 * plot_y(p, y) / p->height);
	html_text(to, name);
	fputs("\">", to);
	html_text(to, name);
	fputs("</span>\n", to);
}

void plot_note(FILE *to, const struct plot *p, const char *class, double x, double y,
	       const char *text)
{
	fprintf(to, "<span class=\"text%s%s\" style=\"left:%.2f%%;top:%.2f%%\">", *class ? " " : "",
		class, 100 * plot_x(p, x) / PLOT_WIDTH, 100 * plot_y(p, y) / p->height);
	html_text(to, text);
	fputs("</span>\n", to);
}

/* ---- lines, points, curves ---- */

void plot_upright(FILE *to, const struct plot *p, const char *class, double x)
{
	fprintf(to, "<path class=\"%s\" d=\"M%.1f 0V%u\"/>\n", class, plot_x(p, x), p->height);
}

void plot_level(FILE *to, const struct plot *p, const char *class, double y)
{
	fprintf(to, "<path class=\"%s\" d=\"M0 %.1fH%d\"/>\n", class, plot_y(p, y), PLOT_WIDTH);
}

void plot_shade(FILE *to, const struct plot *p, double from, double until)
{
	double x = plot_x(p, from);

	fprintf(to, "<rect class=\"shade\" x=\"%.1f\" y=\"0\" width=\"%.1f\" height=\"%u\"/>\n", x,
		plot_x(p, until) - x, p->height);
}

int plot_points(FILE *to, const struct plot *p, const char *class, const struct plot_point *points,
		size_t count, unsigned int bar, unsigned int coarse, struct rs_error **err)
{
	unsigned int columns = PLOT_WIDTH / coarse + 1, rows = p->height / coarse + 1;
	cleanup_free unsigned char *taken = calloc(columns, rows);

	if (!taken)
		return rs_fail(err, ENOMEM, "no memory for a drawing");
	if (!count)
		return 0;
	fprintf(to, "<path class=\"%s\" d=\"", class);
	for (size_t i = 0; i < count; i++) {
		unsigned int x = (unsigned int)(plot_x(p, points[i].x) + 0.5) / coarse;
		unsigned int y = (unsigned int)(plot_y(p, points[i].y) + 0.5) / coarse;

		if (taken[y * columns + x])
			continue;
		taken[y * columns + x] = 1;
		x *= coarse;
		y *= coarse;
		if (bar)
			fprintf(to, "M%u %dv%u", x, (int)y - (int)bar / 2, bar);
		else /* a line of no length, with round ends */
			fprintf(to, "M%u %uh0", x, y);
	}
	fputs("\"/>\n", to);
	return 0;
}

void plot_exceeded(FILE *to, const struct plot *p, const char *class, const struct durations *d,
		   size_t periods, double unit)
{
	double last_x = 0, last_y = 0;

	fprintf(to, "<path class=\"%s\" d=\"M0 0", class);
	for (size_t i = 0; i < d->count; i++) {
		size_t above = periods - i - 1;
		double x = plot_x(p, d->us[i] / unit);
		double y = above ? plot_y(p, (double)above / (double)periods) : p->height;

		/* The last step ends the curve; others must be seen to be drawn. */
		if (i + 1 < d->count && x - last_x < 0.7 && y - last_y < 0.7)
			continue;
		fprintf(to, "H%.1fV%.1f", x, y);
		last_x = x;
		last_y = y;
	}
	if (d->count < periods) /* some never ended */
		fprintf(to, "H%d", PLOT_WIDTH);
	fputs("\"/>\n", to);
}
