// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/cell_state.h"
#include "harness/cellread.h"
#include "harness/folder.h"
#include "harness/jsonread.h"
#include "harness/version.h"
#include "harness/witness.h"
#include "host/cleanup.h"
#include "host/error.h"
#include "host/json_add.h"

/* How fast the guest's clock falls behind ours, in parts per billion. */
static int64_t drift_ppb(const struct cell_vm *v)
{
	int64_t apart = v->clock_end.at_guest_ns - v->clock.at_guest_ns;
	double drift = (double)(v->clock_end.offset_ns - v->clock.offset_ns);

	if (apart <= 0)
		return 0;
	drift *= 1e9 / (double)apart;
	return (int64_t)fmax(-CELL_DRIFT_MAX_PPB, fmin(drift, CELL_DRIFT_MAX_PPB));
}

static struct json_object *clock_json(const struct cell_state *cell)
{
	struct json_object *all = json_object_new_object();
	unsigned int i;

	for (i = 0; i < cell->vm_count; i++) {
		const struct cell_vm *v = &cell->vms[i];
		struct json_object *o;

		if (!v->working)
			continue;
		o = json_object_new_object();
		json_add_i64(o, "offset_ns", v->clock.offset_ns);
		json_add_i64(o, "error_ns", v->clock.error_ns);
		json_add_i64(o, "drift_ppb", drift_ppb(v));
		json_add_i64(o, "at_guest_ns", v->clock.at_guest_ns);
		json_object_object_add(all, v->vm->name, o);
	}
	return all;
}

static struct json_object *guests_json(const struct cell_state *cell)
{
	struct json_object *all = json_object_new_object();
	unsigned int i;

	for (i = 0; i < cell->vm_count; i++) {
		struct json_object *o;

		if (!cell->vms[i].kernel[0])
			continue;
		o = json_object_new_object();
		json_add_text(o, "kernel", cell->vms[i].kernel);
		json_object_object_add(all, cell->vms[i].vm->name, o);
	}
	return all;
}

static void add_vcpus(struct json_object *rows, const struct cell_vm *v, enum phase phase)
{
	unsigned int i;

	for (i = 0; v->was_in_phase[phase] && i < v->vm->vcpus; i++) {
		const struct schedstat *s = &v->in_phase[phase][i];
		struct json_object *row = json_object_new_object();

		json_add_text(row, "vm", v->vm->name);
		json_add_i64(row, "index", i);
		json_add_i64(row, "tid", v->vcpus[i]);
		json_add_u64(row, "run_ns", s->run_ns);
		json_add_u64(row, "wait_ns", s->wait_ns);
		json_add_u64(row, "slices", s->slices);
		json_object_array_add(rows, row);
	}
}

static struct json_object *daemon_json(const struct cell_stretch *p)
{
	struct json_object *o = json_object_new_object();

	json_add_u64(o, "cpu_ns", p->cpu.process_ns);
	json_add_u64(o, "notify_cpu_ns", p->cpu.notify_ns);
	json_object_object_add(o, "counters", json_object_get(p->counters));
	return o;
}

static struct json_object *phases_json(const struct cell_state *cell)
{
	struct json_object *all = json_object_new_array();
	unsigned int p, i;

	for (p = 0; p < PHASE_COUNT; p++) {
		struct json_object *o, *rows;

		if (!cell->phases[p].present)
			continue;
		o = json_object_new_object();
		rows = json_object_new_array();
		json_add_text(o, "name", phase_names[p]);
		json_add_i64(o, "begin_ns", cell->phases[p].begin_ns);
		json_add_i64(o, "end_ns", cell->phases[p].end_ns);
		for (i = 0; i < cell->vm_count; i++)
			add_vcpus(rows, &cell->vms[i], p);
		json_object_object_add(o, "vcpus", rows);
		json_object_object_add(o, "daemon", daemon_json(&cell->phases[p]));
		json_object_array_add(all, o);
	}
	return all;
}

static struct json_object *ring_json(const struct cell_vm *v, unsigned int index)
{
	const struct scenario_ring *r = &v->vm->rings[index];
	const struct cell_notified *n = &v->notified[index];
	struct json_object *o = json_object_new_object();
	struct json_object *work = json_object_new_array();
	char file[80];
	unsigned int i;

	for (i = 0; i < r->processes; i++)
		json_object_array_add(work, json_object_new_int64(r->work_us[i]));
	snprintf(file, sizeof(file), "samples-%s-%u.csv.gz", v->vm->name, r->id);
	json_add_text(o, "vm", v->vm->name);
	json_add_i64(o, "ring_id", r->id);
	json_add_i64(o, "ring_prio", r->prio);
	json_add_i64(o, "period_ns", (int64_t)r->period_us * 1000);
	json_add_i64(o, "deadline_ns", (int64_t)r->deadline_us * 1000);
	json_add_i64(o, "processes", r->processes);
	if (r->interrupt >= 0)
		json_add_i64(o, "interrupt", r->interrupt);
	json_object_object_add(o, "work_us", work);
	json_add_u64(o, "iterations_per_ms", v->iterations_per_ms);
	json_add_text(o, "samples", file);
	json_add_u64(o, "notified_periods", n->periods);
	json_add_u64(o, "notifications", n->messages);
	json_add_u64(o, "priority_changes", n->changes);
	if (v->vm->resource.ring >= 0 && (int)r->id == v->vm->resource.user) {
		snprintf(file, sizeof(file), "uses-%s-%u.csv.gz", v->vm->name, r->id);
		json_add_text(o, "uses", file);
	}
	return o;
}

