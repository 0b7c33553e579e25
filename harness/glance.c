// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/glance.h"

#include <errno.h>

#include "harness/cellread.h"
#include "harness/measure.h"
#include "host/error.h"

static int look(const struct cell *cell, const struct cell_phase *phase, struct glance *g,
		struct rs_error **err)
{
	const struct cell_ring *judged = cell_judged_ring(cell);
	size_t i;

	if (!judged)
		return rs_fail(err, ENODATA, "cell %s: no ring of a control VM", cell->name);
	for (i = 0; i < cell->ring_count; i++) {
		struct measure m = { 0 };
		int ret = 0;

		if (cell->rings[i].control)
			ret = measure_add(&m, &cell->rings[i], phase, err);
		g->missed += m.missed_unstained;
		if (&cell->rings[i] == judged)
			g->p99_us = durations_spread(&m.response).p99;
		measure_clear(&m);
		if (ret < 0)
			return ret;
	}
	return 0;
}

int glance_read(const char *dir, const struct scenario *s, struct glance *g, struct rs_error **err)
{
	struct cell *cell = cell_read(dir, s, err);
	int ret;

	*g = (struct glance){ 0 };
	if (!cell)
		return -EINVAL;
	ret = look(cell, &cell->phases[s->limits.phase], g, err);
	cell_free(cell);
	return ret;
}
