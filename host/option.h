/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A command line as data: its options, one row each, and around them what the
 * program is for, what it takes besides options, its exit codes and examples.
 * From that one table come the parser with its error sentences (option.c),
 * --help (option_help.c), and in the harness the man page and the shells'
 * completion. How a command declares its own: docs/adding-a-command.md.
 */
#ifndef RINGSCHED_OPTION_H
#define RINGSCHED_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct rs_error;

/* What the field at `offset` is, and what a value must be. */
enum option_type {
	OPTION_FLAG, /* bool, becomes true; the option has no value */
	OPTION_TEXT, /* const char *, borrowed from argv */
	OPTION_WORD, /* the same, and one of `word` */
	OPTION_COUNT, /* unsigned int, from min to max */
	OPTION_INDEX, /* int, from min to max */
	OPTION_NUMBER, /* uint64_t, from min to max; these are below 2^53 */
	OPTION_REAL, /* double, from min to max */
};

/* What a shell offers for a value. */
enum option_complete {
	COMPLETE_WORDS, /* `word`, where there is one */
	COMPLETE_LIST, /* the same, several with commas between them */
	COMPLETE_FILE,
	COMPLETE_FOLDER,
};

struct option_row {
	const char *name; /* Required. Without its dashes */
	const char *help; /* Required. Small letter first, no full stop */
	const char *value; /* Required but for flags. The value's name in help */
	char letter; /* Not required */
	enum option_type type;
	size_t offset; /* of the field in the command's struct; see `take` */
	double min, max; /* Required for numbers */
	/* Required for OPTION_WORD. The words there are, by index; NULL after
	 * the last. With OPTION_TEXT they are only offered. */
	const char *(*word)(unsigned int index);
	enum option_complete complete;
	bool required; /* OPTION_TEXT or OPTION_WORD whose field must not stay NULL */
	/* Not required. Takes the value instead of a field. `value` may be
	 * written to and lives as long as argv. */
	int (*take)(void *options, char *value, struct rs_error **err);
};

/* What comes besides options. */
struct option_operand {
	const char *name; /* as in usage, "A [B]"; NULL = nothing */
	unsigned int min, max; /* how many */
	size_t offset; /* of a const char * where max is 1, else of option_operands */
	const char *missing; /* a question: "which scenario file?" */
	const char *(*word)(unsigned int index); /* as of an option, offered only */
	enum option_complete complete;
};

struct option_operands { /* borrowed from argv */
	char **list;
	unsigned int count;
};

/* A row of what help lists besides options: an exit code, a policy. */
struct option_term {
	char name[48];
	char text[256];
};

struct option_list {
	const char *title;
	bool (*row)(unsigned int index, struct option_term *term); /* false after the last */
};

struct option_exit {
	int code;
	const char *text;
};

/*
 * Examples are run by tests/use as they are printed. One that would start a VM
 * or change the host gets `dry` appended then; `run` names folders "before" and
 * "after" that are runs, or has one of its files.
 */
struct option_example {
	const char *command;
	const char *help;
	const char *dry; /* Not required */
	const char *codes; /* Not required: "0". Exit codes it may end with: "0 2 3" */
};

struct command_line {
	const char *name; /* Required. As typed: "ringsched run" */
	const char *summary; /* Required. Half a line, small letter first */
	/* Required. Paragraphs, one a line; `x` is something to be typed. */
	const char *text;
	const char *notes; /* Not required. The same, after the options */
	const char *version; /* Not required. Then there is --version */
	const struct option_row *options; /* Not required. Ended by a row without name */
	struct option_operand operand;
	const struct option_exit *exits; /* Not required. Ended by a row without text */
	const struct option_list *lists; /* Not required. Ended by a row without title */
	const struct option_example *examples; /* Not required. Ended by a row without command */
	/* Not required. Is what was given right as a whole? */
	int (*check)(const void *options, struct rs_error **err);
};

/* --help, and --version where the line has one; then a row without name. */
extern const struct option_row option_common[];
#define OPTION_COMMON_HELP 0
#define OPTION_COMMON_VERSION 1

/*
 * Read argv (which is reordered: options first) into *options, whose fields
 * hold their defaults. True where all was right. False where the program shall
 * end now with *code: after --help or --version (0), or after a mistake that
 * was told on standard error (1).
 */
bool option_read(const struct command_line *line, int argc, char **argv, void *options, int *code);

/* For a `take`: a number of that range, or EINVAL with a sentence. */
int option_whole(const char *text, double min, double max, uint64_t *value, struct rs_error **err);
int option_real(const char *text, double min, double max, double *value, struct rs_error **err);

/* What --help prints. */
void option_help(const struct command_line *line, FILE *to);

/* Calls fn() with each option of the line, then with the common ones it has. */
void option_each(const struct command_line *line,
		 void (*fn)(const struct option_row *row, void *arg), void *arg);

#endif
