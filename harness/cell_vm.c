// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "harness/accel.h"
#include "harness/cell_state.h"
#include "harness/daemon.h"
#include "harness/domain_xml.h"
#include "harness/folder.h"
#include "harness/journal.h"
#include "harness/jsonread.h"
#include "harness/limits.h"
#include "harness/placement.h"
#include "harness/pressure.h"
#include "harness/wait.h"
#include "host/cleanup.h"
#include "host/error.h"
#include "host/policy.h"
#include "host/vm_bounds.h"
#include "host/vm_share.h"

#define CONNECT_S 30 /* QEMU's end of the agent's port */
#define SCRATCH_MIB 1024 /* of a small guest's disk; holes take no space */

/*
 * Real-time share of the core, in permille. The kernel never gives more than
 * 950 to all (sched_rt_runtime_us); 940 are split by what the VMs' rings
 * declare, so that a VM that works longer than it says meets its own bound
 * and not its neighbour's.
 */
#define BUDGET_ALL SCENARIO_RT_BUDGET_ALL
_Static_assert(BUDGET_ALL <= VM_SHARE_TOTAL_DEFAULT, "the daemon would not admit all VMs");
#define BUDGET_MIN SCENARIO_RT_BUDGET_MIN
#define NOTIFY_RESERVE 4 /* times what the rings need */

double cell_vm_utilisation(const struct scenario_vm *vm)
{
	double sum = 0;
	unsigned int i, j;

	for (i = 0; i < vm->ring_count; i++)
		for (j = 0; j < vm->rings[i].processes; j++)
			sum += vm->rings[i].work_us[j] / (double)vm->rings[i].period_us;
	for (i = 0; vm->resource.ring >= 0 && i < vm->ring_count; i++)
		if ((int)vm->rings[i].id == vm->resource.user)
			sum += (double)vm->resource.use_us / vm->resource.every /
			       (double)vm->rings[i].period_us;
	return sum;
}

/* Each VM without a budget of its own has the least one; the rest goes by load. */
unsigned int cell_vm_budget(const struct scenario *s, const struct scenario_vm *vm)
{
	double all = 0, left = BUDGET_ALL;
	unsigned int i;

	if (vm->rt_budget_permille)
		return vm->rt_budget_permille;
	for (i = 0; i < s->vm_count; i++) {
		const struct scenario_vm *other = &s->vms[i];

		left -= other->rt_budget_permille ? other->rt_budget_permille : BUDGET_MIN;
		all += other->rt_budget_permille ? 0 : cell_vm_utilisation(other);
	}
	if (all <= 0 || left <= 0)
		return BUDGET_MIN;
	return BUDGET_MIN + (unsigned int)(left * cell_vm_utilisation(vm) / all);
}

/* Under the policy that is told most a period has two notifications a process. */
unsigned int cell_vm_notify_rate(const struct scenario_vm *vm)
{
	double rate = 0;
	unsigned int i;

	if (vm->notify_rate)
		return vm->notify_rate;
	for (i = 0; i < vm->ring_count; i++)
		rate += (2 + 2.0 * vm->rings[i].processes) * 1e6 / (double)vm->rings[i].period_us;
	rate *= NOTIFY_RESERVE;
	if (rate > VM_NOTIFY_RATE_MAX)
		return VM_NOTIFY_RATE_MAX;
	return rate > VM_NOTIFY_RATE_DEFAULT ? (unsigned int)rate : VM_NOTIFY_RATE_DEFAULT;
}

static bool limits_io(const struct scenario_vm *vm)
{
	return vm->read_bytes_sec || vm->write_bytes_sec || vm->read_iops_sec || vm->write_iops_sec;
}

int cell_vm_prepare(struct cell_state *cell, struct cell_vm *v, const struct scenario_vm *vm,
		    struct rs_error **err)
{
	struct journal *j = cell->context->journal;

	v->vm = vm;
	v->domain = DOMAIN_NONE;
	snprintf(v->domain.name, sizeof(v->domain.name), "rs-%s-%s", journal_id(j), vm->name);
	v->agent_socket = folder_path(journal_dir(j), "%s.agent", vm->name);
	v->notify_socket = folder_path(journal_dir(j), "%s.notify", vm->name);
	v->console = folder_path(cell->plan->dir, "console-%s.log", vm->name);
	if (scenario_has_disk(vm))
		v->disk = folder_path(cell->plan->dir, "disk-%s.qcow2", vm->name);
	if (!v->agent_socket || !v->notify_socket || !v->console ||
	    (scenario_has_disk(vm) && !v->disk))
		return rs_fail(err, ENOMEM, "out of memory");
	return 0;
}

static int make_disk(struct cell_state *cell, struct cell_vm *v, struct rs_error **err)
{
	cleanup_free char *image = folder_path(cell->context->guests, "neighbour.img");
	int ret;

	if (!v->disk)
		return 0;
	if (!image)
		return rs_fail(err, ENOMEM, "out of memory");
	ret = journal_add(cell->context->journal, err, "file %s", v->disk);
	if (ret < 0)
		return ret;
	if (v->vm->image == VM_IMAGE_SMALL)
		return domain_make_scratch(v->disk, SCRATCH_MIB, err);
	/* What another reader left in the page cache would be free for this VM. */
	if (v->vm->disk_cache == CACHE_WRITEBACK)
		domain_forget_cached(image);
	return domain_make_disk(v->disk, image, err);
}

