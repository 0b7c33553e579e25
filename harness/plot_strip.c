// SPDX-License-Identifier: GPL-2.0-or-later
/* One dot a boot, one row a policy: what the verdicts are made of. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/format.h"
#include "harness/html.h"
#include "harness/plot.h"
#include "harness/stats.h"
#include "host/cleanup.h"
#include "host/error.h"

#define ROW_HEIGHT 34
#define ROW_SPREAD 0.5 /* of its height: a row's dots, in the order of the boots */
#define MEDIAN_HEIGHT 26
#define FEW 40 /* dots of a row that are drawn large */

/* The values there are, sorted, into `room`; their number. */
static size_t known_values(const struct strip_row *row, double *room)
{
	size_t count = 0;

	for (size_t i = 0; i < row->count; i++)
		if (isfinite(row->values[i]))
			room[count++] = row->values[i];
	stats_sort(room, count);
	return count;
}

static size_t longest_row(const struct strip *s)
{
	size_t most = 1;

	for (size_t i = 0; i < s->count; i++)
		most = s->rows[i].count > most ? s->rows[i].count : most;
	return most;
}

/* Logarithmic where values differ much, and for ratios always. */
static struct plot_axis axis_of(const struct strip *s)
{
	double low = s->ratio ? 0.9 : NAN, high = s->ratio ? 1.25 : NAN;

	low = fmin(low, s->limit);
	high = fmax(high, s->limit);
	for (size_t i = 0; i < s->count; i++)
		for (size_t k = 0; k < s->rows[i].count; k++)
			if (isfinite(s->rows[i].values[k])) {
				low = fmin(low, s->rows[i].values[k]);
				high = fmax(high, s->rows[i].values[k]);
			}
	if (s->ratio || (low > 0 && high > 5 * low))
		return plot_axis_around(low, high, true);
	return plot_axis_around(0, high, false);
}

/* The sentence for who cannot see it. */
static void write_summary(FILE *to, const struct strip *s, double *room)
{
	char n[3][FORMAT_NUMBER_ROOM];

	fputs(s->title, to);
	for (size_t i = 0; i < s->count; i++) {
		size_t count = known_values(&s->rows[i], room);

		if (count)
			fprintf(to, "; %s: median %s, %s to %s, boots: %zu", s->rows[i].name,
				format_number(n[0], stats_median(room, count), 3),
				format_number(n[1], room[0], 3),
				format_number(n[2], room[count - 1], 3), count);
	}
}

static int write_row(FILE *to, const struct plot *p, const struct strip_row *row, double y,
		     double *room, struct rs_error **err)
{
	struct plot_point *points = malloc((row->count + 1) * sizeof(*points));
	struct plot_point median = { NAN, y };
	size_t count = 0, known = known_values(row, room);
	char class[32], series[16];
	int ret;

	if (!points)
		return rs_fail(err, ENOMEM, "no memory for a drawing");
	for (size_t i = 0; i < row->count; i++)
		if (isfinite(row->values[i]))
			points[count++] = (struct plot_point){
				row->values[i],
				row->count > 1 ?
					y + ROW_SPREAD * (0.5 -
							  (double)i / (double)(row->count - 1)) :
					y,
			};
	snprintf(class, sizeof(class), "%s %s", row->count > FEW ? "dots" : "big",
		 plot_class(series, row->series));
	ret = plot_points(to, p, class, points, count, 0, 1, err);
	median.x = stats_median(room, known);
	if (!ret && known)
		ret = plot_points(to, p, "median", &median, 1, MEDIAN_HEIGHT, 1, err);
	free(points);
	return ret;
}

static double row_y(const struct strip *s, size_t row)
{
	return (double)(s->count - row) - 0.5;
}

static int write_rows(FILE *to, const struct strip *s, const struct plot *p, double *room,
		      struct rs_error **err)
{
	int ret = 0;

	if (s->ratio)
		plot_upright(to, p, "one", 1);
	if (isfinite(s->limit) && !s->limit_row)
		plot_upright(to, p, "limit", s->limit);
	for (size_t i = 0; i < s->count && !ret; i++) {
		struct plot_point limit = { s->limit, row_y(s, i) };

		ret = write_row(to, p, &s->rows[i], row_y(s, i), room, err);
		if (!ret && isfinite(s->limit) && s->limit_row &&
		    !strcmp(s->limit_row, s->rows[i].name))
			ret = plot_points(to, p, "limit", &limit, 1, ROW_HEIGHT, 1, err);
	}
	return ret;
}

static void write_title(FILE *to, const struct strip *s)
{
	char number[FORMAT_NUMBER_ROOM];

	fputs("<p class=\"axis\">", to);
	html_text(to, s->x_title);
	if (isfinite(s->limit) && s->limit_row) {
		html_printf(to, "; dashed: limit of %s, %s", s->limit_row,
			    format_number(number, s->limit, 3));
	}
	fputs("</p>\n", to);
}

static int write_strip(FILE *to, const struct strip *s, double *room, struct rs_error **err)
{
	const struct plot p = {
		.x = axis_of(s),
		.y = { .low = 0, .high = (double)s->count },
		.height = (unsigned int)s->count * ROW_HEIGHT,
		.named = true,
	};
	cleanup_free char *says = NULL;
	size_t size;
	FILE *text = open_memstream(&says, &size);
	int ret;

	if (!text)
		return rs_fail(err, ENOMEM, "no memory for a drawing");
	write_summary(text, s, room);
	if (fclose(text))
		return rs_fail(err, ENOMEM, "no memory for a drawing");
	fputs("<div>", to);
	html_element(to, "h4", s->title);
	plot_open(to, &p, says);
	ret = write_rows(to, s, &p, room, err);
	plot_labels(to, &p);
	for (size_t i = 0; i < s->count; i++)
		plot_name(to, &p, row_y(s, i), s->rows[i].name);
	if (isfinite(s->limit) && !s->limit_row)
		plot_note(to, &p, "", s->limit, (double)s->count, "deadline");
	plot_close(to, NULL);
	write_title(to, s);
	fputs("</div>\n", to);
	return ret;
}

int plot_strip(FILE *to, const struct strip *s, struct rs_error **err)
{
	cleanup_free double *room = malloc(longest_row(s) * sizeof(*room));
	size_t known = 0;

	if (!room)
		return rs_fail(err, ENOMEM, "no memory for a drawing");
	for (size_t i = 0; i < s->count; i++)
		known += known_values(&s->rows[i], room);
	return known ? write_strip(to, s, room, err) : 0;
}
