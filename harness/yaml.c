// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tree is built from libfyaml's events, not from its documents: events
 * carry the position of maps and lists too, and leave depth and duplicate
 * keys to the caller.
 */
#include "harness/yaml.h"

#include <errno.h>
#include <fcntl.h>
#include <libfyaml.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "host/cleanup.h"
#include "host/error.h"

#define FILE_SIZE_MAX (256 << 10) /* the largest scenario is under 20 KiB */
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

void yaml_file_free(struct yaml_file *f)
{
	size_t i;

	free(f->text);
	f->text = NULL;
	for (i = 0; i < MISTAKES_MAX; i++)
		free(f->mistakes[i].sentence);
	memset(f->mistakes, 0, sizeof(f->mistakes));
}

static int read_text(struct yaml_file *f, int fd, struct rs_error **err)
{
	ssize_t got;

	f->text = malloc(FILE_SIZE_MAX + 2);
	if (!f->text)
		return rs_fail(err, ENOMEM, "out of memory reading %s", f->path);
	while (f->size <= FILE_SIZE_MAX) {
		got = read(fd, f->text + f->size, FILE_SIZE_MAX + 1 - f->size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return rs_fail_errno(err, errno, "reading %s", f->path);
		if (!got)
			break;
		f->size += (size_t)got;
	}
	if (f->size > FILE_SIZE_MAX)
		return rs_fail(err, EFBIG, "%s is no scenario: larger than %d KiB", f->path,
			       FILE_SIZE_MAX >> 10);
	f->text[f->size] = 0;
	return 0;
}

int yaml_file_read(struct yaml_file *f, const char *path, struct rs_error **err)
{
	cleanup_close int fd = -1;
	struct stat st;

	*f = (struct yaml_file){ .path = path };
	/* O_NONBLOCK: opening a FIFO must not wait for a writer. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0)
		return rs_fail_errno(err, errno, "opening %s", path);
	if (!S_ISREG(st.st_mode))
		return rs_fail(err, EINVAL, "%s is not a regular file", path);
	return read_text(f, fd, err);
}

/* The ranges are those of RFC 3629, section 4. */
size_t yaml_character(const char *text)
{
	const unsigned char *c = (const unsigned char *)text;
	size_t length = c[0] < 0x80 ? 1 :
			c[0] < 0xc2 ? 0 :
			c[0] < 0xe0 ? 2 :
			c[0] < 0xf0 ? 3 :
			c[0] < 0xf5 ? 4 :
				      0;
	size_t i;

	for (i = 1; i < length; i++) /* a final 0 ends this in time */
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	if ((c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xed && c[1] > 0x9f) ||
	    (c[0] == 0xf0 && c[1] < 0x90) || (c[0] == 0xf4 && c[1] > 0x8f))
		return 0;
	return length;
}

/* Later code takes the text for a C string of whole characters. */
static bool check_text(struct yaml_file *f)
{
	const char *c = f->text, *end = f->text + f->size;
	unsigned int line = 1, column = 1;
	size_t length;

	while (c < end) {
		length = *c ? yaml_character(c) : 0;
		if (!length) {
			yaml_mistake(f, line, column, "byte 0x%02x is no text (expected UTF-8)",
				     (unsigned char)*c);
			return false;
		}
		column++;
		if (*c == '\n') {
			line++;
			column = 1;
		}
		c += length;
	}
	return true;
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

	if (!check_text(f))
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
