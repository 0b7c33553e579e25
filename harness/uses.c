// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/uses.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/csvread.h"
#include "host/cleanup.h"
#include "host/error.h"

#define HEADER "sequence,way,own_ns,wait_ns,use_ns"
#define FIELDS 5
#define ROWS_FIRST 1024

const char *const way_names[WAY_COUNT] = { [WAY_LOCK] = "lock", [WAY_CHANGE] = "change" };

static int append(struct uses *u, size_t *room, const struct use *use, struct rs_error **err)
{
	size_t more = *room ? 2 * *room : ROWS_FIRST;
	struct use *rows = u->rows;

	if (u->count == *room) {
		if (more * FIELDS > CSV_VALUES_MAX)
			return rs_fail(err, EFBIG, "more uses than a run can have");
		rows = reallocarray(u->rows, more, sizeof(*rows));
		if (!rows)
			return rs_fail(err, ENOMEM, "no memory for %zu uses", more);
		u->rows = rows;
		*room = more;
	}
	rows[u->count++] = *use;
	return 0;
}

static int take_row(const struct csv_reader *csv, struct uses *u, size_t *room,
		    struct rs_error **err)
{
	uint64_t value[FIELDS];
	int ret = csv_row(csv, value, FIELDS, err);

	if (ret < 0)
		return ret;
	if (value[1] >= WAY_COUNT)
		return rs_fail(err, EINVAL, "%s:%u: way %ju (expected 0 or 1)", csv->path,
			       csv->line, (uintmax_t)value[1]);
	if (u->count && value[0] <= u->rows[u->count - 1].sequence)
		return rs_fail(err, EINVAL, "%s:%u: sequence %ju does not rise", csv->path,
			       csv->line, (uintmax_t)value[0]);
	return append(u, room,
		      &(struct use){
			      .sequence = value[0],
			      .way = (enum way)value[1],
			      .own_ns = value[2],
			      .wait_ns = value[3],
			      .use_ns = value[4],
		      },
		      err);
}

static int read_all(struct csv_reader *csv, struct uses *u, struct rs_error **err)
{
	size_t room = 0;
	int ret = csv_next_line(csv, err);

	if (ret == 0 || (ret > 0 && strcmp(csv->text, HEADER)))
		return rs_fail(err, EINVAL, "%s:1: no uses (expected the header '%s')", csv->path,
			       HEADER);
	while (ret > 0) {
		ret = csv_next_line(csv, err);
		if (ret <= 0)
			break;
		ret = take_row(csv, u, &room, err);
		if (ret == 0)
			ret = 1;
	}
	return ret;
}

struct uses *uses_load(const char *path, struct rs_error **err)
{
	cleanup_csv struct csv_reader csv = { 0 };
	struct uses *u = calloc(1, sizeof(*u));
	int ret = u ? csv_open(&csv, path, err) : rs_fail(err, ENOMEM, "no memory for uses");

	if (ret == 0)
		ret = read_all(&csv, u, err);
	if (ret == 0)
		return u;
	uses_free(u);
	return NULL;
}

void uses_free(struct uses *u)
{
	if (!u)
		return;
	free(u->rows);
	free(u);
}

static int by_sequence(const void *key, const void *row)
{
	uint64_t a = *(const uint64_t *)key, b = ((const struct use *)row)->sequence;

	return (a > b) - (a < b);
}

const struct use *uses_find(const struct uses *u, uint64_t sequence)
{
	if (!u->count)
		return NULL;
	return bsearch(&sequence, u->rows, u->count, sizeof(*u->rows), by_sequence);
}
