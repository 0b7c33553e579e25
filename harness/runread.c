// SPDX-License-Identifier: GPL-2.0-or-later
/* The run's part of cellread.h: run.json, the scenario, the list of cells. */
#include <dirent.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/cellread.h"
#include "harness/format.h"
#include "harness/jsonread.h"
#include "host/cleanup.h"
#include "host/error.h"

/* What run.json says of the cell with that number, or NULL. */
static const char *recorded_error(const struct run *run, unsigned long order)
{
	struct json_object *cells = json_array(run->json, "order");

	for (unsigned long i = 0; i < json_count(cells); i++) {
		struct json_object *row = json_row(cells, i);
		uint64_t n;

		if (json_u64(row, "order", &n) && n == order)
			return json_text(row, "error");
	}
	return NULL;
}

static int add_failure(struct run *run, const char *name, const char *why, struct rs_error **err)
{
	struct cell_failure *more =
		realloc(run->failures, (run->failure_count + 1) * sizeof(*more));

	if (!more)
		return rs_fail(err, ENOMEM, "no memory for the list of failed cells");
	run->failures = more;
	more += run->failure_count++;
	more->name = strdup(name);
	more->why = strdup(why);
	if (!more->name || !more->why)
		return rs_fail(err, ENOMEM, "no memory for the list of failed cells");
	return 0;
}

static int add_cell(struct run *run, struct cell *cell, struct rs_error **err)
{
	struct cell **more = realloc(run->cells, (run->cell_count + 1) * sizeof(*more));

	if (!more) {
		cell_free(cell);
		return rs_fail(err, ENOMEM, "no memory for the list of cells");
	}
	run->cells = more;
	more[run->cell_count++] = cell;
	return 0;
}

static int read_one(struct run *run, const char *name, struct rs_error **err)
{
	cleanup_free char *dir = NULL, *file = NULL;
	cleanup_error struct rs_error *why = NULL;
	const char *recorded;
	struct cell *cell;

	dir = format_text(err, "%s/cells/%s", run->dir, name);
	file = format_text(err, "%s/cells/%s/cell.json", run->dir, name);
	if (!dir || !file)
		return -ENOMEM;
	if (access(file, F_OK) < 0) {
		recorded = recorded_error(run, strtoul(name, NULL, 10));
		return add_failure(run, name, recorded ? recorded : "not finished", err);
	}
	cell = cell_read(dir, run->scenario, &why);
	if (!cell)
		return add_failure(run, name, why->message, err);
	return add_cell(run, cell, err);
}

static int not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int compare_cells(const void *a, const void *b)
{
	const struct cell *x = *(struct cell *const *)a, *y = *(struct cell *const *)b;

	return (x->order > y->order) - (x->order < y->order);
}

static int read_cells(struct run *run, struct rs_error **err)
{
	cleanup_free char *path = format_text(err, "%s/cells", run->dir);
	struct dirent **list;
	int count, ret = 0;

	if (!path)
		return -ENOMEM;
	count = scandir(path, &list, not_hidden, alphasort);
	if (count < 0 && errno == ENOENT)
		return rs_fail(
			err, ENOENT,
			"%s has no cells/: none was measured, or it was kept without them and "
			"has its report.md and summary.json alone",
			run->dir);
	if (count < 0)
		return rs_fail_errno(err, errno, "reading folder %s", path);
	for (int i = 0; i < count; i++) {
		if (!ret)
			ret = read_one(run, list[i]->d_name, err);
		free(list[i]);
	}
	free(list);
	if (!ret && run->cell_count)
		qsort(run->cells, run->cell_count, sizeof(*run->cells), compare_cells);
	return ret;
}

/* A folder without run.json is most often another folder than was meant. */
static int expect_run(const char *dir, const char *json, struct rs_error **err)
{
	if (access(json, F_OK) == 0)
		return 0;
	if (errno != ENOENT && errno != ENOTDIR)
		return rs_fail_errno(err, errno, "opening %s", json);
	return rs_fail(err, ENOENT,
		       "%s is no run's folder (it has no run.json): give the one that "
		       "`ringsched run --out` made",
		       dir);
}

/* run.json is made from the list of cells, so it can be made again. */
static int read_head(struct run *run, const char *dir, const char *json, struct rs_error **err)
{
	cleanup_free char *list = format_text(err, "%s/run.db", dir);
	const char *version;
	uint64_t schema;

	run->json = list ? json_read(json, err) : NULL;
	if (!run->json && list && access(list, F_OK) == 0)
		return rs_fail_wrap(err, "`ringsched resume %s` makes run.json again", dir);
	if (!run->json)
		return -EINVAL;
	if (json_u64(run->json, "schema", &schema) && schema == 1)
		return 0;
	version = json_text(run->json, "version");
	return rs_fail(err, EPROTO,
		       "%s: its schema is not 1, the one known here: read it with the version "
		       "that wrote it (%.64s)",
		       json, version ? version : "not named in it");
}

static int fill_run(struct run *run, const char *dir, struct rs_error **err)
{
	cleanup_free char *json = format_text(err, "%s/run.json", dir);
	cleanup_free char *yaml = format_text(err, "%s/scenario.yaml", dir);
	int ret;

	run->dir = format_text(err, "%s", dir);
	if (!json || !yaml || !run->dir)
		return -ENOMEM;
	ret = expect_run(dir, json, err);
	if (!ret)
		ret = read_head(run, dir, json, err);
	if (ret < 0)
		return ret;
	run->scenario = scenario_load(yaml, err);
	if (!run->scenario)
		return -EINVAL;
	return read_cells(run, err);
}

struct run *run_read(const char *dir, struct rs_error **err)
{
	struct run *run = calloc(1, sizeof(*run));

	if (!run) {
		rs_fail(err, ENOMEM, "no memory for a run");
		return NULL;
	}
	if (fill_run(run, dir, err) < 0) {
		run_free(run);
		return NULL;
	}
	return run;
}

void run_free(struct run *run)
{
	if (!run)
		return;
	for (size_t i = 0; i < run->cell_count; i++)
		cell_free(run->cells[i]);
	for (size_t i = 0; i < run->failure_count; i++) {
		free(run->failures[i].name);
		free(run->failures[i].why);
	}
	free(run->cells);
	free(run->failures);
	scenario_free(run->scenario);
	json_object_put(run->json);
	free(run->dir);
	free(run);
}

struct json_object *cell_trace(const struct run *run, const struct cell *cell)
{
	cleanup_free char *dir = format_text(NULL, "%s/cells/%s", run->dir, cell->name);

	return dir ? cell_trace_of(dir) : NULL;
}

struct json_object *cell_trace_of(const char *dir)
{
	cleanup_free char *path = format_text(NULL, "%s/trace.json.gz", dir);
	struct json_object *json;

	if (!path || access(path, R_OK) < 0)
		return NULL;
	json = json_read(path, NULL);
	if (json_object_is_type(json, json_type_array))
		return json;
	json_object_put(json);
	return NULL;
}
