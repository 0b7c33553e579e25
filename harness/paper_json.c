// SPDX-License-Identifier: GPL-2.0-or-later
/* The files of a folder of runs, and numbers in them by path. */
#include <errno.h>
#include <fnmatch.h>
#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/format.h"
#include "harness/jsonread.h"
#include "harness/paper.h"
#include "harness/stats.h"
#include "host/cleanup.h"
#include "host/error.h"

#define SOURCES_MAX 64
#define PATH_PARTS 16

struct source {
	const char *name; /* the table's */
	struct json_object *json;
	char *why; /* where json is NULL */
};

struct paper {
	char *dir;
	struct source sources[SOURCES_MAX];
	unsigned int count;
};

static bool is_new(const struct paper_claim *last, const struct paper_row *until)
{
	const struct paper_claim *c;
	const struct paper_row *r;

	for (c = paper_claims; c <= last; c++)
		for (r = c->rows; r->what && r != until; r++)
			if (!strcmp(r->source, until->source))
				return false;
	return true;
}

const char *paper_source(unsigned int i)
{
	const struct paper_claim *c;
	const struct paper_row *r;

	for (c = paper_claims; c->title; c++)
		for (r = c->rows; r->what; r++)
			if (is_new(c, r) && i-- == 0)
				return r->source;
	return NULL;
}

struct paper *paper_open(const char *dir, struct rs_error **err)
{
	struct paper *p = calloc(1, sizeof(*p));
	struct stat st;

	if (!p || !(p->dir = strdup(dir))) {
		rs_fail(err, ENOMEM, "out of memory");
	} else if (stat(dir, &st) < 0) {
		rs_fail_errno(err, errno, "%s", dir);
	} else if (!S_ISDIR(st.st_mode)) {
		rs_fail(err, ENOTDIR, "%s is no folder", dir);
	} else {
		return p;
	}
	paper_close(p);
	return NULL;
}

void paper_close(struct paper *p)
{
	unsigned int i;

	if (!p)
		return;
	for (i = 0; i < p->count; i++) {
		json_object_put(p->sources[i].json);
		free(p->sources[i].why);
	}
	free(p->dir);
	free(p);
}

const char *paper_dir(const struct paper *p)
{
	return p->dir;
}

static void load(const struct paper *p, struct source *s)
{
	const char *file = strcmp(s->name, "scale") ? "summary.json" : "scale.json";
	cleanup_free char *path = format_text(NULL, "%s/%s/%s", p->dir, s->name, file);
	cleanup_error struct rs_error *err = NULL;

	if (path && access(path, F_OK) < 0) {
		s->why = format_text(NULL, "`%s` was not run", s->name);
		return;
	}
	s->json = path ? json_read(path, &err) : NULL;
	if (!s->json)
		s->why = format_text(NULL, "`%s/%s` cannot be read", s->name, file);
}

struct json_object *paper_json(struct paper *p, const char *source, const char **why)
{
	struct source *s;
	unsigned int i;

	for (i = 0; i < p->count; i++)
		if (!strcmp(p->sources[i].name, source))
			break;
	if (i == SOURCES_MAX) {
		*why = "too many folders";
		return NULL;
	}
	s = &p->sources[i];
	if (i == p->count) {
		p->count++;
		s->name = source;
		load(p, s);
	}
	*why = s->why ? s->why : "out of memory";
	return s->json;
}

/* Median of an array of numbers; those that are null do not count. */
static double array_median(struct json_object *array)
{
	unsigned long count = json_count(array), i, used = 0;
	cleanup_free double *values = calloc(count + 1, sizeof(*values));

	for (i = 0; values && i < count; i++) {
		struct json_object *item = json_object_array_get_idx(array, i);

		if (json_object_is_type(item, json_type_int) ||
		    json_object_is_type(item, json_type_double))
			values[used++] = json_object_get_double(item);
	}
	if (!used)
		return NAN;
	stats_sort(values, used);
	return stats_median(values, used);
}

static double number_of(struct json_object *json)
{
	switch (json_object_get_type(json)) {
	case json_type_int:
	case json_type_double:
		return json_object_get_double(json);
	case json_type_array:
		return array_median(json);
	default:
		return NAN;
	}
}

static double follow(struct json_object *json, char *const *parts);

/* The sum over all keys that match; one without the number spoils it. */
static double sum_matching(struct json_object *json, char *const *parts)
{
	double sum = NAN;

	if (!json_object_is_type(json, json_type_object))
		return NAN;
	json_object_object_foreach(json, key, value) {
		if (fnmatch(parts[0], key, 0))
			continue;
		sum = (isnan(sum) ? 0 : sum) + follow(value, parts + 1);
		if (isnan(sum))
			return NAN;
	}
	return sum;
}

static struct json_object *array_end(struct json_object *array, const char *which)
{
	unsigned long count = json_count(array);

	if (count && !strcmp(which, "first"))
		return json_object_array_get_idx(array, 0);
	return count && !strcmp(which, "last") ? json_object_array_get_idx(array, count - 1) : NULL;
}

static double follow(struct json_object *json, char *const *parts)
{
	struct json_object *value = NULL;

	if (!parts[0])
		return number_of(json);
	if (strchr(parts[0], '*'))
		return sum_matching(json, parts);
	if (json_object_is_type(json, json_type_array))
		value = array_end(json, parts[0]);
	else if (json_object_is_type(json, json_type_object))
		json_object_object_get_ex(json, parts[0], &value);
	return value ? follow(value, parts + 1) : NAN;
}

double paper_number(struct json_object *json, const char *path)
{
	cleanup_free char *copy = strdup(path);
	char *parts[PATH_PARTS + 1] = { NULL }, *rest = copy;
	unsigned int i;

	for (i = 0; rest && i < PATH_PARTS; i++)
		parts[i] = strsep(&rest, ".");
	return copy && !rest ? follow(json, parts) : NAN;
}

struct json_object *paper_points(struct json_object *json, const char *series)
{
	cleanup_free char *copy = strdup(series);
	char *rest = copy, *part;

	while (json && rest && (part = strsep(&rest, ".")))
		json = json_dict(json, part);
	return json_array(json, "points");
}
