// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reversible changes and their journal: a text file, one line a change, the
 * value before and the path, separated by a tab. A line is handed to the kernel
 * before the change is made; a change without its line cannot be.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/doctor.h"
#include "harness/folder.h"
#include "host/cleanup.h"
#include "host/error.h"

#define VALUE_MAX 256
#define LINE_MAX_HERE (VALUE_MAX + 600)

/* One write(2), as such files want it; the shell's > truncates likewise. */
static int write_value(const char *path, const char *value)
{
	cleanup_close int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	size_t length = strlen(value);

	if (fd < 0)
		return -errno;
	return write(fd, value, length) == (ssize_t)length ? 0 : -errno;
}

static int read_value(const char *path, char *value, size_t size)
{
	int ret = folder_read(path, value, size, NULL);

	if (ret >= 0)
		doctor_chosen(value);
	return ret;
}

static int apply(const struct doctor_change *c, FILE *journal, unsigned int *applied, FILE *to,
		 struct rs_error **err)
{
	char before[VALUE_MAX], after[VALUE_MAX];
	int ret = read_value(c->path, before, sizeof(before));

	if (ret < 0 || !strcmp(before, c->wanted))
		return 0;
	if (fprintf(journal, "%s\t%s\n", before, c->path) < 0 || fflush(journal))
		return rs_fail_errno(err, errno, "writing the journal; nothing more is changed");
	ret = write_value(c->path, c->wanted);
	if (ret == 0)
		ret = read_value(c->path, after, sizeof(after));
	if (ret < 0) {
		fprintf(to, "not changed: %s (%s)\n", c->path, strerror(-ret));
		return 0;
	}
	if (strcmp(after, c->wanted))
		fprintf(to, "%s: %s was written, %s is there\n", c->path, c->wanted, after);
	else
		fprintf(to, "%s: %s -> %s\n", c->path, before, after);
	++*applied;
	return 0;
}

int doctor_fix(const struct doctor_report *r, const char *journal, unsigned int *applied, FILE *to,
	       struct rs_error **err)
{
	cleanup_file FILE *file = fopen(journal, "wxe");
	int ret = 0;

	*applied = 0;
	if (!file && errno == EEXIST)
		return rs_fail(
			err, EEXIST,
			"changes of an earlier --fix are in force: `ringsched doctor --undo` "
			"takes them back");
	if (!file)
		return rs_fail_errno(err, errno, "making the journal %s", journal);
	for (size_t i = 0; i < DOCTOR_CHECKS_MAX; i++)
		for (size_t k = 0; k < r->findings[i].change_count && !ret; k++)
			ret = apply(&r->findings[i].changes[k], file, applied, to, err);
	if (!ret && !*applied)
		unlink(journal);
	return ret;
}

/* A whole line's two parts; false for one that a crash cut short. */
static bool split(char *line, char **value, char **path)
{
	char *tab = strchr(line, '\t'), *newline = strchr(line, '\n');

	if (!tab || !newline || newline < tab)
		return false;
	*tab = *newline = '\0';
	*value = line;
	*path = tab + 1;
	return **path == '/';
}

/* Last change first: one path may have been changed by two. */
static int undo_from(FILE *from, unsigned int *undone, FILE *to, struct rs_error **err)
{
	char line[LINE_MAX_HERE], now[VALUE_MAX], *value, *path;
	long at = ftell(from);
	int ret, rest;

	if (!fgets(line, sizeof(line), from))
		return 0;
	rest = undo_from(from, undone, to, err);
	if (!split(line, &value, &path))
		return rest;
	/* A change that the kernel refused, of an interrupt it manages, say. */
	if (read_value(path, now, sizeof(now)) >= 0 && !strcmp(now, value))
		return rest;
	ret = write_value(path, value);
	if (ret == -ENOENT) { /* a core or an interrupt that is gone by now */
		fprintf(to, "%s is gone\n", path);
		return rest;
	}
	if (ret < 0)
		return rest ? rest :
			      rs_fail_errno(err, -ret, "writing %s back to %s (line at byte %ld)",
					    value, path, at);
	fprintf(to, "%s: back to %s\n", path, value);
	++*undone;
	return rest;
}

int doctor_undo(const char *journal, unsigned int *undone, FILE *to, struct rs_error **err)
{
	cleanup_file FILE *from = fopen(journal, "re");
	int ret;

	*undone = 0;
	if (!from && errno == ENOENT)
		return 0;
	if (!from)
		return rs_fail_errno(err, errno, "reading the journal %s", journal);
	ret = undo_from(from, undone, to, err);
	if (ret < 0)
		return rs_fail_wrap(err, "the journal %s is kept", journal);
	if (unlink(journal) < 0)
		return rs_fail_errno(err, errno, "removing the journal %s", journal);
	return 0;
}
