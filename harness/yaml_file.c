// SPDX-License-Identifier: GPL-2.0-or-later
/* The text of a YAML file, before anything looks for YAML in it. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/yaml.h"
#include "host/cleanup.h"
#include "host/error.h"

#define FILE_SIZE_MAX (256 << 10) /* the largest scenario is under 20 KiB */

static int read_text(struct yaml_file *f, int fd, struct rs_error **err)
{
	ssize_t got;

	f->text = malloc(FILE_SIZE_MAX + 2);
	if (!f->text)
		return rs_fail(err, ENOMEM, "out of memory reading %s", f->path);
	while (f->size <= FILE_SIZE_MAX) {
		got = read(fd, f->text + f->size, FILE_SIZE_MAX + 1 - f->size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return rs_fail_errno(err, errno, "reading %s", f->path);
		if (!got)
			break;
		f->size += (size_t)got;
	}
	if (f->size > FILE_SIZE_MAX)
		return rs_fail(err, EFBIG, "%s is no scenario: larger than %d KiB", f->path,
			       FILE_SIZE_MAX >> 10);
	f->text[f->size] = 0;
	return 0;
}

int yaml_file_read(struct yaml_file *f, const char *path, struct rs_error **err)
{
	cleanup_close int fd = -1;
	struct stat st;

	*f = (struct yaml_file){ .path = path };
	/* O_NONBLOCK: opening a FIFO must not wait for a writer. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0)
		return rs_fail_errno(err, errno, "opening %s", path);
	if (!S_ISREG(st.st_mode))
		return rs_fail(err, EINVAL, "%s is not a regular file", path);
	return read_text(f, fd, err);
}

/* The ranges are those of RFC 3629, section 4. */
size_t yaml_character(const char *text)
{
	const unsigned char *c = (const unsigned char *)text;
	size_t length = c[0] < 0x80 ? 1 :
			c[0] < 0xc2 ? 0 :
			c[0] < 0xe0 ? 2 :
			c[0] < 0xf0 ? 3 :
			c[0] < 0xf5 ? 4 :
				      0;
	size_t i;

	for (i = 1; i < length; i++) /* a final 0 ends this in time */
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	if ((c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xed && c[1] > 0x9f) ||
	    (c[0] == 0xf0 && c[1] < 0x90) || (c[0] == 0xf4 && c[1] > 0x8f))
		return 0;
	return length;
}

bool yaml_file_check(struct yaml_file *f)
{
	const char *c = f->text, *end = f->text + f->size;
	unsigned int line = 1, column = 1;
	size_t length;

	while (c < end) {
		length = *c ? yaml_character(c) : 0;
		if (!length) {
			yaml_mistake(f, line, column, "byte 0x%02x is no text (expected UTF-8)",
				     (unsigned char)*c);
			return false;
		}
		column++;
		if (*c == '\n') {
			line++;
			column = 1;
		}
		c += length;
	}
	return true;
}

void yaml_file_free(struct yaml_file *f)
{
	size_t i;

	free(f->text);
	f->text = NULL;
	for (i = 0; i < MISTAKES_MAX; i++)
		free(f->mistakes[i].sentence);
	memset(f->mistakes, 0, sizeof(f->mistakes));
}
