// SPDX-License-Identifier: GPL-2.0-or-later
/* What a VM does once it is up: its rings, and loads beside them. */
#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "harness/cell_state.h"
#include "harness/folder.h"
#include "host/cleanup.h"
#include "host/error.h"

#define COMMAND_S 30 /* for a guest's answer while another VM has the core */
#define CALIBRATE_MS 400 /* CPU time in all: 51 turns of 8 ms */
#define CYCLICTEST_S 120

static int calibrate(struct cell_vm *v, struct rs_error **err)
{
	char answer[AGENT_LINE_MAX];
	int ret = agent_command(v->agent, COMMAND_S, answer, err, "CALIBRATE ms=%d", CALIBRATE_MS);

	return ret < 0 ? ret : agent_value(answer, "iterations_per_ms", &v->iterations_per_ms, err);
}

/*
 * In a stretch of its own, before any ring exists: beside the rings it would
 * load the very core they are measured on.
 */
static int run_cyclictest(struct cell_state *cell, struct cell_vm *v, struct rs_error **err)
{
	cleanup_free char *path = folder_path(cell->plan->dir, "cyclictest-%s.json", v->vm->name);
	cleanup_free char *data = NULL;
	size_t length;
	int ret;

	if (!v->vm->cyclictest)
		return 0;
	if (!path)
		return rs_fail(err, ENOMEM, "out of memory");
	ret = agent_fetch(v->agent, CYCLICTEST_S + COMMAND_S, &data, &length, err,
			  "EXEC seconds=%d cyclictest %s -q --json=/tmp/cyclictest.json "
			  ">/dev/null && cat /tmp/cyclictest.json",
			  CYCLICTEST_S, v->vm->cyclictest);
	return ret < 0 ? ret : folder_write(path, data, err);
}

static int create_ring(const struct scenario *s, struct cell_vm *v, const struct scenario_ring *r,
		       struct rs_error **err)
{
	double samples = ceil(cell_longest_s(s) * 1e6 / cell_ring_interval_us(v->vm, r)) + 100;
	char work[RS_MEMBER_MAX * 11 + 1];
	unsigned int i;
	int used = 0;

	for (i = 0; i < r->processes; i++)
		used += snprintf(work + used, sizeof(work) - (size_t)used, "%s%u", i ? "," : "",
				 r->work_us[i]);
	return agent_command(v->agent, COMMAND_S, NULL, err,
			     "RING id=%u prio=%u period_us=%llu deadline_us=%llu offset_us=%llu "
			     "vcpu=%d processes=%u work_us=%s share=%d samples=%.0f interrupt=%d",
			     r->id, r->prio, (unsigned long long)r->period_us,
			     (unsigned long long)r->deadline_us, (unsigned long long)r->offset_us,
			     r->vcpu, r->processes, work, r->share, samples, r->interrupt);
}

static int create_resource(struct cell_vm *v, struct rs_error **err)
{
	const struct scenario_resource *r = &v->vm->resource;

	if (r->ring < 0)
		return 0;
	return agent_command(v->agent, COMMAND_S, NULL, err,
			     "RESOURCE owner=%d user=%d use_us=%llu every=%u lock_us=%llu "
			     "change_us=%llu",
			     r->ring, r->user, (unsigned long long)r->use_us, r->every,
			     (unsigned long long)r->lock_us, (unsigned long long)r->change_us);
}

/* One VM after the other, before any of their rings runs: a calibration beside
 * another VM's ring would measure that ring as well. */
int cell_vm_prepare_work(struct cell_state *cell, struct cell_vm *v, struct rs_error **err)
{
	const struct scenario_vm *vm = v->vm;
	unsigned int i;
	int ret = agent_clock(v->agent, &v->clock, err);

	v->working = true;
	if (ret == 0 && vm->ring_count)
		ret = calibrate(v, err);
	if (ret == 0)
		ret = run_cyclictest(cell, v, err);
	for (i = 0; ret == 0 && i < vm->ring_count; i++)
		ret = create_ring(cell->context->scenario, v, &vm->rings[i], err);
	if (ret == 0)
		ret = create_resource(v, err);
	return ret < 0 ? rs_fail_wrap(err, "VM %s", vm->name) : 0;
}

int cell_vm_load(struct cell_state *cell, struct cell_vm *v, struct rs_error **err)
{
	const struct scenario_load *load = &v->vm->load;
	int ret = 0;

	(void)cell;
	if (load->stress_ng)
		ret = agent_command(v->agent, COMMAND_S, NULL, err, "LOAD exec stress-ng %s",
				    load->stress_ng);
	if (ret == 0 && load->fio)
		ret = agent_command(v->agent, COMMAND_S, NULL, err, "LOAD exec fio %s", load->fio);
	if (ret == 0 && load->rogue)
		ret = agent_command(v->agent, COMMAND_S, NULL, err,
				    "LOAD exec rs-control --rogue %s",
				    scenario_rogues[load->rogue]);
	return ret < 0 ? rs_fail_wrap(err, "VM %s", v->vm->name) : 0;
}

/* Its loads run beside its rings all the time, and not in phase loaded only. */
static bool loads_stay(const struct cell_state *cell, const struct cell_vm *v)
{
	return v->vm->role == VM_ROLE_NEIGHBOUR || cell->context->scenario->loaded_s <= 0;
}

int cell_vm_begin_work(struct cell_state *cell, struct cell_vm *v, struct rs_error **err)
{
	int ret = cell_policy_begin(cell, v->vm, err);

	if (ret == 0 && v->vm->ring_count)
		ret = agent_command(v->agent, COMMAND_S, NULL, err, "START");
	if (ret == 0)
		ret = cell_interrupts_begin(cell, v, err);
	if (ret < 0)
		return rs_fail_wrap(err, "VM %s", v->vm->name);
	return loads_stay(cell, v) ? cell_vm_load(cell, v, err) : 0;
}

/* A load that was over before the phase was did not load it. */
int cell_vm_unload(struct cell_state *cell, struct cell_vm *v, struct rs_error **err)
{
	char answer[AGENT_LINE_MAX];
	uint64_t ended;
	int ret;

	(void)cell;
	if (!scenario_has_load(v->vm))
		return 0;
	ret = agent_command(v->agent, COMMAND_S, answer, err, "UNLOAD");
	if (ret == 0)
		ret = agent_value(answer, "ended", &ended, err);
	if (ret == 0 && ended)
		ret = rs_fail(
			err, ECHILD,
			"%ju of its loads ended before the last phase did: check the arguments "
			"of load.stress_ng and load.fio, and let them run longer",
			(uintmax_t)ended);
	return ret;
}

int cell_vm_end_work(struct cell_state *cell, struct cell_vm *v, struct rs_error **err)
{
	int ret;

	if (!v->working)
		return 0;
	ret = cell_interrupts_end(cell, v, err);
	if (ret == 0 && loads_stay(cell, v))
		ret = cell_vm_unload(cell, v, err);
	if (ret == 0 && v->vm->ring_count)
		ret = agent_command(v->agent, COMMAND_S, NULL, err, "STOP");
	if (ret == 0)
		ret = agent_clock(v->agent, &v->clock_end, err);
	return ret < 0 ? rs_fail_wrap(err, "VM %s", v->vm->name) : 0;
}
