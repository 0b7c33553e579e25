// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/cell.h"

#include <errno.h>
#include <string.h>

#include "harness/cell_state.h"
#include "harness/daemon.h"
#include "harness/folder.h"
#include "harness/hostrecord.h"
#include "harness/journal.h"
#include "harness/leftovers.h"
#include "harness/progress.h"
#include "harness/wait.h"
#include "harness/witness.h"
#include "host/cleanup.h"
#include "host/error.h"
#include "host/policy.h"

#define CONTROL_UP_S 90 /* a control guest's boot */
#define AROUND_S 60 /* what a cell needs around its phases, generously */
#define TRACE_MAX 100000 /* events; what an answer of the daemon can carry */

double cell_longest_s(const struct scenario *s)
{
	unsigned int boots = scenario_count_role(s, VM_ROLE_NEIGHBOUR);

	if (s->boot_order == BOOT_TOGETHER)
		boots = 1;
	return s->warmup_s + s->solo_s + s->loaded_s + boots * s->boot_timeout_s + s->shared_s +
	       AROUND_S;
}

double cell_guess_s(const struct scenario *s)
{
	return 10 + s->warmup_s + s->solo_s + s->loaded_s + cell_boot_guess_s(s) + s->shared_s;
}

/* Two events a period and ring; every task switch where a policy wants that. */
static unsigned int trace_room(const struct cell_state *cell)
{
	const struct scenario *s = cell->context->scenario;
	const struct policy *policy = policy_find(cell->plan->policy, NULL);
	double events = 1000 + cell_interrupts_expected(s);
	unsigned int i, k;

	if (policy && policy->needs == RS_SOURCE_SWITCH)
		return TRACE_MAX;
	for (i = 0; i < s->vm_count; i++)
		for (k = 0; k < s->vms[i].ring_count; k++)
			events +=
				2 * cell_longest_s(s) * 1e6 / (double)s->vms[i].rings[k].period_us;
	return events > TRACE_MAX ? TRACE_MAX : (unsigned int)events;
}

static int step_prepare(struct cell_state *cell, struct rs_error **err)
{
	const struct scenario *s = cell->context->scenario;
	int ret = folder_make(cell->plan->dir, 0755, err);

	cell->limits = json_object_new_array();
	cell->pressure = json_object_new_array();
	cell->settled = json_object_new_object();
	for (; ret == 0 && cell->vm_count < s->vm_count; cell->vm_count++)
		ret = cell_vm_prepare(cell, &cell->vms[cell->vm_count], &s->vms[cell->vm_count],
				      err);
	return ret;
}

static int step_daemon(struct cell_state *cell, struct rs_error **err)
{
	const struct cell_context *c = cell->context;
	const char *dir = journal_dir(c->journal);
	cleanup_free char *control = folder_path(dir, "control");
	cleanup_free char *record = folder_path(dir, "record");
	cleanup_free char *log = folder_path(cell->plan->dir, "ringschedd.log");
	struct daemon_config config = {
		.program = c->daemon,
		.policy = cell->plan->policy,
		.control_socket = control,
		.record = record,
		.log = log,
		.cpu = c->scenario->housekeeping_cores[0],
		.trace_events = trace_room(cell),
	};

	if (!control || !record || !log)
		return rs_fail(err, ENOMEM, "out of memory");
	for (unsigned int i = 0; i < cell->vm_count; i++) {
		const struct scenario_vm *vm = cell->vms[i].vm;

		for (unsigned int k = 0; k < vm->interrupt_count; k++)
			if (vm->interrupts[k].path &&
			    daemon_config_socket(&config, vm->interrupts[k].path, err) < 0)
				return -ENOSPC;
	}
	cell->daemon = daemon_start(&config, c->journal, err);
	return cell->daemon ? 0 : -EIO;
}

/* Before any QEMU: it connects to the daemon's socket when it starts. */
static int step_register(struct cell_state *cell, struct rs_error **err)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; ret == 0 && i < cell->vm_count; i++) {
		const struct scenario_vm *vm = cell->vms[i].vm;
		struct daemon_vm registered = {
			.name = vm->name,
			.role = vm->role == VM_ROLE_CONTROL ? "control" : "neighbour",
			.notify_socket = cell->vms[i].notify_socket,
			.ceiling = vm->priority_ceiling,
			.rt_budget_permille = cell_vm_budget(cell->context->scenario, vm),
			.rt_budget_period_us = vm->rt_budget_period_us,
			.budget_by = scenario_keepers[vm->budget_by],
			.longest_boost_us = vm->longest_boost_us,
			.notify_rate = cell_vm_notify_rate(vm),
			.scan_interval_us = vm->scan_interval_us,
			.io_boost = vm->io_boost,
			.disk = cell->vms[i].disk,
		};

		placement_elsewhere(cell->context->scenario, &registered.elsewhere);
		cell_deadline_budget(cell->context->scenario, vm, &registered.deadline_runtime_us,
				     &registered.deadline_period_us);
		if (cell_policy_waits(cell, vm))
			registered.policy = "none";
		ret = daemon_add_vm(cell->daemon, &registered, err);
	}
	return ret;
}

