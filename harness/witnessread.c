// SPDX-License-Identifier: GPL-2.0-or-later
/* What the witness saw of the host during a cell: stalls, and the core's speed. */
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>

#include "harness/cellread.h"
#include "harness/jsonread.h"
#include "host/error.h"

static int compare_stalls(const void *a, const void *b)
{
	const struct cell_stall *x = a, *y = b;

	return (x->begin > y->begin) - (x->begin < y->begin);
}

static int read_stalls(struct cell *cell, struct rs_error **err)
{
	struct json_object *stalls = json_array(json_dict(cell->json, "witness"), "stalls");
	unsigned long count = json_count(stalls);

	cell->stalls = calloc(count + 1, sizeof(*cell->stalls));
	if (!cell->stalls)
		return rs_fail(err, ENOMEM, "no memory for %lu stalls", count);
	for (unsigned long i = 0; i < count; i++) {
		struct json_object *pair[2];
		uint64_t begin, length;

		if (!json_pair(stalls, i, pair))
			return rs_fail(err, EINVAL, "witness.stalls[%lu] is no pair", i);
		begin = json_object_get_uint64(pair[0]);
		length = json_object_get_uint64(pair[1]);
		if (length <= WITNESS_STALL_NS)
			continue;
		cell->stalls[cell->stall_count++] =
			(struct cell_stall){ .begin = begin, .end = begin + length };
	}
	qsort(cell->stalls, cell->stall_count, sizeof(*cell->stalls), compare_stalls);
	return 0;
}

static int compare_speeds(const void *a, const void *b)
{
	const struct cell_speed *x = a, *y = b;

	return (x->from > y->from) - (x->from < y->from);
}

static uint64_t reach(uint64_t distance)
{
	return distance / 2 < WITNESS_PROBE_REACH_NS ? distance / 2 : WITNESS_PROBE_REACH_NS;
}

/* From points in time (in `from`) to the stretches they stand for. */
static void stretch_speeds(struct cell *cell)
{
	struct cell_speed *s = cell->speeds;
	uint64_t back = 0; /* from this probe towards the one before */

	for (size_t i = 0; i < cell->speed_count; i++) {
		uint64_t at = s[i].from, ahead = 0;

		if (i + 1 < cell->speed_count)
			ahead = reach(s[i + 1].from - at);
		s[i].from = at - back;
		s[i].to = at + ahead + 1;
		back = ahead;
	}
}

static int read_speeds(struct cell *cell, struct rs_error **err)
{
	struct json_object *speeds = json_array(json_dict(cell->json, "witness"), "speed");
	unsigned long count = json_count(speeds);

	cell->speeds = calloc(count + 1, sizeof(*cell->speeds));
	if (!cell->speeds)
		return rs_fail(err, ENOMEM, "no memory for %lu speed probes", count);
	for (unsigned long i = 0; i < count; i++) {
		struct json_object *pair[2];

		if (!json_pair(speeds, i, pair))
			return rs_fail(err, EINVAL, "witness.speed[%lu] is no pair", i);
		cell->speeds[cell->speed_count++] = (struct cell_speed){
			.from = json_object_get_uint64(pair[0]),
			.permille = json_object_get_double(pair[1]),
		};
	}
	qsort(cell->speeds, cell->speed_count, sizeof(*cell->speeds), compare_speeds);
	stretch_speeds(cell);
	return 0;
}

int cell_read_witness(struct cell *cell, struct rs_error **err)
{
	int ret = read_stalls(cell, err);

	return ret ? ret : read_speeds(cell, err);
}
