// SPDX-License-Identifier: GPL-2.0-or-later
/* A VM's side of reading its guest's run queues (P2); the reading: scan.c. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "host/cleanup.h"
#include "host/clock.h"
#include "host/error.h"
#include "host/vm.h"

/* Looking at an offer is some 100 ms of work that a guest can ask for at will.
 * It waits for this many times what the last look took: 5 % of main's time. */
#define LOOK_PAUSE 19
/* A run queue that makes no sense keeps the vCPU's priority: it is boosted, so it
 * will be done with its change. So many times in a row it is no change. */
#define TORN_MAX 100

void vm_scan_forget(struct vm *vm)
{
	vm->scan.state = VM_SCAN_OFF;
	vm->scan.offers++;
}

void vm_scan_follow(struct vm *vm, const struct message *msg)
{
	if (msg->kind == RS_KIND_ATTACH || msg->kind == RS_KIND_BYE)
		vm_scan_forget(vm);
	if (msg->kind != RS_KIND_SCAN || vm->policy->needs != RS_SOURCE_SCAN)
		return;
	vm->scan.state = VM_SCAN_OFFERED;
	vm->scan.offers++;
	vm->scan.address = msg->address;
	if (vm_wake_main)
		vm_wake_main();
}

/* What came of looking at offer number `offer`, if it still stands. */
static void conclude(struct vm *vm, uint32_t offer, const struct scan_map *map,
		     const struct rs_error *err)
{
	struct vm_scan *scan = &vm->scan;

	pthread_mutex_lock(&vm->lock);
	if (err)
		vm->counters.scan_refused++;
	if (scan->state == VM_SCAN_OFFERED && scan->offers == offer) {
		scan->state = err ? VM_SCAN_REFUSED : VM_SCAN_READY;
		scan->map = *map;
		memset(scan->torn, 0, sizeof(scan->torn));
		snprintf(scan->reason, sizeof(scan->reason), "%s", err ? err->message : "");
	}
	pthread_mutex_unlock(&vm->lock);
}

bool vm_scan_resolve(struct vm *vm)
{
	struct vm_scan *scan = &vm->scan;
	uint64_t address, begin = monotonic_ns(), end;
	struct rs_error *err = NULL;
	struct scan_map map = { 0 };
	bool offered;
	uint32_t offer;

	pthread_mutex_lock(&vm->lock);
	offered = scan->state == VM_SCAN_OFFERED;
	offer = scan->offers;
	address = scan->address;
	pthread_mutex_unlock(&vm->lock);
	if (!offered || begin < scan->next_look_ns)
		return offered;
	/* No lock: only main changes the memory table, and this takes long. */
	if (!vm->memory)
		rs_fail(&err, ENOTCONN, "its memory is not known");
	else
		scan_map_read(&map, vm->memory, address, &err);
	conclude(vm, offer, &map, err);
	end = monotonic_ns();
	scan->next_look_ns = end + LOOK_PAUSE * (end - begin);
	if (err)
		rs_fail_wrap(&err, "VM %s: its run queues cannot be read", vm->name);
	vm_log_error(vm, &err);
	return false;
}

static int read_one(struct vm *vm, unsigned int vcpu)
{
	uint8_t *torn = &vm->scan.torn[vcpu];
	int found = scan_read(&vm->scan.map, vm->memory, vcpu);

	vm->counters.scan_reads++;
	if (found >= 0) {
		*torn = 0;
		return found;
	}
	if (found != -EAGAIN) {
		vm->counters.scan_outside++;
		return 0;
	}
	vm->counters.scan_torn++;
	if (*torn < TORN_MAX)
		(*torn)++;
	return *torn < TORN_MAX ? VM_SCAN_UNKNOWN : 0;
}

void vm_scan(struct vm *vm, int priority[RS_VCPU_MAX])
{
	uint64_t begin;

	memset(priority, 0, RS_VCPU_MAX * sizeof(*priority));
	if (vm->scan.state != VM_SCAN_READY || !vm->memory)
		return;
	begin = monotonic_ns();
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		if (vm->vcpus[i].present)
			priority[i] = read_one(vm, i);
	vm->counters.scan_ns += monotonic_ns() - begin;
}
