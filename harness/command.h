/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The commands of `ringsched`: one file each (cmd_*.c), one row each in the
 * table of command.c. A command parses its own options with argp, whose one
 * option table also makes its --help; argv[0] is "ringsched COMMAND" then.
 */
#ifndef RINGSCHED_COMMAND_H
#define RINGSCHED_COMMAND_H

struct rs_error;

/* Exit codes (docs/errors.md). Ended by a signal: 128 + its number. */
enum exit_code {
	EXIT_PASS = 0,
	EXIT_ERROR = 1, /* could not measure; wrong usage */
	EXIT_LIMIT = 2, /* a limit was missed */
	EXIT_UNDECIDED = 3,
	EXIT_SKIPPED = 77,
};

struct command {
	const char *name; /* Required */
	const char *help; /* Required. One line for `ringsched --help` */
	int (*run)(int argc, char **argv); /* Required. Returns an exit code */
};

extern const struct command commands[]; /* ended by a row without name */

int cmd_run(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_resume(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_import(int argc, char **argv);
int cmd_paper(int argc, char **argv);
int cmd_compare(int argc, char **argv);
int cmd_cleanup(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_version(int argc, char **argv);

/*
 * All a program's main() needs: finds the command, runs it, returns its exit
 * code. argp's own exits (wrong usage) become EXIT_ERROR.
 */
int command_main(int argc, char **argv);

/* Print "ringsched COMMAND: sentence" on standard error and return
 * EXIT_ERROR; for the end of a command: return command_fail(argv[0], err). */
int command_fail(const char *who, const struct rs_error *err);

/* "FOLDER OF THIS PROGRAM/name", allocated; NULL without memory. */
char *command_beside(const char *name);

#endif
