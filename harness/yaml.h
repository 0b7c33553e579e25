/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small YAML file as a tree that knows where each value stands, and the
 * list of what is wrong with it. The file may be hostile: size, depth and
 * number of values are bounded, and anchors, aliases and tags (which make
 * small files big) are refused.
 */
#ifndef RINGSCHED_YAML_H
#define RINGSCHED_YAML_H

#include <stdbool.h>
#include <stddef.h>

struct rs_error;

#define MISTAKES_MAX 20 /* reported of one file; more are counted */

struct mistake {
	unsigned int line, column; /* from 1; column in characters */
	char *sentence; /* owned */
};

/* A file's text and what was found wrong with it so far. */
struct yaml_file {
	const char *path; /* borrowed */
	char *text; /* owned, ends with 0, holds no other 0 */
	size_t size;
	struct mistake mistakes[MISTAKES_MAX];
	unsigned int mistake_count; /* may exceed MISTAKES_MAX */
};

enum yaml_type { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml {
	enum yaml_type type;
	unsigned int line, column; /* of its first character */
	char *text; /* scalars; quotes removed */
	size_t count; /* of items */
	struct yaml **keys; /* maps: scalars, count of them, in file order */
	struct yaml **items; /* maps and lists */
};

/* Reads the file (yaml_file.c): -errno, *err set where there is nothing to parse. */
int yaml_file_read(struct yaml_file *f, const char *path, struct rs_error **err);
void yaml_file_free(struct yaml_file *f);

/* Is it text: UTF-8, of whole characters, without a 0? False after noting where
 * it is not. Later code takes it for a C string of such. */
bool yaml_file_check(struct yaml_file *f);

/* NULL after noting the mistake; also where memory ran out. */
struct yaml *yaml_parse(struct yaml_file *f);
void yaml_free(struct yaml *y);

/* Value of a map's key, or NULL; NULL too where y is no map. */
const struct yaml *yaml_get(const struct yaml *y, const char *key);
/* Item of a list, or NULL where there are not so many or y is no list. */
const struct yaml *yaml_item(const struct yaml *y, size_t index);

/* Bytes of the UTF-8 character at c (which ends with a 0), 0 where none. */
size_t yaml_character(const char *c);

void yaml_mistake(struct yaml_file *f, unsigned int line, unsigned int column, const char *format,
		  ...) __attribute__((format(printf, 4, 5)));

/*
 * All mistakes as one error (EINVAL): by line, each as
 * FILE:LINE:COLUMN: sentence, the line itself and a caret under the column.
 * 0 where there is none.
 */
int yaml_file_fail(struct yaml_file *f, struct rs_error **err);

#endif
