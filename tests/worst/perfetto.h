/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Would Perfetto take all of a file of `ringsched trace`? An event that its
 * importer does not like is dropped there, and only a row in its table `stats`
 * tells. The rules are those of its sources (trace_processor: importers/json,
 * slice_tracker, trace_sorter; as of August 2026), each named by that row. What
 * is ours is stricter: slices of one track are never nested, and whatever has
 * events has a name. Times are compared in ns, as the importer rounds them.
 */
#ifndef RINGSCHED_TEST_PERFETTO_H
#define RINGSCHED_TEST_PERFETTO_H

/* clang-format off: cmocka wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <json-c/json.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/jsonread.h"

struct perfetto_slice {
	char track[48];
	long long from, to;
};

struct perfetto {
	struct json_object *named; /* keys: "PID" of a group, "PID/TID" of a track */
	struct json_object *open; /* a `b` whose `e` is to follow */
	struct perfetto_slice *slices; /* owned */
	size_t count;
};

static inline void perfetto_want(bool holds, struct json_object *e, const char *why)
{
	if (!holds)
		fail_msg("%s: %s", why, json_object_to_json_string(e));
}

static inline bool perfetto_is_number(struct json_object *value)
{
	return json_object_is_type(value, json_type_int) ||
	       json_object_is_type(value, json_type_double);
}

/* Of `ts` or `dur`: a number of us; smaller than `least`, or none, is an error. */
static inline long long perfetto_ns(struct json_object *e, const char *key, long long least,
				    const char *why)
{
	double us = json_double(e, key);

	perfetto_want(perfetto_is_number(json_object_object_get(e, key)) && isfinite(us), e,
		      "json_tokenizer_failure, a time is no number");
	perfetto_want(llround(us * 1000) >= least, e, why);
	return llround(us * 1000);
}

static inline long long perfetto_ts(struct json_object *e)
{
	return perfetto_ns(e, "ts", 0, "trace_sorter_negative_timestamp_dropped");
}

static inline void perfetto_track(struct json_object *e, char track[48])
{
	snprintf(track, 48, "%jd/%jd",
		 (intmax_t)json_object_get_int64(json_object_object_get(e, "pid")),
		 (intmax_t)json_object_get_int64(json_object_object_get(e, "tid")));
}

static inline void perfetto_want_names(struct perfetto *p, struct json_object *e, bool track_too)
{
	char track[48], group[48];

	perfetto_track(e, track);
	snprintf(group, sizeof(group), "%.*s", (int)strcspn(track, "/"), track);
	perfetto_want(json_object_object_get_ex(p->named, group, NULL), e,
		      "its group has no process_name so far");
	perfetto_want(!track_too || json_object_object_get_ex(p->named, track, NULL), e,
		      "its track has no thread_name so far");
}

/* ---- by kind ---- */

static inline void perfetto_metadata(struct perfetto *p, struct json_object *e)
{
	const char *what = json_text(e, "name");
	struct json_object *args = json_dict(e, "args");
	bool group = !strcmp(what, "process_name"), track = !strcmp(what, "thread_name");
	char key[48];

	perfetto_track(e, key);
	if (group)
		key[strcspn(key, "/")] = '\0';
	if (group || track) {
		perfetto_want(json_text(args, "name") && *json_text(args, "name"), e,
			      "json_parser_failure, no name");
		json_object_object_add(p->named, key, json_object_new_boolean(true));
		return;
	}
	perfetto_want(!strcmp(what, "process_sort_index") || !strcmp(what, "thread_sort_index"), e,
		      "ignored, it tells nothing that is known");
	perfetto_want(perfetto_is_number(json_object_object_get(args, "sort_index")), e,
		      "json_parser_failure, no sort_index");
}

static inline void perfetto_complete(struct perfetto *p, struct json_object *e)
{
	struct perfetto_slice *s = &p->slices[p->count++];

	perfetto_want_names(p, e, true);
	perfetto_track(e, s->track);
	s->from = perfetto_ts(e);
	s->to = s->from + perfetto_ns(e, "dur", 1, "slice_negative_duration, or none");
}

