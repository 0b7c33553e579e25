// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/accel.h"
#include "harness/cell_state.h"
#include "harness/daemon.h"
#include "harness/domain_xml.h"
#include "harness/folder.h"
#include "harness/journal.h"
#include "harness/limits.h"
#include "harness/wait.h"
#include "host/cleanup.h"
#include "host/error.h"

#define COMMAND_S 30 /* for a guest's answer while another VM has the core */
#define CALIBRATE_MS 400 /* CPU time in all: 51 turns of 8 ms */
#define CYCLICTEST_S 120

/*
 * Real-time share of the core, in permille. The kernel never gives more than
 * 950 to all (sched_rt_runtime_us); 940 are split by what the VMs' rings
 * declare, so that a VM that works longer than it says meets its own bound
 * and not its neighbour's.
 */
#define BUDGET_ALL 940
#define BUDGET_MIN 10

static double utilisation(const struct scenario_vm *vm)
{
	double sum = 0;
	unsigned int i, j;

	for (i = 0; i < vm->ring_count; i++)
		for (j = 0; j < vm->rings[i].processes; j++)
			sum += vm->rings[i].work_us[j] / (double)vm->rings[i].period_us;
	return sum;
}

unsigned int cell_vm_budget(const struct scenario *s, const struct scenario_vm *vm)
{
	double all = 0, own = utilisation(vm), left = BUDGET_ALL;
	unsigned int i, budget;

	if (vm->rt_budget_permille)
		return vm->rt_budget_permille;
	for (i = 0; i < s->vm_count; i++) {
		if (s->vms[i].rt_budget_permille)
			left -= s->vms[i].rt_budget_permille;
		else if (utilisation(&s->vms[i]) > 0)
			all += utilisation(&s->vms[i]);
		else
			left -= BUDGET_MIN;
	}
	budget = own > 0 && left > 0 ? (unsigned int)(left * own / all) : BUDGET_MIN;
	return budget < BUDGET_MIN ? BUDGET_MIN : budget;
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
	if (vm->role == VM_ROLE_NEIGHBOUR)
		v->disk = folder_path(cell->plan->dir, "disk-%s.qcow2", vm->name);
	if (!v->agent_socket || !v->notify_socket || !v->console ||
	    (vm->role == VM_ROLE_NEIGHBOUR && !v->disk))
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
	return ret < 0 ? ret : domain_make_disk(v->disk, image, err);
}

/*
 * What boots: the control guest lives in its initramfs, the neighbour's only
 * mounts the disk. The kernels are the uncompressed ones, which QEMU enters
 * at their PVH entry: unpacking alone takes 4 s under TCG.
 */
static int write_xml(struct cell_state *cell, struct cell_vm *v, const char *block_device,
		     char **xml, struct rs_error **err)
{
	const struct cell_context *c = cell->context;
	const char *flavour = v->vm->kernel == VM_KERNEL_RT ? "rt" : "standard";
	cleanup_free char *kernel = folder_path(c->guests, "%s/vmlinux", flavour);
	cleanup_free char *initrd = v->disk ? folder_path(c->guests, "neighbour-initrd.cpio.gz") :
					      folder_path(c->guests, "control-%s.cpio.gz", flavour);
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
		.cmdline = v->disk ? "root=/dev/vda rw console=ttyS0 tsc=reliable quiet" :
				     "console=ttyS0 tsc=reliable quiet",
		.disk = v->disk,
		.direct_io = domain_direct_io(cell->plan->dir),
		.block_device = block_device,
		.agent_socket = v->agent_socket,
		.notify_socket = v->notify_socket,
		.console = v->console,
	};

	if (!kernel || !initrd || !path)
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

static int settle(struct cell_state *cell, struct cell_vm *v, struct rs_error **err)
{
	struct json_object *answer = daemon_settle(cell->daemon, v->vm->name, err);

	if (!answer)
		return -EIO;
	json_object_object_del(answer, "ok");
	json_object_object_add(cell->settled, v->vm->name, answer);
	return 0;
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
	return ret < 0 ? ret : settle(cell, v, err);
}

int cell_vm_start(struct cell_state *cell, struct cell_vm *v, struct rs_error **err)
{
	int ret = create(cell, v, err);

	if (ret == 0) {
		v->agent = agent_connect(v->agent_socket, wait_deadline(COMMAND_S), err);
		ret = v->agent ? domain_resume(&v->domain, err) : -EIO;
	}
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
		ret = rs_fail(err, EPROTO, "its agent speaks revision %u, not %u: run make guests",
			      hello.revision, RS_REVISION);
	if (ret == 0 && !hello.module)
		ret = rs_fail(err, ENODEV, "its driver found no ringsched device");
	if (ret == 0 && hello.vcpus != v->vm->vcpus)
		ret = rs_fail(err, EPROTO, "it has %u vCPUs, the scenario says %u", hello.vcpus,
			      v->vm->vcpus);
	return ret < 0 ? rs_fail_wrap(err, "VM %s", v->vm->name) : 0;
}

