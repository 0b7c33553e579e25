// SPDX-License-Identifier: GPL-2.0-or-later
/* Command lines: what is read of one, what is said of a wrong one, and whether
 * every command's own table is whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/command.h"
#include "host/daemon_line.h"
#include "host/error.h"

#define ARGS_MAX 24

struct options {
	bool quiet, dry;
	const char *out, *preset;
	unsigned int boots;
	int cpu;
	uint64_t seed;
	double alpha;
	char taken[32];
	struct option_operands files;
};

static const char *preset_word(unsigned int index)
{
	static const char *const words[] = { "demo", "smoke", "standard", NULL };

	return words[index];
}

static int take(void *input, char *value, struct rs_error **err)
{
	struct options *o = input;

	if (!strcmp(value, "bad"))
		return rs_fail(err, 5, "told so");
	snprintf(o->taken, sizeof(o->taken), "%s", value);
	return 0;
}

#define AT(member) .offset = offsetof(struct options, member)

/* clang-format off */
static const struct option_row rows[] = {
	{ .name = "quiet", .letter = 'q', .type = OPTION_FLAG, AT(quiet), .help = "x" },
	{ .name = "dry-run", .type = OPTION_FLAG, AT(dry), .help = "x" },
	{ .name = "date", .value = "X", .take = take, .help = "x" },
	{ .name = "out", .letter = 'o', .value = "DIR", .type = OPTION_TEXT, AT(out),
	  .required = true, .help = "x" },
	{ .name = "preset", .value = "NAME", .type = OPTION_WORD, AT(preset), .word = preset_word,
	  .help = "x" },
	{ .name = "boots", .letter = 'b', .value = "N", .type = OPTION_COUNT, AT(boots), .min = 1,
	  .max = 2000, .help = "x" },
	{ .name = "cpu", .value = "N", .type = OPTION_INDEX, AT(cpu), .max = 1023, .help = "x" },
	{ .name = "seed", .value = "N", .type = OPTION_NUMBER, AT(seed), .max = 0x1p53,
	  .help = "x" },
	{ .name = "alpha", .value = "P", .type = OPTION_REAL, AT(alpha), .min = 0.001, .max = 0.5,
	  .help = "x" },
	{ .name = "take", .value = "X", .take = take, .help = "x" },
	{ 0 },
};
/* clang-format on */

static int check(const void *input, struct rs_error **err)
{
	const struct options *o = input;

	return o->quiet && o->dry ? rs_fail(err, 22, "quiet or dry, not both") : 0;
}

static const struct command_line line = {
	.name = "the command",
	.summary = "a test",
	.text = "A test.",
	.version = "1.2",
	.options = rows,
	.operand = { .name = "FILE...", .max = 2, AT(files), .missing = "which?" },
	.check = check,
};

static char said[4096]; /* on `fd` by the last read_line() */
static char words[512]; /* of argv */

/* Runs option_read() on the words of `text`, separated by blanks. */
static bool read_line(int fd, const char *text, struct options *o, int *code)
{
	static char *argv[ARGS_MAX + 2]; /* operands stay in it */
	char *rest = words, *word;
	char path[] = "/tmp/rs-option-XXXXXX";
	int file = mkstemp(path), saved = dup(fd), argc = 1;
	ssize_t n;
	bool ok;

	assert_true(file >= 0 && saved >= 0);
	unlink(path);
	snprintf(words, sizeof(words), "%s", text);
	while ((word = strsep(&rest, " ")))
		if (*word)
			argv[argc++] = word;
	fflush(NULL);
	dup2(file, fd);
	*o = (struct options){ .cpu = -1 };
	argv[0] = (char *)(uintptr_t)line.name;
	argv[argc] = NULL;
	ok = option_read(&line, argc, argv, o, code);
	fflush(NULL);
	dup2(saved, fd);
	close(saved);
	n = pread(file, said, sizeof(said) - 1, 0);
	said[n > 0 ? n : 0] = '\0';
	close(file);
	return ok;
}

static void test_values(void **state)
{
	struct options o;
	int code;

	(void)state;
	assert_true(read_line(STDERR_FILENO,
			      "a -qb 7 --out=DIR --preset smoke --cpu 0 --seed 9007199254740992 "
			      "--alpha 0.05 --take it -- --quiet",
			      &o, &code));
	assert_string_equal(said, "");
	assert_true(o.quiet && !o.dry);
	assert_int_equal(o.boots, 7);
	assert_string_equal(o.out, "DIR");
	assert_string_equal(o.preset, "smoke");
	assert_int_equal(o.cpu, 0);
	assert_true(o.seed == 1ull << 53 && o.alpha == 0.05);
	assert_string_equal(o.taken, "it");
	assert_int_equal(o.files.count, 2);
	assert_string_equal(o.files.list[0], "a");
	assert_string_equal(o.files.list[1], "--quiet");
	/* What is not given stays. */
	assert_true(read_line(STDERR_FILENO, "--ou x --dry", &o, &code));
	assert_true(o.dry && o.cpu == -1 && !o.preset && o.files.count == 0);
}

