// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How several neighbours come up. In turn: each begins when the one before is
 * up, and their times add up. Together: all are created first, so that their
 * guests begin at one time, and the last one up counts.
 */
#include <errno.h>
#include <string.h>

#include "harness/cell_state.h"
#include "harness/wait.h"
#include "host/error.h"

#define LOOK_MS 10 /* between two looks at who is up */
#define HELLO_S 10 /* for the rest of a HELLO whose first byte is there */

/* For the first estimate only. */
#define DEBIAN_GUESS_S 45
#define SMALL_GUESS_S 5

static bool is_neighbour(const struct cell_vm *v)
{
	return v->vm->role == VM_ROLE_NEIGHBOUR;
}

static double boot_s(const struct cell_vm *v)
{
	return (double)(v->hello_ns - v->resumed_ns) / 1e9;
}

static int boot_in_turn(struct cell_state *cell, struct rs_error **err)
{
	double timeout = cell->context->scenario->boot_timeout_s;
	unsigned int i;
	int ret = 0;

	cell->neighbour_boot_s = 0;
	for (i = 0; ret == 0 && i < cell->vm_count; i++) {
		struct cell_vm *v = &cell->vms[i];

		if (!is_neighbour(v))
			continue;
		ret = cell_vm_create(cell, v, err);
		if (ret == 0)
			ret = cell_vm_resume(v, err);
		if (ret == 0)
			ret = cell_vm_wait_up(v, timeout, err);
		cell->neighbour_boot_s += boot_s(v);
	}
	return ret;
}

/* 1 once all neighbours are up. Each HELLO is read when it comes: how long
 * one took must not depend on who is waited for. */
static int look_who_is_up(void *arg, struct rs_error **err)
{
	struct cell_state *cell = arg;
	unsigned int i;
	int all = 1;

	for (i = 0; i < cell->vm_count; i++) {
		struct cell_vm *v = &cell->vms[i];

		if (!is_neighbour(v) || v->hello_ns)
			continue;
		if (!agent_has_sent(v->agent)) {
			all = 0;
			continue;
		}
		if (cell_vm_wait_up(v, HELLO_S, err) < 0)
			return -EPROTO;
	}
	return all;
}

/* A wait that ran out of time says for whom; any other error has its own name. */
static int name_the_late(const struct cell_state *cell, int failed, struct rs_error **err)
{
	char names[SCENARIO_VMS_MAX * 34] = "";
	unsigned int i;

	if (failed != -ETIMEDOUT)
		return failed;
	for (i = 0; i < cell->vm_count; i++)
		if (is_neighbour(&cell->vms[i]) && !cell->vms[i].hello_ns) {
			strcat(names, " ");
			strcat(names, cell->vms[i].vm->name);
		}
	return rs_fail_wrap(err, "waiting for the HELLO of%s", names);
}

static int boot_together(struct cell_state *cell, struct rs_error **err)
{
	int64_t deadline = 0, first = 0, last = 0;
	unsigned int i;
	int ret = 0;

	for (i = 0; ret == 0 && i < cell->vm_count; i++)
		if (is_neighbour(&cell->vms[i]))
			ret = cell_vm_create(cell, &cell->vms[i], err);
	for (i = 0; ret == 0 && i < cell->vm_count; i++)
		if (is_neighbour(&cell->vms[i]))
			ret = cell_vm_resume(&cell->vms[i], err);
	if (ret < 0)
		return ret;
	deadline = wait_deadline(cell->context->scenario->boot_timeout_s);
	ret = wait_poll(look_who_is_up, cell, LOOK_MS, deadline, err);
	if (ret < 0)
		return name_the_late(cell, ret, err);
	for (i = 0; i < cell->vm_count; i++) {
		const struct cell_vm *v = &cell->vms[i];

		if (!is_neighbour(v))
			continue;
		first = !first || v->resumed_ns < first ? v->resumed_ns : first;
		last = v->hello_ns > last ? v->hello_ns : last;
	}
	cell->neighbour_boot_s = (double)(last - first) / 1e9;
	return 0;
}

int cell_boot(struct cell_state *cell, struct rs_error **err)
{
	if (cell->context->scenario->boot_order == BOOT_TOGETHER)
		return boot_together(cell, err);
	return boot_in_turn(cell, err);
}

/* Together they share the core, so that their times add up as well. */
double cell_boot_guess_s(const struct scenario *s)
{
	double sum = 0;
	unsigned int i;

	for (i = 0; i < s->vm_count; i++) {
		double guess = s->vms[i].image == VM_IMAGE_DEBIAN ? DEBIAN_GUESS_S : SMALL_GUESS_S;

		if (s->vms[i].role == VM_ROLE_NEIGHBOUR)
			sum += guess < s->boot_timeout_s ? guess : s->boot_timeout_s;
	}
	return sum;
}
