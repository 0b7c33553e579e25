// SPDX-License-Identifier: GPL-2.0-or-later
/* A scenario back into YAML, every default written out. */
#include <errno.h>

#include "harness/scenario.h"
#include "harness/scenario_keys.h"
#include "host/error.h"

#define INDENT 2

static void write_section(const struct section *section, const char *base, int indent, bool in_list,
			  FILE *to);

static void write_items(const struct key *k, const char *field, unsigned int count, FILE *to)
{
	unsigned int i;

	fprintf(to, " [");
	for (i = 0; i < count; i++) {
		fprintf(to, "%s", i ? ", " : "");
		key_print(k, field + i * key_size(k), to);
	}
	fprintf(to, "]\n");
}

static void write_sections(const struct key *k, const char *field, unsigned int count, int indent,
			   FILE *to)
{
	unsigned int i;

	if (k->items_max && !count) {
		fprintf(to, " []\n");
		return;
	}
	fprintf(to, "\n");
	if (!k->items_max)
		write_section(k->section, field, indent + INDENT, false, to);
	for (i = 0; k->items_max && i < count; i++)
		write_section(k->section, field + i * key_size(k), indent + 2 * INDENT, true, to);
}

/* In a list the first key follows the item's dash. */
static void write_section(const struct section *section, const char *base, int indent, bool in_list,
			  FILE *to)
{
	const struct key *k;
	unsigned int count;

	for (k = section->keys; k->name; k++) {
		count = k->items_max ? *(const unsigned int *)(base + k->count_offset) : 1;
		if (in_list && k == section->keys)
			fprintf(to, "%*s- %s:", indent - INDENT, "", k->name);
		else
			fprintf(to, "%*s%s:", indent, "", k->name);
		if (k->type == KEY_SECTION) {
			write_sections(k, base + k->offset, count, indent, to);
		} else if (k->items_max) {
			write_items(k, base + k->offset, count, to);
		} else {
			fputc(' ', to);
			key_print(k, base + k->offset, to);
			fputc('\n', to);
		}
	}
}

int scenario_write(const struct scenario *s, FILE *to, struct rs_error **err)
{
	if (*s->question)
		fprintf(to, "# %s\n", s->question);
	write_section(&scenario_section, (const char *)s, 0, false, to);
	if (fflush(to) || ferror(to))
		return rs_fail_errno(err, errno ? errno : EIO, "writing scenario %s", s->name);
	return 0;
}