static void test_mistakes(void **state)
{
	static const struct {
		const char *words, *sentence;
	} mistakes[] = {
		{ "--out x --boost 3", "'--boost' is no option; did you mean '--boots'?" },
		{ "--out x --dri-run=now", "'--dri-run' is no option; did you mean '--dry-run'?" },
		{ "--out x --frobnicate", "'--frobnicate' is no option\n" },
		{ "--out x -z", "'-z' is no option" },
		{ "--out x --quiet=3", "--quiet takes no value" },
		{ "--out x --boots", "--boots needs a value: N" },
		{ "--out x -b", "--boots needs a value: N" },
		{ "--out x --boots 0", "--boots: '0' is not a whole number from 1 to 2000" },
		{ "--out x --boots 2001", "'2001' is not" },
		{ "--out x --boots -1", "'-1' is not" },
		{ "--out x --boots 1e2", "'1e2' is not" },
		{ "--out x --boots 99999999999999999999", "is not a whole number" },
		{ "--out x --cpu 1024", "--cpu: '1024' is not a whole number from 0 to 1023" },
		{ "--out x --alpha 0.6", "--alpha: '0.6' is not a number from 0.001 to 0.5" },
		{ "--out x --alpha nan", "'nan' is not" },
		{ "--out x --preset smok",
		  "--preset: 'smok' is not one of demo, smoke, standard; did you mean 'smoke'?" },
		{ "--out x --take bad", "--take: told so" },
		{ "--out x a b c", "'c' is one too many (expected FILE...)" },
		{ "--quiet", "--out is missing" },
		{ "--out x --quiet --dry-run", "quiet or dry, not both" },
	};
	struct options o;

	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		int code = 77;

		assert_false(read_line(STDERR_FILENO, mistakes[i].words, &o, &code));
		assert_int_equal(code, EXIT_ERROR);
		if (!strstr(said, mistakes[i].sentence))
			fail_msg("'%s': %s", mistakes[i].words, said);
		assert_non_null(strstr(said, "`the command --help` lists what it takes\n"));
	}
}

/* A name may be cut as long as one option remains. */
static void test_cut_names(void **state)
{
	struct options o;
	int code;

	(void)state;
	assert_true(read_line(STDERR_FILENO, "--out x --b 3", &o, &code));
	assert_int_equal(o.boots, 3);
	assert_false(read_line(STDERR_FILENO, "--out x --d", &o, &code));
	assert_non_null(strstr(said, "'--d' can be --dry-run, --date"));
}

static void test_help_and_version(void **state)
{
	struct options o;
	int code = 77;

	(void)state;
	assert_false(read_line(STDOUT_FILENO, "-h", &o, &code));
	assert_int_equal(code, EXIT_PASS);
	assert_non_null(strstr(said, "Usage: the command [OPTION...] FILE...\n"));
	assert_non_null(strstr(said, "\n  -b, --boots=N           x\n"));
	assert_non_null(strstr(said, "\n      --dry-run           x\n"));
	assert_non_null(strstr(said, "\n  -h, --help              print this"));
	code = 77;
	assert_false(read_line(STDOUT_FILENO, "--version", &o, &code));
	assert_int_equal(code, EXIT_PASS);
	assert_string_equal(said, "the command 1.2\n");
}

/* ---- the tables of this project ---- */

struct seen {
	const char *of;
	const char *names[64];
	unsigned int count;
	char letters[64];
};

static void check_row(const struct option_row *row, void *arg)
{
	struct seen *s = arg;

	if (!row->help || !*row->help || row->help[strlen(row->help) - 1] == '.')
		fail_msg("%s --%s: its help is missing or ends with a full stop", s->of, row->name);
	if (!row->value != (row->type == OPTION_FLAG && !row->take))
		fail_msg("%s --%s: a flag has no value, all others have one", s->of, row->name);
	if (row->type == OPTION_WORD && !row->word)
		fail_msg("%s --%s: which words?", s->of, row->name);
	if (row->type >= OPTION_COUNT && row->max <= row->min)
		fail_msg("%s --%s: no number fits", s->of, row->name);
	for (unsigned int i = 0; i < s->count; i++)
		if (!strcmp(s->names[i], row->name))
			fail_msg("%s --%s: twice", s->of, row->name);
	if (row->letter && strchr(s->letters, row->letter))
		fail_msg("%s -%c: twice", s->of, row->letter);
	assert_true(s->count < 40);
	s->names[s->count++] = row->name;
	s->letters[strlen(s->letters)] = row->letter;
}

/* Help fits 80 columns, but for an example, which is to be copied. */
static void check_help(const struct command_line *l)
{
	char *text = NULL, *rest, *row;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	assert_non_null(to);
	option_help(l, to);
	fclose(to);
	rest = text;
	while ((row = strsep(&rest, "\n")) && strcmp(row, "Examples:"))
		if (strlen(row) > 80)
			fail_msg("%s --help: %s", l->name, row);
	free(text);
}

static void check_line(const struct command_line *l)
{
	struct seen s = { .of = l->name };
	const struct option_example *e;

	assert_non_null(l->summary);
	assert_non_null(l->text);
	option_each(l, check_row, &s);
	if (l->operand.min && !l->operand.missing)
		fail_msg("%s: what is said where %s is missing?", l->name, l->operand.name);
	for (e = l->examples; e && e->command; e++)
		if (strncmp(e->command, "ringsched", strlen("ringsched")) || !e->help)
			fail_msg("%s: example '%s'", l->name, e->command);
	check_help(l);
}

static void test_own_tables(void **state)
{
	unsigned int i;

	(void)state;
	check_line(&daemon_line);
	check_line(&ringsched_line);
	for (i = 0; commands[i]; i++) {
		if (strncmp(commands[i]->line.name, COMMAND_PREFIX, strlen(COMMAND_PREFIX)))
			fail_msg("%s does not begin with '" COMMAND_PREFIX "'",
				 commands[i]->line.name);
		assert_non_null(commands[i]->run);
		check_line(&commands[i]->line);
	}
	assert_true(i >= 11);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),	   cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_cut_names),  cmocka_unit_test(test_help_and_version),
		cmocka_unit_test(test_own_tables),
	};

	return cmocka_run_group_tests_name("option", tests, NULL, NULL);
}
