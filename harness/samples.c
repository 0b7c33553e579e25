// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/samples.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "host/cleanup.h"
#include "host/error.h"

#define FIXED_FIELDS 3 /* sequence, release_ns, flags */
#define FIELDS_MAX (FIXED_FIELDS + 2 * RS_MEMBER_MAX)
#define LINE_MAX_BYTES 2048 /* 67 fields of at most 20 digits and a comma */
#define VALUES_MAX (32u << 20) /* 256 MiB: a compressed file can promise any size */
#define ROWS_FIRST 1024
#define HANDOVER_MARK "# handover errors "
#define LOST_MARK "# lost "

struct reader {
	const char *path;
	gzFile file;
	unsigned int line; /* from 1 */
	char text[LINE_MAX_BYTES]; /* the line, its end cut off */
	unsigned int fields; /* of a row */
	size_t room; /* rows allocated */
	unsigned int remarks; /* of the table below that were read or are past */
};

static void close_file(const gzFile *file)
{
	if (*file)
		gzclose(*file);
}

/* 1 = a line, 0 = the end of the file. */
static int next_line(struct reader *r, struct rs_error **err)
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
			       r->path, r->line, LINE_MAX_BYTES - 2);
	r->text[length - 1] = 0;
	return 1;
}

/* Digits only, no more than 64 bits; returns what follows or NULL. */
static const char *scan_u64(const char *text, uint64_t *value)
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

/* The header says how many processes there are. */
static int read_header(struct reader *r, struct samples *s, struct rs_error **err)
{
	static const char fixed[] = "sequence,release_ns,flags";
	const char *at = r->text;
	char pair[48];
	int ret = next_line(r, err);

	if (ret < 0)
		return ret;
	if (!ret || strncmp(at, fixed, strlen(fixed)))
		return rs_fail(err, EINVAL, "%s:1: no samples (expected the header '%s,...')",
			       r->path, fixed);
	for (at += strlen(fixed); *at && s->processes < RS_MEMBER_MAX; s->processes++) {
		snprintf(pair, sizeof(pair), ",start%u_ns,end%u_ns", s->processes, s->processes);
		if (strncmp(at, pair, strlen(pair)))
			break;
		at += strlen(pair);
	}
	if (*at || !s->processes)
		return rs_fail(err, EINVAL,
			       "%s:1: header of no known form (expected start0_ns,end0_ns,... of 1 "
			       "to %d processes)",
			       r->path, RS_MEMBER_MAX);
	r->fields = FIXED_FIELDS + 2 * s->processes;
	return 0;
}

static bool grow_array(void *array, size_t rows, size_t size)
{
	void *old, *grown;

	memcpy(&old, array, sizeof(old));
	grown = reallocarray(old, rows, size);
	if (grown)
		memcpy(array, &grown, sizeof(grown));
	return grown;
}

static int grow(struct reader *r, struct samples *s, struct rs_error **err)
{
	size_t rows = r->room ? 2 * r->room : ROWS_FIRST;
	bool grown;
	unsigned int i;

	if (s->count < r->room)
		return 0;
	if (rows * r->fields > VALUES_MAX)
		return rs_fail(err, EFBIG, "%s:%u: more samples than a run can have", r->path,
			       r->line);
	grown = grow_array(&s->sequence, rows, sizeof(*s->sequence)) &&
		grow_array(&s->release_ns, rows, sizeof(*s->release_ns)) &&
		grow_array(&s->flags, rows, sizeof(*s->flags));
	for (i = 0; grown && i < s->processes; i++)
		grown = grow_array(&s->start_ns[i], rows, sizeof(*s->start_ns[i])) &&
			grow_array(&s->end_ns[i], rows, sizeof(*s->end_ns[i]));
	if (!grown)
		return rs_fail(err, ENOMEM, "%s: out of memory for %zu samples", r->path, rows);
	r->room = rows;
	return 0;
}

/* Can these times be? Whoever subtracts them later relies on it. */
static bool is_possible(const struct samples *s, const uint64_t *value)
{
	uint64_t release = value[1], start, end;
	unsigned int i;

	if (s->count &&
	    (value[0] <= s->sequence[s->count - 1] || release <= s->release_ns[s->count - 1]))
		return false;
	if (value[2] > UINT32_MAX)
		return false;
	for (i = 0; i < s->processes; i++) {
		start = value[FIXED_FIELDS + 2 * i];
		end = value[FIXED_FIELDS + 2 * i + 1];
		if ((start && start < release) || (end && (!start || end < start)))
			return false;
	}
	return true;
}

