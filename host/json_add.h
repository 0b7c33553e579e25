/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys of an object that is being written; harness/jsonread.h reads them. */
#ifndef RINGSCHED_JSON_ADD_H
#define RINGSCHED_JSON_ADD_H

#include <stdbool.h>
#include <stdint.h>

struct json_object;

void json_add_text(struct json_object *to, const char *key, const char *text); /* NULL: null */
void json_add_u64(struct json_object *to, const char *key, uint64_t value);
void json_add_i64(struct json_object *to, const char *key, int64_t value);
void json_add_bool(struct json_object *to, const char *key, bool value);

#endif
