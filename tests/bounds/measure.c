// SPDX-License-Identifier: GPL-2.0-or-later
/* Command line of tests/bounds/measure, and what its parts share. */
#include <argp.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/error.h"
#include "host/sched.h"
#include "tests/bounds/bounds.h"
#include "tests/fake/measuring.h"

struct options {
	const char *json;
	unsigned int rounds, pairs;
	double seconds;
};

static const struct argp_option option_table[] = {
	{ "json", 'j', "FILE", 0, "write the figures there as well", 0 },
	{ "rounds", 'r', "N", 0, "boosts that never end, of each period (default 50)", 0 },
	{ "pairs", 'p', "N", 0, "stretches without and with each flood (default 5)", 0 },
	{ "seconds", 's', "X", 0, "length of a stretch (default 2)", 0 },
	{ 0 },
};

int bounds_take_core(struct sched_state *own, struct rs_error **err)
{
	int ret = sched_pin(BOUNDS_WORKER_CORE, err);

	if (!ret && (sched_read(0, own) || sched_apply_fifo(0, BOUNDS_WORKER_PRIORITY, NULL)))
		ret = rs_fail(err, EPERM, "real-time scheduling is not permitted");
	return ret;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double bounds_quantile(double *values, size_t count, double q)
{
	size_t index = (size_t)(q * (double)count);

	qsort(values, count, sizeof(*values), by_value);
	return values[index < count ? index : count - 1];
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'j':
		o->json = text;
		return 0;
	case 'r':
		o->rounds = (unsigned int)measuring_number(text, 1, 10000, state);
		return 0;
	case 'p':
		o->pairs = (unsigned int)measuring_number(text, 1, 100, state);
		return 0;
	case 's':
		o->seconds = measuring_number(text, 0.1, 60, state);
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "%s is not an option", text);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int measure(const struct options *o, bool *holds, struct rs_error **err)
{
	struct json_object *result = json_object_new_object();
	int ret;

	json_object_object_add(result, "schema", json_object_new_int(1));
	ret = bounds_demotion(o->rounds, result, holds, err);
	if (!ret)
		ret = bounds_flood(o->pairs, o->seconds, result, holds, err);
	json_object_object_add(result, "holds", json_object_new_boolean(*holds));
	if (!ret && o->json && json_object_to_file_ext(o->json, result, JSON_C_TO_STRING_PRETTY))
		ret = rs_fail(err, EIO, "%s cannot be written", o->json);
	json_object_put(result);
	return ret;
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.doc = "Measures how long a guest that never ends its ring is boosted, and what a "
		       "flood of one VM costs the others.",
	};
	struct options o = { .rounds = 50, .pairs = 5, .seconds = 2 };
	struct rs_error *err = NULL;
	bool holds = true;
	int ret;

	argp_parse(&argp, argc, argv, 0, NULL, &o);
	setlinebuf(stdout);
	ret = measure(&o, &holds, &err);
	return measuring_exit_code("bounds", ret, holds, err);
}
