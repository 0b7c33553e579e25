// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Policy deadline in a cell: the budget of a control VM's vCPUs from what its
 * rings declare, and from when on it holds. A guest that has only its rings'
 * work would boot and calibrate for minutes, so it is given when they start.
 */
#include <errno.h>

#include "harness/cell_state.h"
#include "harness/daemon.h"
#include "harness/jsonread.h"
#include "harness/wait.h"
#include "harness/witness.h"
#include "host/cleanup.h"
#include "host/error.h"
#include "host/policy.h"

/* Around the work that processes declare: the guest's kernel, its timers, and
 * an emulator in its place. */
#define MARGIN 1.5
#define MARGIN_CONSTANT 0.05 /* of the period */
/* What the kernel grants to all deadline threads of a core is 0.95; 0.15 is the
 * witness's. */
#define ALL_MOST 0.78
#define IN_FORCE_S 5

/* The share of a core that one vCPU of the VM is to have. */
static double share(const struct scenario_vm *vm)
{
	double load = cell_vm_utilisation(vm);

	return load > 0 ? load * MARGIN + MARGIN_CONSTANT : 0;
}

void cell_deadline_budget(const struct scenario *s, const struct scenario_vm *vm,
			  uint64_t *runtime_us, uint64_t *period_us)
{
	double all = 0, own = share(vm);
	unsigned int i, highest = 0;

	*runtime_us = *period_us = 0;
	if (vm->role != VM_ROLE_CONTROL || !(own > 0))
		return;
	for (i = 0; i < s->vm_count; i++)
		if (s->vms[i].role == VM_ROLE_CONTROL)
			all += share(&s->vms[i]) * s->vms[i].vcpus;
	for (i = 1; i < vm->ring_count; i++)
		if (vm->rings[i].prio > vm->rings[highest].prio)
			highest = i;
	*period_us = vm->rings[highest].period_us;
	*runtime_us = (uint64_t)((double)*period_us * own * (all > ALL_MOST ? ALL_MOST / all : 1));
}

bool cell_policy_waits(const struct cell_state *cell, const struct scenario_vm *vm)
{
	const struct policy *policy = policy_find(cell->plan->policy, NULL);

	return policy && policy->from_work && vm->role == VM_ROLE_CONTROL;
}

/* -1: the daemon says nothing of it. */
static int64_t waiting(struct json_object *status, const char *vm)
{
	struct json_object *row = json_named(json_array(status, "vms"), vm);
	uint64_t count;

	return json_u64(json_dict(row, "deadline"), "waiting", &count) ? (int64_t)count : -1;
}

static int wait_in_force(struct cell_state *cell, const char *vm, struct rs_error **err)
{
	int64_t end = wait_deadline(IN_FORCE_S), left;

	do {
		cleanup_json struct json_object *status = daemon_status(cell->daemon, err);

		if (!status)
			return -EIO;
		left = waiting(status, vm);
		if (left <= 0)
			return 0;
	} while (wait_now_ns() < end && wait_until(wait_deadline(0.1), err) == 0);
	return rs_fail(err, ETIMEDOUT,
		       "%jd of its vCPUs have no SCHED_DEADLINE after %d s: they did not run on "
		       "their core, or see ringschedd.log",
		       (intmax_t)left, IN_FORCE_S);
}

int cell_policy_begin(struct cell_state *cell, const struct scenario_vm *vm, struct rs_error **err)
{
	int ret;

	if (!cell_policy_waits(cell, vm))
		return 0;
	ret = daemon_choose_policy(cell->daemon, vm->name, cell->plan->policy, err);
	if (ret == 0)
		ret = wait_in_force(cell, vm->name, err);
	/* A deadline thread goes before every SCHED_FIFO one, the witness too. */
	return ret < 0 ? ret : witness_outrank(cell->witness, err);
}
