// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A run taken up again from its folder: what was asked for and which cells
 * there are is in run.db, what was measured is in the cells' folders. Cells
 * count together only if the scenario, the guests and the machine are the
 * same; a difference is an end with a sentence. Another version of ringsched
 * is allowed: each cell names the one that measured it.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/cellread.h"
#include "harness/folder.h"
#include "harness/guestfiles.h"
#include "harness/jsonread.h"
#include "harness/run_state.h"
#include "harness/rundb.h"
#include "harness/scenario.h"
#include "harness/wait.h"
#include "host/cleanup.h"
#include "host/error.h"

#define DIFFERENT "cells measured from now on would not be comparable; start a new run"

/* What of run.json's environment a cell's numbers depend on. */
static const char *const environment_keys[] = { "kernel",  "kernel_version", "architecture",
						"cpu",	   "cores",	     "qemu",
						"cgroups", "rt_group_sched", NULL };

/* "; KEY was A, is B" for each of the keys (NULL: those of `now`) that differ. */
static char *differences(struct json_object *then, struct json_object *now, const char *const *keys)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	struct lh_entry *entry = json_object_get_object(now)->head;

	for (size_t i = 0; to && (keys ? keys[i] != NULL : entry != NULL); i++) {
		const char *key = keys ? keys[i] : lh_entry_k(entry);
		struct json_object *a = NULL, *b = NULL;

		json_object_object_get_ex(then, key, &a);
		json_object_object_get_ex(now, key, &b);
		if (!json_object_equal(a, b))
			fprintf(to, "; %s was %s, is %s", key,
				a ? json_object_get_string(a) : "not known",
				b ? json_object_get_string(b) : "not known");
		if (!keys)
			entry = lh_entry_next(entry);
	}
	if (to)
		fclose(to);
	return text;
}

static int recall_number(struct run_state *run, const char *key, uint64_t *value,
			 struct rs_error **err)
{
	cleanup_free char *text = rundb_get(run->db, key, err);
	char *end;

	if (!text)
		return -ENODATA;
	*value = strtoull(text, &end, 10);
	return *end ? rs_fail(err, EPROTO, "run.db: %s '%s' is no number", key, text) : 0;
}

static int recall_json(struct run_state *run, const char *key, struct json_object **value,
		       struct rs_error **err)
{
	cleanup_free char *text = rundb_get(run->db, key, err);

	*value = text ? json_tokener_parse(text) : NULL;
	return *value ? 0 : rs_fail(err, EPROTO, "run.db: %s is no JSON", key);
}

static int recall_accel(struct run_state *run, struct rs_error **err)
{
	cleanup_free char *name = rundb_get(run->db, "accel", err);
	cleanup_free char *why = name ? rundb_get(run->db, "accel_why", err) : NULL;

	if (!why)
		return -ENODATA;
	run->accel.kvm = !strcmp(name, "kvm");
	snprintf(run->accel.why, sizeof(run->accel.why), "%s", why);
	/* As it was found then: "auto" could find another one now. */
	run->own_options.accel = accel_name(&run->accel);
	return 0;
}

static int recall_request(struct run_state *run, const struct resume_options *o,
			  struct rs_error **err)
{
	cleanup_free char *started = rundb_get(run->db, "started", err);
	uint64_t boots;
	int ret = started ? recall_number(run, "seed", &run->seed, err) : -ENODATA;

	if (ret == 0)
		ret = recall_number(run, "boots", &boots, err);
	if (ret == 0)
		ret = recall_json(run, "command", &run->command, err);
	if (ret == 0)
		ret = recall_json(run, "guest_files", &run->guest_files, err);
	if (ret == 0)
		ret = recall_json(run, "environment", &run->environment, err);
	if (ret == 0)
		ret = recall_accel(run, err);
	if (ret < 0)
		return ret;
	run->boots = (unsigned int)boots;
	snprintf(run->started, sizeof(run->started), "%s", started);
	run->preset_name = rundb_get(run->db, "preset", err);
	run->uri = rundb_get(run->db, "uri", err);
	run->guests = rundb_get(run->db, "guests", err);
	if (!run->preset_name || !run->uri || !run->guests)
		return -ENODATA;
	run->own_options.preset = run->preset_name;
	run->own_options.uri = *run->uri ? run->uri : NULL;
	run->own_options.guests = o->guests ? o->guests : run->guests;
	run->own_options.daemon = o->daemon;
	run->own_options.quiet = o->quiet;
	run->options = &run->own_options;
	return 0;
}

static unsigned int first_difference(const char *a, const char *b)
{
	unsigned int line = 1;

	for (; *a && *a == *b; a++, b++)
		line += *a == '\n';
	return line;
}

