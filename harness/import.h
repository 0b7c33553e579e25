/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Results of other tools, for `ringsched compare`: a file is one boot's worth,
 * a distribution of latencies. One tool's format a row of the table in
 * import.c; the readers stand in import_*.c.
 */
#ifndef RINGSCHED_IMPORT_H
#define RINGSCHED_IMPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct json_object;
struct rs_error;

struct latency_bucket {
	double us; /* as the tool has it: the lower edge, or fio's middle */
	uint64_t count;
};

struct latencies {
	struct latency_bucket *buckets; /* owned; by rising us after latencies_finish() */
	size_t bucket_count, room;
	uint64_t count; /* with those beyond the last bucket */
	uint64_t beyond; /* of these, in no bucket: larger than all buckets */
	double min_us, max_us; /* the tool's own, exact; NaN where it gives none */
};

int latencies_add(struct latencies *l, double us, uint64_t count, struct rs_error **err);
/* Sort, join equal edges, and work out `beyond` from the tool's own total
 * (0 = it gives none). EPROTO: a total smaller than the buckets' sum. */
int latencies_finish(struct latencies *l, uint64_t total, struct rs_error **err);
/* Nearest rank; NaN with too few samples behind it (docs/statistics.md), and
 * where it lies beyond the buckets. */
double latencies_quantile(const struct latencies *l, double q);
void latencies_clear(struct latencies *l);

struct import_format {
	const char *name; /* Required. The tool's */
	const char *help; /* Required. How it is made to write this */
	/* Required one of the two: is it this tool's, by its content? */
	bool (*is_json)(struct json_object *json);
	bool (*is_text)(const char *text);
	/* Required. All threads' and jobs' samples into *l; `part` is a part's
	 * name where a file has several ("read", "write"), else NULL. */
	int (*read)(struct json_object *json, const char *text, const char *part,
		    struct latencies *l, struct rs_error **err);
	const char *const *parts; /* Not required. NULL-ended names for `part` */
};

extern const struct import_format import_formats[]; /* ended by a row without name */

bool import_is_cyclictest_json(struct json_object *json);
bool import_is_cyclictest_text(const char *text);
bool import_is_rtla(const char *text);
bool import_is_jitterdebugger(struct json_object *json);
bool import_is_fio(struct json_object *json);

#define IMPORT_READ(name)                                                                    \
	int import_read_##name(struct json_object *json, const char *text, const char *part, \
			       struct latencies *l, struct rs_error **err)
IMPORT_READ(cyclictest_json);
IMPORT_READ(cyclictest_text);
IMPORT_READ(rtla);
IMPORT_READ(jitterdebugger);
IMPORT_READ(fio);

/*
 * Read the files (each one boot of `name`) and write them into folder `dir`,
 * made where it is missing, as DIR/imported.json: more can be added by further
 * calls. EINVAL: no known tool wrote this file.
 */
int import_files(const char *dir, const char *name, char *const *files, size_t count,
		 struct rs_error **err);

/* Has the folder an imported.json? */
bool import_is_folder(const char *dir);

/* A Markdown table a series. */
void import_write_tables(struct json_object *root, FILE *to);

/* Write DIR/report.md and DIR/report.html of it, and the former to `to`. */
int import_report(const char *dir, FILE *to, struct rs_error **err);

#endif