static struct json_object *rings_json(const struct cell_state *cell)
{
	struct json_object *all = json_object_new_array();
	unsigned int i, k;

	for (i = 0; i < cell->vm_count; i++)
		for (k = 0; cell->vms[i].working && k < cell->vms[i].vm->ring_count; k++)
			json_object_array_add(all, ring_json(&cell->vms[i], k));
	return all;
}

static struct json_object *kicks_json(const struct cell_state *cell)
{
	struct json_object *all = json_object_new_object();
	unsigned int i;

	for (i = 0; i < cell->vm_count; i++) {
		struct json_object *o;

		if (!cell->vms[i].working)
			continue;
		o = json_object_new_object();
		json_add_u64(o, "kicks", cell->vms[i].kicks);
		json_add_u64(o, "periods", cell->vms[i].periods);
		json_object_object_add(o, "send", json_object_get(cell->vms[i].send));
		json_object_object_add(all, cell->vms[i].vm->name, o);
	}
	return all;
}

static struct json_object *steal_json(const struct cell_state *cell)
{
	struct json_object *o = json_object_new_object();
	unsigned int p;

	for (p = 0; p < PHASE_COUNT; p++)
		if (cell->phases[p].present)
			json_add_u64(o, phase_names[p], cell->phases[p].steal_us);
	return o;
}

/* How long each neighbour took; the sum or the longest is neighbour_boot_s. */
static struct json_object *boots_json(const struct cell_state *cell)
{
	struct json_object *o = json_object_new_object();
	unsigned int i;

	for (i = 0; i < cell->vm_count; i++) {
		const struct cell_vm *v = &cell->vms[i];

		if (v->vm->role == VM_ROLE_NEIGHBOUR && v->hello_ns)
			json_add_number(o, v->vm->name,
					(double)(v->hello_ns - v->resumed_ns) / 1e9);
	}
	return o;
}

int cellfile_write(const struct cell_state *cell, struct rs_error **err)
{
	cleanup_free char *path = folder_path(cell->plan->dir, "cell.json");
	struct json_object *o = json_object_new_object();
	int ret;

	json_add_i64(o, "schema", 1);
	json_add_text(o, "policy", cell->plan->policy);
	json_add_i64(o, "boot", cell->plan->boot);
	json_add_i64(o, "order", cell->plan->order);
	json_add_text(o, "version", version_text());
	json_object_object_add(o, "guests", guests_json(cell));
	json_object_object_add(o, "clock", clock_json(cell));
	json_object_object_add(o, "phases", phases_json(cell));
	json_object_object_add(o, "rings", rings_json(cell));
	json_object_object_add(o, "kicks", kicks_json(cell));
	json_object_object_add(o, "neighbour_boot_s",
			       cell->neighbour_boot_s >= 0 ? json_number(cell->neighbour_boot_s) :
							     NULL);
	json_object_object_add(o, "neighbour_boots_s", boots_json(cell));
	json_object_object_add(o, "daemon", json_object_get(cell->status));
	json_object_object_add(o, "settled", json_object_get(cell->settled));
	json_object_object_add(o, "witness", witness_json(cell->witness));
	json_object_object_add(o, "limits", json_object_get(cell->limits));
	json_object_object_add(o, "pressure", json_object_get(cell->pressure));
	json_object_object_add(o, "steal_us", steal_json(cell));
	if (cell->host_trace)
		json_object_object_add(o, "host_trace", json_object_get(cell->host_trace));
	ret = path ? json_write(o, path, err) : rs_fail(err, ENOMEM, "out of memory");
	json_object_put(o);
	return ret;
}

static void add_tail(const struct cell_state *cell, const char *name, FILE *to)
{
	cleanup_free char *path = folder_path(cell->plan->dir, "%s", name);

	fprintf(to, "\nEnd of %s:\n", name);
	if (path)
		folder_tail(path, 15, "    ", to);
}

void cellfile_write_failure(const struct cell_state *cell, const struct rs_error *why)
{
	cleanup_free char *path = folder_path(cell->plan->dir, "cell-failed.txt");
	cleanup_file FILE *to = path ? fopen(path, "we") : NULL;
	char name[80];
	unsigned int i;

	if (!to)
		return;
	fprintf(to, "%s\n", why->message);
	add_tail(cell, "ringschedd.log", to);
	for (i = 0; i < cell->vm_count; i++) {
		snprintf(name, sizeof(name), "console-%s.log", cell->vms[i].vm->name);
		add_tail(cell, name, to);
		snprintf(name, sizeof(name), "qemu-%s.log", cell->vms[i].vm->name);
		add_tail(cell, name, to);
	}
}
