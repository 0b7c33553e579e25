// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/jsonread.h"

#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "harness/format.h"
#include "host/cleanup.h"
#include "host/error.h"

#define JSON_FILE_MAX (256u << 20) /* a full trace of an hour is below 100 MiB */
#define JSON_DEPTH_MAX 32

void json_freep(struct json_object **json)
{
	json_object_put(*json);
}

/* The file unpacked into one string. zlib reads plain files as they are. */
static char *read_all(gzFile f, const char *path, size_t *length, struct rs_error **err)
{
	cleanup_free char *text = NULL;
	size_t used = 0, room = 1u << 16;
	int got, code;

	do {
		char *more;

		room *= 2;
		if (room > JSON_FILE_MAX) {
			rs_fail(err, EFBIG, "%s: unpacks to more than %u MiB", path,
				JSON_FILE_MAX >> 20);
			return NULL;
		}
		more = realloc(text, room);
		if (!more) {
			rs_fail(err, ENOMEM, "%s: no memory for %zu bytes", path, room);
			return NULL;
		}
		text = more;
		got = gzread(f, text + used, (unsigned int)(room - used));
		if (got > 0)
			used += (size_t)got;
	} while (used == room);
	/* A truncated stream is told by gzerror, not by the last read. */
	if (got < 0 || (gzerror(f, &code), code != Z_OK && code != Z_STREAM_END)) {
		rs_fail(err, EIO, "%s: %s", path, gzerror(f, &code));
		return NULL;
	}
	*length = used;
	return steal_pointer(&text);
}

static struct json_object *parse(const char *path, const char *text, size_t length,
				 struct rs_error **err)
{
	struct json_tokener *tokener = json_tokener_new_ex(JSON_DEPTH_MAX);
	struct json_object *json;
	enum json_tokener_error code;

	if (!tokener) {
		rs_fail(err, ENOMEM, "%s: no memory for a parser", path);
		return NULL;
	}
	json = json_tokener_parse_ex(tokener, text, (int)length);
	code = json_tokener_get_error(tokener);
	if (code == json_tokener_continue) {
		rs_fail(err, EINVAL, "%s: no JSON, for it ends in the middle, after %zu bytes",
			path, length);
		json_object_put(json);
		json = NULL;
	} else if (code != json_tokener_success || !json) {
		rs_fail(err, EINVAL, "%s: no JSON at byte %zu: %s", path,
			json_tokener_get_parse_end(tokener), json_tokener_error_desc(code));
		json_object_put(json);
		json = NULL;
	}
	json_tokener_free(tokener);
	return json;
}

struct json_object *json_read(const char *path, struct rs_error **err)
{
	cleanup_free char *text = NULL;
	size_t length = 0;
	gzFile f;

	errno = 0;
	f = gzopen(path, "rb");
	if (!f) {
		rs_fail_errno(err, errno ? errno : ENOMEM, "opening %s", path);
		return NULL;
	}
	text = read_all(f, path, &length, err);
	gzclose(f);
	if (!text)
		return NULL;
	return parse(path, text, length, err);
}

int json_write(struct json_object *json, const char *path, struct rs_error **err)
{
	cleanup_free char *temporary = format_text(err, "%s.new", path);
	int flags = JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
		    JSON_C_TO_STRING_NOSLASHESCAPE;

	if (!temporary)
		return -ENOMEM;
	if (!strcmp(path, "-")) {
		puts(json_object_to_json_string_ext(json, flags));
		return 0;
	}
	errno = 0;
	if (json_object_to_file_ext(temporary, json, flags) < 0) {
		int ret = rs_fail_errno(err, errno ? errno : EIO, "writing %s", path);

		unlink(temporary);
		return ret;
	}
	if (rename(temporary, path) < 0)
		return rs_fail_errno(err, errno, "renaming %s to %s", temporary, path);
	return 0;
}

static struct json_object *member(struct json_object *json, const char *key, enum json_type type)
{
	struct json_object *value;

	if (!json_object_is_type(json, json_type_object) ||
	    !json_object_object_get_ex(json, key, &value) || !json_object_is_type(value, type))
		return NULL;
	return value;
}

bool json_u64(struct json_object *json, const char *key, uint64_t *value)
{
	struct json_object *number = member(json, key, json_type_int);

	/* json-c gives 0 for a negative number: tell it from a real 0. */
	if (!number || json_object_get_int64(number) < 0)
		return false;
	*value = json_object_get_uint64(number);
	return true;
}

bool json_i64(struct json_object *json, const char *key, int64_t *value)
{
	struct json_object *number = member(json, key, json_type_int);

	if (!number)
		return false;
	*value = json_object_get_int64(number);
	return true;
}

double json_double(struct json_object *json, const char *key)
{
	struct json_object *number = member(json, key, json_type_double);

	if (!number)
		number = member(json, key, json_type_int);
	return number ? json_object_get_double(number) : NAN;
}

bool json_true(struct json_object *json, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(json, key, &value) && json_object_get_boolean(value);
}

const char *json_text(struct json_object *json, const char *key)
{
	struct json_object *text = member(json, key, json_type_string);

	return text ? json_object_get_string(text) : NULL;
}

const char *json_shown(struct json_object *json, const char *key)
{
	const char *text = json_text(json, key);

	return text ? text : "?";
}

struct json_object *json_array(struct json_object *json, const char *key)
{
	return member(json, key, json_type_array);
}

struct json_object *json_dict(struct json_object *json, const char *key)
{
	return member(json, key, json_type_object);
}

unsigned long json_count(struct json_object *array)
{
	return array ? json_object_array_length(array) : 0;
}

struct json_object *json_row(struct json_object *array, unsigned long index)
{
	struct json_object *row = array ? json_object_array_get_idx(array, index) : NULL;

	return json_object_is_type(row, json_type_object) ? row : NULL;
}

struct json_object *json_named(struct json_object *array, const char *name)
{
	for (unsigned long i = 0; i < json_count(array); i++) {
		const char *text = json_text(json_row(array, i), "name");

		if (text && !strcmp(text, name))
			return json_row(array, i);
	}
	return NULL;
}

bool json_pair(struct json_object *array, unsigned long index, struct json_object *pair[2])
{
	struct json_object *row = array ? json_object_array_get_idx(array, index) : NULL;

	if (!json_object_is_type(row, json_type_array) || json_object_array_length(row) != 2)
		return false;
	pair[0] = json_object_array_get_idx(row, 0);
	pair[1] = json_object_array_get_idx(row, 1);
	return true;
}

struct json_object *json_number(double value)
{
	char text[40];

	if (!isfinite(value))
		return NULL;
	if (value == floor(value) && fabs(value) < 9e15)
		return json_object_new_int64((int64_t)value);
	/* Nanoseconds are the finest thing measured; more digits are noise. */
	snprintf(text, sizeof(text), "%.9g", value);
	return json_object_new_double_s(value, text);
}

void json_add_number(struct json_object *to, const char *key, double value)
{
	json_object_object_add(to, key, json_number(value));
}
