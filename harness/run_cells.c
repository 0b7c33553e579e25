// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The cells of a run, one after the other. What is known of each is in run.db
 * before it begins and after its cell.json is there, so that a kill at any
 * moment costs the cell under way and no other.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>

#include "harness/cell.h"
#include "harness/folder.h"
#include "harness/glance.h"
#include "harness/progress.h"
#include "harness/run_state.h"
#include "harness/rundb.h"
#include "harness/version.h"
#include "harness/wait.h"
#include "host/cleanup.h"
#include "host/error.h"

#define SPACE_MIN_MIB 16 /* a cell's samples, trace and logs, roughly */

static const char *const state_names[] = {
	[RUN_PLANNED] = "planned",
	[RUN_RUNNING] = "running",
	[RUN_DONE] = "done",
	[RUN_FAILED] = "failed",
};

const char *run_cell_state_name(enum run_cell_state state)
{
	return state_names[state];
}

bool run_cell_state_find(const char *name, enum run_cell_state *state)
{
	unsigned int i;

	for (i = 0; i < sizeof(state_names) / sizeof(state_names[0]); i++) {
		*state = i;
		if (!strcmp(name, state_names[i]))
			return true;
	}
	return false;
}

void run_cells_free(struct run_cell *cells, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		free(cells[i].policy);
		free(cells[i].version);
		free(cells[i].begun);
		free(cells[i].ended);
		free(cells[i].error);
	}
	free(cells);
}

unsigned int run_count(const struct run_state *run, enum run_cell_state state)
{
	unsigned int i, count = 0;

	for (i = 0; i < run->cell_count; i++)
		count += run->cells[i].state == state;
	return count;
}

