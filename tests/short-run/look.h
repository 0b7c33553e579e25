/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looking into a run's folder, for the checks of short runs: what is not
 * there ends the test with a sentence.
 */
#ifndef RINGSCHED_TEST_LOOK_H
#define RINGSCHED_TEST_LOOK_H

/* clang-format off: cmocka wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <glob.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "harness/folder.h"
#include "harness/jsonread.h"
#include "host/cleanup.h"
#include "host/error.h"

/* The first file of the run (folder in SHORT_RUN) that the pattern fits. */
static inline struct json_object *open_json(const char *pattern)
{
	cleanup_free char *path = folder_path(getenv("SHORT_RUN"), "%s", pattern);
	cleanup_error struct rs_error *err = NULL;
	struct json_object *json;
	glob_t found;

	assert_non_null(path);
	if (glob(path, 0, NULL, &found) != 0)
		fail_msg("no file %s: the cell was not finished", path);
	json = json_read(found.gl_pathv[0], &err);
	if (!json)
		fail_msg("%s", err->message);
	globfree(&found);
	return json;
}

/* The row of an array whose `key` is `value`. */
static inline struct json_object *row_with(struct json_object *array, const char *key,
					   const char *value)
{
	unsigned long i;

	for (i = 0; i < json_count(array); i++) {
		const char *text = json_text(json_row(array, i), key);

		if (text && !strcmp(text, value))
			return json_row(array, i);
	}
	fail_msg("no row with %s %s", key, value);
	return NULL;
}

static inline struct json_object *vm_status(struct json_object *cell, const char *vm)
{
	return row_with(json_array(json_dict(cell, "daemon"), "vms"), "name", vm);
}

static inline uint64_t number(struct json_object *o, const char *key)
{
	uint64_t value = 0;

	if (!json_u64(o, key, &value))
		fail_msg("no number '%s'", key);
	return value;
}

#endif