static int step_witness(struct cell_state *cell, struct rs_error **err)
{
	const struct scenario *s = cell->context->scenario;

	cell->witness = witness_start(s->shared_cores[0], cell_longest_s(s), err);
	return cell->witness ? 0 : -EIO;
}

/* Calls fn() with each VM of the role. */
static int each_vm(struct cell_state *cell, enum vm_role role,
		   int (*fn)(struct cell_state *cell, struct cell_vm *v, struct rs_error **err),
		   struct rs_error **err)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; ret == 0 && i < cell->vm_count; i++)
		if (cell->vms[i].vm->role == role)
			ret = fn(cell, &cell->vms[i], err);
	return ret;
}

static int bring_up_control(struct cell_state *cell, struct cell_vm *v, struct rs_error **err)
{
	int ret = cell_vm_create(cell, v, err);

	if (ret == 0)
		ret = cell_vm_resume(v, err);
	return ret < 0 ? ret : cell_vm_wait_up(v, CONTROL_UP_S, err);
}

static int begin_work(struct cell_state *cell, enum vm_role role, struct rs_error **err)
{
	int ret = each_vm(cell, role, cell_vm_prepare_work, err);

	return ret < 0 ? ret : each_vm(cell, role, cell_vm_begin_work, err);
}

static int step_control(struct cell_state *cell, struct rs_error **err)
{
	int ret;

	progress_phase(cell->context->progress, "starting the control VMs");
	ret = each_vm(cell, VM_ROLE_CONTROL, bring_up_control, err);
	return ret < 0 ? ret : begin_work(cell, VM_ROLE_CONTROL, err);
}

static int step_record(struct cell_state *cell, struct rs_error **err)
{
	(void)err;
	cell_record_begin(cell);
	return 0;
}

static int step_warm_up(struct cell_state *cell, struct rs_error **err)
{
	return wait_until(wait_deadline(cell->context->scenario->warmup_s), err);
}

static int step_solo(struct cell_state *cell, struct rs_error **err)
{
	int ret = cell_phase_begin(cell, PHASE_SOLO, err);

	if (ret == 0)
		ret = wait_until(wait_deadline(cell->context->scenario->solo_s), err);
	return ret < 0 ? ret : cell_phase_end(cell, PHASE_SOLO, err);
}

/* Guests that are busy with less urgent work: a vCPU that runs, mostly. */
static int step_loaded(struct cell_state *cell, struct rs_error **err)
{
	double length = cell->context->scenario->loaded_s;
	int ret;

	if (length <= 0)
		return 0;
	ret = each_vm(cell, VM_ROLE_CONTROL, cell_vm_load, err);
	if (ret == 0)
		ret = cell_phase_begin(cell, PHASE_LOADED, err);
	if (ret == 0)
		ret = wait_until(wait_deadline(length), err);
	if (ret == 0)
		ret = cell_phase_end(cell, PHASE_LOADED, err);
	return ret < 0 ? ret : each_vm(cell, VM_ROLE_CONTROL, cell_vm_unload, err);
}

static bool has_neighbour(const struct cell_state *cell)
{
	return scenario_count_role(cell->context->scenario, VM_ROLE_NEIGHBOUR) != 0;
}

/* From right before the neighbours' QEMUs exist to their login targets. */
static int step_boot(struct cell_state *cell, struct rs_error **err)
{
	int ret;

	if (!has_neighbour(cell))
		return 0;
	ret = cell_phase_begin(cell, PHASE_BOOT, err);
	if (ret == 0)
		ret = cell_boot(cell, err);
	if (ret == 0)
		ret = cell_phase_end(cell, PHASE_BOOT, err);
	return ret < 0 ? ret : each_vm(cell, VM_ROLE_NEIGHBOUR, cell_vm_pressure, err);
}

static int step_shared(struct cell_state *cell, struct rs_error **err)
{
	double length = cell->context->scenario->shared_s;
	int ret;

	if (!has_neighbour(cell) || length <= 0)
		return 0;
	progress_phase(cell->context->progress, "starting the neighbours' rings");
	ret = begin_work(cell, VM_ROLE_NEIGHBOUR, err);
	if (ret == 0)
		ret = cell_phase_begin(cell, PHASE_SHARED, err);
	if (ret == 0)
		ret = wait_until(wait_deadline(length), err);
	return ret < 0 ? ret : cell_phase_end(cell, PHASE_SHARED, err);
}

