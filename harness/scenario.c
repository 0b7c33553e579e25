// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/scenario.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/place.h"
#include "harness/scenario_check.h"
#include "harness/scenario_keys.h"
#include "harness/yaml.h"
#include "host/cleanup.h"
#include "host/error.h"
#include "host/suggest.h"

#define SHOWN_MAX 48 /* bytes of a wrong value that a sentence repeats */

static void load_section(struct yaml_file *f, const struct section *section, const struct yaml *map,
			 void *base);

/* A value as a sentence may show it: short, and no terminal controls. */
static const char *shown(const char *text, char buffer[SHOWN_MAX + 4])
{
	size_t used = 0, length;

	while (*text && used < SHOWN_MAX) {
		length = yaml_character(text);
		if (used + length > SHOWN_MAX)
			break;
		memcpy(buffer + used, text, length);
		if ((*text >= 0 && *text < ' ') || *text == 0x7f)
			buffer[used] = '?';
		used += length;
		text += length;
	}
	strcpy(buffer + used, *text ? "..." : "");
	return buffer;
}

/* The section another key of this name belongs to, or NULL. */
static const struct section *find_home(const struct section *section, const char *name)
{
	const struct section *home;
	const struct key *k;

	for (k = section->keys; k->name; k++)
		if (!strcmp(k->name, name))
			return section;
	for (k = section->keys; k->name; k++) {
		home = k->section ? find_home(k->section, name) : NULL;
		if (home)
			return home;
	}
	return NULL;
}

static void unknown_key(struct yaml_file *f, const struct section *section, const struct yaml *key)
{
	const struct section *home = find_home(&scenario_section, key->text);
	struct suggestion nearest = { .word = key->text };
	char expected[512], name[SHOWN_MAX + 4];
	const struct key *k;
	size_t used = 0;

	for (k = section->keys; k->name; k++) {
		suggest_offer(&nearest, k->name);
		if (used < sizeof(expected))
			used += (size_t)snprintf(expected + used, sizeof(expected) - used, "%s%s",
						 used ? ", " : "", k->name);
	}
	shown(key->text, name);
	if (home) /* a key put at the wrong place is likelier than a slip */
		yaml_mistake(f, key->line, key->column,
			     "key '%s%s': unknown here (expected one of %s; did you mean "
			     "'%s%s'?)",
			     section->path, name, expected, home->path, name);
	else
		yaml_mistake(f, key->line, key->column,
			     "key '%s%s': unknown (expected one of %s%s%s%s)", section->path, name,
			     expected, nearest.best ? "; did you mean '" : "",
			     nearest.best ? nearest.best : "", nearest.best ? "'?" : "");
}

static void check_names(struct yaml_file *f, const struct section *section, const struct yaml *map)
{
	const struct key *k;
	size_t i, j;

	for (i = 0; i < map->count; i++) {
		for (k = section->keys; k->name; k++)
			if (!strcmp(k->name, map->keys[i]->text))
				break;
		for (j = 0; j < i; j++)
			if (!strcmp(map->keys[j]->text, map->keys[i]->text))
				break;
		if (!k->name)
			unknown_key(f, section, map->keys[i]);
		else if (j < i)
			yaml_mistake(f, map->keys[i]->line, map->keys[i]->column,
				     "key '%s%s': given twice (expected once; first on line %u)",
				     section->path, k->name, map->keys[j]->line);
	}
}

static void wrong_kind(struct yaml_file *f, const struct section *section, const struct key *k,
		       const struct yaml *y)
{
	static const char *const kinds[] = {
		[YAML_SCALAR] = "one value",
		[YAML_LIST] = "a list",
		[YAML_MAP] = "a map of keys",
	};
	char expected[KEY_EXPECTED_SIZE] = "a map of keys";
	const char *list = "";

	if (k->type != KEY_SECTION)
		key_expected(k, expected, sizeof(expected));
	if (k->items_max)
		list = k->fills ? "one value or a list, each " : "a list, each item ";
	yaml_mistake(f, y->line, y->column, "key '%s%s': %s (expected %s%s)", section->path,
		     k->name, y->type == YAML_SCALAR && !*y->text ? "has no value" : kinds[y->type],
		     list, expected);
}

