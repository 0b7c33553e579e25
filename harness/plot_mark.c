// SPDX-License-Identifier: GPL-2.0-or-later
/* What tells the series of a drawing apart: a colour, and a mark for who sees
 * or prints none. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "harness/plot.h"

/* Each filled, then each hollow. */
static const char *const shapes[] = {
	"M0-4.6A4.6 4.6 0 1 1 0 4.6A4.6 4.6 0 1 1 0-4.6z", /* disc */
	"M-4.2-4.2H4.2V4.2H-4.2z", /* square */
	"M0-5.4L5.2 4.2H-5.2z", /* triangle */
	"M0-5.8L5.8 0L0 5.8L-5.8 0z", /* diamond */
	"M0 5.4L5.2-4.2H-5.2z", /* triangle on its head */
	"M-1.8-5.2H1.8V-1.8H5.2V1.8H1.8V5.2H-1.8V1.8H-5.2V-1.8H-1.8z", /* cross */
	"M-5.2-2.2H5.2V2.2H-5.2z", /* bar */
	"M-2.2-5.4H2.2V5.4H-2.2z", /* post */
};

#define SHAPES (sizeof(shapes) / sizeof(shapes[0]))

/* Of a colour on white and on black, as contrast is reckoned by WCAG: 3 to 1
 * is what is asked of a line or a mark. */
#define LIGHTEST 0.30
#define DARKEST 0.22

static double linear(double channel)
{
	return channel <= 0.04045 ? channel / 12.92 : pow((channel + 0.055) / 1.055, 2.4);
}

static double luminance(const double rgb[3])
{
	return 0.2126 * linear(rgb[0]) + 0.7152 * linear(rgb[1]) + 0.0722 * linear(rgb[2]);
}

/* Towards black or white, in steps, until it is dark or light enough. */
static void put_colour(FILE *to, const char *colour, bool dark_paper)
{
	unsigned long code = strtoul(colour + 1, NULL, 16);
	double rgb[3] = { (double)(code >> 16 & 255) / 255, (double)(code >> 8 & 255) / 255,
			  (double)(code & 255) / 255 };

	for (int step = 0; step < 40; step++) {
		double now = luminance(rgb);

		if (dark_paper ? now >= DARKEST : now <= LIGHTEST)
			break;
		for (int i = 0; i < 3; i++)
			rgb[i] = dark_paper ? rgb[i] + (1 - rgb[i]) * 0.05 : rgb[i] * 0.95;
	}
	fprintf(to, "#%02x%02x%02x", (unsigned int)(rgb[0] * 255 + 0.5),
		(unsigned int)(rgb[1] * 255 + 0.5), (unsigned int)(rgb[2] * 255 + 0.5));
}

void plot_define(FILE *to, const char *const *colours, size_t count)
{
	fputs("<style>\n", to);
	for (size_t i = 0; i < count; i++) {
		fprintf(to, ".k%zu{--c:", i);
		put_colour(to, colours[i], false);
		fputs("}", to);
	}
	fputs("\n@media screen and (prefers-color-scheme:dark){", to);
	for (size_t i = 0; i < count; i++) {
		fprintf(to, ".k%zu{--c:", i);
		put_colour(to, colours[i], true);
		fputs("}", to);
	}
	fputs("}\n</style>\n<svg width=\"0\" height=\"0\" aria-hidden=\"true\" "
	      "style=\"position:absolute\">\n",
	      to);
	for (size_t i = 0; i < SHAPES; i++)
		fprintf(to,
			"<symbol id=\"m%zu\" viewBox=\"-6 -6 12 12\"><path d=\"%s\"/></symbol>\n",
			i, shapes[i]);
	fputs("</svg>\n", to);
}

const char *plot_class(char room[16], size_t series)
{
	snprintf(room, 16, "k%zu", series % PLOT_SERIES_MAX);
	return room;
}

static void put_mark(FILE *to, size_t series, double left, double top)
{
	bool hollow = series / SHAPES % 2;

	fprintf(to, "<svg class=\"mk k%zu\" aria-hidden=\"true\" style=\"",
		series % PLOT_SERIES_MAX);
	if (hollow)
		fputs("fill:var(--paper);stroke:var(--c);stroke-width:2px;", to);
	if (isfinite(left))
		fprintf(to, "left:%.2f%%;top:%.2f%%", left, top);
	fprintf(to, "\"><use href=\"#m%zu\"/></svg>", series % SHAPES);
}

void plot_mark(FILE *to, const struct plot *p, size_t series, double x, double y)
{
	put_mark(to, series, 100 * plot_x(p, x) / PLOT_WIDTH, 100 * plot_y(p, y) / p->height);
}

void plot_legend_mark(FILE *to, size_t series)
{
	put_mark(to, series, NAN, NAN);
}