static int step_collect(struct cell_state *cell, struct rs_error **err)
{
	int ret;

	cell_record_stop(cell);
	progress_phase(cell->context->progress, "reading out");
	ret = each_vm(cell, VM_ROLE_NEIGHBOUR, cell_vm_end_work, err);
	if (ret == 0)
		ret = each_vm(cell, VM_ROLE_CONTROL, cell_vm_end_work, err);
	witness_stop(cell->witness);
	if (ret == 0)
		ret = cell_record_write(cell, err);
	return ret < 0 ? ret : cell_collect(cell, err);
}

/* The order is the experiment. */
static const struct {
	const char *name;
	int (*run)(struct cell_state *cell, struct rs_error **err);
} steps[] = {
	{ "preparing", step_prepare },
	{ "starting the daemon", step_daemon },
	{ "registering the VMs", step_register },
	{ "starting the witness", step_witness },
	{ "starting the control VMs", step_control },
	{ "recording the shared cores", step_record },
	{ "warming up", step_warm_up },
	{ "phase solo", step_solo },
	{ "phase loaded", step_loaded },
	{ "phase boot", step_boot },
	{ "phase shared", step_shared },
	{ "reading out", step_collect },
};

static int stop_daemon(struct cell_state *cell, struct rs_error **err)
{
	struct daemon *daemon = cell->daemon;

	cell->daemon = NULL;
	return daemon_stop(daemon, err);
}

/*
 * Neighbours first, so that the control VM ends as it began: alone. A daemon
 * that died comes before them: a VM it left boosted would have the core to
 * itself. Always completes; fails if the daemon did not end well or something
 * was left.
 */
static int tear_down(struct cell_state *cell, struct rs_error **err)
{
	const struct cell_context *c = cell->context;
	unsigned int i;
	int ret = 0;

	cell_watch_end();
	if (!daemon_alive(cell->daemon))
		ret = stop_daemon(cell, err);
	for (i = cell->vm_count; i-- > 0;)
		cell_vm_destroy(cell, &cell->vms[i]);
	if (cell->daemon)
		ret = stop_daemon(cell, err);
	for (i = 0; i < cell->vm_count; i++)
		cell_vm_free(&cell->vms[i]);
	if (cell->witness)
		witness_stop(cell->witness);
	return ret < 0 ? ret : leftovers_check(journal_id(c->journal), err);
}

static int run_steps(struct cell_state *cell, struct rs_error **err)
{
	size_t i;

	cell_watch_begin(cell);
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		int ret = wait_check(err);

		if (ret == 0)
			ret = steps[i].run(cell, err);
		if (ret < 0)
			return rs_fail_wrap(err, "%s", steps[i].name);
	}
	return 0;
}

/* What cell.json is made of; the VMs and the daemon are gone by then. */
static void free_results(struct cell_state *cell)
{
	unsigned int i;

	witness_free(cell->witness);
	hostrecord_free(cell->record);
	json_object_put(cell->host_trace);
	json_object_put(cell->limits);
	json_object_put(cell->pressure);
	json_object_put(cell->status);
	json_object_put(cell->trace);
	json_object_put(cell->settled);
	json_object_put(cell->status_at_begin);
	for (i = 0; i < PHASE_COUNT; i++)
		json_object_put(cell->phases[i].counters);
	for (i = 0; i < cell->vm_count; i++)
		json_object_put(cell->vms[i].send);
}

int cell_measure(const struct cell_context *context, const struct cell_plan *plan,
		 struct rs_error **err)
{
	struct cell_state cell = { .context = context, .plan = plan, .neighbour_boot_s = -1 };
	cleanup_error struct rs_error *left = NULL;
	struct rs_error *failed = NULL;

	if (run_steps(&cell, &failed) < 0)
		cell_panic_explain(&cell, &failed);
	if (tear_down(&cell, &left) < 0) {
		if (failed)
			rs_fail_wrap(&left, "%s; then", failed->message);
		rs_error_free(&failed);
		failed = steal_pointer(&left);
	}
	if (!failed)
		cellfile_write(&cell, &failed);
	if (failed)
		cellfile_write_failure(&cell, failed);
	free_results(&cell);
	if (!failed)
		return 0;
	rs_fail(err, failed->code, "%s", failed->message);
	rs_error_free(&failed);
	return -(*err)->code;
}