static void load_value(struct yaml_file *f, const struct section *section, const struct key *k,
		       const struct yaml *y, void *field)
{
	static const char *const problems[] = {
		[KEY_WRONG_TYPE] = "is not understood",
		[KEY_OUT_OF_RANGE] = "is out of range",
		[KEY_NOT_WHOLE] = "is finer than can be set",
		[KEY_NO_MEMORY] = "does not fit into memory",
	};
	char expected[KEY_EXPECTED_SIZE], value[SHOWN_MAX + 4], nearest[SHOWN_MAX];
	enum key_problem problem;
	bool near;

	if (k->type == KEY_SECTION && y->type == YAML_MAP) {
		load_section(f, k->section, y, field);
		return;
	}
	if (k->type == KEY_SECTION || y->type != YAML_SCALAR || !*y->text) {
		wrong_kind(f, section, k, y);
		return;
	}
	problem = key_parse(k, y->text, field);
	if (problem == KEY_OK)
		return;
	key_expected(k, expected, sizeof(expected));
	near = problem == KEY_WRONG_TYPE && key_nearest(k, y->text, nearest, sizeof(nearest));
	yaml_mistake(f, y->line, y->column, "key '%s%s': '%s' %s (expected %s%s%s%s)",
		     section->path, k->name, shown(y->text, value), problems[problem], expected,
		     near ? "; did you mean '" : "", near ? nearest : "", near ? "'?" : "");
}

static void load_list(struct yaml_file *f, const struct section *section, const struct key *k,
		      const struct yaml *y, char *base)
{
	unsigned int *count = (unsigned int *)(base + k->count_offset);
	size_t i;

	if (y->type != YAML_LIST) {
		wrong_kind(f, section, k, y);
		return;
	}
	if (k->fills && !*count)
		return; /* the mistake is in the other key */
	if (k->fills && y->count != *count) {
		yaml_mistake(f, y->line, y->column,
			     "key '%s%s': a list of %zu (expected one value for all, or a list "
			     "of %u)",
			     section->path, k->name, y->count, *count);
		return;
	}
	if (y->count > k->items_max || (!y->count && !k->initial)) {
		yaml_mistake(f, y->line, y->column,
			     "key '%s%s': a list of %zu (expected %d to %zu items)", section->path,
			     k->name, y->count, k->initial ? 0 : 1, k->items_max);
		return;
	}
	*count = (unsigned int)y->count;
	for (i = 0; i < y->count; i++)
		load_value(f, section, k, y->items[i], base + k->offset + i * key_size(k));
}

/* One value for all items of a list. */
static void load_fill(struct yaml_file *f, const struct section *section, const struct key *k,
		      const struct yaml *y, char *base)
{
	unsigned int count = *(unsigned int *)(base + k->count_offset), i;
	char *first = base + k->offset;

	load_value(f, section, k, y, first);
	for (i = 1; i < count; i++)
		memcpy(first + i * key_size(k), first, key_size(k));
}

static void load_default(struct yaml_file *f, const struct section *section, const struct key *k,
			 const struct yaml *map, char *base)
{
	char expected[KEY_EXPECTED_SIZE] = "a map of keys";

	if (!k->initial) {
		if (k->type != KEY_SECTION)
			key_expected(k, expected, sizeof(expected));
		yaml_mistake(f, map ? map->line : 1, map ? map->column : 1,
			     "key '%s%s': missing here (expected %s%s)", section->path, k->name,
			     k->items_max && !k->fills ? "a list, each item " : "", expected);
	} else if (k->type == KEY_SECTION && !k->items_max) {
		load_section(f, k->section, NULL, base + k->offset);
	} else if (k->type != KEY_SECTION &&
		   key_parse(k, k->initial, base + k->offset) == KEY_NO_MEMORY) {
		yaml_mistake(f, 1, 1, "out of memory");
	}
}

/* map NULL: the section is not in the file, its defaults hold. */
static void load_section(struct yaml_file *f, const struct section *section, const struct yaml *map,
			 void *base)
{
	const struct yaml *y;
	const struct key *k;

	if (map)
		check_names(f, section, map);
	for (k = section->keys; k->name; k++) {
		y = yaml_get(map, k->name);
		if (!y)
			load_default(f, section, k, map, base);
		else if (k->fills && y->type == YAML_SCALAR)
			load_fill(f, section, k, y, base);
		else if (k->items_max)
			load_list(f, section, k, y, base);
		else
			load_value(f, section, k, y, (char *)base + k->offset);
	}
}

/* The first comment's first line that says something. */
static char *find_question(const char *text)
{
	static const char licence[] = "SPDX-License-Identifier";
	size_t length, i;
	char *question;

	for (; *text; text += *text == '\n') {
		text += strspn(text, " \t\r\n");
		if (*text != '#')
			break;
		text += strspn(text, "# \t\r");
		length = strcspn(text, "\r\n");
		if (length && strncmp(text, licence, strlen(licence))) {
			question = strndup(text, length);
			for (i = 0; question && i < length; i++)
				if ((question[i] >= 0 && question[i] < ' ') || question[i] == 0x7f)
					question[i] = ' ';
			return question;
		}
		text += length;
	}
	return strdup("");
}

