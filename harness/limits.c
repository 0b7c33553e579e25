// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/limits.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "harness/domain_xml.h"
#include "harness/folder.h"
#include "harness/group.h"
#include "harness/placement.h"
#include "harness/process.h"
#include "harness/scenario.h"
#include "harness/schedstat.h"
#include "host/cleanup.h"
#include "host/error.h"
#include "host/json_add.h"

struct limits {
	const struct scenario *scenario;
	const struct scenario_vm *vm;
	pid_t qemu;
	dev_t device; /* 0: the VM has no disk */
	struct json_object *rows;
	struct rs_error **err;
};

/*
 * How a limit looks in the two versions of cgroups. `value` writes what the
 * file shall hold, in v1 or v2 form; it returns false where the scenario sets
 * no such limit.
 */
struct knob {
	const char *controller;
	const char *v1, *v2; /* file names */
	bool per_vcpu; /* in the vCPU's group, not in the VM's */
	bool per_device; /* a line "MAJOR:MINOR value" among others */
	bool (*value)(const struct limits *l, bool v2, char *text, size_t size);
};

/* "a b" of v2's two-part files, where "max" stands for no limit. */
static bool shares_value(const struct limits *l, bool v2, char *text, size_t size)
{
	(void)v2;
	snprintf(text, size, "%u", l->vm->cpu_shares);
	return l->vm->cpu_shares != 0;
}

static bool quota_value(const struct limits *l, bool v2, char *text, size_t size)
{
	unsigned long long quota = l->vm->cpu_quota_us, period = l->vm->cpu_period_us;

	if (v2)
		snprintf(text, size, "%llu %llu", quota, period);
	else
		snprintf(text, size, "%llu", quota);
	return quota != 0;
}

static bool period_value(const struct limits *l, bool v2, char *text, size_t size)
{
	snprintf(text, size, "%llu", (unsigned long long)l->vm->cpu_period_us);
	return l->vm->cpu_quota_us != 0 && !v2; /* v2 has both in one file */
}

static bool memory_value(const struct limits *l, bool v2, char *text, size_t size)
{
	(void)v2;
	snprintf(text, size, "%llu", (unsigned long long)l->vm->memory_limit_mib << 20);
	return l->vm->memory_limit_mib != 0;
}

/* v2's io.max has all four in one line; each is looked for by its name. */
static bool io_value(const struct limits *l, bool v2, const char *name, uint64_t value, char *text,
		     size_t size)
{
	snprintf(text, size, "%s%llu", v2 ? name : "", (unsigned long long)value);
	return value != 0 && l->device;
}

static bool rbps_value(const struct limits *l, bool v2, char *text, size_t size)
{
	return io_value(l, v2, "rbps=", l->vm->read_bytes_sec, text, size);
}

static bool wbps_value(const struct limits *l, bool v2, char *text, size_t size)
{
	return io_value(l, v2, "wbps=", l->vm->write_bytes_sec, text, size);
}

static bool riops_value(const struct limits *l, bool v2, char *text, size_t size)
{
	return io_value(l, v2, "riops=", l->vm->read_iops_sec, text, size);
}

static bool wiops_value(const struct limits *l, bool v2, char *text, size_t size)
{
	return io_value(l, v2, "wiops=", l->vm->write_iops_sec, text, size);
}

static const struct knob knobs[] = {
	{ "cpu", "cpu.shares", "cpu.weight", false, false, shares_value },
	{ "cpu", "cpu.cfs_quota_us", "cpu.max", true, false, quota_value },
	{ "cpu", "cpu.cfs_period_us", "cpu.max", true, false, period_value },
	{ "memory", "memory.limit_in_bytes", "memory.max", false, false, memory_value },
	{ "blkio", "blkio.throttle.read_bps_device", "io.max", false, true, rbps_value },
	{ "blkio", "blkio.throttle.write_bps_device", "io.max", false, true, wbps_value },
	{ "blkio", "blkio.throttle.read_iops_device", "io.max", false, true, riops_value },
	{ "blkio", "blkio.throttle.write_iops_device", "io.max", false, true, wiops_value },
};

static pid_t vcpu_thread(const struct limits *l, unsigned int index)
{
	static const char *const kinds[] = { "KVM", "TCG" };
	unsigned int i;
	char name[32];
	pid_t tid = 0;

	for (i = 0; i < 2 && !tid; i++) {
		snprintf(name, sizeof(name), "CPU %u/%s", index, kinds[i]);
		tid = process_thread(l->qemu, name);
	}
	return tid;
}

/* What the file says of us: all of it, or our device's part of its line. */
static int read_knob(const struct knob *k, const struct limits *l, bool v2, const char *path,
		     const char *wanted, char *value, size_t size)
{
	char text[4096], device[32], *line;
	int ret = folder_read(path, text, sizeof(text), l->err);

	if (ret < 0)
		return ret;
	if (!k->per_device) {
		snprintf(value, size, "%s", text);
		return 0;
	}
	snprintf(device, sizeof(device), "%u:%u ", major(l->device), minor(l->device));
	line = strncmp(text, device, strlen(device)) ? strstr(text, device) : text;
	if (!line)
		line = text + strlen(text);
	else
		line += strlen(device);
	if (v2) { /* "rbps=1 wbps=max": from our name to the blank behind it */
		char *part = strstr(line, wanted);

		line = part ? part : line;
		line[strcspn(line, " \n")] = '\0';
	}
	line[strcspn(line, "\n")] = '\0';
	snprintf(value, size, "%s", line);
	return 0;
}

