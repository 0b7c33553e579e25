// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/cleanup.h"

/* Stands in when even the message cannot be allocated; never freed. */
static char no_memory_message[] = "out of memory";
static struct rs_error no_memory = { ENOMEM, no_memory_message };

static void set_error(struct rs_error **err, int code, char *message)
{
	struct rs_error *e = message ? malloc(sizeof(*e)) : NULL;

	if (!e) {
		free(message);
		*err = &no_memory;
		return;
	}
	e->code = code;
	e->message = message;
	*err = e;
}

int rs_fail(struct rs_error **err, int code, const char *format, ...)
{
	char *message;
	va_list args;

	if (!err || *err)
		return -code;
	va_start(args, format);
	if (vasprintf(&message, format, args) < 0)
		message = NULL;
	va_end(args);
	set_error(err, code, message);
	return -code;
}

int rs_fail_errno(struct rs_error **err, int code, const char *format, ...)
{
	cleanup_free char *what = NULL;
	va_list args;

	if (!err || *err)
		return -code;
	va_start(args, format);
	if (vasprintf(&what, format, args) < 0)
		what = NULL;
	va_end(args);
	return rs_fail(err, code, "%s: %s", what ? what : "error", strerror(code));
}

int rs_fail_wrap(struct rs_error **err, const char *format, ...)
{
	cleanup_free char *context = NULL;
	char *message;
	va_list args;

	if (!err || !*err)
		return -EIO;
	if (*err == &no_memory)
		return -ENOMEM;
	va_start(args, format);
	if (vasprintf(&context, format, args) < 0)
		context = NULL;
	va_end(args);
	if (context && asprintf(&message, "%s: %s", context, (*err)->message) >= 0) {
		free((*err)->message);
		(*err)->message = message;
	}
	return -(*err)->code;
}

void rs_error_free(struct rs_error **err)
{
	if (!err || !*err)
		return;
	if (*err != &no_memory) {
		free((*err)->message);
		free(*err);
	}
	*err = NULL;
}
