// SPDX-License-Identifier: GPL-2.0-or-later
/* What a scheme of notifications costs against the number of processes in a ring. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "harness/figure.h"
#include "harness/summary.h"
#include "host/error.h"

#define SIZES_MIN 3 /* fewer are no curve */

/* Is no ring before number i of the cell as large as it? */
static bool is_first_of_size(const struct cell *c, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (c->rings[k].control && c->rings[k].processes == c->rings[i].processes)
			return false;
	return c->rings[i].control;
}

static bool has_sizes(const struct summary *s)
{
	const struct cell *c = s->policies[0].boots[0].cell;
	size_t sizes = 0;

	for (size_t i = 0; i < c->ring_count; i++)
		sizes += is_first_of_size(c, i);
	return sizes >= SIZES_MIN;
}

/* The curve of a policy: processes, notifications; by rising size. */
static size_t write_curve(const struct policy_result *p, FILE *dat)
{
	const struct cell *c = p->boots[0].cell;
	size_t written = 0;
	double changes;

	fprintf(dat, "# %s\n", p->name);
	for (unsigned int size = 1; size <= RS_MEMBER_MAX; size++)
		for (size_t i = 0; i < c->ring_count; i++) {
			double n = summary_notifications(p, &c->rings[i], &changes);

			if (c->rings[i].processes != size || !is_first_of_size(c, i) ||
			    !isfinite(n))
				continue;
			fprintf(dat, "%u %.6g\n", size, n);
			written++;
		}
	fputs(written ? "\n\n" : "NaN NaN\n\n\n", dat);
	return written;
}

static int write_notifications(const struct summary *s, FILE *dat, FILE *gp, struct rs_error **err)
{
	char label[80];
	size_t written = 0;

	fputs("# a block a policy: processes in the ring, notifications a period\n", dat);
	for (size_t i = 0; i < s->policy_count; i++)
		written += write_curve(&s->policies[i], dat);
	if (!written)
		return rs_fail(err, ENODATA, "no policy's notifications were counted");
	fputs("set title 'Notifications a period, against the processes in a ring'\n"
	      "set xlabel 'processes in the ring'\n"
	      "set ylabel 'notifications a period'\n"
	      "set xrange [0:*]\n"
	      "set yrange [0:*]\n"
	      "set key left top samplen 2.5\n"
	      "plot ",
	      gp);
	for (size_t i = 0; i < s->policy_count; i++)
		fprintf(gp,
			"%s'notifications.dat' index %zu using 1:2 with linespoints linewidth 2.5 "
			"pointtype 7 linecolor '%s' title '%s'",
			i ? ", \\\n\t" : "", i, figure_colour(s->policies[i].name),
			figure_label(s->policies[i].name, label));
	fputs("\n", gp);
	return 0;
}

const struct figure figure_notifications = {
	.name = "notifications",
	.title = "Notifications a period against the number of processes in a ring, a curve a "
		 "policy",
	.caption = "Messages about a ring ÷ its periods, over all boots, for rings of different "
		   "size in one guest.",
	.width = 900,
	.height = 520,
	.applies = has_sizes,
	.write = write_notifications,
};