static void add_row(const struct limits *l, const char *knob, const char *path, const char *wanted,
		    const char *value)
{
	struct json_object *row = json_object_new_object();

	json_add_text(row, "vm", l->vm->name);
	json_add_text(row, "knob", knob);
	json_add_text(row, "path", path);
	json_add_text(row, "wanted", wanted);
	json_add_text(row, "value", value);
	json_object_array_add(l->rows, row);
}

static int check_knob(const struct knob *k, const struct limits *l, pid_t tid)
{
	bool v2;
	cleanup_free char *dir = group_find(l->qemu, tid, k->controller, &v2);
	cleanup_free char *path = NULL;
	char wanted[64], value[4096];
	int ret;

	if (!k->value(l, v2, wanted, sizeof(wanted)))
		return 0;
	if (!dir)
		return rs_fail(l->err, ENOENT, "VM %s: no cgroup with controller %s", l->vm->name,
			       k->controller);
	if (!k->per_vcpu)
		group_up_to_vm(dir);
	path = folder_path(dir, "%s", v2 ? k->v2 : k->v1);
	if (!path)
		return rs_fail(l->err, ENOMEM, "out of memory");
	ret = read_knob(k, l, v2, path, wanted, value, sizeof(value));
	if (ret < 0)
		return ret;
	add_row(l, v2 ? k->v2 : k->v1, path, wanted, value);
	if (strcmp(wanted, value))
		return rs_fail(l->err, EBADE, "VM %s: %s holds '%s', the scenario says %s",
			       l->vm->name, path, value, wanted);
	return 0;
}

static int check_knobs(const struct limits *l)
{
	unsigned int i, vcpu;
	int ret;

	for (i = 0; i < sizeof(knobs) / sizeof(knobs[0]); i++)
		for (vcpu = 0; vcpu < (knobs[i].per_vcpu ? l->vm->vcpus : 1); vcpu++) {
			pid_t tid = knobs[i].per_vcpu ? vcpu_thread(l, vcpu) : l->qemu;

			ret = check_knob(&knobs[i], l, tid);
			if (ret < 0)
				return ret;
		}
	return 0;
}

/* Of the scenario's cores the thread may run on those of this list only. */
static int check_cores(const struct limits *l, pid_t tid, const char *what, bool vcpu,
		       const int *cores, unsigned int count)
{
	char allowed[256], wanted[128], path[64];
	const struct scenario *s = l->scenario;
	unsigned int i;

	/* A helper thread of QEMU may end at any time; a vCPU's may not. */
	if (schedstat_allowed(l->qemu, tid, allowed, sizeof(allowed), NULL) < 0)
		return vcpu ? rs_fail(l->err, ESRCH, "VM %s: thread %d (%s) is gone", l->vm->name,
				      (int)tid, what) :
			      0;
	cores_text(cores, count, wanted, sizeof(wanted));
	snprintf(path, sizeof(path), "/proc/%d/task/%d/status", (int)l->qemu, (int)tid);
	add_row(l, what, path, wanted, allowed);
	for (i = 0; i < s->shared_core_count + s->housekeeping_core_count; i++) {
		int core = i < s->shared_core_count ?
				   s->shared_cores[i] :
				   s->housekeeping_cores[i - s->shared_core_count];

		if (schedstat_names(allowed, core) && !placement_has(cores, count, core))
			return rs_fail(l->err, EBADE,
				       "VM %s: thread %d (%s) may run on core %s, it shall on %s",
				       l->vm->name, (int)tid, what, allowed, wanted);
	}
	return 0;
}

static bool is_vcpu(const struct limits *l, pid_t tid, unsigned int *index)
{
	for (*index = 0; *index < l->vm->vcpus; ++*index)
		if (vcpu_thread(l, *index) == tid)
			return true;
	return false;
}

static int check_threads(const struct limits *l, const struct placement *elsewhere)
{
	const struct scenario *s = l->scenario;
	const int *vcpu_cores = elsewhere ? elsewhere->cores : s->shared_cores;
	unsigned int vcpu_count = elsewhere ? elsewhere->count : s->shared_core_count;
	cleanup_dir DIR *dir = NULL;
	const struct dirent *entry;
	char path[64], what[64];
	unsigned int index;
	int ret = 0;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)l->qemu);
	dir = opendir(path);
	if (!dir)
		return rs_fail_errno(l->err, errno, "opening %s", path);
	while (ret == 0 && (entry = readdir(dir))) {
		pid_t tid = atoi(entry->d_name);

		if (tid <= 0)
			continue;
		if (is_vcpu(l, tid, &index)) {
			snprintf(what, sizeof(what), "cores of vCPU %u", index);
			ret = check_cores(l, tid, what, true, vcpu_cores, vcpu_count);
		} else {
			ret = check_cores(l, tid, "cores of another thread", false,
					  s->housekeeping_cores, s->housekeeping_core_count);
		}
	}
	return ret;
}

int limits_read_back(const struct scenario *s, const struct scenario_vm *vm, pid_t qemu,
		     const char *block_device, struct json_object *rows, struct rs_error **err)
{
	struct limits l = { .scenario = s, .vm = vm, .qemu = qemu, .rows = rows, .err = err };
	struct stat st;

	if (block_device) {
		if (stat(block_device, &st) < 0)
			return rs_fail_errno(err, errno, "block device %s", block_device);
		l.device = st.st_rdev;
	}
	return check_knobs(&l);
}

int limits_read_cores(const struct scenario *s, const struct scenario_vm *vm, pid_t qemu,
		      const struct placement *elsewhere, struct json_object *rows,
		      struct rs_error **err)
{
	const struct limits l = { .scenario = s, .vm = vm, .qemu = qemu, .rows = rows, .err = err };

	return check_threads(&l, elsewhere);
}
