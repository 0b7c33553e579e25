// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vCPU threads on other cores than libvirt put them on (P1). Two things confine
 * them: the cpuset of their vcpuN group and their own affinity, so both are
 * changed, and given back in the same order: an affinity is within its cpuset.
 * Main thread.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/error.h"
#include "host/record.h"
#include "host/vm.h"

#define KNOB "cpuset.cpus"

static bool is_placed(const struct vm *vm, const struct vm_vcpu *v)
{
	for (size_t i = 0; i < vm->placed_count; i++)
		if (vm->placed[i].ref.tid == v->ref.tid && vm->placed[i].ref.start == v->ref.start)
			return true;
	return false;
}

static void forget(struct vm *vm, struct vm_placed *p)
{
	record_drop(vm->record, p->record_cpus);
	record_drop(vm->record, p->record_cores);
	thread_ref_close(&p->ref);
}

/* Does nothing to a thread or a group that is gone. */
static int give_back(const struct vm_placed *p, struct rs_error **err)
{
	int ret = 0;

	if (*p->dir && cgroup_has(p->dir, KNOB))
		ret = cgroup_set(p->dir, KNOB, p->cpus, err);
	if (ret || !thread_ref_alive(&p->ref))
		return ret;
	ret = sched_apply_cores(p->ref.tid, &p->original);
	if (ret && ret != -ESRCH)
		return rs_fail_errno(err, -ret, "thread %d back to its cores", p->ref.tid);
	return 0;
}

/* Only a vCPU's own group: any other holds threads that are to stay. */
static int remember_group(struct vm *vm, struct vm_placed *p, const struct cgroup_place *place,
			  struct rs_error **err)
{
	char path[CGROUP_DIR_MAX + 32];
	int ret;

	if (!place->version || !cgroup_is_vcpu_leaf(place->dir) || !cgroup_has(place->dir, KNOB))
		return 0;
	ret = cgroup_read(place->dir, KNOB, p->cpus, sizeof(p->cpus), err);
	if (ret)
		return ret;
	snprintf(path, sizeof(path), "%s/" KNOB, place->dir);
	p->record_cpus = record_add_knob(vm->record, path, p->cpus);
	if (p->record_cpus < 0)
		return rs_fail(err, -p->record_cpus, "no room in the record for %s", path);
	memcpy(p->dir, place->dir, sizeof(p->dir));
	return 0;
}

static int remember(struct vm *vm, const struct vm_vcpu *v, const struct cgroup_place *place,
		    struct vm_placed *p, struct rs_error **err)
{
	struct record_thread id = { vm->pid, v->ref.tid, vm->pid_start, v->ref.start };
	int ret = thread_ref_open(&p->ref, vm->pid, v->ref.tid, err);

	if (!ret)
		ret = sched_read_cores(v->ref.tid, &p->original);
	if (ret)
		return rs_fail_errno(err, -ret, "cores of thread %d", v->ref.tid);
	p->record_cores = record_add_cores(vm->record, &id, &p->original);
	if (p->record_cores < 0)
		return rs_fail(err, ENOSPC, "no room in the record for thread %d", v->ref.tid);
	return remember_group(vm, p, place, err);
}

static int move(const struct vm *vm, const struct vm_placed *p, struct rs_error **err)
{
	char wanted[CORESET_TEXT_MAX];
	int ret;

	if (!coreset_text(&vm->other_cores, wanted, sizeof(wanted)))
		return rs_fail(err, E2BIG, "its other cores are more than can be named");
	if (*p->dir) {
		ret = cgroup_set(p->dir, KNOB, wanted, err);
		if (ret)
			return rs_fail_wrap(err, "moving thread %d to cores %s", p->ref.tid,
					    wanted);
	}
	ret = sched_apply_cores(p->ref.tid, &vm->other_cores);
	if (ret == -EINVAL || ret == -EBADE)
		return rs_fail(err, -ret,
			       "thread %d may not run on cores %s: they are offline, or its "
			       "cpuset %s lacks some of them",
			       p->ref.tid, wanted, *p->dir ? p->dir : "(not its own)");
	return ret ? rs_fail_errno(err, -ret, "moving thread %d to cores %s", p->ref.tid, wanted) :
		     0;
}

static int place_vcpu(struct vm *vm, const struct vm_vcpu *v, struct rs_error **err)
{
	struct vm_placed p = { .ref.fd = -1, .record_cores = -1, .record_cpus = -1 };
	struct vm_placed *grown;
	struct cgroup_place place;
	int ret = cgroup_find(vm->pid, v->ref.tid, "cpuset", &place, err);

	if (ret)
		return ret;
	if (!vm->settled && strstr(place.dir, "libvirt"))
		return 0; /* libvirt would put it back */
	grown = realloc(vm->placed, (vm->placed_count + 1) * sizeof(*grown));
	if (!grown)
		return rs_fail(err, ENOMEM, "no memory to move a thread");
	vm->placed = grown;
	ret = remember(vm, v, &place, &p, err);
	if (!ret)
		ret = move(vm, &p, err);
	if (ret) {
		give_back(&p, NULL);
		forget(vm, &p);
		return ret;
	}
	grown[vm->placed_count++] = p;
	return 0;
}

int vm_place_vcpus(struct vm *vm, struct rs_error **err)
{
	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		const struct vm_vcpu *v = &vm->vcpus[i];

		if (!v->present || is_placed(vm, v))
			continue;
		if (place_vcpu(vm, v, err)) {
			vm->counters.place_failed++;
			return rs_fail_wrap(err, "VM %s: policy %s", vm->name, vm->policy->name);
		}
	}
	return 0;
}

void vm_unplace_vcpus(struct vm *vm)
{
	struct rs_error *err = NULL;

	for (size_t i = 0; i < vm->placed_count; i++) {
		struct vm_placed *p = &vm->placed[i];

		if (give_back(p, &err)) {
			/* Stays in the record, for `ringsched cleanup`. */
			vm->counters.place_failed++;
			vm->counters.record_kept++;
			vm_log_error(vm, &err);
			thread_ref_close(&p->ref);
		} else {
			forget(vm, p);
		}
	}
	free(vm->placed);
	vm->placed = NULL;
	vm->placed_count = 0;
}
