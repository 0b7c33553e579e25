// SPDX-License-Identifier: GPL-2.0-or-later
/* Checks of the kernel: what it is, and settings that can be changed. */
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "harness/doctor.h"
#include "host/cleanup.h"

#define RT_RUNTIME_MIN 0.95 /* of the period; the VMs' budgets sum up to 0.94 */
#define OTHER_KERNEL "boot a kernel that has it: apt-get install linux-image-amd64 && reboot"

DOCTOR_LOOK(hypervisor)
{
	char text[8192];

	if (!doctor_read(d, text, sizeof(text), "/proc/cpuinfo")) {
		doctor_say(f, DOCTOR_SKIP, "/proc/cpuinfo cannot be read");
	} else if (strstr(text, " hypervisor")) {
		doctor_say(f, DOCTOR_WARN, "this machine is itself virtual");
		doctor_advise(f, "compare policies within one run only; take times from hardware",
			      "");
	} else {
		doctor_say(f, DOCTOR_PASS, "this machine is no virtual one");
	}
}

DOCTOR_LOOK(clocksource)
{
	char now[64], all[128] = "";

	if (!doctor_read(d, now, sizeof(now),
			 "/sys/devices/system/clocksource/clocksource0/current_clocksource")) {
		doctor_say(f, DOCTOR_SKIP, "the kernel does not say");
		return;
	}
	doctor_read(d, all, sizeof(all),
		    "/sys/devices/system/clocksource/clocksource0/available_clocksource");
	if (!strcmp(now, "tsc") || !strcmp(now, "kvm-clock")) {
		doctor_say(f, DOCTOR_PASS, "%s", now);
		return;
	}
	doctor_say(f, DOCTOR_WARN, "%s, of %s", now, all);
	if (strstr(all, "tsc"))
		doctor_offer(d, f, "tsc",
			     "/sys/devices/system/clocksource/clocksource0/current_clocksource");
	else
		doctor_advise(f, "add tsc=reliable to the kernel's command line, if it is",
			      "take it away and boot again");
}

/* A whole word of the flags' line. */
static bool has_flag(const char *flags, const char *flag)
{
	size_t length = strlen(flag);
	const char *p = flags;

	while ((p = strstr(p, flag))) {
		if (p > flags && p[-1] == ' ' && strchr(" \n", p[length]))
			return true;
		p += length;
	}
	return false;
}

DOCTOR_LOOK(cpu_flags)
{
	char text[8192], *flags;
	bool even, virtualisation;

	flags = doctor_read(d, text, sizeof(text), "/proc/cpuinfo") ? strstr(text, "flags") : NULL;
	if (!flags) {
		doctor_say(f, DOCTOR_SKIP, "/proc/cpuinfo shows no flags");
		return;
	}
	flags[strcspn(flags, "\n")] = '\0';
	even = has_flag(flags, "constant_tsc") && has_flag(flags, "nonstop_tsc");
	virtualisation = has_flag(flags, "vmx") || has_flag(flags, "svm");
	doctor_say(f, even && virtualisation ? DOCTOR_PASS : DOCTOR_WARN, "%s, %s",
		   even ? "constant_tsc and nonstop_tsc" : "no constant and nonstop TSC",
		   virtualisation ? "vmx or svm" : "neither vmx nor svm");
	if (!virtualisation)
		doctor_advise(f, "turn VT-x or AMD-V on in the firmware", "");
	else if (!even)
		doctor_advise(f, "measure on a machine whose time stamp counter is even", "");
}

