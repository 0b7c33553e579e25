// SPDX-License-Identifier: GPL-2.0-or-later
/* Tools that write JSON: cyclictest, jitterdebugger, fio. */
#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>

#include "harness/import.h"
#include "harness/jsonread.h"
#include "host/error.h"

/* An object whose keys are latencies and whose values are counts. */
static int add_histogram(struct json_object *histogram, double us_per_unit, struct latencies *l,
			 struct rs_error **err)
{
	if (!histogram)
		return 0;
	json_object_object_foreach(histogram, key, value) {
		char *end;
		double at = strtod(key, &end);
		int64_t count = json_object_get_int64(value);
		int ret;

		if (end == key || *end || !json_object_is_type(value, json_type_int) || count < 0)
			return rs_fail(err, EPROTO, "its histogram has '%s': %s", key,
				       json_object_to_json_string(value));
		ret = latencies_add(l, at * us_per_unit, (uint64_t)count, err);
		if (ret)
			return ret;
	}
	return 0;
}

static void widen(struct latencies *l, double min_us, double max_us)
{
	/* fmin() and fmax() pass NaN by. */
	l->min_us = fmin(l->min_us, min_us);
	l->max_us = fmax(l->max_us, max_us);
}

/* One object a thread or core, each with histogram, a total, min and max. */
static int add_threads(struct json_object *threads, const char *total_key, double us_per_unit,
		       struct latencies *l, struct rs_error **err)
{
	uint64_t total = 0, one;
	int ret = 0;

	json_object_object_foreach(threads, name, thread) {
		(void)name;
		if (!json_object_is_type(thread, json_type_object))
			continue;
		ret = add_histogram(json_dict(thread, "histogram"), us_per_unit, l, err);
		if (ret)
			return ret;
		if (json_u64(thread, total_key, &one) && one < UINT64_MAX / 4)
			total += one;
		widen(l, json_double(thread, "min") * us_per_unit,
		      json_double(thread, "max") * us_per_unit);
	}
	return l->bucket_count ? latencies_finish(l, total, err) :
				 rs_fail(err, ENODATA,
					 "it has no histogram: let the tool keep one (see --help)");
}

/* cyclictest says `resolution_in_ns` 1 where its numbers are nanoseconds. */
bool import_is_cyclictest_json(struct json_object *json)
{
	return json_dict(json, "thread") && json_text(json, "rt_test_version:");
}

IMPORT_READ(cyclictest_json)
{
	uint64_t nanoseconds = 0;

	(void)text;
	(void)part;
	json_u64(json, "resolution_in_ns", &nanoseconds);
	return add_threads(json_dict(json, "thread"), "cycles", nanoseconds ? 1e-3 : 1, l, err);
}

bool import_is_jitterdebugger(struct json_object *json)
{
	return json_dict(json, "cpu") && json_dict(json, "sysinfo");
}

IMPORT_READ(jitterdebugger)
{
	uint64_t resolution = 1000;

	(void)text;
	(void)part;
	json_u64(json_dict(json, "sysinfo"), "resolution_in_ns", &resolution);
	return add_threads(json_dict(json, "cpu"), "count", (double)resolution / 1e3, l, err);
}

bool import_is_fio(struct json_object *json)
{
	return json_array(json, "jobs") && json_text(json, "fio version");
}

/* Completion latency of all jobs in one direction; its bins are nanoseconds. */
IMPORT_READ(fio)
{
	struct json_object *jobs = json_array(json, "jobs");
	uint64_t total = 0, n;
	bool bins = false;
	int ret = 0;

	(void)text;
	for (unsigned long i = 0; i < json_count(jobs) && !ret; i++) {
		struct json_object *clat = json_dict(json_dict(json_row(jobs, i), part), "clat_ns");

		if (!json_u64(clat, "N", &n) || !n || n > UINT64_MAX / 4)
			continue;
		total += n;
		bins |= json_dict(clat, "bins") != NULL;
		ret = add_histogram(json_dict(clat, "bins"), 1e-3, l, err);
		widen(l, json_double(clat, "min") / 1e3, json_double(clat, "max") / 1e3);
	}
	if (!ret && total && !bins)
		return rs_fail(err, EPROTO,
			       "it has no bins: fio writes them with --output-format=json+");
	return ret ? ret : latencies_finish(l, total, err);
}
