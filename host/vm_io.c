// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/vm_io.h"

#include <errno.h>

#include "host/error.h"
#include "host/log.h"
#include "host/proc.h"
#include "host/record.h"
#include "host/vm.h"

#define PASSES_MAX 100

/* A ring is active, and its VM within its bounds: a guest that never
 * ends its ring shall not have the disk either. */
static bool is_due(const struct vm *vm)
{
	if (!vm->connected || !vm->policy_started || vm->policy->needs == RS_SOURCE_NONE ||
	    vm->budget.cut || vm_bounds_held(vm))
		return false;
	for (unsigned int i = 0; i < RS_RING_MAX; i++)
		if (vm->rings[i].active && !vm->rings[i].boost.cut)
			return true;
	return false;
}

static void set(struct vm *vm, pid_t tid)
{
	int ret = ioprio_apply(tid, vm->io.boosted ? IOPRIO_BOOST : vm->io.original);

	if (ret && ret != -ESRCH)
		vm->counters.io_failed++;
}

void vm_io_follow(struct vm *vm)
{
	struct vm_io *io = &vm->io;
	bool due = io->able && is_due(vm);

	if (due == io->boosted)
		return;
	io->boosted = due;
	vm->counters.io_boosts += due;
	for (unsigned int i = 0; i < io->count; i++)
		if (thread_ref_alive(&io->threads[i]))
			set(vm, io->threads[i].tid);
}

/* ---- main thread ---- */

static bool is_known(const struct vm *vm, pid_t tid)
{
	for (unsigned int i = 0; i < vm->io.count; i++)
		if (vm->io.threads[i].tid == tid && thread_ref_alive(&vm->io.threads[i]))
			return true;
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		if (vm->vcpus[i].present && vm->vcpus[i].ref.tid == tid)
			return true;
	return false;
}

static int look_at(pid_t tid, void *arg)
{
	struct vm *vm = arg;
	struct thread_ref ref;
	int value = ioprio_read(tid);

	if (value < 0 || is_known(vm, tid) || (value != vm->io.original && value != IOPRIO_BOOST) ||
	    thread_ref_open(&ref, vm->pid, tid, NULL))
		return 0;
	pthread_mutex_lock(&vm->lock);
	set(vm, tid); /* it may have inherited what does not hold any more */
	if (vm->io.count < VM_IO_THREADS) {
		vm->io.threads[vm->io.count++] = ref;
	} else {
		vm->counters.io_threads_over++;
		thread_ref_close(&ref);
	}
	pthread_mutex_unlock(&vm->lock);
	return 0;
}

static void drop_dead(struct vm *vm)
{
	struct vm_io *io = &vm->io;
	unsigned int kept = 0;

	pthread_mutex_lock(&vm->lock);
	for (unsigned int i = 0; i < io->count; i++)
		if (thread_ref_alive(&io->threads[i]))
			io->threads[kept++] = io->threads[i];
		else
			thread_ref_close(&io->threads[i]);
	io->count = kept;
	pthread_mutex_unlock(&vm->lock);
}

bool vm_io_refresh(struct vm *vm)
{
	if (!vm->io.able)
		return false;
	drop_dead(vm);
	proc_each_task(vm->pid, look_at, vm);
	return true;
}

static const char *why_not(const struct vm_io *io)
{
	if (!io->device.name[0])
		return "no block device holds a disk of it, or its files cannot be seen (name "
		       "\"disk\" in add-vm)";
	if (!io->device.heeds)
		return "its device's scheduler takes no notice of priorities: choose bfq or "
		       "mq-deadline";
	if (io->original == IOPRIO_BOOST)
		return "its process has that priority already";
	return NULL;
}

static void remember(struct vm *vm)
{
	const struct record_thread id = { vm->pid, vm->pid, vm->pid_start, vm->pid_start };

	if (vm->io.record >= 0)
		return;
	vm->io.record = record_add_ioprio(vm->record, &id, vm->io.original);
	if (vm->io.record < 0) {
		vm->counters.record_full++;
		vm->io.why = "there is no room in the record";
	}
}

void vm_io_begin(struct vm *vm)
{
	struct vm_io *io = &vm->io;
	struct rs_error *err = NULL;
	int now, ret;

	if (!io->wanted || io->able)
		return;
	now = ioprio_read(vm->pid);
	io->original = now < 0 ? IOPRIO_NONE : now;
	ret = *io->disk ? ioprio_device_of(io->disk, &io->device, &err) :
			  ioprio_find_device(vm->pid, &io->device, &err);
	if (ret)
		vm_log_error(vm, &err);
	io->why = why_not(io);
	if (!io->why)
		remember(vm);
	if (io->why) {
		log_line("%s: io_boost has no effect (device '%s', scheduler '%s'): %s", vm->name,
			 io->device.name, io->device.scheduler, io->why);
		return;
	}
	pthread_mutex_lock(&vm->lock);
	io->able = true;
	vm_io_follow(vm);
	pthread_mutex_unlock(&vm->lock);
	vm_io_refresh(vm);
	if (vm_wake_main) /* which goes on refreshing */
		vm_wake_main();
}

static int put_back(pid_t tid, void *arg)
{
	struct vm *vm = arg;

	if (ioprio_read(tid) != IOPRIO_BOOST)
		return 0;
	if (ioprio_apply(tid, vm->io.original))
		vm->counters.io_failed++;
	return 1; /* it had it: look once more */
}

void vm_io_end(struct vm *vm)
{
	struct vm_io *io = &vm->io;
	int left = io->able;

	pthread_mutex_lock(&vm->lock);
	io->able = false;
	vm_io_follow(vm);
	pthread_mutex_unlock(&vm->lock);
	/* Workers that were born with it, also those of the last moment. */
	for (int i = 0; i < PASSES_MAX && left > 0; i++)
		left = proc_each_task(vm->pid, put_back, vm);
	for (unsigned int i = 0; i < io->count; i++)
		thread_ref_close(&io->threads[i]);
	io->count = 0;
	if (left > 0)
		vm->counters.record_kept++;
	else
		record_drop(vm->record, io->record);
	io->record = -1;
}
