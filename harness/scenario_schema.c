// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The scenario's format as JSON Schema, for editors, from the table of keys.
 * What a schema cannot say (ranges of durations and sizes, what must hold
 * between two keys) only `ringsched check` knows.
 */
#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/jsonread.h"
#include "harness/scenario.h"
#include "harness/scenario_keys.h"
#include "host/error.h"
#include "host/json_add.h"
#include "host/policy.h"

static struct json_object *section_schema(const struct section *section);

static struct json_object *of_type(const char *type)
{
	struct json_object *o = json_object_new_object();

	json_add_text(o, "type", type);
	return o;
}

static struct json_object *constant(struct json_object *value)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "const", value);
	return o;
}

static struct json_object *pattern(const char *text)
{
	struct json_object *o = of_type("string");

	json_add_text(o, "pattern", text);
	return o;
}

/* Whole ones without a point, as they would be written. */
static struct json_object *bound(double value)
{
	return value == floor(value) ? json_object_new_int64((int64_t)value) :
				       json_object_new_double(value);
}

/* A bare number with its range. */
static struct json_object *number_schema(const struct key *k)
{
	struct json_object *o = of_type(key_is_whole(k) ? "integer" : "number");

	json_object_object_add(o, "minimum", bound(k->min));
	json_object_object_add(o, "maximum", bound(k->max));
	return o;
}

/* "20ms"; its range is in the description. */
static struct json_object *quantity_schema(const struct key *k)
{
	char text[96] = "^[0-9]+(\\.[0-9]+)?(";
	const char *unit;

	for (unsigned int i = 0; (unit = key_unit(k, i)); i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? "|" : "",
			 unit);
	strncat(text, ")$", sizeof(text) - strlen(text) - 1);
	return pattern(text);
}

static struct json_object *enum_schema(const struct key *k)
{
	struct json_object *o = json_object_new_object(), *words = json_object_new_array();
	const char *word;

	for (unsigned int i = 0; (word = k->type == KEY_CHOICE ? k->choices[i] : policy_word(i));
	     i++)
		json_object_array_add(words, json_object_new_string(word));
	json_object_object_add(o, "enum", words);
	return o;
}

static struct json_object *text_schema(const struct key *k)
{
	struct json_object *o;

	if (k->type == KEY_NAME)
		return pattern("^[A-Za-z0-9][A-Za-z0-9-]{0,31}$");
	o = of_type("string");
	json_add_i64(o, "minLength", 1);
	json_add_i64(o, "maxLength", KEY_TEXT_MAX);
	return o;
}

/* One value, without the word that may stand for it. */
static struct json_object *plain_schema(const struct key *k)
{
	if (k->type == KEY_SECTION)
		return section_schema(k->section);
	if (k->type == KEY_BOOL)
		return of_type("boolean");
	if (k->type == KEY_CHOICE || k->type == KEY_POLICY)
		return enum_schema(k);
	if (!key_is_number(k))
		return text_schema(k);
	return key_unit(k, 0) ? quantity_schema(k) : number_schema(k);
}

static struct json_object *any_of(struct json_object *first, struct json_object *second)
{
	struct json_object *o = json_object_new_object(), *list = json_object_new_array();

	json_object_array_add(list, first);
	json_object_array_add(list, second);
	json_object_object_add(o, "anyOf", list);
	return o;
}

static struct json_object *value_schema(const struct key *k)
{
	struct json_object *o = plain_schema(k);

	if (k->word && k->type != KEY_TEXT)
		o = any_of(o, constant(json_object_new_string(k->word)));
	/* A nought needs no unit. */
	if (key_is_number(k) && key_unit(k, 0) && k->min <= 0)
		o = any_of(o, constant(json_object_new_int(0)));
	return o;
}

static struct json_object *list_schema(const struct key *k)
{
	struct json_object *o = of_type("array");

	json_add_i64(o, "minItems", k->initial ? 0 : 1);
	json_add_u64(o, "maxItems", k->items_max);
	json_object_object_add(o, "items", value_schema(k));
	return k->fills ? any_of(value_schema(k), o) : o;
}

static void describe(struct json_object *o, const struct key *k)
{
	char expected[KEY_EXPECTED_SIZE], text[2 * KEY_EXPECTED_SIZE];

	if (k->type == KEY_SECTION) {
		json_add_text(o, "description", k->help);
		return;
	}
	key_expected(k, expected, sizeof(expected));
	snprintf(text, sizeof(text), "%s (%s; %s%s)", k->help, expected,
		 k->initial ? "default: " : "must be given", k->initial ? k->initial : "");
	json_add_text(o, "description", text);
}

static struct json_object *section_schema(const struct section *section)
{
	struct json_object *o = of_type("object"), *keys = json_object_new_object();
	struct json_object *required = json_object_new_array();
	const struct key *k;

	for (k = section->keys; k->name; k++) {
		struct json_object *value = k->items_max ? list_schema(k) : value_schema(k);

		describe(value, k);
		json_object_object_add(keys, k->name, value);
		if (!k->initial)
			json_object_array_add(required, json_object_new_string(k->name));
	}
	json_object_object_add(o, "properties", keys);
	json_object_object_add(o, "required", required);
	json_add_bool(o, "additionalProperties", false);
	return o;
}

int scenario_write_schema(FILE *to, struct rs_error **err)
{
	cleanup_json struct json_object *o = json_object_new_object();
	struct json_object *root = section_schema(&scenario_section);

	json_add_text(o, "$schema", "http://json-schema.org/draft-07/schema#");
	json_add_text(o, "title", "ringsched scenario");
	json_add_text(o, "$comment",
		      "GPL-2.0-or-later. Made by `ringsched generate schema`; not to be edited.");
	json_object_object_foreach(root, key, value)
		json_object_object_add(o, key, json_object_get(value));
	json_object_put(root);
	fprintf(to, "%s\n",
		json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY |
							  JSON_C_TO_STRING_SPACED |
							  JSON_C_TO_STRING_NOSLASHESCAPE));
	return ferror(to) ? rs_fail(err, EIO, "writing the schema") : 0;
}