static int take_row(struct reader *r, struct samples *s, struct rs_error **err)
{
	uint64_t value[FIELDS_MAX];
	const char *at = r->text;
	unsigned int i;

	for (i = 0; at && i < r->fields; i++) {
		at = scan_u64(at, &value[i]);
		if (at && *at != (i + 1 < r->fields ? ',' : 0))
			at = NULL;
		if (at)
			at++;
	}
	if (!at)
		return rs_fail(err, EINVAL, "%s:%u: field %u is wrong (expected %u numbers)",
			       r->path, r->line, i, r->fields);
	if (!is_possible(s, value)) {
		s->rejected++;
		return 0;
	}
	if (grow(r, s, err) < 0)
		return -(*err)->code;
	s->sequence[s->count] = value[0];
	s->release_ns[s->count] = value[1];
	s->flags[s->count] = (uint32_t)value[2];
	for (i = 0; i < s->processes; i++) {
		s->start_ns[i][s->count] = value[FIXED_FIELDS + 2 * i];
		s->end_ns[i][s->count] = value[FIXED_FIELDS + 2 * i + 1];
	}
	s->count++;
	return 0;
}

/* Remarks follow the samples: each at most once, in this order. */
static int take_remark(struct reader *r, struct samples *s, struct rs_error **err)
{
	const struct {
		const char *mark;
		uint64_t *value;
	} remarks[] = {
		{ HANDOVER_MARK, &s->handover_errors },
		{ LOST_MARK, &s->lost },
	};
	const char *rest = NULL;

	while (!rest && r->remarks < sizeof(remarks) / sizeof(remarks[0])) {
		const char *mark = remarks[r->remarks].mark;

		if (!strncmp(r->text, mark, strlen(mark)))
			rest = scan_u64(r->text + strlen(mark), remarks[r->remarks].value);
		r->remarks++;
	}
	if (!rest || *rest)
		return rs_fail(err, EINVAL,
			       "%s:%u: a remark that is unknown or out of order (expected '%sN', "
			       "then '%sN', at the end)",
			       r->path, r->line, HANDOVER_MARK, LOST_MARK);
	return 0;
}

static int take_line(struct reader *r, struct samples *s, struct rs_error **err)
{
	if (r->text[0] == '#')
		return take_remark(r, s, err);
	if (r->remarks)
		return rs_fail(err, EINVAL,
			       "%s:%u: text after a remark (expected '%sN' or the end)", r->path,
			       r->line, LOST_MARK);
	return take_row(r, s, err);
}

struct samples *samples_load(const char *path, struct rs_error **err)
{
	cleanup_samples struct samples *s = calloc(1, sizeof(*s));
	struct reader r = { .path = path };
	__attribute__((cleanup(close_file))) gzFile file = NULL;
	struct rs_error *own = NULL;
	int ret = -1;

	if (!err)
		err = &own;
	errno = 0;
	file = gzopen(path, "rb");
	r.file = file;
	if (!s || !file)
		rs_fail_errno(err, errno ? errno : ENOMEM, "opening %s", path);
	else
		ret = read_header(&r, s, err);
	while (ret >= 0) {
		ret = next_line(&r, err);
		if (ret == 0)
			return steal_pointer(&s);
		if (ret > 0)
			ret = take_line(&r, s, err);
	}
	rs_error_free(&own);
	return NULL;
}

void samples_free(struct samples *s)
{
	unsigned int i;

	if (!s)
		return;
	for (i = 0; i < RS_MEMBER_MAX; i++) {
		free(s->start_ns[i]);
		free(s->end_ns[i]);
	}
	free(s->sequence);
	free(s->release_ns);
	free(s->flags);
	free(s);
}

uint64_t samples_first_start(const struct samples *s, size_t i)
{
	uint64_t first = 0;
	unsigned int p;

	for (p = 0; p < s->processes; p++)
		if (s->start_ns[p][i] && (!first || s->start_ns[p][i] < first))
			first = s->start_ns[p][i];
	return first;
}

uint64_t samples_last_end(const struct samples *s, size_t i)
{
	uint64_t last = 0;
	unsigned int p;

	for (p = 0; p < s->processes; p++)
		if (s->end_ns[p][i] > last)
			last = s->end_ns[p][i];
	return last;
}
