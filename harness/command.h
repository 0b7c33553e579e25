/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The commands of `ringsched`: one file each (cmd_*.c), which ends with its
 * struct command, and one row each in the table of command.c. A command's
 * options are data (host/option.h); docs/adding-a-command.md shows one.
 */
#ifndef RINGSCHED_COMMAND_H
#define RINGSCHED_COMMAND_H

#include "host/option.h"

struct rs_error;

/* Exit codes (docs/errors.md). Ended by a signal: 128 + its number. */
enum exit_code {
	EXIT_PASS = 0,
	EXIT_ERROR = 1, /* could not measure; wrong usage */
	EXIT_LIMIT = 2, /* a limit was missed */
	EXIT_UNDECIDED = 3,
	EXIT_SKIPPED = 77,
};

#define COMMAND_PREFIX "ringsched " /* every line's name begins so */

struct command {
	struct command_line line; /* Required */
	/* Required. Begins with option_read(&command_NAME.line, ...); returns an
	 * exit code. argv[0] is the line's name. */
	int (*run)(int argc, char **argv);
};

extern const struct command *const commands[]; /* NULL-ended, as in --help */
extern const struct command_line ringsched_line; /* the program without a command */

extern const struct command command_list;
extern const struct command command_doctor;
extern const struct command command_check;
extern const struct command command_run;
extern const struct command command_resume;
extern const struct command command_status;
extern const struct command command_report;
extern const struct command command_worst;
extern const struct command command_trace;
extern const struct command command_import;
extern const struct command command_paper;
extern const struct command command_compare;
extern const struct command command_cleanup;
extern const struct command command_generate;
extern const struct command command_version;

/* "run" of the command `ringsched run`. */
const char *command_word(const struct command *c);

/*
 * All a program's main() needs: finds the command, runs it, returns its exit
 * code.
 */
int command_main(int argc, char **argv);

/* Print "ringsched COMMAND: sentence" on standard error and return
 * EXIT_ERROR; for the end of a command: return command_fail(argv[0], err). */
int command_fail(const char *who, const struct rs_error *err);

#endif
