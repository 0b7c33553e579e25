// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/cellread.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "harness/format.h"
#include "harness/jsonread.h"
#include "harness/samples.h"
#include "harness/uses.h"
#include "host/cleanup.h"
#include "host/error.h"

#define NAME_LENGTH_MAX 64

/* One vCPU's period of at least 100 us (RS_PERIOD_MIN_NS) and at most 60 s. */
static bool plausible_period(uint64_t period, uint64_t deadline)
{
	return period >= RS_PERIOD_MIN_NS && period <= RS_PERIOD_MAX_NS && deadline &&
	       deadline <= 10 * period;
}

static int vm_index(const struct scenario *scenario, const char *vm)
{
	for (unsigned int i = 0; i < scenario->vm_count; i++)
		if (!strcmp(scenario->vms[i].name, vm))
			return (int)i;
	return -1;
}

/* A guest that misbehaves is the disturbance, not what is disturbed. */
static bool is_judged(const struct scenario *scenario, int vm)
{
	return vm >= 0 && scenario->vms[vm].role == VM_ROLE_CONTROL &&
	       !scenario->vms[vm].load.rogue;
}

static int read_clocks(struct cell *cell, struct rs_error **err)
{
	struct json_object *clocks = json_dict(cell->json, "clock");
	struct cell_clock *c;

	if (!clocks)
		return rs_fail(err, EINVAL, "key 'clock' is missing");
	cell->clocks = calloc((size_t)json_object_object_length(clocks) + 1, sizeof(*cell->clocks));
	if (!cell->clocks)
		return rs_fail(err, ENOMEM, "no memory for clocks");
	json_object_object_foreach(clocks, vm, json) {
		c = &cell->clocks[cell->clock_count];
		if (!json_i64(json, "offset_ns", &c->offset_ns) ||
		    !json_u64(json, "at_guest_ns", &c->at_guest_ns))
			return rs_fail(err, EINVAL, "clock.%s: offset_ns or at_guest_ns is missing",
				       vm);
		json_i64(json, "drift_ppb", &c->drift_ppb); /* 0 where not known */
		if (c->at_guest_ns > GUEST_NS_MAX || c->drift_ppb < -CELL_DRIFT_MAX_PPB ||
		    c->drift_ppb > CELL_DRIFT_MAX_PPB)
			return rs_fail(err, EINVAL, "clock.%s: at_guest_ns or drift_ppb cannot be",
				       vm);
		json_u64(json, "error_ns", &c->error_ns);
		c->vm = strdup(vm);
		if (!c->vm)
			return rs_fail(err, ENOMEM, "no memory for clocks");
		cell->clock_count++;
	}
	return 0;
}

static void add_vcpu(struct cell_vcpu *sum, uint64_t run_ns, uint64_t wait_ns)
{
	sum->run_ns += run_ns;
	sum->wait_ns += wait_ns;
	sum->known = true;
}

static void read_vcpus(struct cell_phase *phase, struct json_object *vcpus,
		       const struct scenario *scenario)
{
	for (unsigned long i = 0; i < json_count(vcpus); i++) {
		struct json_object *row = json_row(vcpus, i);
		const char *vm = json_text(row, "vm");
		int index = vm ? vm_index(scenario, vm) : -1;
		uint64_t run, wait;

		if (index < 0 || !json_u64(row, "run_ns", &run) || !json_u64(row, "wait_ns", &wait))
			continue;
		add_vcpu(&phase->vms[index], run, wait);
		if (is_judged(scenario, index))
			add_vcpu(&phase->control, run, wait);
		else
			add_vcpu(&phase->neighbour, run, wait);
	}
}

static int read_phases(struct cell *cell, const struct scenario *scenario, struct rs_error **err)
{
	struct json_object *phases = json_array(cell->json, "phases");

	for (unsigned long i = 0; i < json_count(phases); i++) {
		struct json_object *row = json_row(phases, i);
		const char *name = json_text(row, "name");

		for (int k = 0; name && k < PHASE_COUNT; k++) {
			struct cell_phase *p = &cell->phases[k];

			if (strcmp(name, phase_names[k]))
				continue;
			if (!json_u64(row, "begin_ns", &p->begin) ||
			    !json_u64(row, "end_ns", &p->end) || p->end <= p->begin)
				return rs_fail(err, EINVAL, "phase %s has no begin before its end",
					       name);
			p->present = true;
			p->json = row;
			read_vcpus(p, json_array(row, "vcpus"), scenario);
		}
	}
	if (!cell->phases[PHASE_SOLO].present && !cell->phases[PHASE_BOOT].present)
		return rs_fail(err, EINVAL, "neither phase solo nor phase boot is there");
	return 0;
}

