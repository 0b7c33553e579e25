// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/cell_state.h"
#include "harness/daemon.h"
#include "harness/folder.h"
#include "harness/jsonread.h"
#include "host/cleanup.h"
#include "host/error.h"

#define FETCH_S 60

/* Periods that ran: lines but the header and remarks. */
static uint64_t count_rows(const char *csv)
{
	const char *line = strchr(csv, '\n');
	uint64_t rows = 0;

	while (line && line[1]) {
		rows += line[1] != '#' && line[1] != '\n';
		line = strchr(line + 1, '\n');
	}
	return rows;
}

/* Of a "# lost N" at the end: periods that ran, but have no sample. */
static uint64_t count_lost(const char *csv)
{
	const char *remark = strstr(csv, "# lost ");

	return remark ? strtoull(remark + strlen("# lost "), NULL, 10) : 0;
}

static int collect_ring(struct cell_state *cell, struct cell_vm *v, unsigned int index,
			struct rs_error **err)
{
	const struct scenario_ring *r = &v->vm->rings[index];
	cleanup_free char *path =
		folder_path(cell->plan->dir, "samples-%s-%u.csv.gz", v->vm->name, r->id);
	cleanup_free char *data = NULL;
	size_t length;
	int ret = agent_fetch(v->agent, FETCH_S, &data, &length, err, "SAMPLES id=%u", r->id);

	if (ret < 0)
		return ret;
	if (!path)
		return rs_fail(err, ENOMEM, "out of memory");
	v->periods += count_rows(data) + count_lost(data);
	cell_count_notified(cell, v->vm->name, r, data, &v->notified[index]);
	return folder_write_gz(path, data, length, err);
}

static int collect_uses(struct cell_state *cell, struct cell_vm *v, struct rs_error **err)
{
	int user = v->vm->resource.user;
	cleanup_free char *path =
		folder_path(cell->plan->dir, "uses-%s-%d.csv.gz", v->vm->name, user);
	cleanup_free char *data = NULL;
	size_t length;
	int ret;

	if (user < 0)
		return 0;
	ret = agent_fetch(v->agent, FETCH_S, &data, &length, err, "USES id=%d", user);
	if (ret < 0)
		return ret;
	return path ? folder_write_gz(path, data, length, err) :
		      rs_fail(err, ENOMEM, "out of memory");
}

static int collect_vm(struct cell_state *cell, struct cell_vm *v, struct rs_error **err)
{
	cleanup_free char *path = folder_path(cell->plan->dir, "guest-stats-%s.txt", v->vm->name);
	cleanup_free char *data = NULL;
	unsigned int i;
	size_t length;
	int ret = agent_fetch(v->agent, FETCH_S, &data, &length, err, "STATS");

	if (ret == 0)
		ret = path ? folder_write(path, data, err) : rs_fail(err, ENOMEM, "out of memory");
	if (ret == 0)
		v->send = cell_cost_send(data);
	for (i = 0; ret == 0 && i < v->vm->ring_count; i++)
		ret = collect_ring(cell, v, i, err);
	if (ret == 0)
		ret = collect_uses(cell, v, err);
	return ret < 0 ? rs_fail_wrap(err, "VM %s", v->vm->name) : 0;
}

static struct cell_vm *vm_named(struct cell_state *cell, const char *name)
{
	unsigned int i;

	for (i = 0; name && i < cell->vm_count; i++)
		if (!strcmp(cell->vms[i].vm->name, name))
			return &cell->vms[i];
	return NULL;
}

/* Kicks as the daemon received them: START and END, or task switches. */
static void count_kicks(struct cell_state *cell)
{
	struct json_object *rows = json_array(cell->status, "vms");
	unsigned long i;

	for (i = 0; i < json_count(rows); i++) {
		struct json_object *row = json_row(rows, i);
		struct json_object *messages = json_dict(row, "messages");
		struct cell_vm *v = vm_named(cell, json_text(row, "name"));
		uint64_t starts = 0, ends = 0, switches = 0;

		if (!v || !json_u64(messages, "start", &starts) ||
		    !json_u64(messages, "end", &ends) || !json_u64(messages, "switch", &switches))
			continue;
		v->kicks = starts + ends + switches;
	}
}

static int collect_daemon(struct cell_state *cell, struct rs_error **err)
{
	cleanup_free char *path = folder_path(cell->plan->dir, "trace.json.gz");
	const char *text;
	int ret;

	cell->status = daemon_status(cell->daemon, err);
	if (!cell->status)
		return -EIO;
	count_kicks(cell);
	cell->trace = daemon_trace(cell->daemon, err);
	if (!cell->trace)
		return -EIO;
	text = json_object_to_json_string_ext(cell->trace, JSON_C_TO_STRING_PLAIN);
	ret = path && text ? folder_write_gz(path, text, strlen(text), err) :
			     rs_fail(err, ENOMEM, "out of memory");
	return ret;
}

int cell_collect(struct cell_state *cell, struct rs_error **err)
{
	int ret = collect_daemon(cell, err);
	unsigned int i;

	for (i = 0; ret == 0 && i < cell->vm_count; i++)
		if (cell->vms[i].working)
			ret = collect_vm(cell, &cell->vms[i], err);
	return ret;
}
