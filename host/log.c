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

static bool may_speak(struct log_limit *limit, const char *context)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec - limit->since >= LOG_LIMIT_S) {
		if (limit->withheld)
			log_line("%s: %u lines like the last ones were withheld", context,
				 limit->withheld);
		*limit = (struct log_limit){ .since = now.tv_sec };
	}
	return limit->lines++ < LOG_LIMIT_LINES;
}

void log_error_limited(struct log_limit *limit, uint64_t *withheld, const char *context,
		       struct rs_error **err)
{
	if (*err && !may_speak(limit, context)) {
		limit->withheld++;
		(*withheld)++;
		rs_error_free(err);
	}
	log_error(context, err);
}

bool log_pace(struct log_pace *pace, uint64_t now_ns, unsigned int *since)
{
	if (now_ns < pace->due_ns) {
		pace->withheld++;
		return false;
	}
	*since = pace->withheld;
	*pace = (struct log_pace){ .due_ns = now_ns + LOG_LIMIT_S * 1000000000ull };
	return true;
}

void log_error(const char *context, struct rs_error **err)
{
	if (*err)
		log_line("%s: %s", context, (*err)->message);
	rs_error_free(err);
}
