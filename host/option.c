// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/option.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "host/error.h"
#include "host/suggest.h"

#define ROWS_MAX 48
#define ROW_FIRST 256 /* getopt's number of row 0: beyond every letter */
#define END_NOW 1 /* neither read nor wrong: --help */
#define SHOWN 64 /* bytes of a wrong word that a sentence repeats */

const struct option_row option_common[] = {
	[OPTION_COMMON_HELP] = { .name = "help", .letter = 'h', .help = "print this and end" },
	[OPTION_COMMON_VERSION] = { .name = "version",
				    .letter = 'V',
				    .help = "print the version and end" },
	{ 0 },
};

/* The line's rows and the common ones, as getopt wants them. */
struct table {
	const struct option_row *rows[ROWS_MAX];
	struct option longs[ROWS_MAX + 1]; /* ended by zeros */
	char letters[2 * ROWS_MAX + 2];
	unsigned int count;
};

void option_each(const struct command_line *line,
		 void (*fn)(const struct option_row *row, void *arg), void *arg)
{
	const struct option_row *row;

	for (row = line->options; row && row->name; row++)
		fn(row, arg);
	fn(&option_common[OPTION_COMMON_HELP], arg);
	if (line->version)
		fn(&option_common[OPTION_COMMON_VERSION], arg);
}

static void add_row(const struct option_row *row, void *arg)
{
	struct table *t = arg;
	unsigned int i = t->count;
	size_t end = strlen(t->letters);

	if (i == ROWS_MAX)
		return; /* a test counts them */
	t->rows[i] = row;
	t->longs[i] = (struct option){
		.name = row->name,
		.has_arg = row->value ? required_argument : no_argument,
		.val = ROW_FIRST + (int)i,
	};
	if (row->letter)
		snprintf(t->letters + end, sizeof(t->letters) - end, "%c%s", row->letter,
			 row->value ? ":" : "");
	t->count++;
}

/* NULL where getopt knows no such option. */
static const struct option_row *find_row(const struct table *t, int number)
{
	unsigned int i;

	if (number >= ROW_FIRST)
		return t->rows[number - ROW_FIRST];
	for (i = 0; i < t->count; i++)
		if (number && t->rows[i]->letter == number)
			return t->rows[i];
	return NULL;
}

int option_whole(const char *text, double min, double max, uint64_t *value, struct rs_error **err)
{
	unsigned long long read;
	char *end;

	errno = 0;
	read = strtoull(text, &end, 10);
	if (errno || end == text || *end || *text < '0' || *text > '9' || (double)read < min ||
	    (double)read > max)
		return rs_fail(err, EINVAL, "'%.*s' is not a whole number from %.0f to %.0f", SHOWN,
			       text, min, max);
	*value = read;
	return 0;
}

int option_real(const char *text, double min, double max, double *value, struct rs_error **err)
{
	char *end;
	double read = strtod(text, &end);

	if (end == text || (*end && strcmp(end, "%")) || !(read >= min && read <= max))
		return rs_fail(err, EINVAL, "'%.*s' is not a number from %g to %g", SHOWN, text,
			       min, max);
	*value = read;
	return 0;
}

static int check_word(const struct option_row *row, const char *text, struct rs_error **err)
{
	struct suggestion nearest = { .word = text };
	char words[512] = "";
	size_t used = 0;
	const char *word;
	unsigned int i;

	for (i = 0; (word = row->word(i)); i++) {
		if (!strcmp(word, text))
			return 0;
		suggest_offer(&nearest, word);
		if (used < sizeof(words))
			used += (size_t)snprintf(words + used, sizeof(words) - used, "%s%s",
						 i ? ", " : "", word);
	}
	return rs_fail(err, EINVAL, "'%.*s' is not one of %s%s%s%s", SHOWN, text, words,
		       nearest.best ? "; did you mean '" : "", nearest.best ? nearest.best : "",
		       nearest.best ? "'?" : "");
}

static int store(const struct option_row *row, void *options, char *text, struct rs_error **err)
{
	void *field = (char *)options + row->offset;
	uint64_t whole = 0;
	int ret = 0;

	if (row->take)
		return row->take(options, text, err);
	if (row->type == OPTION_REAL)
		return option_real(text, row->min, row->max, field, err);
	if (row->type == OPTION_WORD)
		ret = check_word(row, text, err);
	else if (row->type != OPTION_FLAG && row->type != OPTION_TEXT)
		ret = option_whole(text, row->min, row->max, &whole, err);
	if (ret < 0)
		return ret;
	if (row->type == OPTION_FLAG)
		*(bool *)field = true;
	else if (row->type == OPTION_COUNT)
		*(unsigned int *)field = (unsigned int)whole;
	else if (row->type == OPTION_INDEX)
		*(int *)field = (int)whole;
	else if (row->type == OPTION_NUMBER)
		*(uint64_t *)field = whole;
	else
		*(const char **)field = text;
	return 0;
}

