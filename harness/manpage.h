/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Manual pages, made from the same tables as everything else: a page of each
 * command line (host/option.h), and one of the scenario's keys.
 */
#ifndef RINGSCHED_MANPAGE_H
#define RINGSCHED_MANPAGE_H

#include <stdio.h>

struct command_line;

#define MANPAGE_NAME_MAX 64

/* Page of a command line: "ringsched-run" for "ringsched run". */
void manpage_name(const struct command_line *line, char name[MANPAGE_NAME_MAX]);

/* `section` is 1 for what users run, 8 for daemons. */
void manpage_write(const struct command_line *line, int section, FILE *to);

/* ringsched-scenario(5) */
void manpage_scenario(FILE *to);

/* The scenario that it shows, as a file; a test loads it. */
extern const char manpage_scenario_example[];

/* ---- between the two files that make pages ---- */

/* .TH with the date of SOURCE_DATE_EPOCH, else today's. */
void manpage_header(FILE *to, const char *name, int section);
/* Text in which `x` is to be typed, and bold; a sentence a line. */
void manpage_text(FILE *to, const char *text);
/* Something typed: its dashes are minus signs, not hyphens. */
void manpage_typed(FILE *to, const char *text);
void manpage_paragraphs(FILE *to, const char *text); /* one a line */
void manpage_see_also(FILE *to, const char *but); /* all pages but this one */

#endif