/* A small guest finds the programs of its loads on a disk of their own. */
static bool wants_tools(const struct scenario_vm *vm)
{
	return vm->image == VM_IMAGE_SMALL && scenario_has_programs(vm);
}

/* panic=-1: a guest that panics restarts, which ends its VM (domain_xml.c) and so
 * is seen at once; one that stands still would be when it is asked next. */
static const char *cmdline(const struct scenario_vm *vm)
{
	if (vm->image == VM_IMAGE_DEBIAN)
		return "root=/dev/vda rw console=ttyS0 tsc=reliable quiet panic=-1";
	return wants_tools(vm) ? "console=ttyS0 tsc=reliable quiet panic=-1 rs.disks=1" :
				 "console=ttyS0 tsc=reliable quiet panic=-1";
}

/*
 * What boots: the small guest lives in its initramfs, Debian's only mounts the
 * disk. The kernels are the uncompressed ones, which QEMU enters at their PVH
 * entry: unpacking alone takes 4 s under TCG.
 */
static int write_xml(struct cell_state *cell, struct cell_vm *v, const char *block_device,
		     char **xml, struct rs_error **err)
{
	const struct cell_context *c = cell->context;
	const char *flavour = v->vm->kernel == VM_KERNEL_RT ? "rt" : "standard";
	cleanup_free char *kernel = folder_path(c->guests, "%s/vmlinux", flavour);
	cleanup_free char *initrd = v->vm->image == VM_IMAGE_DEBIAN ?
					    folder_path(c->guests, "neighbour-initrd.cpio.gz") :
					    folder_path(c->guests, "control-%s.cpio.gz", flavour);
	cleanup_free char *tools = folder_path(c->guests, "tools.img");
	cleanup_free char *path = folder_path(cell->plan->dir, "domain-%s.xml", v->vm->name);
	struct domain_config config = {
		.name = v->domain.name,
		.scenario = c->scenario,
		.vm = v->vm,
		.carrier = c->carrier,
		.kvm = c->accel->kvm,
		.emulator = c->emulator,
		.kernel = kernel,
		.initrd = initrd,
		.cmdline = cmdline(v->vm),
		.disk = v->disk,
		.tools = wants_tools(v->vm) ? tools : NULL,
		.direct_io = v->vm->disk_cache == CACHE_NONE && domain_direct_io(cell->plan->dir),
		.block_device = block_device,
		.agent_socket = v->agent_socket,
		.notify_socket = v->notify_socket,
		.console = v->console,
	};

	if (!kernel || !initrd || !tools || !path)
		return rs_fail(err, ENOMEM, "out of memory");
	*xml = domain_xml(&config, err);
	return *xml ? folder_write(path, *xml, err) : -ENOMEM;
}

static int find_vcpus(struct cell_vm *v, struct rs_error **err)
{
	static const char *const kinds[] = { "KVM", "TCG" };
	unsigned int i, k;
	char name[32];

	for (i = 0; i < v->vm->vcpus; i++) {
		for (k = 0; k < 2 && !v->vcpus[i]; k++) {
			snprintf(name, sizeof(name), "CPU %u/%s", i, kinds[k]);
			v->vcpus[i] = process_thread(v->domain.qemu.pid, name);
		}
		if (!v->vcpus[i])
			return rs_fail(err, ESRCH, "QEMU has no thread for vCPU %u", i);
	}
	return 0;
}

/* A policy that makes nothing real-time has no budget to keep. */
static int check_keeper(const struct cell_vm *v, struct json_object *budget, struct rs_error **err)
{
	const char *wanted = scenario_keepers[v->vm->budget_by], *by = json_text(budget, "by");

	if (v->vm->budget_by == KEEPER_AUTO || (by && !strcmp(by, wanted)) ||
	    !json_true(budget, "needed"))
		return 0;
	return rs_fail(err, ENOTSUP,
		       "the scenario says budget_by: %s, but it is kept by %s: this kernel has no "
		       "RT_GROUP_SCHED that bounds it",
		       wanted, by ? by : "nobody");
}

static int settle(struct cell_state *cell, struct cell_vm *v, struct rs_error **err)
{
	struct json_object *answer =
		daemon_settle(cell->daemon, v->vm->name, v->domain.qemu.pid, err);

	if (!answer)
		return -EIO;
	json_object_object_del(answer, "ok");
	json_object_object_add(cell->settled, v->vm->name, answer);
	return check_keeper(v, json_dict(answer, "budget"), err);
}