DOCTOR_LOOK(preemption)
{
	struct utsname name;
	char model[64];

	if (doctor_read(d, model, sizeof(model), "/sys/kernel/realtime") && !strcmp(model, "1")) {
		doctor_say(f, DOCTOR_PASS, "PREEMPT_RT");
		return;
	}
	if (doctor_read(d, model, sizeof(model), "/sys/kernel/debug/sched/preempt")) {
		bool full = strstr(model, "(full)") != NULL;

		doctor_say(f, full ? DOCTOR_PASS : DOCTOR_WARN, "%s", model);
		if (!full)
			doctor_offer(d, f, "full", "/sys/kernel/debug/sched/preempt");
		return;
	}
	if (uname(&name) < 0)
		return;
	if (strstr(name.version, "PREEMPT_RT")) {
		doctor_say(f, DOCTOR_PASS, "PREEMPT_RT");
	} else if (strstr(name.version, "PREEMPT_DYNAMIC")) {
		doctor_say(f, DOCTOR_WARN,
			   "PREEMPT_DYNAMIC; the mode in force shows in debugfs, which is not "
			   "mounted");
		doctor_advise(f, "mount -t debugfs none /sys/kernel/debug",
			      "umount /sys/kernel/debug");
	} else if (strstr(name.version, "PREEMPT")) {
		doctor_say(f, DOCTOR_PASS, "PREEMPT");
	} else {
		doctor_say(f, DOCTOR_WARN, "the kernel is not preemptible (%s)", name.version);
		doctor_advise(f, "apt-get install linux-image-rt-amd64 && reboot",
			      "apt-get remove linux-image-rt-amd64 && reboot");
	}
}

DOCTOR_LOOK(sched_info)
{
	if (doctor_exists(d, "/proc/self/schedstat"))
		doctor_say(f, DOCTOR_PASS, "threads' waiting time is counted");
	else
		doctor_say(f, DOCTOR_FAIL, "the kernel lacks CONFIG_SCHED_INFO");
	if (f->state == DOCTOR_FAIL)
		doctor_advise(f, OTHER_KERNEL, "");
}

DOCTOR_LOOK(rt_runtime)
{
	long long runtime, period;
	char wanted[32];

	if (!doctor_number(d, &runtime, "/proc/sys/kernel/sched_rt_runtime_us") ||
	    !doctor_number(d, &period, "/proc/sys/kernel/sched_rt_period_us") || period <= 0) {
		doctor_say(f, DOCTOR_SKIP, "the kernel has no limit for real-time threads");
		return;
	}
	if (runtime < 0) {
		doctor_say(f, DOCTOR_PASS,
			   "no limit: a guest gone wild can take the core for good");
		return;
	}
	doctor_say(f,
		   (double)runtime >= RT_RUNTIME_MIN * (double)period ? DOCTOR_PASS : DOCTOR_WARN,
		   "%lld of each %lld us", runtime, period);
	snprintf(wanted, sizeof(wanted), "%.0f", RT_RUNTIME_MIN * (double)period);
	if (f->state == DOCTOR_WARN)
		doctor_offer(d, f, wanted, "/proc/sys/kernel/sched_rt_runtime_us");
}

DOCTOR_LOOK(rt_group)
{
	if (doctor_exists(d, "/sys/fs/cgroup/cpu/cpu.rt_runtime_us"))
		doctor_say(f, DOCTOR_PASS, "RT_GROUP_SCHED with cgroup v1: budgets are granted");
	else if (doctor_exists(d, "/sys/fs/cgroup/cgroup.controllers"))
		doctor_say(f, DOCTOR_PASS,
			   "cgroup v2: no grant is needed, the daemon keeps budgets");
	else
		doctor_say(f, DOCTOR_PASS, "off: no grant is needed, the daemon keeps budgets");
}

/* v2: what the root group can hand down. A kernel may have a controller off. */
static void look_at_cgroup2(struct doctor_finding *f, char *list)
{
	static const char *const needed[] = { "cpu", "cpuset", "memory", "io" };
	char spaced[300];

	snprintf(spaced, sizeof(spaced), " %s\n", list);
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (!has_flag(spaced, needed[i])) {
			doctor_say(f, DOCTOR_FAIL, "v2 without controller %s, with %s", needed[i],
				   list);
			doctor_advise(f, OTHER_KERNEL, "");
			return;
		}
	doctor_say(f, DOCTOR_PASS, "v2 with %s", list);
}

DOCTOR_LOOK(cgroups)
{
	static const char *const needed[] = { "cpu", "cpuset", "memory", "blkio" };
	char list[256];

	if (doctor_read(d, list, sizeof(list), "/sys/fs/cgroup/cgroup.controllers")) {
		look_at_cgroup2(f, list);
		return;
	}
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		if (doctor_exists(d, "/sys/fs/cgroup/%s/cgroup.procs", needed[i]))
			continue;
		doctor_say(f, DOCTOR_FAIL, "controller %s is mounted in neither version",
			   needed[i]);
		snprintf(f->change, sizeof(f->change),
			 "mkdir -p /sys/fs/cgroup/%s && mount -t cgroup -o %s none "
			 "/sys/fs/cgroup/%s",
			 needed[i], needed[i], needed[i]);
		snprintf(f->undo, sizeof(f->undo), "umount /sys/fs/cgroup/%s", needed[i]);
		return;
	}
	doctor_say(f, DOCTOR_PASS, "v1 with cpu, cpuset, memory, blkio");
}