static int recall_scenario(struct run_state *run, struct rs_error **err)
{
	cleanup_free char *path = folder_path(run->out, "scenario.yaml");
	cleanup_free char *then = rundb_get(run->db, "scenario", err);
	cleanup_free char *now = path && then ? run_read_text(path, err) : NULL;

	if (!now)
		return -EIO;
	if (strcmp(then, now))
		return rs_fail(err, ESTALE,
			       "%s was changed after the run began (line %u is the first that "
			       "differs): " DIFFERENT,
			       path, first_difference(then, now));
	run->scenario = scenario_load(path, err);
	if (!run->scenario)
		return -EINVAL;
	/* Its file had another name. */
	free(run->scenario->name);
	run->scenario->name = rundb_get(run->db, "name", err);
	return run->scenario->name ? 0 : -ENODATA;
}

/* Its cell.json is written last, and all that it names can be read. */
static bool is_measured(const struct run_state *run, unsigned int i)
{
	const struct run_cell *planned = &run->cells[i];
	cleanup_free char *dir =
		folder_path(run->out, "cells/%03u-%s-%u", i + 1, planned->policy, planned->boot);
	struct cell *cell = dir ? cell_read(dir, run->scenario, NULL) : NULL;
	bool measured = cell && cell->order == i + 1 && cell->boot == planned->boot &&
			!strcmp(cell->policy, planned->policy);

	if (cell)
		cell_free(cell);
	return measured;
}

static void settle(const struct run_state *run, unsigned int i, bool retry_failed)
{
	struct run_cell *cell = &run->cells[i];
	bool was_done = cell->state == RUN_DONE;

	if (cell->state == RUN_FAILED && !retry_failed)
		return;
	cell->state = is_measured(run, i) ? RUN_DONE : RUN_PLANNED;
	if (was_done && cell->state == RUN_PLANNED)
		fprintf(stderr,
			"cell %u (%s, boot %u) was measured, but its folder is damaged or gone: it "
			"is measured again\n",
			i + 1, cell->policy, cell->boot);
}

/* What is in the folders counts: the kill may have come before run.db knew. */
static int recall_cells(struct run_state *run, bool retry_failed, struct rs_error **err)
{
	unsigned int i;
	int ret = rundb_cells(run->db, &run->cells, &run->cell_count, err);

	if (ret == 0)
		ret = rundb_begin(run->db, err);
	for (i = 0; ret == 0 && i < run->cell_count; i++) {
		settle(run, i, retry_failed);
		if (run->cells[i].state == RUN_DONE)
			ret = rundb_put_cell(run->db, i + 1, &run->cells[i], err);
	}
	return ret < 0 ? ret : rundb_commit(run->db, err);
}

static int same_guests(const struct run_state *run, struct rs_error **err)
{
	cleanup_json struct json_object *now =
		guestfiles_marks(run->scenario, run->options->guests, err);
	cleanup_free char *different = NULL;

	if (!now)
		return rs_fail_wrap(err, "the guests of the run (--guests names another folder)");
	different = differences(run->guest_files, now, NULL);
	if (!different)
		return rs_fail(err, ENOMEM, "out of memory");
	if (*different)
		return rs_fail(err, ESTALE, "other guests in %s%s: " DIFFERENT,
			       run->options->guests, different);
	return 0;
}

int run_same_place(const struct run_state *run, struct rs_error **err)
{
	cleanup_json struct json_object *then = NULL;
	cleanup_free char *text = rundb_get(run->db, "environment", err), *different = NULL;

	then = text ? json_tokener_parse(text) : NULL;
	if (!then)
		return rs_fail(err, EPROTO, "run.db: environment is no JSON");
	different = differences(then, run->environment, environment_keys);
	if (!different)
		return rs_fail(err, ENOMEM, "out of memory");
	if (*different)
		return rs_fail(err, ESTALE, "another machine%s: " DIFFERENT, different);
	return 0;
}

int run_recall(struct run_state *run, const struct resume_options *o, struct rs_error **err)
{
	int ret;

	run->begin_ns = wait_now_ns();
	run->out = realpath(o->dir, NULL);
	if (!run->out)
		return rs_fail_errno(err, errno, "%s", o->dir);
	run->db = rundb_open(run->out, err);
	if (!run->db)
		return -EIO;
	ret = recall_request(run, o, err);
	if (ret == 0)
		ret = recall_scenario(run, err);
	if (ret == 0)
		ret = recall_cells(run, o->retry_failed, err);
	if (ret == 0 && run_count(run, RUN_PLANNED))
		ret = same_guests(run, err);
	return ret < 0 ? rs_fail_wrap(err, "%s cannot be resumed", o->dir) : 0;
}
