// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#include "host/error.h"

static bool enabled;

void log_enable(void)
{
	enabled = true;
}

void log_line(const char *format, ...)
{
	struct timespec now;
	char line[1024];
	va_list args;

	if (!enabled)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	fprintf(stderr, "[%lld.%06ld] %s\n", (long long)now.tv_sec, now.tv_nsec / 1000, line);
}

void log_error(const char *context, struct rs_error **err)
{
	if (*err)
		log_line("%s: %s", context, (*err)->message);
	rs_error_free(err);
}
