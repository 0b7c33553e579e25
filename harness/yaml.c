// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tree is built from libfyaml's events, not from its documents: events
 * carry the position of maps and lists too, and leave depth and duplicate
 * keys to the caller.
 */
#include "harness/yaml.h"

#include <libfyaml.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 16 /* a scenario's is 7 */
#define VALUES_MAX 20000

struct builder {
	struct yaml_file *file;
	struct fy_parser *parser;
	struct fy_event *event; /* the current one */
	unsigned int depth, values;
};

void yaml_free(struct yaml *y)
{
	size_t i;

	if (!y)
		return;
	for (i = 0; i < y->count; i++) {
		if (y->keys)
			yaml_free(y->keys[i]);
		yaml_free(y->items[i]);
	}
	free(y->keys);
	free(y->items);
	free(y->text);
	free(y);
}

static struct yaml *build(struct builder *b);

static void next_event(struct builder *b)
{
	if (b->event)
		fy_parser_event_free(b->parser, b->event);
	b->event = fy_parser_parse(b->parser);
}

static void refuse(struct builder *b, const char *sentence)
{
	const struct fy_mark *mark = b->event ? fy_event_start_mark(b->event) : NULL;

	yaml_mistake(b->file, mark ? (unsigned int)mark->line + 1 : 1,
		     mark ? (unsigned int)mark->column + 1 : 1, "%s", sentence);
}

static struct fy_token *event_anchor(const struct fy_event *e)
{
	switch (e->type) {
	case FYET_SCALAR:
		return e->scalar.anchor;
	case FYET_SEQUENCE_START:
		return e->sequence_start.anchor;
	case FYET_MAPPING_START:
		return e->mapping_start.anchor;
	default:
		return NULL;
	}
}

/* A new tree node at the current event's place, or NULL after a mistake. */
static struct yaml *new_node(struct builder *b, enum yaml_type type)
{
	const struct fy_mark *mark = fy_event_start_mark(b->event);
	struct yaml *y;

	if (event_anchor(b->event) || fy_event_get_tag_token(b->event)) {
		refuse(b, "anchors and tags are not used here (expected plain values)");
		return NULL;
	}
	if (b->depth >= DEPTH_MAX || b->values++ >= VALUES_MAX) {
		refuse(b, b->depth >= DEPTH_MAX ? "nested too deeply" : "too many values");
		return NULL;
	}
	y = calloc(1, sizeof(*y));
	if (!y) {
		refuse(b, "out of memory");
		return NULL;
	}
	y->type = type;
	y->line = mark ? (unsigned int)mark->line + 1 : 0;
	y->column = mark ? (unsigned int)mark->column + 1 : 0;
	return y;
}

static struct yaml *build_scalar(struct builder *b)
{
	struct yaml *y = new_node(b, YAML_SCALAR);
	const char *text;
	size_t length = 0;

	if (!y)
		return NULL;
	text = fy_token_get_text(b->event->scalar.value, &length);
	if (text && memchr(text, 0, length)) { /* "\0" in a quoted text */
		refuse(b, "a text with a zero byte");
		yaml_free(y);
		return NULL;
	}
	y->text = text ? strndup(text, length) : strdup("");
	if (!y->text) {
		refuse(b, "out of memory");
		yaml_free(y);
		return NULL;
	}
	next_event(b);
	return y;
}

/* Room for one more item; the arrays double at each power of two. */
static bool grow(struct yaml *y)
{
	size_t room = y->count ? 2 * y->count : 4;
	struct yaml **items;

	if (y->count & (y->count - 1) || (y->count && y->count < 4))
		return true;
	items = reallocarray(y->items, room, sizeof(*items));
	if (!items)
		return false;
	y->items = items;
	if (y->type != YAML_MAP)
		return true;
	items = reallocarray(y->keys, room, sizeof(*items));
	if (!items)
		return false;
	y->keys = items;
	return true;
}

static bool build_item(struct builder *b, struct yaml *into)
{
	struct yaml *key = NULL, *value;

	if (!grow(into)) {
		refuse(b, "out of memory");
		return false;
	}
	if (into->type == YAML_MAP) {
		key = build(b);
		if (!key)
			return false;
		if (key->type != YAML_SCALAR) {
			yaml_mistake(b->file, key->line, key->column,
				     "a key must be a word, not a list or a map");
			yaml_free(key);
			return false;
		}
	}
	value = build(b);
	if (!value) {
		yaml_free(key);
		return false;
	}
	if (!value->line && key) { /* nothing after the colon has no place */
		value->line = key->line;
		value->column = key->column;
	}
	if (into->keys)
		into->keys[into->count] = key;
	into->items[into->count++] = value;
	return true;
}

