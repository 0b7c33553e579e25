// SPDX-License-Identifier: GPL-2.0-or-later
/* A VM's process: from its connection to its end. Main thread. */
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/budget.h"
#include "host/error.h"
#include "host/log.h"
#include "host/notify.h"
#include "host/proc.h"
#include "host/record.h"
#include "host/vm.h"

/* CPU time of a vCPU thread, in clock ticks (10 ms), from which on its guest
 * has certainly run: a vCPU of a paused machine uses a tick or two at most. */
#define TICKS_HAS_RUN 10

int vm_connect(struct vm *vm, pid_t pid, struct rs_error **err)
{
	struct proc_stat stat;
	int pidfd, ret;

	if (vm->connected)
		return rs_fail(err, EBUSY, "VM %s is connected to process %d already", vm->name,
			       vm->pid);
	if (pid <= 0)
		return rs_fail(err, ESRCH,
			       "VM %s: its process is not visible from here (another "
			       "pid namespace)",
			       vm->name);
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0u);
	if (pidfd < 0)
		return rs_fail_errno(err, errno, "VM %s: opening process %d", vm->name, pid);
	ret = proc_stat(pid, pid, &stat);
	if (ret) {
		close(pidfd);
		return rs_fail_errno(err, -ret, "VM %s: reading about process %d", vm->name, pid);
	}
	pthread_mutex_lock(&vm->lock);
	ret = vm_bounds_open(vm, err);
	if (ret) {
		pthread_mutex_unlock(&vm->lock);
		close(pidfd);
		return ret;
	}
	vm->pid = pid;
	vm->pid_start = stat.start;
	vm->pidfd = pidfd;
	vm->settled = false;
	vm->share = (struct vm_share){ 0 };
	vm->has_run = false;
	vm->connected = true;
	pthread_mutex_unlock(&vm->lock);
	return 0;
}

/* Save the thread's scheduling, here and in the record. */
static int save_original(struct vm *vm, struct vm_vcpu *v)
{
	struct record_thread id = { vm->pid, v->ref.tid, vm->pid_start, v->ref.start };
	int ret = sched_read(v->ref.tid, &v->original);

	if (ret)
		return ret;
	v->now = v->original;
	record_drop(vm->record, v->record);
	v->record = record_add_thread(vm->record, &id, &v->original);
	if (v->record < 0) {
		vm->counters.record_full++;
		return -ENOSPC;
	}
	return 0;
}

static void drop_vcpu(struct vm *vm, struct vm_vcpu *v)
{
	/* What could not be put back stays in the record, for `ringsched cleanup`. */
	if (v->level != VM_LEVEL_NORMAL && thread_ref_alive(&v->ref))
		vm->counters.record_kept++;
	else
		record_drop(vm->record, v->record);
	thread_ref_close(&v->ref);
	vm_budget_forget(v);
	*v = (struct vm_vcpu){ .ref.fd = -1, .record = -1, .schedstat = -1 };
}

/* A thread that is known already: see whether someone else changed it. */
static void look_again(struct vm *vm, struct vm_vcpu *v)
{
	struct sched_state now;

	if (sched_read(v->ref.tid, &now) || sched_same(&now, &v->now))
		return;
	/* libvirt's own set-up (vcpusched), say: that is its original then,
	 * and our level is applied again by start(). */
	if (!save_original(vm, v)) {
		bool was_realtime = v->level == VM_LEVEL_REALTIME;

		v->level = VM_LEVEL_NORMAL;
		v->priority = 0;
		vm_budget_note(vm, v, was_realtime);
	}
}

static void take_vcpu(struct vm *vm, struct found_vcpu *found)
{
	struct vm_vcpu *v = &vm->vcpus[found->index];

	if (v->present && v->ref.tid == found->ref.tid && v->ref.start == found->ref.start) {
		thread_ref_close(&found->ref);
		look_again(vm, v);
		return;
	}
	if (v->present)
		drop_vcpu(vm, v);
	v->ref = found->ref;
	v->schedstat = -1;
	v->present = !save_original(vm, v);
	if (!v->present)
		drop_vcpu(vm, v);
	else if (found->index >= vm->vcpu_count)
		vm->vcpu_count = found->index + 1;
}

static int find_vcpus(struct vm *vm, struct rs_error **err)
{
	struct found_vcpu found[RS_VCPU_MAX];
	struct proc_stat stat;
	bool ran = false;
	int n = threads_find_vcpus(vm->pid, found, RS_VCPU_MAX, err);

	if (n < 0)
		return n;
	for (int i = 0; i < n; i++)
		ran |= !proc_stat(vm->pid, found[i].ref.tid, &stat) &&
		       stat.cpu_ticks >= TICKS_HAS_RUN;
	pthread_mutex_lock(&vm->lock);
	vm->has_run |= ran;
	for (int i = 0; i < n; i++)
		take_vcpu(vm, &found[i]);
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		if (vm->vcpus[i].present && !thread_ref_alive(&vm->vcpus[i].ref))
			drop_vcpu(vm, &vm->vcpus[i]);
	vm->counters.thread_retries += !n;
	pthread_mutex_unlock(&vm->lock);
	return n;
}

static int call_start(struct vm *vm, bool deferred, struct rs_error **err)
{
	struct rs_error *why = NULL;
	int ret;

	pthread_mutex_lock(&vm->lock);
	vm->realtime_deferred = deferred;
	vm->policy_started = true;
	ret = vm->policy->start(vm, &why);
	if (ret)
		vm->counters.policy_errors++;
	pthread_mutex_unlock(&vm->lock);
	if (ret && why)
		rs_fail(err, -ret, "VM %s: policy %s: %s", vm->name, vm->policy->name,
			why->message);
	else if (ret)
		rs_fail_errno(err, -ret, "VM %s: policy %s", vm->name, vm->policy->name);
	rs_error_free(&why);
	return ret;
}

