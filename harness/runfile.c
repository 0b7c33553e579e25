// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/folder.h"
#include "harness/jsonread.h"
#include "harness/run_state.h"
#include "harness/rundb.h"
#include "harness/scenario.h"
#include "host/cleanup.h"
#include "host/error.h"
#include "host/json_add.h"

/*
 * A result names no folders of the machine it comes from: a path is given
 * from the folder the command ran in, and by its last part if it lies outside.
 */
static const char *short_path(const char *path)
{
	cleanup_free char *here = getcwd(NULL, 0);
	size_t length = here ? strlen(here) : 0;
	const char *last = strrchr(path, '/');

	if (path[0] != '/')
		return path;
	if (length > 1 && !strncmp(path, here, length) && path[length] == '/')
		return path + length + 1;
	return last[1] ? last + 1 : path;
}

static void add_word(struct json_object *words, const char *word)
{
	const char *value = word[0] == '-' ? strchr(word, '=') : NULL;
	cleanup_free char *whole = NULL;

	if (!value) {
		json_object_array_add(words, json_object_new_string(short_path(word)));
		return;
	}
	if (asprintf(&whole, "%.*s%s", (int)(value + 1 - word), word, short_path(value + 1)) < 0)
		whole = NULL;
	json_object_array_add(words, json_object_new_string(whole ? whole : ""));
}

/* argv[0] is "ringsched run" (harness/command.h): two words. */
struct json_object *runfile_command(const struct run_options *o)
{
	struct json_object *words = json_object_new_array();
	int i;

	add_word(words, "ringsched");
	add_word(words, "run");
	for (i = 1; i < o->argc; i++)
		add_word(words, o->argv[i]);
	return words;
}

static struct json_object *policies_json(const struct scenario *s)
{
	struct json_object *names = json_object_new_array();
	unsigned int i;

	for (i = 0; i < s->policy_count; i++)
		json_object_array_add(names, json_object_new_string(s->policies[i]));
	return names;
}

static struct json_object *order_json(const struct run_state *run)
{
	struct json_object *rows = json_object_new_array();
	unsigned int i;

	for (i = 0; i < run->cell_count; i++) {
		struct json_object *row = json_object_new_object();

		json_add_i64(row, "order", i + 1);
		json_add_text(row, "policy", run->cells[i].policy);
		json_add_i64(row, "boot", run->cells[i].boot);
		json_add_text(row, "state", run_cell_state_name(run->cells[i].state));
		json_add_text(row, "version", run->cells[i].version);
		json_add_text(row, "error", run->cells[i].error);
		json_object_array_add(rows, row);
	}
	return rows;
}

static double sum_seconds(struct json_object *sessions)
{
	double sum = 0;

	for (unsigned long i = 0; i < json_count(sessions); i++)
		sum += json_double(json_row(sessions, i), "seconds");
	return sum;
}

/* The version of the first session: the cells name their own. */
static const char *first_version(struct json_object *sessions)
{
	return json_text(json_row(sessions, 0), "version");
}

int runfile_write(const struct run_state *run, struct rs_error **err)
{
	cleanup_free char *path = folder_path(run->out, "run.json");
	struct json_object *sessions = rundb_sessions(run->db, err);
	cleanup_json struct json_object *o = json_object_new_object();

	if (!sessions)
		return -EIO;
	json_add_i64(o, "schema", 1);
	json_add_text(o, "version", first_version(sessions));
	json_object_object_add(o, "command", json_object_get(run->command));
	json_add_text(o, "scenario", run->scenario->name);
	json_add_text(o, "preset", run->options->preset);
	json_add_u64(o, "seed", run->seed);
	json_add_text(o, "accel", accel_name(&run->accel));
	json_add_text(o, "accel_why", run->accel.why);
	json_add_text(o, "started", run->started);
	json_add_number(o, "seconds", sum_seconds(sessions));
	json_object_object_add(o, "sessions", sessions);
	json_add_i64(o, "boots", run->boots);
	json_object_object_add(o, "policies", policies_json(run->scenario));
	json_add_bool(o, "interrupted", run->interrupted);
	json_object_object_add(o, "order", order_json(run));
	json_object_object_add(o, "environment", json_object_get(run->environment));
	return path ? json_write(o, path, err) : rs_fail(err, ENOMEM, "out of memory");
}