static struct yaml *build_collection(struct builder *b, enum yaml_type type)
{
	enum fy_event_type end = type == YAML_MAP ? FYET_MAPPING_END : FYET_SEQUENCE_END;
	struct yaml *y = new_node(b, type);

	if (!y)
		return NULL;
	b->depth++;
	next_event(b);
	while (b->event && b->event->type != end) {
		if (!build_item(b, y)) {
			yaml_free(y);
			return NULL;
		}
	}
	b->depth--;
	if (!b->event) { /* a mistake libfyaml has noted */
		yaml_free(y);
		return NULL;
	}
	next_event(b);
	return y;
}

static struct yaml *build(struct builder *b)
{
	if (!b->event)
		return NULL;
	switch (b->event->type) {
	case FYET_SCALAR:
		return build_scalar(b);
	case FYET_SEQUENCE_START:
		return build_collection(b, YAML_LIST);
	case FYET_MAPPING_START:
		return build_collection(b, YAML_MAP);
	case FYET_ALIAS:
		refuse(b, "anchors and aliases are not used here (write the value again)");
		return NULL;
	default:
		refuse(b, "a value is missing here");
		return NULL;
	}
}

static struct yaml *build_document(struct builder *b)
{
	struct yaml *y;

	do
		next_event(b);
	while (b->event && b->event->type == FYET_STREAM_START);
	if (!b->event)
		return NULL;
	if (b->event->type == FYET_STREAM_END) {
		yaml_mistake(b->file, 1, 1, "the file is empty");
		return NULL;
	}
	next_event(b); /* past the document's start */
	y = build(b);
	if (!y)
		return NULL;
	if (b->event && b->event->type == FYET_DOCUMENT_END)
		next_event(b);
	if (b->event && b->event->type == FYET_STREAM_END)
		return y;
	if (b->event)
		refuse(b, "a second document begins (expected one a file)");
	yaml_free(y);
	return NULL;
}

/* libfyaml's own sentences, of which the first is the cause. */
static void take_diagnostics(struct yaml_file *f, struct fy_diag *diag)
{
	const struct fy_diag_error *e;
	void *at = NULL;

	e = fy_diag_errors_iterate(diag, &at);
	if (e && e->msg)
		yaml_mistake(f, e->line > 0 ? (unsigned int)e->line : 1,
			     e->column > 0 ? (unsigned int)e->column : 1, "not YAML: %s", e->msg);
	else if (!f->mistake_count)
		yaml_mistake(f, 1, 1, "not YAML");
}

struct yaml *yaml_parse(struct yaml_file *f)
{
	const struct fy_diag_cfg diag_cfg = { .level = FYET_ERROR, .module_mask = ~0u };
	struct fy_parse_cfg cfg = { .flags = FYPCF_DEFAULT_PARSE };
	struct builder b = { .file = f };
	struct yaml *y = NULL;

	if (!yaml_file_check(f))
		return NULL;
	cfg.diag = fy_diag_create(&diag_cfg);
	if (!cfg.diag)
		goto out;
	fy_diag_set_collect_errors(cfg.diag, true);
	b.parser = fy_parser_create(&cfg);
	if (b.parser && !fy_parser_set_string(b.parser, f->text, f->size))
		y = build_document(&b);
	if (b.event)
		fy_parser_event_free(b.parser, b.event);
	if (!y && !f->mistake_count)
		take_diagnostics(f, cfg.diag);
	if (b.parser)
		fy_parser_destroy(b.parser);
	fy_diag_destroy(cfg.diag);
out:
	if (!y && !f->mistake_count)
		yaml_mistake(f, 1, 1, "out of memory");
	return y;
}

const struct yaml *yaml_get(const struct yaml *y, const char *key)
{
	size_t i;

	for (i = 0; y && y->type == YAML_MAP && i < y->count; i++)
		if (!strcmp(y->keys[i]->text, key))
			return y->items[i];
	return NULL;
}

const struct yaml *yaml_item(const struct yaml *y, size_t index)
{
	return y && y->type == YAML_LIST && index < y->count ? y->items[index] : NULL;
}