/* Settled, so where the policy wants them. */
static int read_cores(struct cell_state *cell, struct cell_vm *v, struct rs_error **err)
{
	const struct scenario *s = cell->context->scenario;
	const struct policy *policy = policy_find(cell->plan->policy, err);
	struct placement elsewhere;
	bool moved;

	if (!policy)
		return -EINVAL;
	moved = policy->moves_neighbours && v->vm->role == VM_ROLE_NEIGHBOUR;
	placement_elsewhere(s, &elsewhere);
	return limits_read_cores(s, v->vm, v->domain.qemu.pid, moved ? &elsewhere : NULL,
				 cell->limits, err);
}

/* Paused, settled, read back: all that shall hold holds before the guest's
 * first instruction. */
static int create(struct cell_state *cell, struct cell_vm *v, struct rs_error **err)
{
	const struct cell_context *c = cell->context;
	cleanup_free char *device = limits_io(v->vm) ? domain_block_device(cell->plan->dir) : NULL;
	cleanup_free char *xml = NULL;
	int ret;

	if (limits_io(v->vm) && v->disk && !device)
		return rs_fail(err, ENODEV,
			       "the scenario limits its I/O, but %s lies on no block device that "
			       "could be limited: choose another --out",
			       cell->plan->dir);
	ret = make_disk(cell, v, err);
	if (ret == 0)
		ret = write_xml(cell, v, v->disk ? device : NULL, &xml, err);
	if (ret == 0)
		ret = domain_create(&v->domain, c->libvirt, c->journal, xml, err);
	if (ret == 0 && v->vm->memory_limit_mib)
		ret = domain_limit_memory(&v->domain, v->vm->memory_limit_mib, err);
	if (ret == 0)
		ret = find_vcpus(v, err);
	if (ret == 0)
		ret = limits_read_back(c->scenario, v->vm, v->domain.qemu.pid,
				       v->disk ? device : NULL, cell->limits, err);
	/* From here on a policy may have the VM's group low, whose shares then
	 * read as a few: it puts the scenario's back when it lifts the VM. */
	if (ret == 0)
		ret = settle(cell, v, err);
	if (ret == 0)
		ret = read_cores(cell, v, err);
	return ret < 0 ? ret : cell_watch_note(v, err);
}

int cell_vm_create(struct cell_state *cell, struct cell_vm *v, struct rs_error **err)
{
	int ret = create(cell, v, err);

	if (ret == 0) {
		v->agent = agent_connect(v->agent_socket, wait_deadline(CONNECT_S), err);
		ret = v->agent ? 0 : -EIO;
	}
	return ret < 0 ? rs_fail_wrap(err, "VM %s", v->vm->name) : 0;
}

int cell_vm_resume(struct cell_vm *v, struct rs_error **err)
{
	int ret = domain_resume(&v->domain, err);

	v->resumed_ns = wait_now_ns();
	return ret < 0 ? rs_fail_wrap(err, "VM %s", v->vm->name) : 0;
}

int cell_vm_wait_up(struct cell_vm *v, double timeout_s, struct rs_error **err)
{
	struct agent_hello hello;
	int ret = agent_hello(v->agent, &hello, wait_deadline(timeout_s), err);

	v->hello_ns = wait_now_ns();
	if (ret == 0)
		snprintf(v->kernel, sizeof(v->kernel), "%s", hello.kernel);
	if (ret == 0 && hello.revision != RS_REVISION)
		ret = rs_fail(err, EPROTO,
			      "its agent speaks revision %u, not %u: build the guests again",
			      hello.revision, RS_REVISION);
	if (ret == 0 && !hello.module)
		ret = rs_fail(err, ENODEV, "its driver found no ringsched device");
	if (ret == 0 && hello.vcpus != v->vm->vcpus)
		ret = rs_fail(err, EPROTO, "it has %u vCPUs, the scenario says %u", hello.vcpus,
			      v->vm->vcpus);
	return ret < 0 ? rs_fail_wrap(err, "VM %s", v->vm->name) : 0;
}

int cell_vm_pressure(struct cell_state *cell, struct cell_vm *v, struct rs_error **err)
{
	cleanup_free char *device =
		v->disk && limits_io(v->vm) ? domain_block_device(cell->plan->dir) : NULL;

	return pressure_read(v->vm, v->domain.qemu.pid, device, cell->pressure, err);
}

void cell_vm_destroy(struct cell_state *cell, struct cell_vm *v)
{
	cleanup_free char *log = NULL, *copy = NULL;

	v->watched = false;
	agent_close(v->agent);
	v->agent = NULL;
	domain_destroy(&v->domain);
	if (v->agent_socket)
		unlink(v->agent_socket);
	if (v->disk)
		unlink(v->disk);
	log = folder_path(cell->context->libvirt_logs, "%s.log", v->domain.name);
	copy = folder_path(cell->plan->dir, "qemu-%s.log", v->vm->name);
	/* Without a log the result is as good; it is for people. */
	if (log && copy && folder_copy(log, copy, NULL) == 0)
		unlink(log);
}

void cell_vm_free(struct cell_vm *v)
{
	/* Of a daemon that was killed. */
	if (v->notify_socket)
		unlink(v->notify_socket);
	free(v->agent_socket);
	free(v->notify_socket);
	free(v->console);
	free(v->disk);
}
