// SPDX-License-Identifier: GPL-2.0-or-later
/* The reference of scenario keys, printed from their table. */
#include "harness/scenario.h"
#include "harness/scenario_keys.h"

static void print_section(const struct section *section, FILE *to)
{
	char expected[KEY_EXPECTED_SIZE];
	const struct key *k;

	for (k = section->keys; k->name; k++) {
		fprintf(to, "%s%s: %s\n", section->path, k->name, k->help);
		if (k->type == KEY_SECTION) {
			fprintf(to, "    %s%s\n", k->items_max ? "a list of maps" : "a map",
				k->initial ? "" : "; must be given");
			print_section(k->section, to);
			continue;
		}
		key_expected(k, expected, sizeof(expected));
		fprintf(to, "    %s%s; %s%s\n",
			k->fills     ? "one value or a list, each " :
			k->items_max ? "a list, each item " :
				       "",
			expected, k->initial ? "default: " : "must be given",
			k->initial ? k->initial : "");
	}
}

void scenario_print_keys(FILE *to)
{
	print_section(&scenario_section, to);
}
