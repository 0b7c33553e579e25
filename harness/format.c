// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/format.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "host/error.h"

#define DECIMALS_MAX 6

char *format_text(struct rs_error **err, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	if (!text)
		rs_fail(err, ENOMEM, "no memory for a text");
	return text;
}

char *format_number(char *room, double value, int digits)
{
	int decimals;

	if (!isfinite(value)) { /* what follows would make an int of it */
		snprintf(room, FORMAT_NUMBER_ROOM, "n/a");
		return room;
	}
	/* Leading zeros are not significant. */
	decimals = digits - (value == 0 ? 1 : (int)floor(log10(fabs(value))) + 1);
	if (fabs(value) >= 1e15)
		snprintf(room, FORMAT_NUMBER_ROOM, "%.3g", value);
	else
		snprintf(room, FORMAT_NUMBER_ROOM, "%.*f",
			 decimals < 0		 ? 0 :
			 decimals > DECIMALS_MAX ? DECIMALS_MAX :
						   decimals,
			 value);
	return room;
}

void format_cell(const char *text, FILE *to)
{
	for (; *text; text++) {
		if (*text == '|')
			fputs("\\|", to);
		else
			fputc((unsigned char)*text < ' ' ? ' ' : *text, to);
	}
}