/* "--polcy=ring": its name does not count the dashes and the value. */
static int unknown_name(const struct table *t, const char *text, struct rs_error **err)
{
	char name[SHOWN + 1], several[512] = "";
	struct suggestion nearest = { .word = name };
	size_t length = strcspn(text + 2, "="), used = 0;
	unsigned int i, count = 0;

	snprintf(name, sizeof(name), "%.*s", (int)length, text + 2);
	for (i = 0; i < t->count; i++) {
		suggest_offer(&nearest, t->rows[i]->name);
		if (strncmp(t->rows[i]->name, name, strlen(name)) || used >= sizeof(several))
			continue;
		used += (size_t)snprintf(several + used, sizeof(several) - used, "%s--%s",
					 count++ ? ", " : "", t->rows[i]->name);
	}
	if (count > 1)
		return rs_fail(err, EINVAL, "'--%s' can be %s", name, several);
	return rs_fail(err, EINVAL, "'--%s' is no option%s%s%s", name,
		       nearest.best ? "; did you mean '--" : "", nearest.best ? nearest.best : "",
		       nearest.best ? "'?" : "");
}

/* What getopt's '?' is about: an option without its own number, or with. */
static int wrong_option(const struct table *t, const char *text, struct rs_error **err)
{
	const struct option_row *row = find_row(t, optopt);

	if (row)
		return rs_fail(err, EINVAL, "--%s takes no value", row->name);
	if (optopt)
		return rs_fail(err, EINVAL, "'-%c' is no option", optopt);
	return unknown_name(t, text, err);
}

static int read_options(const struct command_line *line, struct table *t, int argc, char **argv,
			void *options, struct rs_error **err)
{
	int number, ret;

	optind = 0; /* glibc: begin anew */
	opterr = 0;
	while ((number = getopt_long(argc, argv, t->letters, t->longs, NULL)) != -1) {
		const struct option_row *row = find_row(t, number == ':' ? optopt : number);

		if (number == '?')
			return wrong_option(t, argv[optind - 1], err);
		if (number == ':')
			return rs_fail(err, EINVAL, "--%s needs a value: %s", row->name,
				       row->value);
		if (row == &option_common[OPTION_COMMON_HELP]) {
			option_help(line, stdout);
			return END_NOW;
		}
		if (row == &option_common[OPTION_COMMON_VERSION]) {
			printf("%s %s\n", line->name, line->version);
			return END_NOW;
		}
		ret = store(row, options, optarg, err);
		if (ret < 0)
			return rs_fail_wrap(err, "--%s", row->name);
	}
	return 0;
}

static int read_operands(const struct option_operand *o, char **list, unsigned int count,
			 void *options, struct rs_error **err)
{
	void *field = (char *)options + o->offset;

	if (count < o->min)
		return rs_fail(err, EINVAL, "%s", o->missing);
	if (count > o->max && !o->max)
		return rs_fail(err, EINVAL, "'%.*s' is no option, and nothing else is expected",
			       SHOWN, list[0]);
	if (count > o->max)
		return rs_fail(err, EINVAL, "'%.*s' is one too many (expected %s)", SHOWN,
			       list[o->max], o->name);
	if (o->max > 1)
		*(struct option_operands *)field = (struct option_operands){ list, count };
	else if (count)
		*(const char **)field = list[0];
	return 0;
}

static int check_required(const struct command_line *line, const void *options,
			  struct rs_error **err)
{
	const struct option_row *row;

	for (row = line->options; row && row->name; row++)
		if (row->required && !*(const char *const *)((const char *)options + row->offset))
			return rs_fail(err, EINVAL, "--%s is missing", row->name);
	return 0;
}

static int read_all(const struct command_line *line, int argc, char **argv, void *options,
		    struct rs_error **err)
{
	struct table t = { .letters = ":" };
	int ret;

	option_each(line, add_row, &t);
	ret = read_options(line, &t, argc, argv, options, err);
	if (ret == 0)
		ret = read_operands(&line->operand, argv + optind, (unsigned int)(argc - optind),
				    options, err);
	if (ret == 0)
		ret = check_required(line, options, err);
	return ret || !line->check ? ret : line->check(options, err);
}

bool option_read(const struct command_line *line, int argc, char **argv, void *options, int *code)
{
	cleanup_error struct rs_error *err = NULL;
	int ret = read_all(line, argc, argv, options, &err);

	*code = ret < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	if (ret < 0)
		fprintf(stderr, "%s: %s\n`%s --help` lists what it takes\n", line->name,
			err ? err->message : "wrong usage", line->name);
	return ret == 0;
}
