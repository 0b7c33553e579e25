// SPDX-License-Identifier: GPL-2.0-or-later
/* ringsched-scenario(5): the format, from the table of its keys. */
#include <stdlib.h>
#include <string.h>

#include "harness/manpage.h"
#include "harness/scenario_keys.h"

const char manpage_scenario_example[] =
	"# Does a neighbour's boot disturb a control VM on the same core?\n"
	"cores: {shared: [1], housekeeping: [0]}\n"
	"policies: [none, ring_boot]\n"
	"phases: {solo: 7s, shared: 5s}\n"
	"vms:\n"
	"- name: control\n"
	"  role: control\n"
	"  rings:\n"
	"  - {id: 1, priority: 80, period: 20ms, processes: 4, work: 2ms}\n"
	"- name: neighbour\n"
	"  role: neighbour\n"
	"  memory: 1GiB\n"
	"limits: {policy: ring_boot, interference: 1.1, missed: 0}\n";

static const char description[] =
	"A scenario is one question, asked of virtual machines that share a core. It is a YAML "
	"file; its first comment is the question. `ringsched check` looks at one and says all its "
	"mistakes at once, `ringsched run` measures it.\n"
	"Anchors, aliases and tags are refused, and so is a key that is not below. A duration has "
	"a unit: us, ms or s; a size B, KiB, MiB, GiB or TiB. Both may have a fraction, as 1.5s.\n"
	"An editor that knows JSON Schema gets one from `ringsched generate schema`.";

static void write_example(FILE *to)
{
	const char *line = manpage_scenario_example;

	fputs(".SH EXAMPLE\n.nf\n", to);
	while (*line) {
		char text[256];
		size_t length = strcspn(line, "\n");

		snprintf(text, sizeof(text), "%.*s", (int)length, line);
		manpage_typed(to, text);
		fputc('\n', to);
		line += length + 1;
	}
	fputs(".fi\n", to);
}

/* What the value is, then its default. */
static void write_value(FILE *to, const struct key *k)
{
	char expected[KEY_EXPECTED_SIZE], *text = NULL;

	const char *list = k->fills ? "one value or a list, each " : "a list, each item ";

	if (k->type == KEY_SECTION)
		snprintf(expected, sizeof(expected), "a map of keys");
	else
		key_expected(k, expected, sizeof(expected));
	if (asprintf(&text, "%s%s; %s%s.", k->items_max ? list : "", expected,
		     k->initial ? "default: " : "must be given",
		     k->initial && k->type != KEY_SECTION ? k->initial :
		     k->initial				  ? "left out" :
							    "") >= 0)
		manpage_text(to, text);
	free(text);
}

/* Its own keys first, then those below it, each section under its path. */
static void write_section(FILE *to, const struct section *section)
{
	const struct key *k;

	fputs(".SS \"", to);
	manpage_typed(to, *section->path ? section->path : "top");
	fputs("\"\n", to);
	for (k = section->keys; k->name; k++) {
		fputs(".TP\n\\fB", to);
		manpage_typed(to, k->name);
		fputs("\\fR\n", to);
		manpage_text(to, k->help);
		fputs(".br\n", to);
		write_value(to, k);
	}
	for (k = section->keys; k->name; k++)
		if (k->section)
			write_section(to, k->section);
}

void manpage_scenario(FILE *to)
{
	manpage_header(to, "ringsched-scenario", 5);
	fputs(".SH NAME\nringsched\\-scenario \\- a question to VMs that share a core\n"
	      ".SH DESCRIPTION\n",
	      to);
	manpage_paragraphs(to, description);
	write_example(to);
	fputs(".SH KEYS\n", to);
	write_section(to, &scenario_section);
	manpage_see_also(to, "ringsched-scenario");
}