/* The file name comes from a file: it must not lead out of the folder. */
static char *file_of(const char *dir, struct json_object *row, const char *key,
		     struct rs_error **err)
{
	const char *file = json_text(row, key);

	if (file && *file && !strchr(file, '/'))
		return format_text(err, "%s/%s", dir, file);
	rs_fail(err, EINVAL, "'%s' is not a plain file name", key);
	return NULL;
}

static int load_samples(const char *dir, struct cell_ring *ring, struct json_object *row,
			struct rs_error **err)
{
	cleanup_free char *path = file_of(dir, row, "samples", err);

	ring->samples = path ? samples_load(path, err) : NULL;
	return ring->samples ? 0 : -EINVAL;
}

/* Only rings that use another's resource have it. */
static int load_uses(const char *dir, struct cell_ring *ring, struct json_object *row,
		     struct rs_error **err)
{
	cleanup_free char *path = NULL;

	if (!json_object_object_get_ex(row, "uses", NULL))
		return 0;
	path = file_of(dir, row, "uses", err);
	ring->uses = path ? uses_load(path, err) : NULL;
	return ring->uses ? 0 : -EINVAL;
}

/* Names of policies and VMs come from a file, and stand in scripts that gnuplot
 * runs, in file names and in tables. */
static bool is_plain_name(const char *name)
{
	size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz"
				     "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

	return length && length <= NAME_LENGTH_MAX && !name[length];
}

static int read_ring(struct cell *cell, const char *dir, struct json_object *row,
		     const struct scenario *scenario, struct rs_error **err)
{
	struct cell_ring *ring = &cell->rings[cell->ring_count];
	uint64_t id = 0, prio = 0, processes = 0;
	const char *vm = json_text(row, "vm");
	int ret;

	if (!vm || !json_u64(row, "ring_id", &id) || !json_u64(row, "ring_prio", &prio) ||
	    !json_u64(row, "period_ns", &ring->period_ns) ||
	    !json_u64(row, "deadline_ns", &ring->deadline_ns) ||
	    !plausible_period(ring->period_ns, ring->deadline_ns))
		return rs_fail(err, EINVAL, "rings[%zu] lacks vm, id, priority, period or deadline",
			       cell->ring_count);
	if (!is_plain_name(vm))
		return rs_fail(err, EINVAL, "rings[%zu].vm is no plain name", cell->ring_count);
	ring->vm = strdup(vm);
	if (!ring->vm)
		return rs_fail(err, ENOMEM, "no memory for a ring");
	cell->ring_count++; /* from here on cell_free() knows it */
	json_u64(row, "processes", &processes);
	json_u64(row, "notified_periods", &ring->notified_periods);
	json_u64(row, "notifications", &ring->notifications);
	json_u64(row, "priority_changes", &ring->priority_changes);
	ring->vm_index = vm_index(scenario, vm);
	ring->control = is_judged(scenario, ring->vm_index);
	ring->id = (unsigned int)id;
	ring->prio = (unsigned int)prio;
	ring->processes = (unsigned int)processes;
	ring->by_interrupt = json_object_object_get_ex(row, "interrupt", NULL);
	ret = load_samples(dir, ring, row, err);
	if (!ret)
		ret = load_uses(dir, ring, row, err);
	if (!ret && ring->by_interrupt)
		ret = ring_read_interrupts(cell, dir, ring, err);
	else if (!ret)
		ret = ring_read_periods(cell, ring, err);
	if (ret)
		return rs_fail_wrap(err, "ring %s/%ju", vm, (uintmax_t)id);
	return 0;
}

static int read_rings(struct cell *cell, const char *dir, const struct scenario *scenario,
		      struct rs_error **err)
{
	struct json_object *rings = json_array(cell->json, "rings");
	unsigned long count = json_count(rings);
	int ret = 0;