static int calibrate(struct cell_vm *v, struct rs_error **err)
{
	char answer[AGENT_LINE_MAX];
	int ret = agent_command(v->agent, COMMAND_S, answer, err, "CALIBRATE ms=%d", CALIBRATE_MS);

	return ret < 0 ? ret : agent_value(answer, "iterations_per_ms", &v->iterations_per_ms, err);
}

/*
 * In a stretch of its own, before any ring exists: beside the rings it would
 * load the very core they are measured on.
 */
static int run_cyclictest(struct cell_state *cell, struct cell_vm *v, struct rs_error **err)
{
	cleanup_free char *path = folder_path(cell->plan->dir, "cyclictest-%s.json", v->vm->name);
	cleanup_free char *data = NULL;
	size_t length;
	int ret;

	if (!v->vm->cyclictest)
		return 0;
	if (!path)
		return rs_fail(err, ENOMEM, "out of memory");
	ret = agent_fetch(v->agent, CYCLICTEST_S + COMMAND_S, &data, &length, err,
			  "EXEC seconds=%d cyclictest %s -q --json=/tmp/cyclictest.json "
			  ">/dev/null && cat /tmp/cyclictest.json",
			  CYCLICTEST_S, v->vm->cyclictest);
	return ret < 0 ? ret : folder_write(path, data, err);
}

static int create_ring(const struct scenario *s, struct cell_vm *v, const struct scenario_ring *r,
		       struct rs_error **err)
{
	double samples = ceil(cell_longest_s(s) * 1e6 / (double)r->period_us) + 100;
	char work[RS_MEMBER_MAX * 11 + 1];
	unsigned int i;
	int used = 0;

	for (i = 0; i < r->processes; i++)
		used += snprintf(work + used, sizeof(work) - (size_t)used, "%s%u", i ? "," : "",
				 r->work_us[i]);
	return agent_command(v->agent, COMMAND_S, NULL, err,
			     "RING id=%u prio=%u period_us=%llu deadline_us=%llu offset_us=%llu "
			     "vcpu=%d processes=%u work_us=%s share=%d samples=%.0f",
			     r->id, r->prio, (unsigned long long)r->period_us,
			     (unsigned long long)r->deadline_us, (unsigned long long)r->offset_us,
			     r->vcpu, r->processes, work, r->share, samples);
}

int cell_vm_begin_work(struct cell_state *cell, struct cell_vm *v, struct rs_error **err)
{
	const struct scenario_vm *vm = v->vm;
	unsigned int i;
	int ret = agent_clock(v->agent, &v->clock, err);

	v->working = true;
	if (ret == 0)
		ret = calibrate(v, err);
	if (ret == 0)
		ret = run_cyclictest(cell, v, err);
	for (i = 0; ret == 0 && i < vm->ring_count; i++)
		ret = create_ring(cell->context->scenario, v, &vm->rings[i], err);
	if (ret == 0 && vm->ring_count)
		ret = agent_command(v->agent, COMMAND_S, NULL, err, "START");
	if (ret == 0 && vm->load.stress_ng)
		ret = agent_command(v->agent, COMMAND_S, NULL, err, "LOAD stress-ng %s",
				    vm->load.stress_ng);
	if (ret == 0 && vm->load.fio)
		ret = agent_command(v->agent, COMMAND_S, NULL, err, "LOAD fio %s", vm->load.fio);
	return ret < 0 ? rs_fail_wrap(err, "VM %s", vm->name) : 0;
}

/* A load that was over before the phase was did not load it. */
static int unload(struct cell_vm *v, struct rs_error **err)
{
	char answer[AGENT_LINE_MAX];
	uint64_t ended;
	int ret = agent_command(v->agent, COMMAND_S, answer, err, "UNLOAD");

	if (ret == 0)
		ret = agent_value(answer, "ended", &ended, err);
	if (ret == 0 && ended)
		ret = rs_fail(err, ECHILD,
			      "%ju of its loads ended before phase shared did: check the arguments "
			      "of load.stress_ng and load.fio, and let them run longer",
			      (uintmax_t)ended);
	return ret;
}

int cell_vm_end_work(struct cell_vm *v, struct rs_error **err)
{
	int ret = 0;

	if (!v->working)
		return 0;
	if (v->vm->load.stress_ng || v->vm->load.fio)
		ret = unload(v, err);
	if (ret == 0 && v->vm->ring_count)
		ret = agent_command(v->agent, COMMAND_S, NULL, err, "STOP");
	if (ret == 0)
		ret = agent_clock(v->agent, &v->clock_end, err);
	return ret < 0 ? rs_fail_wrap(err, "VM %s", v->vm->name) : 0;
}

void cell_vm_destroy(struct cell_state *cell, struct cell_vm *v)
{
	cleanup_free char *log = NULL, *copy = NULL;

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
