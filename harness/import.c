// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/import.h"

#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/folder.h"
#include "harness/jsonread.h"
#include "harness/stats.h"
#include "host/cleanup.h"
#include "host/error.h"
#include "host/json_add.h"

#define TEXT_MAX (16u << 20) /* bytes of a histogram as text */
#define BUCKETS_MAX 4000000u

static const char *const fio_parts[] = { "read", "write", "trim", NULL };

const struct import_format import_formats[] = {
	{ .name = "cyclictest",
	  .help = "cyclictest --json=FILE -h US",
	  .is_json = import_is_cyclictest_json,
	  .read = import_read_cyclictest_json },
	{ .name = "cyclictest",
	  .help = "cyclictest -q -h US >FILE (not with -N: the text does not tell its unit)",
	  .is_text = import_is_cyclictest_text,
	  .read = import_read_cyclictest_text },
	{ .name = "rtla",
	  .help = "rtla timerlat hist or rtla osnoise hist >FILE",
	  .is_text = import_is_rtla,
	  .read = import_read_rtla },
	{ .name = "jitterdebugger",
	  .help = "jitterdebugger -o DIR; the file is DIR/results.json",
	  .is_json = import_is_jitterdebugger,
	  .read = import_read_jitterdebugger },
	{ .name = "fio",
	  .help = "fio --output-format=json+ --output=FILE",
	  .is_json = import_is_fio,
	  .read = import_read_fio,
	  .parts = fio_parts },
	{ .name = NULL },
};

/* ---- a distribution ---- */

int latencies_add(struct latencies *l, double us, uint64_t count, struct rs_error **err)
{
	if (!count)
		return 0;
	if (!isfinite(us) || us < 0)
		return rs_fail(err, EPROTO, "a latency of %g us cannot be", us);
	if (count > UINT64_MAX / 2 - l->count)
		return rs_fail(err, EPROTO, "its counts add up to more than there can be");
	if (l->bucket_count == BUCKETS_MAX)
		return rs_fail(err, EFBIG, "its histogram has more than %u buckets", BUCKETS_MAX);
	if (l->bucket_count == l->room) {
		size_t room = l->room ? 2 * l->room : 256;
		struct latency_bucket *more = reallocarray(l->buckets, room, sizeof(*more));

		if (!more)
			return rs_fail(err, ENOMEM, "no memory for %zu buckets", room);
		l->buckets = more;
		l->room = room;
	}
	l->buckets[l->bucket_count++] = (struct latency_bucket){ us, count };
	l->count += count;
	return 0;
}

static int by_latency(const void *a, const void *b)
{
	double x = ((const struct latency_bucket *)a)->us,
	       y = ((const struct latency_bucket *)b)->us;

	return (x > y) - (x < y);
}

int latencies_finish(struct latencies *l, uint64_t total, struct rs_error **err)
{
	size_t kept = 0;

	if (l->bucket_count)
		qsort(l->buckets, l->bucket_count, sizeof(*l->buckets), by_latency);
	for (size_t i = 0; i < l->bucket_count; i++) {
		if (kept && l->buckets[kept - 1].us == l->buckets[i].us)
			l->buckets[kept - 1].count += l->buckets[i].count;
		else
			l->buckets[kept++] = l->buckets[i];
	}
	l->bucket_count = kept;
	if (total > INT64_MAX)
		return rs_fail(err, EPROTO, "its total is more than there can be");
	if (total && total < l->count)
		return rs_fail(err, EPROTO, "its total is %ju samples, its histogram has %ju",
			       (uintmax_t)total, (uintmax_t)l->count);
	if (total) {
		l->beyond = total - l->count;
		l->count = total;
	}
	if (!l->count)
		return rs_fail(err, ENODATA,
			       "it has no samples; was it made with a histogram (see --help)?");
	return 0;
}

double latencies_quantile(const struct latencies *l, double q)
{
	uint64_t rank = (uint64_t)ceil(q * (double)l->count - 1e-9), seen = 0;

	if (l->count < stats_quantile_needs(q))
		return NAN;
	for (size_t i = 0; i < l->bucket_count; i++) {
		seen += l->buckets[i].count;
		if (seen >= rank)
			return l->buckets[i].us;
	}
	return NAN;
}

void latencies_clear(struct latencies *l)
{
	free(l->buckets);
	*l = (struct latencies){ .min_us = NAN, .max_us = NAN };
}

/* ---- files in, imported.json out ---- */

static int read_text(const char *path, char **text, struct rs_error **err)
{
	cleanup_file FILE *from = fopen(path, "re");
	struct stat st;
	size_t size;

	if (!from || fstat(fileno(from), &st) < 0)
		return rs_fail_errno(err, errno, "%s", path);
	if (!S_ISREG(st.st_mode) || st.st_size > TEXT_MAX)
		return rs_fail(err, EINVAL, "%s is no file of at most %u MiB", path,
			       TEXT_MAX >> 20);
	*text = calloc(1, (size_t)st.st_size + 1);
	if (!*text)
		return rs_fail(err, ENOMEM, "no memory for %s", path);
	size = fread(*text, 1, (size_t)st.st_size, from);
	if (ferror(from))
		return rs_fail(err, EIO, "%s cannot be read", path);
	(*text)[size] = '\0';
	return 0;
}

static const struct import_format *recognise(struct json_object *json, const char *text)
{
	for (const struct import_format *f = import_formats; f->name; f++)
		if ((json && f->is_json && f->is_json(json)) ||
		    (!json && text && f->is_text && f->is_text(text)))
			return f;
	return NULL;
}

