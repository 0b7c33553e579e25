// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What nobody may change while a cell is measured: where its vCPU threads may
 * run. A cpuset or an affinity that is changed from outside, or a core that is
 * taken offline, moves a VM away from the competition that is being measured;
 * what is measured then looks better than it is.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "harness/cell_state.h"
#include "harness/folder.h"
#include "harness/wait.h"
#include "host/error.h"

int cell_watch_note(struct cell_vm *v, struct rs_error **err)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; ret == 0 && i < v->vm->vcpus; i++)
		ret = schedstat_allowed(v->domain.qemu.pid, v->vcpus[i], v->cores[i],
					sizeof(v->cores[i]), err);
	v->watched = ret == 0;
	return ret;
}

static bool is_offline(int core)
{
	char path[64], text[8];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online", core);
	return folder_read(path, text, sizeof(text), NULL) == 0 && !strcmp(text, "0");
}

/* The first of the scenario's shared cores that is offline, or -1. */
static int offline_core(const struct scenario *s)
{
	unsigned int i;

	for (i = 0; i < s->shared_core_count; i++)
		if (is_offline(s->shared_cores[i]))
			return s->shared_cores[i];
	return -1;
}

static int fail_moved(const struct cell_state *cell, const struct cell_vm *v, unsigned int vcpu,
		      const char *now, struct rs_error **err)
{
	int core = offline_core(cell->context->scenario);
	char why[96] = "another program changed its affinity or its cpuset";

	if (core >= 0)
		snprintf(why, sizeof(why), "core %d was taken offline", core);
	return rs_fail(err, EBADE,
		       "VM %s: vCPU %u (thread %d) may run on core %s now, it was put on %s: %s; "
		       "what was measured does not count",
		       v->vm->name, vcpu, (int)v->vcpus[vcpu], now, v->cores[vcpu], why);
}

/* A thread that cannot be asked is gone with its QEMU, which is watched too. */
int cell_watch_look(struct cell_state *cell, struct rs_error **err)
{
	unsigned int i, k;
	char now[CELL_CORES_MAX];

	for (i = 0; i < cell->vm_count; i++) {
		const struct cell_vm *v = &cell->vms[i];

		for (k = 0; v->watched && k < v->vm->vcpus; k++)
			if (schedstat_allowed(v->domain.qemu.pid, v->vcpus[k], now, sizeof(now),
					      NULL) == 0 &&
			    strcmp(now, v->cores[k]) != 0)
				return fail_moved(cell, v, k, now, err);
	}
	return 0;
}

static int look(void *arg, struct rs_error **err)
{
	return cell_watch_look(arg, err);
}

void cell_watch_begin(struct cell_state *cell)
{
	wait_look(look, cell);
}

void cell_watch_end(void)
{
	wait_look(NULL, NULL);
}
