// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/csvread.h"

#include <errno.h>
#include <string.h>

#include "host/error.h"

int csv_open(struct csv_reader *r, const char *path, struct rs_error **err)
{
	r->path = path;
	r->line = 0;
	errno = 0;
	r->file = gzopen(path, "rb");
	return r->file ? 0 : rs_fail_errno(err, errno ? errno : ENOMEM, "opening %s", path);
}

void csv_close(struct csv_reader *r)
{
	if (r->file)
		gzclose(r->file);
	r->file = NULL;
}

int csv_next_line(struct csv_reader *r, struct rs_error **err)
{
	const char *reason;
	size_t length;
	int code;

	r->line++;
	if (!gzgets(r->file, r->text, sizeof(r->text))) {
		reason = gzerror(r->file, &code);
		/* Z_BUF_ERROR: the compressed stream ends too early. */
		if (code == Z_OK || code == Z_STREAM_END)
			return 0;
		return rs_fail(err, EIO, "%s: cut off or not gzip after line %u: %s", r->path,
			       r->line - 1, reason);
	}
	length = strlen(r->text);
	if (!length || r->text[length - 1] != '\n')
		return rs_fail(err, EINVAL,
			       "%s:%u: the line has no end, a zero byte, or more than %d bytes",
			       r->path, r->line, CSV_LINE_BYTES - 2);
	r->text[length - 1] = 0;
	return 1;
}

const char *csv_number(const char *text, uint64_t *value)
{
	uint64_t v = 0;
	unsigned int digit;

	if (*text < '0' || *text > '9')
		return NULL;
	for (; *text >= '0' && *text <= '9'; text++) {
		digit = (unsigned int)(*text - '0');
		if (v > (UINT64_MAX - digit) / 10)
			return NULL;
		v = 10 * v + digit;
	}
	*value = v;
	return text;
}

int csv_row(const struct csv_reader *r, uint64_t *values, unsigned int count, struct rs_error **err)
{
	const char *at = r->text;
	unsigned int i;

	for (i = 0; at && i < count; i++) {
		at = csv_number(at, &values[i]);
		if (at && *at != (i + 1 < count ? ',' : 0))
			at = NULL;
		if (at)
			at++;
	}
	if (!at)
		return rs_fail(err, EINVAL, "%s:%u: field %u is wrong (expected %u numbers)",
			       r->path, r->line, i, count);
	return 0;
}