void run_time(char *text)
{
	time_t now = time(NULL);
	struct tm utc;

	gmtime_r(&now, &utc);
	strftime(text, RUN_TIME_ROOM, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

static double seconds(const struct run_state *run)
{
	return (double)(wait_now_ns() - run->begin_ns) / 1e9;
}

/* The cell and the length of the session, together; then run.json. */
static int note(struct run_state *run, unsigned int i, struct rs_error **err)
{
	int ret = rundb_begin(run->db, err);

	if (ret == 0)
		ret = rundb_put_cell(run->db, i + 1, &run->cells[i], err);
	if (ret == 0)
		ret = rundb_note_session(run->db, seconds(run), "running", err);
	if (ret == 0)
		ret = rundb_commit(run->db, err);
	return ret < 0 ? ret : runfile_write(run, err);
}

static int set_text(char **text, const char *value, struct rs_error **err)
{
	free(*text);
	*text = value ? strdup(value) : NULL;
	return *text || !value ? 0 : rs_fail(err, ENOMEM, "out of memory");
}

static int note_begin(struct run_state *run, unsigned int i, struct rs_error **err)
{
	struct run_cell *cell = &run->cells[i];
	char now[RUN_TIME_ROOM];
	int ret;

	run_time(now);
	cell->state = RUN_RUNNING;
	cell->attempts++;
	ret = set_text(&cell->begun, now, err);
	if (ret == 0)
		ret = set_text(&cell->ended, NULL, err);
	if (ret == 0)
		ret = set_text(&cell->error, NULL, err);
	if (ret == 0)
		ret = set_text(&cell->version, version_text(), err);
	return ret < 0 ? ret : note(run, i, err);
}

static int note_end(struct run_state *run, unsigned int i, enum run_cell_state state,
		    const char *error, struct rs_error **err)
{
	struct run_cell *cell = &run->cells[i];
	char now[RUN_TIME_ROOM];
	int ret;

	run_time(now);
	cell->state = state;
	ret = set_text(&cell->ended, now, err);
	if (ret == 0)
		ret = set_text(&cell->error, error, err);
	return ret < 0 ? ret : note(run, i, err);
}

static char *folder_of(const struct run_state *run, unsigned int i)
{
	const struct run_cell *cell = &run->cells[i];

	return folder_path(run->out, "cells/%03u-%s-%u", i + 1, cell->policy, cell->boot);
}

/* For who watches; false where nobody does. The report reads it again. */
static bool look_at(struct run_state *run, unsigned int i, struct glance *g)
{
	cleanup_free char *dir = NULL;

	if (!progress_is_shown(run->progress))
		return false;
	dir = folder_of(run, i);
	if (!dir || glance_read(dir, run->scenario, g, NULL) < 0)
		return false;
	progress_result(run->progress, run->cells[i].policy, g);
	return true;
}

static int measure(struct run_state *run, unsigned int i, struct rs_error **err)
{
	struct run_cell *cell = &run->cells[i];
	cleanup_free char *dir = folder_of(run, i);
	struct cell_plan plan = {
		.policy = cell->policy,
		.boot = cell->boot,
		.order = i + 1,
		.dir = dir,
	};

	if (!dir)
		return rs_fail(err, ENOMEM, "out of memory");
	/* What an attempt before this one left. */
	if (folder_remove(dir, err) < 0)
		return -EIO;
	progress_cell(run->progress, i, cell->policy, cell->boot);
	return run->bench->measure(run, &plan, err);
}

/* Better known before a boot is measured than when it cannot be kept. */
static int check_space(const struct run_state *run, struct rs_error **err)
{
	struct statvfs fs;
	double mib;

	if (statvfs(run->out, &fs) < 0)
		return 0; /* then writing will say what is wrong */
	mib = (double)fs.f_bavail * (double)fs.f_frsize / (1 << 20);
	if (mib >= SPACE_MIN_MIB)
		return 0;
	return rs_fail(err, ENOSPC,
		       "the disk is full: %.0f MiB are free where %s lies, a boot's results need "
		       "%d; free some, then `ringsched resume %s` goes on",
		       mib, run->out, SPACE_MIN_MIB, run->out);
}

/* On a full disk nothing was wrong with the cell: it is still to be measured. */
static int note_failure(struct run_state *run, unsigned int i, const char *why,
			unsigned int *in_a_row, struct rs_error **err)
{
	struct run_cell *cell = &run->cells[i];

	progress_done(run->progress, "failed", NULL);
	fprintf(stderr, "cell %u (%s, boot %u) failed: %s\n", i + 1, cell->policy, cell->boot, why);
	if (check_space(run, err) < 0) {
		note_end(run, i, RUN_PLANNED, NULL, NULL);
		return -ENOSPC;
	}
	if (note_end(run, i, RUN_FAILED, why, err) < 0)
		return -EIO;
	if (++*in_a_row == 2)
		return rs_fail(err, ECANCELED,
			       "two cells in a row failed, so the rest would too; see "
			       "cell-failed.txt in %s/cells",
			       run->out);
	return 0;
}

/* One cell and its mark. Fails on what ends the run. */
static int measure_and_note(struct run_state *run, unsigned int i, unsigned int *in_a_row,
			    struct rs_error **err)
{
	cleanup_error struct rs_error *failed = NULL;
	struct glance seen;
	int ret = note_begin(run, i, err);

	if (ret < 0)
		return ret;
	if (measure(run, i, &failed) == 0) {
		*in_a_row = 0;
		progress_done(run->progress, "done", look_at(run, i, &seen) ? &seen : NULL);
		return note_end(run, i, RUN_DONE, NULL, err);
	}
	if (!wait_signal())
		return note_failure(run, i, failed->message, in_a_row, err);
	run->interrupted = true;
	progress_done(run->progress, "interrupted", NULL);
	return note_end(run, i, RUN_PLANNED, NULL, err);
}

/* Of whatever could not be written on a full disk. */
static void explain_full(const struct run_state *run, struct rs_error **err)
{
	cleanup_error struct rs_error *full = NULL;

	if (err && *err && (*err)->code != ENOSPC && check_space(run, &full) < 0)
		rs_fail_wrap(err, "%s. What failed", full->message);
}

static int end_session(struct run_state *run, const char *ending, struct rs_error **err)
{
	int ret = rundb_note_session(run->db, seconds(run), ending, err);

	return ret < 0 ? ret : runfile_write(run, err);
}

int run_cells(struct run_state *run, struct rs_error **err)
{
	unsigned int i, in_a_row = 0;
	char now[RUN_TIME_ROOM];
	struct glance seen;
	int ret;

	for (i = 0; i < run->cell_count; i++) /* of sessions before */
		if (run->cells[i].state == RUN_DONE)
			look_at(run, i, &seen);
	run_time(now);
	ret = rundb_begin_session(run->db, version_text(), now, err);
	if (ret == 0)
		ret = runfile_write(run, err);
	for (i = 0; ret == 0 && i < run->cell_count && !run->interrupted; i++) {
		if (run->cells[i].state != RUN_PLANNED)
			continue;
		if (wait_signal())
			run->interrupted = true;
		else if ((ret = check_space(run, err)) == 0)
			ret = measure_and_note(run, i, &in_a_row, err);
	}
	if (ret < 0) { /* the reason is in *err already */
		explain_full(run, err);
		end_session(run, "stopped", NULL);
		return ret;
	}
	return end_session(run, run->interrupted ? "interrupted" : "finished", err);
}
