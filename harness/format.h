/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text that is made to measure. */
#ifndef RINGSCHED_FORMAT_H
#define RINGSCHED_FORMAT_H

#include <stdio.h>

struct rs_error;

/* The formatted text, the caller's; NULL with *err set without memory. */
char *format_text(struct rs_error **err, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * A number for a person: "n/a" for NaN, else with `digits` significant
 * digits and no exponent, as "1.04", "23.4", "15900". Written into `room`
 * of at least FORMAT_NUMBER_ROOM bytes, which is returned.
 */
#define FORMAT_NUMBER_ROOM 32
char *format_number(char *room, double value, int digits);

/* Text that others wrote, in a table of Markdown: on one line and in one cell. */
void format_cell(const char *text, FILE *to);

#endif
