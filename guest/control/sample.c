// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "guest/control/sample.h"

#define LINE_FIT 64u /* bytes a cache line */
#define HEAD_CELLS 2u /* of a row, before the columns */

int rsc_arena_open(struct rsc_arena *arena, size_t size)
{
	void *base = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (base == MAP_FAILED)
		return -errno;
	*arena = (struct rsc_arena){ .base = base, .size = size };
	return 0;
}

void *rsc_arena_take(struct rsc_arena *arena, size_t size)
{
	void *taken = arena->base + arena->used;

	if (size > arena->size - arena->used)
		return NULL;
	size = (size + LINE_FIT - 1) / LINE_FIT * LINE_FIT;
	/* A size that fits only unrounded ends exactly at the arena's end. */
	if (size > arena->size - arena->used)
		size = arena->size - arena->used;
	arena->used += size;
	return taken;
}

void rsc_arena_rewind(struct rsc_arena *arena, size_t mark)
{
	memset(arena->base + mark, 0, arena->used - mark);
	arena->used = mark;
}

static size_t row_cells(const struct rsc_log *log)
{
	return HEAD_CELLS + 2 * (size_t)log->columns;
}

static uint64_t *take_cells(struct rsc_arena *arena, uint32_t columns, uint64_t capacity)
{
	size_t row = (HEAD_CELLS + 2 * (size_t)columns) * sizeof(uint64_t);

	if (capacity > arena->size / row)
		return NULL;
	return rsc_arena_take(arena, capacity * row);
}

struct rsc_log *rsc_log_take(struct rsc_arena *arena, uint32_t columns, uint64_t capacity,
			     uint64_t deadline_ns)
{
	struct rsc_log *log = rsc_arena_take(arena, sizeof(*log));

	if (!log)
		return NULL;
	log->columns = columns;
	log->capacity = capacity;
	log->deadline_ns = deadline_ns;
	log->cell = take_cells(arena, columns, capacity);
	return log->cell ? log : NULL;
}

int rsc_log_widen(struct rsc_arena *arena, struct rsc_log *log)
{
	uint64_t *cell;

	if (log->columns >= RS_MEMBER_MAX)
		return -ENOSPC;
	cell = take_cells(arena, log->columns + 1, log->capacity);
	if (!cell)
		return -ENOMEM;
	/* The narrow rows stay unused until the rewind: no run is on. */
	log->cell = cell;
	log->columns++;
	return 0;
}

/*
 * Every process of a period writes the same release; relaxed stores, since a
 * turn cut off by its deadline may write beside the one that follows.
 */
bool rsc_log_begin(struct rsc_log *log, uint32_t column, const struct rs_turn *turn,
		   uint64_t start_ns)
{
	uint64_t *row;

	if (column >= log->columns)
		return false;
	if (turn->sequence >= log->capacity) {
		log->lost[column]++;
		return false;
	}
	row = log->cell + turn->sequence * row_cells(log);
	__atomic_store_n(&row[0], turn->release_ns, __ATOMIC_RELAXED);
	__atomic_store_n(&row[1], turn->raised_ns, __ATOMIC_RELAXED);
	__atomic_store_n(&row[HEAD_CELLS + 2 * column], start_ns, __ATOMIC_RELAXED);
	return true;
}

void rsc_log_end(struct rsc_log *log, uint32_t column, uint64_t sequence, uint64_t end_ns)
{
	if (column < log->columns && sequence < log->capacity)
		__atomic_store_n(
			&log->cell[sequence * row_cells(log) + HEAD_CELLS + 1 + 2 * column], end_ns,
			__ATOMIC_RELAXED);
}

/*
 * A turn was cut off where it did not end (its process was killed), or where
 * it took longer than the deadline from the moment it was given: then the
 * engine went on with the next. A turn is given when the one before it ended
 * or was cut off, the first one when the release is noticed, which a vCPU that
 * stood still may do late: at the latest it was when the turn began. A turn
 * that was given and not taken in time has no start itself; what shows it is
 * that the next began so late.
 */
static uint32_t row_flags(const struct rsc_log *log, const uint64_t *row)
{
	uint64_t given = row[0];
	uint32_t flags = 0;

	for (uint32_t c = 0; c < log->columns; c++) {
		uint64_t start = row[HEAD_CELLS + 2 * c], end = row[HEAD_CELLS + 1 + 2 * c];

		if (!start)
			continue;
		if (!c)
			given = start;
		if (start >= given + log->deadline_ns) {
			flags = RSC_CUT_OFF;
			given = start;
		}
		if (!end || end >= given + log->deadline_ns) {
			flags = RSC_CUT_OFF;
			end = given + log->deadline_ns;
		}
		given = end;
	}
	return flags;
}

static void put_header(struct rsc_csv *w, const struct rsc_log *log)
{
	rsc_csv_text(w, "sequence,release_ns,flags");
	if (log->by_interrupt)
		rsc_csv_text(w, ",raised_ns");
	for (uint32_t c = 0; c < log->columns; c++) {
		rsc_csv_text(w, ",start");
		rsc_csv_number(w, c);
		rsc_csv_text(w, "_ns,end");
		rsc_csv_number(w, c);
		rsc_csv_text(w, "_ns");
	}
	rsc_csv_char(w, '\n');
}

int rsc_log_csv(const struct rsc_log *log, const struct rsc_log_notes *notes, rsc_sink sink,
		void *to)
{
	struct rsc_csv w = { .sink = sink, .to = to };
	uint64_t lost = 0;

	put_header(&w, log);
	for (uint64_t i = 0; i < log->capacity && !w.error; i++) {
		const uint64_t *row = log->cell + i * row_cells(log);

		if (!row[0])
			continue;
		rsc_csv_number(&w, i);
		rsc_csv_char(&w, ',');
		rsc_csv_number(&w, row[0]);
		rsc_csv_char(&w, ',');
		rsc_csv_number(&w, row_flags(log, row));
		for (size_t c = log->by_interrupt ? 1 : HEAD_CELLS; c < row_cells(log); c++) {
			rsc_csv_char(&w, ',');
			rsc_csv_number(&w, row[c]);
		}
		rsc_csv_char(&w, '\n');
	}
	/* A lost period is counted by each of its processes: the most is it. */
	for (uint32_t c = 0; c < log->columns; c++)
		if (log->lost[c] > lost)
			lost = log->lost[c];
	if (notes->handover_errors)
		rsc_csv_note(&w, "# handover errors ", notes->handover_errors);
	if (lost)
		rsc_csv_note(&w, "# lost ", lost);
	return rsc_csv_end(&w);
}
