// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/samples.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/csvread.h"
#include "host/cleanup.h"
#include "host/error.h"

#define FIXED_FIELDS 3 /* sequence, release_ns, flags; then perhaps raised_ns */
#define FIELDS_MAX (FIXED_FIELDS + 1 + 2 * RS_MEMBER_MAX)
#define ROWS_FIRST 1024
#define HANDOVER_MARK "# handover errors "
#define LOST_MARK "# lost "

struct reader {
	struct csv_reader csv;
	unsigned int fixed; /* fields before the processes' */
	unsigned int fields; /* of a row */
	size_t room; /* rows allocated */
	unsigned int remarks; /* of the table below that were read or are past */
};

/* The header says how many processes there are. */
static int read_header(struct reader *r, struct samples *s, struct rs_error **err)
{
	static const char fixed[] = "sequence,release_ns,flags", raised[] = ",raised_ns";
	const char *at = r->csv.text;
	char pair[48];
	int ret = csv_next_line(&r->csv, err);

	if (ret < 0)
		return ret;
	if (!ret || strncmp(at, fixed, strlen(fixed)))
		return rs_fail(err, EINVAL, "%s:1: no samples (expected the header '%s,...')",
			       r->csv.path, fixed);
	at += strlen(fixed);
	r->fixed = FIXED_FIELDS;
	if (!strncmp(at, raised, strlen(raised))) {
		at += strlen(raised);
		r->fixed++;
	}
	for (; *at && s->processes < RS_MEMBER_MAX; s->processes++) {
		snprintf(pair, sizeof(pair), ",start%u_ns,end%u_ns", s->processes, s->processes);
		if (strncmp(at, pair, strlen(pair)))
			break;
		at += strlen(pair);
	}
	if (*at || !s->processes)
		return rs_fail(err, EINVAL,
			       "%s:1: header of no known form (expected start0_ns,end0_ns,... of 1 "
			       "to %d processes)",
			       r->csv.path, RS_MEMBER_MAX);
	r->fields = r->fixed + 2 * s->processes;
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
	if (rows * r->fields > CSV_VALUES_MAX)
		return rs_fail(err, EFBIG, "%s:%u: more samples than a run can have", r->csv.path,
			       r->csv.line);
	grown = grow_array(&s->sequence, rows, sizeof(*s->sequence)) &&
		grow_array(&s->release_ns, rows, sizeof(*s->release_ns)) &&
		grow_array(&s->flags, rows, sizeof(*s->flags)) &&
		(r->fixed == FIXED_FIELDS ||
		 grow_array(&s->raised_ns, rows, sizeof(*s->raised_ns)));
	for (i = 0; grown && i < s->processes; i++)
		grown = grow_array(&s->start_ns[i], rows, sizeof(*s->start_ns[i])) &&
			grow_array(&s->end_ns[i], rows, sizeof(*s->end_ns[i]));
	if (!grown)
		return rs_fail(err, ENOMEM, "%s: out of memory for %zu samples", r->csv.path, rows);
	r->room = rows;
	return 0;
}

/* Can these times be? Whoever subtracts them later relies on it. */
static bool is_possible(const struct samples *s, const uint64_t *value, const uint64_t *times)
{
	uint64_t release = value[1], start, end;
	unsigned int i;

	if (s->count &&
	    (value[0] <= s->sequence[s->count - 1] || release <= s->release_ns[s->count - 1]))
		return false;
	if (value[2] > UINT32_MAX || release > GUEST_NS_MAX)
		return false;
	if (s->raised_ns && s->count && value[FIXED_FIELDS] < s->raised_ns[s->count - 1])
		return false;
	for (i = 0; i < s->processes; i++) {
		start = times[2 * i];
		end = times[2 * i + 1];
		if ((start && start < release) || (end && (!start || end < start)) ||
		    start > GUEST_NS_MAX || end > GUEST_NS_MAX)
			return false;
	}
	return true;
}

static int take_row(struct reader *r, struct samples *s, struct rs_error **err)
{
	uint64_t value[FIELDS_MAX], *times = value + r->fixed;
	unsigned int i;
	int ret = csv_row(&r->csv, value, r->fields, err);

	if (ret < 0)
		return ret;
	if (!is_possible(s, value, times)) {
		s->rejected++;
		return 0;
	}
	if (grow(r, s, err) < 0)
		return -(*err)->code;
	s->sequence[s->count] = value[0];
	s->release_ns[s->count] = value[1];
	s->flags[s->count] = (uint32_t)value[2];
	if (s->raised_ns)
		s->raised_ns[s->count] = value[FIXED_FIELDS];
	for (i = 0; i < s->processes; i++) {
		s->start_ns[i][s->count] = times[2 * i];
		s->end_ns[i][s->count] = times[2 * i + 1];
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

		if (!strncmp(r->csv.text, mark, strlen(mark)))
			rest = csv_number(r->csv.text + strlen(mark), remarks[r->remarks].value);
		r->remarks++;
	}
	if (!rest || *rest)
		return rs_fail(err, EINVAL,
			       "%s:%u: a remark that is unknown or out of order (expected '%sN', "
			       "then '%sN', at the end)",
			       r->csv.path, r->csv.line, HANDOVER_MARK, LOST_MARK);
	return 0;
}

static int take_line(struct reader *r, struct samples *s, struct rs_error **err)
{
	if (r->csv.text[0] == '#')
		return take_remark(r, s, err);
	if (r->remarks)
		return rs_fail(err, EINVAL,
			       "%s:%u: text after a remark (expected '%sN' or the end)",
			       r->csv.path, r->csv.line, LOST_MARK);
	return take_row(r, s, err);
}

struct samples *samples_load(const char *path, struct rs_error **err)
{
	cleanup_samples struct samples *s = calloc(1, sizeof(*s));
	struct reader r = { 0 };
	struct rs_error *own = NULL;
	int ret;

	if (!err)
		err = &own;
	ret = s ? csv_open(&r.csv, path, err) : rs_fail(err, ENOMEM, "no memory for samples");
	if (ret == 0)
		ret = read_header(&r, s, err);
	while (ret >= 0) {
		ret = csv_next_line(&r.csv, err);
		if (ret == 0)
			break;
		if (ret > 0)
			ret = take_line(&r, s, err);
	}
	csv_close(&r.csv);
	rs_error_free(&own);
	return ret < 0 ? NULL : steal_pointer(&s);
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
	free(s->raised_ns);
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
