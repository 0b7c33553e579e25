// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <zlib.h>

#include "host/cleanup.h"
#include "host/error.h"

/* How far back from a log's end its last lines are looked for. */
#define TAIL_BYTES 8192

int folder_make(const char *path, unsigned int mode, struct rs_error **err)
{
	cleanup_free char *part = strdup(path);
	char *slash;

	if (!part)
		return rs_fail(err, ENOMEM, "out of memory");
	for (slash = part + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return rs_fail_errno(err, errno, "making folder %s", part);
		*slash = '/';
	}
	if (mkdir(path, mode) < 0 && errno != EEXIST)
		return rs_fail_errno(err, errno, "making folder %s", path);
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)kind;
	(void)where;
	return remove(path);
}

int folder_remove(const char *path, struct rs_error **err)
{
	if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) < 0 && errno != ENOENT)
		return rs_fail_errno(err, errno, "removing folder %s", path);
	return 0;
}

int folder_is_empty(const char *path)
{
	cleanup_dir DIR *dir = opendir(path);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			return 0;
	return 1;
}

char *folder_path(const char *dir, const char *format, ...)
{
	cleanup_free char *name = NULL;
	char *path;
	va_list args;
	int length;

	va_start(args, format);
	length = vasprintf(&name, format, args);
	va_end(args);
	if (length < 0) {
		name = NULL;
		return NULL;
	}
	return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}

int folder_read(const char *path, char *text, size_t size, struct rs_error **err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length;

	if (fd < 0)
		return rs_fail_errno(err, errno, "opening %s", path);
	length = read(fd, text, size - 1);
	if (length < 0)
		return rs_fail_errno(err, errno, "reading %s", path);
	if (length > 0 && text[length - 1] == '\n')
		length--;
	text[length] = '\0';
	return 0;
}

int folder_write(const char *path, const char *text, struct rs_error **err)
{
	cleanup_file FILE *to = fopen(path, "we");
	size_t length = strlen(text);

	if (!to)
		return rs_fail_errno(err, errno, "opening %s", path);
	if (fputs(text, to) < 0 || (length && text[length - 1] != '\n' && fputc('\n', to) < 0) ||
	    fflush(to) < 0)
		return rs_fail_errno(err, errno, "writing %s", path);
	return 0;
}

/* zlib says that a write failed, the kernel why. */
static int fail_gz(const char *path, struct rs_error **err)
{
	return rs_fail_errno(err, errno ? errno : EIO, "writing %s", path);
}

int folder_write_gz(const char *path, const char *data, size_t length, struct rs_error **err)
{
	gzFile to = gzopen(path, "wb");
	size_t done = 0, part;
	int saved;

	if (!to)
		return rs_fail_errno(err, errno, "opening %s", path);
	while (done < length) {
		/* zlib counts in int. */
		part = length - done > (1u << 20) ? 1u << 20 : length - done;
		errno = 0;
		if (gzwrite(to, data + done, (unsigned int)part) <= 0) {
			saved = errno;
			gzclose(to);
			errno = saved;
			return fail_gz(path, err);
		}
		done += part;
	}
	errno = 0;
	return gzclose(to) == Z_OK ? 0 : fail_gz(path, err);
}

int folder_copy(const char *from, const char *to, struct rs_error **err)
{
	cleanup_close int in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	cleanup_close int out = -1;
	ssize_t sent;

	if (in < 0)
		return errno == ENOENT ? 0 : rs_fail_errno(err, errno, "opening %s", from);
	out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (out < 0)
		return rs_fail_errno(err, errno, "opening %s", to);
	do
		sent = sendfile(out, in, NULL, 1u << 20);
	while (sent > 0);
	return sent < 0 ? rs_fail_errno(err, errno, "copying %s", from) : 0;
}

ssize_t folder_read_end(const char *path, char *text, size_t size)
{
	cleanup_file FILE *from = fopen(path, "re");
	size_t length;

	if (!from)
		return -errno;
	if (fseek(from, -(long)(size - 1), SEEK_END) < 0) /* it is shorter */
		rewind(from);
	length = fread(text, 1, size - 1, from);
	text[length] = '\0';
	return (ssize_t)length;
}

void folder_tail(const char *path, unsigned int lines, const char *indent, FILE *to)
{
	char text[TAIL_BYTES + 1];
	ssize_t length = folder_read_end(path, text, sizeof(text));
	const char *line, *end;
	unsigned int i;

	if (length < 0)
		return;
	line = text + length;
	for (i = 0; i <= lines && line > text; i += *line == '\n')
		line--;
	line += line > text;
	while (*line) {
		end = strchrnul(line, '\n');
		fprintf(to, "%s%.*s\n", indent, (int)(end - line), line);
		line = end + (*end != '\0');
	}
}
