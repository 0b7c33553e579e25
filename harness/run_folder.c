// SPDX-License-Identifier: GPL-2.0-or-later
/* The folder of a new run, and all in it that lets the run be resumed. */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/folder.h"
#include "harness/guestfiles.h"
#include "harness/progress.h"
#include "harness/run_state.h"
#include "harness/rundb.h"
#include "harness/scenario.h"
#include "host/cleanup.h"
#include "host/error.h"

/* OUT, or results/DATE-SCENARIO; absolute. New or empty. */
int run_make_out(struct run_state *run, struct rs_error **err)
{
	cleanup_free char *chosen = NULL;
	const char *out = run->options->out;
	struct stat st;
	char stamp[32];

	if (!out) {
		snprintf(stamp, sizeof(stamp), "%.10s-%.2s%.2s%.2s", run->started,
			 run->started + 11, run->started + 14, run->started + 17);
		chosen = folder_path("results", "%s-%s", stamp, run->scenario->name);
		out = chosen;
	}
	if (!out)
		return rs_fail(err, ENOMEM, "out of memory");
	if (folder_make(out, 0755, err) < 0)
		return rs_fail_wrap(err, "no folder for the results, choose another --out");
	if (stat(out, &st) == 0 && !S_ISDIR(st.st_mode))
		return rs_fail(err, ENOTDIR, "%s is no folder: choose another --out", out);
	if (!folder_is_empty(out))
		return rs_fail(err, ENOTEMPTY,
			       "%s holds something already, and nothing in it is overwritten: "
			       "choose another --out, or, if it is a run that did not finish, "
			       "`ringsched resume %s`",
			       out, out);
	run->out = realpath(out, NULL);
	run->made_out = run->out != NULL;
	return run->out ? 0 : rs_fail_errno(err, errno, "%s", out);
}

static int write_scenario(struct run_state *run, struct rs_error **err)
{
	cleanup_free char *path = folder_path(run->out, "scenario.yaml");
	cleanup_file FILE *to = path ? fopen(path, "we") : NULL;

	cleanup_scenario struct scenario *again = NULL;

	if (!to)
		return rs_fail_errno(err, errno, "making %s/scenario.yaml", run->out);
	if (scenario_write(run->scenario, to, err) < 0)
		return -EIO;
	/* The report will read it: better to know now than after the measuring. */
	again = scenario_load(path, err);
	return again ? 0 : rs_fail_wrap(err, "the scenario as resolved");
}

static int set_number(struct run_state *run, const char *key, uint64_t value, struct rs_error **err)
{
	char text[32];

	snprintf(text, sizeof(text), "%ju", (uintmax_t)value);
	return rundb_set(run->db, key, text, err);
}

static int set_json(struct run_state *run, const char *key, struct json_object *value,
		    struct rs_error **err)
{
	return rundb_set(run->db, key, json_object_to_json_string(value), err);
}

static int keep_request(struct run_state *run, struct rs_error **err)
{
	const struct run_options *o = run->options;
	cleanup_free char *guests = realpath(o->guests, NULL);
	int ret = set_json(run, "command", run->command, err);

	if (ret == 0)
		ret = rundb_set(run->db, "preset", o->preset, err);
	if (ret == 0)
		ret = set_number(run, "seed", run->seed, err);
	if (ret == 0)
		ret = set_number(run, "boots", run->boots, err);
	if (ret == 0)
		ret = rundb_set(run->db, "started", run->started, err);
	if (ret == 0)
		ret = rundb_set(run->db, "uri", o->uri ? o->uri : "", err);
	if (ret == 0)
		ret = rundb_set(run->db, "guests", guests ? guests : o->guests, err);
	return ret;
}

static int keep_place(struct run_state *run, struct rs_error **err)
{
	cleanup_free char *path = folder_path(run->out, "scenario.yaml");
	cleanup_free char *text = path ? run_read_text(path, err) : NULL;
	int ret = text ? rundb_set(run->db, "scenario", text, err) : -EIO;

	if (ret == 0)
		ret = rundb_set(run->db, "name", run->scenario->name, err);
	if (ret == 0)
		ret = rundb_set(run->db, "accel", accel_name(&run->accel), err);
	if (ret == 0)
		ret = rundb_set(run->db, "accel_why", run->accel.why, err);
	if (ret == 0)
		ret = set_json(run, "environment", run->environment, err);
	if (ret == 0)
		ret = set_json(run, "guest_files", run->guest_files, err);
	return ret;
}

/* All at once: a run.db that is there is a whole one. */
int run_keep(struct run_state *run, struct rs_error **err)
{
	unsigned int i;
	int ret = write_scenario(run, err);

	if (ret < 0)
		return ret;
	run->guest_files = guestfiles_marks(run->scenario, run->options->guests, err);
	run->db = run->guest_files ? rundb_create(run->out, err) : NULL;
	if (!run->db)
		return -EIO;
	ret = keep_request(run, err);
	if (ret == 0)
		ret = keep_place(run, err);
	for (i = 0; ret == 0 && i < run->cell_count; i++)
		ret = rundb_put_cell(run->db, i + 1, &run->cells[i], err);
	return ret < 0 ? ret : rundb_commit(run->db, err);
}

char *run_read_text(const char *path, struct rs_error **err)
{
	cleanup_file FILE *from = fopen(path, "re");
	char *text = NULL;
	size_t room = 0;

	if (from && getdelim(&text, &room, '\0', from) >= 0)
		return text;
	free(text);
	rs_fail_errno(err, errno ? errno : ENODATA, "reading %s", path);
	return NULL;
}

void run_clear(struct run_state *run)
{
	rundb_close(run->db);
	/* Nothing came of it: then leave no empty folder behind either. */
	if (run->made_out)
		rmdir(run->out);
	progress_end(run->progress);
	run_cells_free(run->cells, run->cell_count);
	json_object_put(run->command);
	json_object_put(run->environment);
	json_object_put(run->guest_files);
	free(run->preset_name);
	free(run->uri);
	free(run->guests);
	free(run->out);
	scenario_free(run->scenario);
}
