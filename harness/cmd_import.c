// SPDX-License-Identifier: GPL-2.0-or-later
/* `ringsched import`: results of other tools, for `ringsched compare`. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/command.h"
#include "harness/import.h"
#include "host/error.h"

struct options {
	const char *out, *name;
	struct option_operands files;
};

#define AT(member) .offset = offsetof(struct options, member)

static int take_name(void *input, char *text, struct rs_error **err)
{
	struct options *o = input;

	if (!*text || strlen(text) > 64)
		return rs_fail(err, EINVAL, "a name has 1 to 64 bytes");
	o->name = text;
	return 0;
}

/* An option keeps together what belongs together. */
/* clang-format off */
static const struct option_row options[] = {
	{ .name = "out", .letter = 'o', .value = "DIR", .type = OPTION_TEXT, AT(out),
	  .required = true, .complete = COMPLETE_FOLDER,
	  .help = "folder for what is imported; more can be added to it (required)" },
	{ .name = "name", .letter = 'n', .value = "NAME", .take = take_name,
	  .help = "what these files measured (default: the tool's name)" },
	{ 0 },
};
/* clang-format on */

static bool format_row(unsigned int index, struct option_term *term)
{
	const struct import_format *f = &import_formats[index];

	if (!f->name)
		return false;
	snprintf(term->name, sizeof(term->name), "%s", f->name);
	snprintf(term->text, sizeof(term->text), "%s", f->help);
	return true;
}

static const struct option_list lists[] = {
	{ "Tools, and how each is made to write a distribution", format_row },
	{ 0 },
};

static const struct option_example examples[] = {
	{ .command = "ringsched import --out imported --name idle cyclictest-1.json "
		     "cyclictest-2.json",
	  .help = "two boots' worth of cyclictest --json" },
	{ .command = "ringsched report imported", .help = "what was imported" },
	{ 0 },
};

static int run(int argc, char **argv)
{
	cleanup_error struct rs_error *err = NULL;
	struct options o = { 0 };
	int code;

	if (!option_read(&command_import.line, argc, argv, &o, &code))
		return code;
	if (import_files(o.out, o.name, o.files.list, o.files.count, &err) < 0)
		return command_fail(argv[0], err);
	printf("%u file%s imported into %s\n", o.files.count, o.files.count == 1 ? "" : "s", o.out);
	return EXIT_PASS;
}

const struct command command_import = {
	.line = {
		.name = "ringsched import",
		.summary = "take in results of cyclictest, rtla, jitterdebugger or fio",
		.text = "Take results of other tools into a folder that `ringsched compare` and "
			"`ringsched report` read. Each file counts as one boot: run the tool "
			"several times, in turn with what it is compared with.",
		.options = options,
		.operand = { .name = "FILE...", .min = 1, .max = UINT_MAX, AT(files),
			     .missing = "which files?", .complete = COMPLETE_FILE },
		.lists = lists,
		.examples = examples,
	},
	.run = run,
};
