/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a command failed: becomes its "ERR errno=N sentence" line. */
#ifndef RINGSCHED_CONTROL_REASON_H
#define RINGSCHED_CONTROL_REASON_H

#include <stdarg.h>
#include <stdio.h>

struct rsc_reason {
	char sentence[256];
};

/* Failing is one expression: return rsc_fail(why, EINVAL, "..."); */
__attribute__((format(printf, 3, 4))) static inline int rsc_fail(struct rsc_reason *why, int code,
								 const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(why->sentence, sizeof(why->sentence), format, list);
	va_end(list);
	return -code;
}

#endif
