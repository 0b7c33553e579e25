// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/vm_share.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "host/error.h"
#include "host/vm.h"

#define MILLIONTHS 1000 /* of a core in a permille: an n-th is no whole permille */

static unsigned int total = VM_SHARE_TOTAL_DEFAULT;

/* Of each core, in millionths. */
struct parts {
	uint32_t of[CORESET_MAX];
};

void vm_share_set_total(unsigned int permille)
{
	total = permille;
}

unsigned int vm_share_total(void)
{
	return total;
}

static unsigned int in_permille(uint32_t millionths)
{
	return (millionths + MILLIONTHS - 1) / MILLIONTHS;
}

static unsigned int count_cores(const struct coreset *cores)
{
	unsigned int count = 0;

	for (size_t i = 0; i < CORESET_MAX / 64; i++)
		count += (unsigned int)__builtin_popcountll(cores->bits[i]);
	return count;
}

static void add_vcpu(const struct vm_share *share, pid_t tid, struct parts *parts)
{
	struct coreset cores;
	uint32_t part;

	if (sched_read_cores(tid, &cores) || coreset_empty(&cores))
		return; /* it is gone */
	part = share->permille * MILLIONTHS / count_cores(&cores);
	for (unsigned int c = 0; c < CORESET_MAX; c++) {
		if (!coreset_has(&cores, c))
			continue;
		if (share->by_vcpu)
			parts->of[c] += part;
		else if (parts->of[c] < part)
			parts->of[c] = part;
	}
}

/* Where its vCPUs may run is asked anew each time: it may have been changed. */
static void parts_of(const struct vm *vm, const struct vm_share *share, struct parts *parts)
{
	memset(parts, 0, sizeof(*parts));
	for (unsigned int i = 0; share->permille && i < vm->vcpu_count; i++)
		if (vm->vcpus[i].present)
			add_vcpu(share, vm->vcpus[i].ref.tid, parts);
}

static void add_others(const struct vm *but, struct parts *sum)
{
	struct parts own;

	for (struct vm *vm = vm_next(NULL); vm; vm = vm_next(vm)) {
		if (vm == but || !vm->connected || !vm->share.permille)
			continue;
		parts_of(vm, &vm->share, &own);
		for (unsigned int c = 0; c < CORESET_MAX; c++)
			sum->of[c] += own.of[c];
	}
}

static void name_others(const struct vm *but, unsigned int core, char *text, size_t size)
{
	struct parts own;
	size_t used = 0;

	snprintf(text, size, "none");
	for (struct vm *vm = vm_next(NULL); vm && used < size; vm = vm_next(vm)) {
		if (vm == but || !vm->connected || !vm->share.permille)
			continue;
		parts_of(vm, &vm->share, &own);
		if (own.of[core])
			used += (size_t)snprintf(text + used, size - used, "%s%s (%u)",
						 used ? ", " : "", vm->name,
						 in_permille(own.of[core]));
	}
}

static int refuse(struct vm *vm, unsigned int core, uint32_t own, uint32_t others,
		  struct rs_error **err)
{
	char names[512];

	name_others(vm, core, names, sizeof(names));
	vm->counters.not_admitted += !vm->share.refused;
	vm->share = (struct vm_share){ .refused = true };
	return rs_fail(
		err, EDQUOT,
		"VM %s: its real-time share of core %u, %u permille, does not fit beside "
		"those of the others there: %s; %u of at most %u are taken. It is not made "
		"real-time until one of them goes. Or give one less (\"rt_budget_permille\" "
		"of add-vm), pin it to another core and settle it again, or start ringschedd "
		"with a greater --rt-budget-total",
		vm->name, core, in_permille(own), names, in_permille(others), total);
}

int vm_share_take(struct vm *vm, unsigned int permille, bool by_vcpu, struct rs_error **err)
{
	const struct vm_share wanted = { .permille = permille, .by_vcpu = by_vcpu };
	struct parts own, others;

	if (!vm->settled || !permille) {
		vm->share = (struct vm_share){ 0 };
		return 0;
	}
	parts_of(vm, &wanted, &own);
	memset(&others, 0, sizeof(others));
	add_others(vm, &others);
	for (unsigned int c = 0; c < CORESET_MAX; c++)
		if (own.of[c] && own.of[c] + others.of[c] > total * MILLIONTHS)
			return refuse(vm, c, own.of[c], others.of[c], err);
	vm->share = wanted;
	return 0;
}

void vm_share_each(vm_share_visit visit, void *arg)
{
	struct parts sum = { 0 };

	add_others(NULL, &sum);
	for (unsigned int c = 0; c < CORESET_MAX; c++)
		if (sum.of[c])
			visit(c, in_permille(sum.of[c]), arg);
}
