// SPDX-License-Identifier: GPL-2.0-or-later
/* `ringsched generate`: what is made from the program's own tables. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/command.h"
#include "harness/completion.h"
#include "harness/folder.h"
#include "harness/manpage.h"
#include "harness/scenario.h"
#include "host/cleanup.h"
#include "host/daemon_line.h"
#include "host/error.h"

struct options {
	struct option_operands operands;
};

/* ---- to standard output ---- */

static void write_schema(FILE *to)
{
	scenario_write_schema(to, NULL);
}

/* For tests/use: what is appended, the exit codes, the command; tabs between. */
static void write_examples_of(FILE *to, const struct command_line *line)
{
	const struct option_example *e;

	for (e = line->examples; e && e->command; e++)
		fprintf(to, "%s\t%s\t%s\n", e->dry ? e->dry : "-", e->codes ? e->codes : "0",
			e->command);
}

static void write_examples(FILE *to)
{
	write_examples_of(to, &ringsched_line);
	for (unsigned int i = 0; commands[i]; i++)
		write_examples_of(to, &commands[i]->line);
	write_examples_of(to, &daemon_line);
}

static const struct output {
	const char *name, *help;
	void (*write)(FILE *to);
	const char *file; /* below DIR of `share`; NULL = not there */
} outputs[] = {
	{ "bash", "completion: source <(ringsched generate bash)", completion_bash,
	  "bash-completion/completions/ringsched" },
	{ "zsh", "completion, a file _ringsched in a folder of $fpath", completion_zsh,
	  "zsh/site-functions/_ringsched" },
	{ "fish", "completion: ringsched generate fish | source", completion_fish,
	  "fish/vendor_completions.d/ringsched.fish" },
	{ "schema", "JSON Schema of scenarios, for editors", write_schema,
	  "ringsched/scenario.schema.json" },
	{ "examples", "the examples of all commands, for tests", write_examples, NULL },
	{ NULL, NULL, NULL, NULL },
};

#define SHARE "share"

/* ---- into a folder ---- */

static int write_file(const char *dir, const char *name, void (*write)(FILE *to, const void *arg),
		      const void *arg, struct rs_error **err)
{
	cleanup_free char *path = folder_path(dir, "%s", name), *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	char *slash = path ? strrchr(path, '/') : NULL;
	int ret;

	if (to)
		write(to, arg);
	if (!slash || !to || fclose(to))
		return rs_fail(err, ENOMEM, "out of memory");
	*slash = '\0';
	ret = folder_make(path, 0755, err);
	*slash = '/';
	return ret < 0 ? ret : folder_write(path, text, err);
}

static void by_output(FILE *to, const void *arg)
{
	((const struct output *)arg)->write(to);
}

static void user_page(FILE *to, const void *arg)
{
	manpage_write(arg, 1, to);
}

static void daemon_page(FILE *to, const void *arg)
{
	manpage_write(arg, 8, to);
}

static void scenario_page(FILE *to, const void *arg)
{
	(void)arg;
	manpage_scenario(to);
}

static int write_user_page(const char *dir, const struct command_line *line, struct rs_error **err)
{
	char name[MANPAGE_NAME_MAX], file[MANPAGE_NAME_MAX + 16];

	manpage_name(line, name);
	snprintf(file, sizeof(file), "man/man1/%s.1", name);
	return write_file(dir, file, user_page, line, err);
}

/* The layout of /usr/share. */
static int write_share(const char *dir, struct rs_error **err)
{
	const struct output *o;
	int ret = write_user_page(dir, &ringsched_line, err);

	for (unsigned int i = 0; ret == 0 && commands[i]; i++)
		ret = write_user_page(dir, &commands[i]->line, err);
	if (ret == 0)
		ret = write_file(dir, "man/man8/ringschedd.8", daemon_page, &daemon_line, err);
	if (ret == 0)
		ret = write_file(dir, "man/man5/ringsched-scenario.5", scenario_page, NULL, err);
	for (o = outputs; ret == 0 && o->name; o++)
		if (o->file)
			ret = write_file(dir, o->file, by_output, o, err);
	return ret;
}

/* ---- the command ---- */

static const char *what_word(unsigned int index)
{
	static const unsigned int count = sizeof(outputs) / sizeof(outputs[0]) - 1;

	return index == count ? SHARE : index < count ? outputs[index].name : NULL;
}

static bool what_row(unsigned int index, struct option_term *term)
{
	const char *word = what_word(index);

	if (!word)
		return false;
	snprintf(term->name, sizeof(term->name), "%s", word);
	snprintf(term->text, sizeof(term->text), "%s",
		 outputs[index].name ? outputs[index].help :
				       "all of it and the manual pages, into DIR, laid out as in "
				       "/usr/share");
	return true;
}

static int check(const void *input, struct rs_error **err)
{
	const struct options *o = input;
	bool share = !strcmp(o->operands.list[0], SHARE);

	if (share && o->operands.count < 2)
		return rs_fail(err, EINVAL, SHARE " into which folder?");
	if (!share && o->operands.count > 1)
		return rs_fail(err, EINVAL,
			       "'%.64s' is one too many (only " SHARE " goes into a folder)",
			       o->operands.list[1]);
	for (unsigned int i = 0; what_word(i); i++)
		if (!strcmp(what_word(i), o->operands.list[0]))
			return 0;
	return rs_fail(err, EINVAL, "'%.64s' cannot be made", o->operands.list[0]);
}

static const struct option_list lists[] = {
	{ "What is made", what_row },
	{ 0 },
};

static const struct option_example examples[] = {
	{ .command = "ringsched generate share made", .help = "manual pages and all else" },
	{ .command = "ringsched generate schema", .help = "what an editor reads" },
	{ 0 },
};

static int run(int argc, char **argv)
{
	cleanup_error struct rs_error *err = NULL;
	const struct output *o;
	struct options given;
	int code;

	if (!option_read(&command_generate.line, argc, argv, &given, &code))
		return code;
	for (o = outputs; o->name; o++)
		if (!strcmp(o->name, given.operands.list[0]))
			o->write(stdout);
	if (given.operands.count == 2 && write_share(given.operands.list[1], &err) < 0)
		return command_fail(argv[0], err);
	return EXIT_PASS;
}

const struct command command_generate = {
	.line = {
		.name = "ringsched generate",
		.summary = "manual pages, shell completion, the scenario's schema",
		.text = "Print what is made from the program's own tables: completion for a shell, "
			"the JSON Schema of scenarios; or write all of it with the manual pages "
			"into a folder. `make host` has done so, below build/share.",
		.operand = { .name = "WHAT [DIR]", .min = 1, .max = 2,
			     .offset = offsetof(struct options, operands),
			     .missing = "what? `ringsched generate --help` lists it",
			     .word = what_word },
		.lists = lists,
		.examples = examples,
		.check = check,
	},
	.run = run,
};
