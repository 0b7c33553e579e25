// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/environment.h"

#include <mntent.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "harness/folder.h"
#include "harness/libvirt_conn.h"
#include "host/cleanup.h"
#include "host/json_add.h"

/* Settings of the kernel that change what is measured. */
static const struct {
	const char *name, *path;
} settings[] = {
	{ "clocksource", "/sys/devices/system/clocksource/clocksource0/current_clocksource" },
	{ "sched_rt_runtime_us", "/proc/sys/kernel/sched_rt_runtime_us" },
	{ "sched_rt_period_us", "/proc/sys/kernel/sched_rt_period_us" },
	{ "sched_base_slice_ns", "/sys/kernel/debug/sched/base_slice_ns" },
	{ "frequency_governor", "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor" },
	{ "simultaneous_threads", "/sys/devices/system/cpu/smt/control" },
	{ "isolated_cores", "/sys/devices/system/cpu/isolated" },
};

/* Of the kernel's command line only what bears on scheduling and timing: the
 * rest is about the machine and nobody else's business. */
static const char *const parameters[] = {
	"clocksource",
	"idle",
	"intel_idle.",
	"intel_pstate",
	"irqaffinity",
	"isolcpus",
	"kvm.",
	"kvm_amd.",
	"kvm_intel.",
	"maxcpus",
	"mitigations",
	"nmi_watchdog",
	"nohz",
	"nohz_full",
	"nosmt",
	"nr_cpus",
	"preempt",
	"processor.",
	"rcu_nocb_poll",
	"rcu_nocbs",
	"rcutree.",
	"skew_tick",
	"systemd.unified_cgroup_hierarchy",
	"threadirqs",
	"transparent_hugepage",
	"tsc",
};

static bool is_parameter(const char *word)
{
	unsigned int i;
	size_t length;

	for (i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++) {
		length = strlen(parameters[i]);
		if (!strncmp(word, parameters[i], length) &&
		    (strchr("._", parameters[i][length - 1]) || !word[length] ||
		     word[length] == '='))
			return true;
	}
	return false;
}

static void add_parameters(struct json_object *o)
{
	char line[4096], kept[4096] = "";
	char *rest = line, *word;
	size_t used = 0;

	if (folder_read("/proc/cmdline", line, sizeof(line), NULL) < 0)
		return;
	while ((word = strsep(&rest, " ")))
		if (is_parameter(word)) /* never longer than `line` */
			used += (size_t)sprintf(kept + used, "%s%s", used ? " " : "", word);
	if (used)
		json_add_text(o, "kernel_parameters", kept);
}

static void add_text(struct json_object *o, const char *name, const char *text)
{
	if (text[0])
		json_add_text(o, name, text);
}

/* The value of a file's first line that is KEY : VALUE or KEY="VALUE". */
static void add_line(struct json_object *o, const char *name, const char *path, const char *key)
{
	cleanup_file FILE *from = fopen(path, "re");
	char line[4096];
	char *value;

	while (from && fgets(line, sizeof(line), from)) {
		if (strncmp(line, key, strlen(key)))
			continue;
		value = strpbrk(line, ":=");
		if (!value)
			continue;
		value += 1 + strspn(value + 1, " \t\"");
		value[strcspn(value, "\"\n")] = '\0';
		add_text(o, name, value);
		return;
	}
}

static void add_kernel(struct json_object *o)
{
	struct utsname name;

	if (uname(&name) < 0)
		return;
	add_text(o, "kernel", name.release);
	add_text(o, "kernel_version", name.version);
	add_text(o, "architecture", name.machine);
}

static void add_versions(struct json_object *o, struct libvirt_conn *c)
{
	unsigned long v = 0;
	char text[32];

	if (virConnectGetVersion(libvirt_handle(c), &v) == 0) {
		snprintf(text, sizeof(text), "%lu.%lu.%lu", v / 1000000, v / 1000 % 1000, v % 1000);
		add_text(o, "qemu", text);
	}
	libvirt_version(c, text, sizeof(text));
	add_text(o, "libvirt", text);
}

static void add_cgroups(struct json_object *o)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	const struct mntent *mount;
	int v1 = 0, v2 = 0;

	while (mounts && (mount = getmntent(mounts))) {
		v1 += !strcmp(mount->mnt_type, "cgroup");
		v2 += !strcmp(mount->mnt_type, "cgroup2");
	}
	if (mounts)
		endmntent(mounts);
	add_text(o, "cgroups", v1 ? v2 ? "v1, and v2 beside it" : "v1" : v2 ? "v2" : "none");
	json_add_text(o, "rt_group_sched",
		      access("/sys/fs/cgroup/cpu/cpu.rt_runtime_us", F_OK) == 0 ? "yes" : "no");
}

struct json_object *environment_json(struct libvirt_conn *c)
{
	struct json_object *o = json_object_new_object();
	char text[1024];
	unsigned int i;

	add_line(o, "system", "/etc/os-release", "PRETTY_NAME");
	add_kernel(o);
	add_line(o, "cpu", "/proc/cpuinfo", "model name");
	json_add_i64(o, "cores", sysconf(_SC_NPROCESSORS_ONLN));
	json_add_i64(o, "memory_mib",
		     sysconf(_SC_PHYS_PAGES) / ((1 << 20) / sysconf(_SC_PAGESIZE)));
	if (folder_read("/proc/cpuinfo", text, sizeof(text), NULL) == 0 &&
	    strstr(text, "hypervisor"))
		add_text(o, "virtual_machine", "yes");
	add_versions(o, c);
	add_cgroups(o);
	for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		if (folder_read(settings[i].path, text, sizeof(text), NULL) == 0)
			add_text(o, settings[i].name, text);
	add_parameters(o);
	return o;
}