static char *file_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	const char *dot = strrchr(name, '.');

	if (dot && dot != name && (!strcmp(dot, ".yaml") || !strcmp(dot, ".yml")))
		return strndup(name, (size_t)(dot - name));
	return strdup(name);
}

static int load_root(struct scenario *s, struct yaml_file *f, const struct yaml *root,
		     struct rs_error **err)
{
	s->path = strdup(f->path);
	s->name = file_name(f->path);
	s->question = find_question(f->text);
	if (!s->path || !s->name || !s->question)
		return rs_fail(err, ENOMEM, "out of memory for scenario %s", f->path);
	if (root->type != YAML_MAP) {
		yaml_mistake(f, root->line, root->column, "no scenario (expected a map of keys)");
		return yaml_file_fail(f, err);
	}
	load_section(f, &scenario_section, root, s);
	if (f->mistake_count)
		return yaml_file_fail(f, err);
	if (scenario_resolve(s, root) < 0)
		return rs_fail(err, ENOMEM, "out of memory for scenario %s", f->path);
	scenario_check(s, root, f);
	return yaml_file_fail(f, err);
}

static void no_such_scenario(const char *path, struct rs_error **err)
{
	cleanup_free char *near = place_nearest_scenario(path);

	if (near)
		rs_fail(err, ENOENT, "there is no scenario %s; did you mean '%s'?", path, near);
	else
		rs_fail(err, ENOENT,
			"there is no scenario %s; `ringsched list` names those there are", path);
}

struct scenario *scenario_load(const char *path, struct rs_error **err)
{
	cleanup_scenario struct scenario *s = calloc(1, sizeof(*s));
	cleanup_free char *found = place_scenario(path);
	struct yaml_file f;
	struct yaml *root = NULL;
	int ret;

	if (found && access(found, F_OK) < 0 && errno == ENOENT) {
		no_such_scenario(path, err);
		return NULL;
	}
	ret = yaml_file_read(&f, found ? found : path, err);
	if (ret < 0)
		goto out;
	root = yaml_parse(&f);
	if (!root)
		ret = yaml_file_fail(&f, err);
	else if (!s)
		ret = rs_fail(err, ENOMEM, "out of memory for scenario %s", path);
	else
		ret = load_root(s, &f, root, err);
out:
	yaml_free(root);
	yaml_file_free(&f);
	return ret < 0 ? NULL : steal_pointer(&s);
}

/* Texts are owned; which fields are texts is in the table. */
static void free_section(const struct section *section, char *base)
{
	const struct key *k;
	unsigned int count, i;
	char *field;

	for (k = section->keys; k->name; k++) {
		count = k->items_max ? *(unsigned int *)(base + k->count_offset) : 1;
		for (i = 0; i < count; i++) {
			field = base + k->offset + i * key_size(k);
			if (k->type == KEY_SECTION)
				free_section(k->section, field);
			else if (k->type == KEY_TEXT || k->type == KEY_NAME ||
				 k->type == KEY_POLICY)
				free(*(char **)field);
		}
	}
}

void scenario_free(struct scenario *s)
{
	if (!s)
		return;
	free_section(&scenario_section, (char *)s);
	free(s->path);
	free(s->name);
	free(s->question);
	free(s);
}

bool scenario_has_load(const struct scenario_vm *vm)
{
	return scenario_has_programs(vm) || vm->load.rogue;
}

bool scenario_has_programs(const struct scenario_vm *vm)
{
	return vm->load.stress_ng || vm->load.fio;
}

bool scenario_has_disk(const struct scenario_vm *vm)
{
	return vm->image == VM_IMAGE_DEBIAN || vm->load.fio;
}

const struct scenario_ring *scenario_ring(const struct scenario_vm *vm, unsigned int id)
{
	unsigned int i;

	for (i = 0; i < vm->ring_count; i++)
		if (vm->rings[i].id == id)
			return &vm->rings[i];
	return NULL;
}

unsigned int scenario_count_role(const struct scenario *s, enum vm_role role)
{
	unsigned int i, count = 0;

	for (i = 0; i < s->vm_count; i++)
		count += s->vms[i].role == role;
	return count;
}

bool scenario_has_limits(const struct scenario *s)
{
	const double limits[] = {
		s->limits.interference_max,    s->limits.missed_max,  s->limits.handling_p99_us_max,
		s->limits.boot_s_max,	       s->limits.delay_max,   s->limits.blocking_ratio_max,
		s->limits.neighbour_share_min, s->limits.handler_max, s->limits.unboosted_max,
	};
	size_t i;

	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		if (!isnan(limits[i]))
			return true;
	return false;
}