	if (count > SCENARIO_VMS_MAX * RS_RING_MAX)
		return rs_fail(err, EINVAL, "%lu rings are more than there can be", count);
	cell->rings = calloc(count + 1, sizeof(*cell->rings));
	if (!cell->rings)
		return rs_fail(err, ENOMEM, "no memory for %lu rings", count);
	for (unsigned long i = 0; i < count && !ret; i++)
		ret = read_ring(cell, dir, json_row(rings, i), scenario, err);
	return ret;
}

static int read_head(struct cell *cell, struct rs_error **err)
{
	const char *policy = json_text(cell->json, "policy");
	uint64_t schema, boot, order;

	if (!json_u64(cell->json, "schema", &schema) || schema != 1)
		return rs_fail(err, EPROTO, "its schema is not 1, the one known here");
	if (!policy || !json_u64(cell->json, "boot", &boot) ||
	    !json_u64(cell->json, "order", &order))
		return rs_fail(err, EINVAL, "policy, boot or order is missing");
	if (!is_plain_name(policy))
		return rs_fail(err, EINVAL, "its policy is no plain name");
	cell->boot = (unsigned int)boot;
	cell->order = (unsigned int)order;
	cell->policy = strdup(policy);
	return cell->policy ? 0 : rs_fail(err, ENOMEM, "no memory for a name");
}

static int fill_cell(struct cell *cell, const char *dir, const struct scenario *scenario,
		     struct rs_error **err)
{
	const char *slash = strrchr(dir, '/');
	cleanup_free char *path = format_text(err, "%s/cell.json", dir);
	int ret;

	cell->name = format_text(err, "%s", slash ? slash + 1 : dir);
	if (!cell->name || !path)
		return -ENOMEM;
	cell->json = json_read(path, err);
	if (!cell->json)
		return -EINVAL;
	ret = read_head(cell, err);
	if (!ret)
		ret = read_clocks(cell, err);
	if (!ret)
		ret = read_phases(cell, scenario, err);
	if (!ret)
		ret = cell_read_witness(cell, err);
	if (!ret)
		ret = read_rings(cell, dir, scenario, err);
	return ret ? rs_fail_wrap(err, "%s", path) : 0;
}

struct cell *cell_read(const char *dir, const struct scenario *scenario, struct rs_error **err)
{
	struct cell *cell = calloc(1, sizeof(*cell));

	if (!cell) {
		rs_fail(err, ENOMEM, "no memory for a cell");
		return NULL;
	}
	if (fill_cell(cell, dir, scenario, err) < 0) {
		cell_free(cell);
		return NULL;
	}
	return cell;
}

void cell_free(struct cell *cell)
{
	if (!cell)
		return;
	for (size_t i = 0; i < cell->ring_count; i++) {
		free(cell->rings[i].vm);
		samples_free(cell->rings[i].samples);
		uses_free(cell->rings[i].uses);
		free(cell->rings[i].periods);
	}
	for (size_t i = 0; i < cell->clock_count; i++)
		free(cell->clocks[i].vm);
	free(cell->rings);
	free(cell->clocks);
	free(cell->stalls);
	free(cell->speeds);
	free(cell->name);
	free(cell->policy);
	json_object_put(cell->json);
	free(cell);
}

const struct cell_ring *cell_judged_ring(const struct cell *cell)
{
	const struct cell_ring *best = NULL;

	for (size_t i = 0; i < cell->ring_count; i++) {
		const struct cell_ring *r = &cell->rings[i];

		if (!r->control || (best && strcmp(best->vm, r->vm)))
			continue;
		if (!best || r->prio > best->prio)
			best = r;
	}
	return best;
}

bool cell_host_ns(const struct cell *cell, const char *vm, uint64_t guest_ns, uint64_t *host_ns)
{
	for (size_t i = 0; i < cell->clock_count; i++) {
		const struct cell_clock *c = &cell->clocks[i];
		double since = (double)guest_ns - (double)c->at_guest_ns;

		if (strcmp(c->vm, vm))
			continue;
		*host_ns = guest_ns + (uint64_t)c->offset_ns +
			   (uint64_t)(int64_t)(since * (double)c->drift_ppb / 1e9);
		return true;
	}
	return false;
}
