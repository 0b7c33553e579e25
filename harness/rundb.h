/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * OUT/run.db: the run as a list of cells, and what became of each; a SQLite
 * database, so that a SIGKILL between two bytes leaves the list as it was
 * before or after the change. run.json is its readable export.
 *
 *     run      key, value: what the run was asked for and found (run_resume.c)
 *     cell     number, policy, boot, state, attempts, version, begun, ended, error
 *     session  one a process that measured: version, started, seconds, ending
 *
 * Whoever has it open has it alone, until close or death: a second run or
 * resume of the folder is refused.
 */
#ifndef RINGSCHED_RUNDB_H
#define RINGSCHED_RUNDB_H

#include <stdint.h>

struct json_object;
struct rs_error;
struct run_cell;
struct rundb;

/*
 * Make it, and leave its first change open: it is there as a whole from
 * rundb_commit() on. NULL with *err set where there is one already.
 */
struct rundb *rundb_create(const char *out, struct rs_error **err);

/* Open the one that is there. EBUSY: the sentence names who has it. Sessions
 * that never said how they ended were killed, and are marked so. */
struct rundb *rundb_open(const char *out, struct rs_error **err);
void rundb_close(struct rundb *db); /* NULL is allowed */

int rundb_set(struct rundb *db, const char *key, const char *value, struct rs_error **err);
/* The caller's; NULL with *err set where the key is missing. */
char *rundb_get(struct rundb *db, const char *key, struct rs_error **err);

/* Several changes that count together, or not at all. */
int rundb_begin(struct rundb *db, struct rs_error **err);
int rundb_commit(struct rundb *db, struct rs_error **err);

/* Write cell number `number` (from 1) as it is now. */
int rundb_put_cell(struct rundb *db, unsigned int number, const struct run_cell *cell,
		   struct rs_error **err);

/*
 * The list, by number; *cells is the caller's (run_cells_free()). Refused if
 * a number is missing in between or a state is not known.
 */
int rundb_cells(struct rundb *db, struct run_cell **cells, unsigned int *count,
		struct rs_error **err);

/* A process begins to measure. */
int rundb_begin_session(struct rundb *db, const char *version, const char *started,
			struct rs_error **err);
/* How long it has lasted, and how it ended ("running" while it goes on). */
int rundb_note_session(struct rundb *db, double seconds, const char *ending, struct rs_error **err);
/* [{"version":…,"started":…,"seconds":…,"ending":…}], the caller's. */
struct json_object *rundb_sessions(struct rundb *db, struct rs_error **err);

#endif
