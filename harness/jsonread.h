/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading JSON that others wrote. A key that is absent, null or of another
 * type is never an abort: numbers come back as NaN or false, texts, arrays
 * and objects as NULL, and the caller decides whether it can do without.
 * Nothing returned is owned by the caller unless it says so.
 */
#ifndef RINGSCHED_JSONREAD_H
#define RINGSCHED_JSONREAD_H

#include <stdbool.h>
#include <stdint.h>

struct json_object;
struct rs_error;

/*
 * Parse the whole file, plain or gzip-compressed. The caller owns the result
 * (json_object_put()). NULL with *err set if it cannot be read, is not JSON,
 * or unpacks to more than 256 MiB.
 */
struct json_object *json_read(const char *path, struct rs_error **err);

/* Write it, indented, to a temporary name and rename: never half a file. To
 * stdout where the path is "-". */
int json_write(struct json_object *json, const char *path, struct rs_error **err);

bool json_u64(struct json_object *json, const char *key, uint64_t *value);
bool json_i64(struct json_object *json, const char *key, int64_t *value);
double json_double(struct json_object *json, const char *key);
bool json_true(struct json_object *json, const char *key);
const char *json_text(struct json_object *json, const char *key);
/* For people: "?" where there is none. */
const char *json_shown(struct json_object *json, const char *key);
struct json_object *json_array(struct json_object *json, const char *key);
struct json_object *json_dict(struct json_object *json, const char *key);

/* Row `index` of an array as object; NULL where it is none. */
struct json_object *json_row(struct json_object *array, unsigned long index);
/* The first row of that "name"; NULL where there is none. */
struct json_object *json_named(struct json_object *array, const char *name);
/* Row `index` as an array of two, taken apart; false where it is none. */
bool json_pair(struct json_object *array, unsigned long index, struct json_object *pair[2]);
unsigned long json_count(struct json_object *array);

/* A number, or null where it is NaN or infinite. The caller owns it. */
struct json_object *json_number(double value);
void json_add_number(struct json_object *to, const char *key, double value);

void json_freep(struct json_object **json);
#define cleanup_json __attribute__((cleanup(json_freep)))

#endif
