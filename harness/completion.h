/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Completion for shells, of ringsched and ringschedd, from the tables of their
 * command lines: options, the words a value can be, and what is a file or a
 * folder. Each is one self-contained script.
 */
#ifndef RINGSCHED_COMPLETION_H
#define RINGSCHED_COMPLETION_H

#include <stdio.h>

struct command_line;
struct option_row;

void completion_bash(FILE *to);
void completion_zsh(FILE *to);
void completion_fish(FILE *to);

/* ---- between the files that make them ---- */

/* The words of a table's word function, each after `before`. */
void completion_words(FILE *to, const char *(*word)(unsigned int index), const char *before);

/* Text between single quotes of a shell: a quote in it leaves and comes back. */
void completion_quoted(FILE *to, const char *text);

#endif