static struct json_object *buckets_json(const struct latencies *l)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < l->bucket_count; i++) {
		struct json_object *pair = json_object_new_array();

		json_object_array_add(pair, json_number(l->buckets[i].us));
		json_object_array_add(pair, json_object_new_int64((int64_t)l->buckets[i].count));
		json_object_array_add(list, pair);
	}
	return list;
}

static struct json_object *file_json(const char *path, const char *tool, const struct latencies *l)
{
	const char *base = strrchr(path, '/');
	struct json_object *o = json_object_new_object();

	json_add_text(o, "file", base ? base + 1 : path);
	json_add_text(o, "tool", tool);
	json_add_u64(o, "count", l->count);
	json_add_u64(o, "beyond", l->beyond);
	json_add_number(o, "min_us", l->min_us);
	json_add_number(o, "p50_us", latencies_quantile(l, 0.5));
	json_add_number(o, "p99_us", latencies_quantile(l, 0.99));
	json_add_number(o, "p999_us", latencies_quantile(l, 0.999));
	json_add_number(o, "max_us", l->max_us);
	json_object_object_add(o, "buckets", buckets_json(l));
	return o;
}

/* The row of that series, made where there is none. */
static struct json_object *series_row(struct json_object *root, const char *name, const char *part)
{
	struct json_object *list = json_array(root, "series"), *row;
	char full[128];

	snprintf(full, sizeof(full), "%s%s%s", name, part ? "-" : "", part ? part : "");
	row = json_named(list, full);
	if (row)
		return row;
	row = json_object_new_object();
	json_add_text(row, "name", full);
	json_object_object_add(row, "files", json_object_new_array());
	json_object_array_add(list, row);
	return row;
}

/* A boot that counts twice would make a difference look surer than it is. The
 * texts are compared, for a number that was read back is one that was printed. */
static int add_file(struct json_object *series, struct json_object *file, struct rs_error **err)
{
	struct json_object *files = json_array(series, "files");
	const char *text = json_object_to_json_string(file);

	for (unsigned long i = 0; i < json_count(files); i++)
		if (!strcmp(json_object_to_json_string(json_row(files, i)), text)) {
			json_object_put(file);
			return rs_fail(err, EEXIST, "series %s has this file already",
				       json_text(series, "name"));
		}
	json_object_array_add(files, file);
	return 0;
}

static int read_part(struct json_object *root, const char *name, const char *path,
		     const struct import_format *f, struct json_object *json, const char *text,
		     const char *part, struct rs_error **err)
{
	struct latencies l = { .min_us = NAN, .max_us = NAN };
	int ret = f->read(json, text, part, &l, err);

	if (!ret)
		ret = add_file(series_row(root, name, part), file_json(path, f->name, &l), err);
	latencies_clear(&l);
	return ret;
}

/* A job that only reads has no writes; one without either is no result. */
static int read_parts(struct json_object *root, const char *name, const char *path,
		      const struct import_format *f, struct json_object *json, const char *text,
		      struct rs_error **err)
{
	unsigned int found = 0;

	for (size_t i = 0; f->parts[i]; i++) {
		cleanup_error struct rs_error *why = NULL;
		int ret = read_part(root, name, path, f, json, text, f->parts[i], &why);

		if (ret && ret != -ENODATA) {
			if (err)
				*err = steal_pointer(&why);
			return ret;
		}
		found += !ret;
	}
	return found ? 0 : rs_fail(err, ENODATA, "it has no samples");
}

/* To a JSON parser a text that begins with a number is that number. */
static struct json_object *read_json(const char *path)
{
	struct json_object *json = json_read(path, NULL);

	if (json_object_is_type(json, json_type_object) ||
	    json_object_is_type(json, json_type_array))
		return json;
	json_object_put(json);
	return NULL;
}

static int import_one(struct json_object *root, const char *name, const char *path,
		      struct rs_error **err)
{
	cleanup_json struct json_object *json = read_json(path);
	cleanup_free char *text = NULL;
	const struct import_format *f;
	int ret = json ? 0 : read_text(path, &text, err);

	if (ret)
		return ret;
	f = recognise(json, text);
	if (!f)
		return rs_fail(err, EINVAL,
			       "%s: none of the known tools wrote this; `ringsched import --help` "
			       "lists them",
			       path);
	if (!name)
		name = f->name;
	ret = f->parts ? read_parts(root, name, path, f, json, text, err) :
			 read_part(root, name, path, f, json, text, NULL, err);
	return ret ? rs_fail_wrap(err, "%s (%s)", path, f->name) : 0;
}

static struct json_object *begin(const char *path, struct rs_error **err)
{
	struct json_object *root;

	if (access(path, F_OK) == 0) {
		root = json_read(path, err);
		if (root && json_array(root, "series"))
			return root;
		if (root)
			rs_fail(err, EPROTO, "%s was not written by ringsched import", path);
		json_object_put(root);
		return NULL;
	}
	root = json_object_new_object();
	json_add_i64(root, "schema", 1);
	json_object_object_add(root, "series", json_object_new_array());
	return root;
}

int import_files(const char *dir, const char *name, char *const *files, size_t count,
		 struct rs_error **err)
{
	cleanup_free char *path = folder_path(dir, "imported.json");
	cleanup_json struct json_object *root = NULL;
	int ret = 0;

	if (!path)
		return rs_fail(err, ENOMEM, "out of memory");
	root = begin(path, err);
	if (!root)
		return -EPROTO;
	for (size_t i = 0; i < count && !ret; i++)
		ret = import_one(root, name, files[i], err);
	if (!ret)
		ret = folder_make(dir, 0755, err);
	return ret ? ret : json_write(root, path, err);
}