/* The root group has no cpu.idle; a kernel from 5.15 on gives it to others. */
DOCTOR_LOOK(cpu_idle_group)
{
	struct utsname name;
	int major = 0, minor = 0;

	(void)d;
	if (uname(&name) < 0 || sscanf(name.release, "%d.%d", &major, &minor) != 2)
		doctor_say(f, DOCTOR_SKIP, "the kernel's version cannot be read");
	else if (major > 5 || (major == 5 && minor >= 15))
		doctor_say(f, DOCTOR_PASS, "kernel %s has cpu.idle", name.release);
	else
		doctor_say(f, DOCTOR_WARN, "kernel %s lacks cpu.idle (5.15 has it)", name.release);
	if (f->state == DOCTOR_WARN)
		doctor_advise(f, OTHER_KERNEL, "");
}

/* A setting whose better value is known; absent = SKIP. */
static void look_at_setting(const struct doctor *d, struct doctor_finding *f, const char *path,
			    const char *bad, const char *better)
{
	char now[128];

	if (!doctor_read(d, now, sizeof(now), "%s", path)) {
		doctor_say(f, DOCTOR_SKIP, "this kernel has no %s", path);
		return;
	}
	doctor_say(f, strstr(now, bad) ? DOCTOR_WARN : DOCTOR_PASS, "%s", now);
	if (f->state == DOCTOR_WARN)
		doctor_offer(d, f, better, "%s", path);
}

DOCTOR_LOOK(timer_migration)
{
	look_at_setting(d, f, "/proc/sys/kernel/timer_migration", "1", "0");
}

DOCTOR_LOOK(nmi_watchdog)
{
	look_at_setting(d, f, "/proc/sys/kernel/nmi_watchdog", "1", "0");
}

DOCTOR_LOOK(soft_watchdog)
{
	look_at_setting(d, f, "/proc/sys/kernel/soft_watchdog", "1", "0");
}

DOCTOR_LOOK(ksm)
{
	look_at_setting(d, f, "/sys/kernel/mm/ksm/run", "1", "0");
}

DOCTOR_LOOK(huge_pages)
{
	look_at_setting(d, f, "/sys/kernel/mm/transparent_hugepage/enabled", "[always]", "madvise");
}

DOCTOR_LOOK(numa_balancing)
{
	look_at_setting(d, f, "/proc/sys/kernel/numa_balancing", "1", "0");
}

DOCTOR_LOOK(stat_interval)
{
	long long seconds;

	if (!doctor_number(d, &seconds, "/proc/sys/vm/stat_interval")) {
		doctor_say(f, DOCTOR_SKIP, "this kernel has no vm.stat_interval");
		return;
	}
	doctor_say(f, seconds < 10 ? DOCTOR_WARN : DOCTOR_PASS, "every %lld s", seconds);
	if (f->state == DOCTOR_WARN)
		doctor_offer(d, f, "60", "/proc/sys/vm/stat_interval");
}

/* "SwapTotal: N kB" */
DOCTOR_LOOK(swap)
{
	char text[4096];
	const char *total = doctor_read(d, text, sizeof(text), "/proc/meminfo") ?
				    strstr(text, "SwapTotal:") :
				    NULL;
	unsigned long long kb = total ? strtoull(total + strlen("SwapTotal:"), NULL, 10) : 0;

	if (!total)
		doctor_say(f, DOCTOR_SKIP, "/proc/meminfo does not tell");
	else if (kb)
		doctor_say(f, DOCTOR_WARN, "%llu kB of swap are on", kb);
	else
		doctor_say(f, DOCTOR_PASS, "none");
	if (f->state == DOCTOR_WARN)
		doctor_advise(f, "swapoff -a", "swapon -a");
}
