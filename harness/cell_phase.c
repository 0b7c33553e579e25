// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/cell_state.h"
#include "harness/progress.h"
#include "harness/wait.h"

static uint64_t steal_us(const struct scenario *s)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < s->shared_core_count; i++)
		sum += schedstat_steal_us(s->shared_cores[i]);
	return sum;
}

/* A VM without threads yet begins at zero, as its threads will. */
static int read_vm(struct cell_vm *v, struct schedstat *into, struct rs_error **err)
{
	unsigned int i;
	int ret;

	for (i = 0; i < v->vm->vcpus; i++) {
		into[i] = (struct schedstat){ 0 };
		if (!v->vcpus[i])
			continue;
		ret = schedstat_read(v->domain.qemu.pid, v->vcpus[i], &into[i], err);
		if (ret < 0)
			return ret;
	}
	return 0;
}

int cell_phase_begin(struct cell_state *cell, enum phase phase, struct rs_error **err)
{
	struct cell_stretch *p = &cell->phases[phase];
	unsigned int i;
	int ret = 0;

	progress_phase(cell->context->progress, phase_names[phase]);
	for (i = 0; ret == 0 && i < cell->vm_count; i++)
		ret = read_vm(&cell->vms[i], cell->vms[i].at_begin, err);
	if (ret == 0)
		ret = cell_cost_begin(cell, err);
	p->steal_us = steal_us(cell->context->scenario);
	p->begin_ns = wait_now_ns();
	return ret;
}

int cell_phase_end(struct cell_state *cell, enum phase phase, struct rs_error **err)
{
	struct cell_stretch *p = &cell->phases[phase];
	struct schedstat now[CELL_VCPUS_MAX];
	unsigned int i, k;
	int ret;

	p->end_ns = wait_now_ns();
	p->steal_us = steal_us(cell->context->scenario) - p->steal_us;
	p->present = true;
	for (i = 0; i < cell->vm_count; i++) {
		struct cell_vm *v = &cell->vms[i];

		ret = read_vm(v, now, err);
		if (ret < 0)
			return ret;
		v->was_in_phase[phase] = v->vcpus[0] != 0;
		for (k = 0; k < v->vm->vcpus; k++)
			v->in_phase[phase][k] = (struct schedstat){
				.run_ns = now[k].run_ns - v->at_begin[k].run_ns,
				.wait_ns = now[k].wait_ns - v->at_begin[k].wait_ns,
				.slices = now[k].slices - v->at_begin[k].slices,
			};
	}
	ret = cell_cost_end(cell, phase, err);
	return ret < 0 ? ret : cell_watch_look(cell, err);
}