/* Found again by category, id and name; ours follow each other. */
static inline void perfetto_begin(struct perfetto *p, struct json_object *e)
{
	perfetto_want_names(p, e, false);
	perfetto_want(json_text(json_dict(e, "id2"), "local") && json_text(e, "cat"), e,
		      "no id that is its group's own: its track is outside; or no category");
	perfetto_want(!p->open, e, "the one before it did not end");
	perfetto_ts(e);
	p->open = e;
}

static inline void perfetto_end(struct perfetto *p, struct json_object *e)
{
	static const char *const keys[] = { "id2", "cat", "name", "pid" };

	perfetto_want(p->open, e, "an end without a begin");
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		perfetto_want(json_object_equal(json_object_object_get(e, keys[i]),
						json_object_object_get(p->open, keys[i])),
			      e, "an end of another begin");
	perfetto_want(perfetto_ts(e) >= perfetto_ts(p->open), e, "an end before its begin");
	p->open = NULL;
}

static inline void perfetto_instant(struct perfetto *p, struct json_object *e)
{
	const char *scope = json_text(e, "s");

	perfetto_want_names(p, e, true);
	perfetto_want(scope && !strcmp(scope, "t"), e, "not on its track");
	perfetto_ts(e);
}

static inline void perfetto_counter(struct perfetto *p, struct json_object *e)
{
	struct json_object *args = json_dict(e, "args");

	perfetto_want_names(p, e, false);
	perfetto_want(args && json_object_object_length(args), e,
		      "json_parser_failure, a counter without values");
	json_object_object_foreach(args, key, value)
		perfetto_want(*key && perfetto_is_number(value), e,
			      "json_parser_failure, a value is no number");
	perfetto_ts(e);
}

/* ---- the file ---- */

static inline void perfetto_event(struct perfetto *p, struct json_object *e)
{
	static const struct {
		const char *kind;
		void (*check)(struct perfetto *p, struct json_object *e);
	} kinds[] = {
		{ "M", perfetto_metadata }, { "X", perfetto_complete }, { "b", perfetto_begin },
		{ "e", perfetto_end },	    { "i", perfetto_instant },	{ "C", perfetto_counter },
	};
	const char *kind = json_text(e, "ph"), *name = json_text(e, "name");
	uint64_t pid = 0, tid;

	perfetto_want(kind && name && *name, e, "json_tokenizer_failure, no kind or no name");
	perfetto_want(json_u64(e, "pid", &pid) && pid > 0 && pid <= UINT32_MAX, e, "no pid");
	perfetto_want(json_u64(e, "tid", &tid) && tid <= UINT32_MAX, e, "no tid");
	perfetto_want(tid != pid, e, "its track would be the group's main thread");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i].kind, kind)) {
			kinds[i].check(p, e);
			return;
		}
	perfetto_want(false, e, "ignored, a kind that is not known");
}

static inline int perfetto_by_track(const void *a, const void *b)
{
	const struct perfetto_slice *x = a, *y = b;
	int order = strcmp(x->track, y->track);

	return order ? order : (x->from > y->from) - (x->from < y->from);
}

static inline void perfetto_check(struct json_object *file)
{
	struct json_object *events = json_array(file, "traceEvents");
	struct perfetto p = {
		.named = json_object_new_object(),
		.slices = calloc(json_count(events) + 1, sizeof(*p.slices)),
	};

	assert_true(json_count(events) > 0);
	assert_non_null(p.slices);
	for (unsigned long i = 0; i < json_count(events); i++)
		perfetto_event(&p, json_row(events, i));
	assert_null(p.open);
	qsort(p.slices, p.count, sizeof(*p.slices), perfetto_by_track);
	for (size_t i = 1; i < p.count; i++)
		if (!strcmp(p.slices[i - 1].track, p.slices[i].track) &&
		    p.slices[i - 1].to > p.slices[i].from)
			fail_msg("slice_spill_overlapping_complete_event: track %s, %lld to %lld "
				 "ns and %lld to %lld",
				 p.slices[i].track, p.slices[i - 1].from, p.slices[i - 1].to,
				 p.slices[i].from, p.slices[i].to);
	free(p.slices);
	json_object_put(p.named);
}

#endif