/* In two steps: what needs no budget first and at once, for a VM that is to be
 * low must be so before it runs; then budgets, then what needs them. */
static int start_policy(struct vm *vm, struct rs_error **err)
{
	/* Settled once more: what is granted stays in force meanwhile, for the
	 * guest runs and its START may come at any time. */
	bool deferred = !vm->policy_started || vm->realtime_deferred;
	int ret = call_start(vm, deferred, err), granted;
	bool early;

	vm_finish(vm);
	notify_update_tick();
	granted = vm_grant(vm, &early, ret ? NULL : err);
	if (early || granted)
		return ret ? ret : granted;
	ret = call_start(vm, false, ret ? NULL : err);
	vm_finish(vm);
	if (!ret && vm->elsewhere)
		ret = vm_place_vcpus(vm, err);
	if (!ret)
		ret = vm_deadline_begin(vm, err);
	return ret;
}

/* Another VM's share may have become less: those that found no room look again. */
static void admit_waiting(const struct vm *other)
{
	for (struct vm *vm = vm_next(NULL); vm; vm = vm_next(vm)) {
		struct rs_error *err = NULL;

		if (vm == other || !vm->connected || !vm->share.refused)
			continue;
		start_policy(vm, &err);
		if (vm->share.refused) /* which was told before */
			rs_error_free(&err);
		vm_log_error(vm, &err);
	}
}

int vm_prepare(struct vm *vm, struct rs_error **err)
{
	int n;

	if (!vm->connected || vm->policy_started)
		return 0;
	n = find_vcpus(vm, err);
	return n > 0 ? start_policy(vm, err) : n;
}

int vm_settle(struct vm *vm, struct rs_error **err)
{
	int n;

	if (!vm->connected)
		return rs_fail(err, ENOTCONN, "VM %s is not connected", vm->name);
	n = find_vcpus(vm, err);
	if (n < 0)
		return n;
	if (!n)
		return rs_fail(err, ESRCH,
			       "VM %s: process %d has no thread named \"CPU N/KVM\" or "
			       "\"CPU N/TCG\": start QEMU with -name NAME,debug-threads=on",
			       vm->name, vm->pid);
	vm->settled = true;
	vm_io_begin(vm);
	n = start_policy(vm, err);
	admit_waiting(vm);
	return n;
}

bool vm_finish(struct vm *vm)
{
	struct rs_error *err = NULL;
	struct vm_failure failure;
	bool low, offers;

	pthread_mutex_lock(&vm->lock);
	failure = vm->failure;
	vm->failure.code = 0;
	low = vm->low;
	pthread_mutex_unlock(&vm->lock);
	if (failure.code) {
		sched_explain(&err, failure.code, vm->pid, failure.tid, failure.policy,
			      failure.priority);
		vm_log_error(vm, &err);
	}
	vm_bounds_report(vm, false);
	if (low)
		vm_lower_process(vm);
	else if (vm->process_low)
		vm_raise_process(vm);
	else
		vm_recheck_process(vm);
	if (!vm->elsewhere)
		vm_unplace_vcpus(vm);
	vm_deadline_end(vm);
	offers = vm_scan_resolve(vm);
	return offers || vm->low_checks > 0;
}

int vm_choose_policy(struct vm *vm, const struct policy *policy, struct rs_error **err)
{
	enum rs_source needs;
	bool started;
	int ret;

	pthread_mutex_lock(&vm->lock);
	needs = vm->policy->needs;
	started = vm->policy_started;
	if (started)
		vm->policy->stop(vm);
	vm->policy = policy;
	vm->policy_started = false;
	interrupt_forget(vm);
	/* The guest reports something else from now on, an END may never come. */
	if (policy->needs != needs)
		vm_forget_guest(vm);
	if (policy->needs != RS_SOURCE_SCAN)
		vm_scan_forget(vm);
	vm_bounds_forget(vm);
	vm_io_follow(vm);
	pthread_mutex_unlock(&vm->lock);
	if (!started || !vm->connected)
		return 0;
	vm_finish(vm);
	if (find_vcpus(vm, err) <= 0)
		return rs_fail(err, ESRCH, "VM %s: its vCPU threads are gone", vm->name);
	ret = start_policy(vm, err);
	admit_waiting(vm);
	return ret;
}

void vm_disconnect(struct vm *vm)
{
	bool held = vm->share.permille != 0;
	struct rs_error *err = NULL;

	if (!vm->connected)
		return;
	pthread_mutex_lock(&vm->lock);
	vm->connected = false;
	vm_forget_guest(vm);
	vm_scan_forget(vm);
	if (vm->policy_started)
		vm->policy->stop(vm);
	vm->policy_started = false;
	vm_budget_end(vm);
	vm_bounds_close(vm);
	vm->sequence_known = false;
	vm->stamped_ns = 0;
	vm->vring_user_address = vm->vring_guest_address = vm->vring_size = 0;
	pthread_mutex_unlock(&vm->lock);
	while (vm_finish(vm))
		;
	vm_bounds_report(vm, true);
	vm_io_end(vm);
	if (budget_set(vm, NULL, 0, vm->record, &err))
		vm_log_error(vm, &err);
	pthread_mutex_lock(&vm->lock);
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		drop_vcpu(vm, &vm->vcpus[i]);
	vm->vcpu_count = 0;
	pthread_mutex_unlock(&vm->lock);
	close(vm->pidfd);
	vm->pidfd = -1;
	vm->pid = 0;
	vm->share = (struct vm_share){ 0 };
	if (held)
		admit_waiting(vm);
}
