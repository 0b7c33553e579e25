// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/tick.h"

#include "host/vm.h"

/* 0 = this VM is not called. */
static uint64_t interval_of(const struct vm *vm)
{
	if (!vm->connected || !vm->policy_started || !vm->policy->tick)
		return 0;
	if (vm->policy->needs == RS_SOURCE_SCAN && vm->scan_interval_us)
		return vm->scan_interval_us * 1000ull;
	return vm->policy->tick_us * 1000ull;
}

static void tick_vm(struct vm *vm, uint64_t interval, uint64_t now_ns)
{
	/* Another policy's moment does not count. */
	if (vm->tick_due_ns > now_ns + interval)
		vm->tick_due_ns = 0;
	if (vm->tick_due_ns > now_ns)
		return;
	if (vm->tick_due_ns)
		vm->counters.ticks_late += (now_ns - vm->tick_due_ns) / interval;
	vm->tick_due_ns = (now_ns / interval + 1) * interval;
	if (vm->policy->tick(vm))
		vm->counters.policy_errors++;
	vm_bounds_follow(vm, now_ns);
}

uint64_t tick_run(uint64_t now_ns)
{
	uint64_t next = 0;

	for (unsigned int i = 0; i < VM_MAX; i++) {
		struct vm *vm = vm_slot(i);
		uint64_t interval;

		if (!vm)
			break; /* slots are filled in order */
		pthread_mutex_lock(&vm->lock);
		interval = interval_of(vm);
		if (interval)
			tick_vm(vm, interval, now_ns);
		else
			vm->tick_due_ns = 0;
		if (interval && (!next || vm->tick_due_ns < next))
			next = vm->tick_due_ns;
		pthread_mutex_unlock(&vm->lock);
	}
	return next;
}
