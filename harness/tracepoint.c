// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/tracepoint.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "host/cleanup.h"
#include "host/error.h"

#define USUAL_PLACE "/sys/kernel/tracing"
#define FORMAT_BYTES 8192

/* A mount that no path leads to goes away with its descriptor. */
static int open_own(void)
{
	cleanup_close int fs = fsopen("tracefs", FSOPEN_CLOEXEC);

	if (fs < 0 || fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	return fsmount(fs, FSMOUNT_CLOEXEC, 0);
}

static int open_tracefs(struct rs_error **err)
{
	int fd = open_own();

	if (fd < 0)
		fd = open(USUAL_PLACE, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? rs_fail_errno(err, errno, "opening tracefs") : fd;
}

/* "	field:pid_t pid;	offset:24;	size:4;	signed:1;" */
static int parse_field(const char *format, struct tracepoint_field *field, struct rs_error **err)
{
	const char *line, *offset, *size;
	char wanted[64];

	snprintf(wanted, sizeof(wanted), " %s;\toffset:", field->name);
	line = strstr(format, wanted);
	offset = line ? line + strlen(wanted) : NULL;
	size = offset ? strstr(offset, "\tsize:") : NULL;
	if (!size || strtoul(size + strlen("\tsize:"), NULL, 10) != sizeof(uint32_t))
		return rs_fail(err, ENOTSUP, "it has no 32-bit field '%s'", field->name);
	field->offset = strtoul(offset, NULL, 10);
	return 0;
}

int tracepoint_parse(const char *format, uint64_t *id, struct tracepoint_field *fields,
		     size_t count, struct rs_error **err)
{
	const char *number = strstr(format, "\nID: ");
	int ret = 0;

	if (!number)
		return rs_fail(err, ENOTSUP, "its format has no ID");
	*id = strtoull(number + strlen("\nID: "), NULL, 10);
	for (size_t i = 0; ret == 0 && i < count; i++)
		ret = parse_field(format, &fields[i], err);
	return ret;
}

static int read_format(const char *system, const char *name, char format[FORMAT_BYTES],
		       struct rs_error **err)
{
	cleanup_close int fd = -1, tracefs = open_tracefs(err);
	char path[128];
	ssize_t length;

	if (tracefs < 0)
		return tracefs;
	snprintf(path, sizeof(path), "events/%s/%s/format", system, name);
	fd = openat(tracefs, path, O_RDONLY | O_CLOEXEC);
	length = fd < 0 ? -1 : read(fd, format, FORMAT_BYTES - 1);
	if (length < 0)
		return rs_fail_errno(err, errno, "reading %s", path);
	format[length] = '\0';
	return 0;
}

int tracepoint_find(const char *system, const char *name, uint64_t *id,
		    struct tracepoint_field *fields, size_t count, struct rs_error **err)
{
	cleanup_free char *format = malloc(FORMAT_BYTES);
	int ret = format ? read_format(system, name, format, err) :
			   rs_fail(err, ENOMEM, "out of memory");

	if (ret == 0)
		ret = tracepoint_parse(format, id, fields, count, err);
	return ret < 0 ? rs_fail_wrap(err, "tracepoint %s:%s", system, name) : 0;
}
