// SPDX-License-Identifier: GPL-2.0-or-later
/* `ringsched doctor` on a host made of files, and its way back after SIGKILL. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "harness/accel.h"
#include "harness/doctor.h"
#include "harness/folder.h"
#include "harness/jsonread.h"
#include "harness/scenario.h"
#include "host/cleanup.h"
#include "host/error.h"

#define CPU "/sys/devices/system/cpu"

static char root[64], journal[80];
static struct scenario scenario;
static struct doctor doctor;

static void put(const char *path, const char *text)
{
	cleanup_free char *full = folder_path(root, "%s", path + 1);
	char *slash = strrchr(full, '/');

	*slash = '\0';
	assert_int_equal(folder_make(full, 0755, NULL), 0);
	*slash = '/';
	assert_int_equal(folder_write(full, text, NULL), 0);
}

static char *get(const char *path, char *text, size_t size)
{
	cleanup_free char *full = folder_path(root, "%s", path + 1);

	return folder_read(full, text, size, NULL) < 0 ? strcpy(text, "(none)") : text;
}

static int set_up(void **state)
{
	(void)state;
	strcpy(root, "/tmp/rs-doctor-XXXXXX");
	assert_non_null(mkdtemp(root));
	snprintf(journal, sizeof(journal), "%s.journal", root);
	scenario = (struct scenario){
		.shared_cores = { 1 },
		.shared_core_count = 1,
		.housekeeping_cores = { 0 },
		.housekeeping_core_count = 1,
	};
	doctor =
		(struct doctor){ .root = root, .scenario = &scenario, .guests = root, .out = root };
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(journal);
	return folder_remove(root, NULL);
}

static const struct doctor_finding *finding(const struct doctor_report *r, const char *name)
{
	for (size_t i = 0; doctor_checks[i].name; i++)
		if (!strcmp(doctor_checks[i].name, name))
			return &r->findings[i];
	fail_msg("there is no check %s", name);
	abort(); /* never reached, which the compiler does not know */
}

/* What is not as it should be always comes with what to do about it. */
static enum doctor_state state_of(const char *name)
{
	const struct doctor_finding *f;
	enum doctor_state state;
	struct doctor_report r;

	doctor_examine(&doctor, &r);
	f = finding(&r, name);
	state = f->state;
	if (!*f->found || ((state == DOCTOR_WARN || state == DOCTOR_FAIL) && !*f->change))
		fail_msg("%s: '%s', and no word of what to do", name, f->found);
	doctor_report_clear(&r);
	return state;
}

/* file, text, check, what it is then */
static const struct {
	const char *path, *text, *check;
	enum doctor_state wanted;
} hosts[] = {
	{ CPU "/online", "0-1", "cores", DOCTOR_PASS },
	{ CPU "/online", "0", "cores", DOCTOR_FAIL },
	{ CPU "/cpu1/topology/thread_siblings_list", "1", "siblings", DOCTOR_PASS },
	{ CPU "/cpu1/topology/thread_siblings_list", "0-1", "siblings", DOCTOR_WARN },
	{ CPU "/smt/active", "0", "siblings", DOCTOR_PASS },
	{ CPU "/cpu1/cpufreq/scaling_governor", "performance", "governor", DOCTOR_PASS },
	{ CPU "/cpu1/cpufreq/scaling_governor", "powersave", "governor", DOCTOR_WARN },
	{ CPU "/cpu1/cpuidle/state0/latency", "0", "idle_states", DOCTOR_PASS },
	{ CPU "/cpu1/cpuidle/state1/disable", "0", "idle_states", DOCTOR_PASS },
	{ CPU "/cpu1/cpuidle/state1/latency", "133", "idle_states", DOCTOR_WARN },
	{ CPU "/cpu1/cpuidle/state1/disable", "1", "idle_states", DOCTOR_PASS },
	{ CPU "/isolated", "", "isolated", DOCTOR_WARN },
	{ CPU "/isolated", "1-3", "isolated", DOCTOR_PASS },
	{ CPU "/nohz_full", "1", "nohz_full", DOCTOR_PASS },
	{ "/proc/irq/24/smp_affinity_list", "0", "irq_affinity", DOCTOR_PASS },
	{ "/proc/irq/25/smp_affinity_list", "0-3", "irq_affinity", DOCTOR_WARN },
	{ "/proc/irq/default_smp_affinity", "1", "irq_default", DOCTOR_PASS },
	{ "/proc/irq/default_smp_affinity", "3", "irq_default", DOCTOR_WARN },
	{ "/proc/irq/default_smp_affinity", "2", "irq_default", DOCTOR_WARN },
	{ "/proc/irq/default_smp_affinity", "fffffffd", "irq_default", DOCTOR_PASS },
	{ "/proc/4321/comm", "bash", "irqbalance", DOCTOR_PASS },
	{ "/proc/4322/comm", "irqbalance", "irqbalance", DOCTOR_WARN },
	{ "/proc/sys/kernel/timer_migration", "1", "timer_migration", DOCTOR_WARN },
	{ "/proc/sys/kernel/timer_migration", "0", "timer_migration", DOCTOR_PASS },
	{ "/proc/sys/kernel/nmi_watchdog", "1", "nmi_watchdog", DOCTOR_WARN },
	{ "/proc/sys/kernel/soft_watchdog", "1", "soft_watchdog", DOCTOR_WARN },
	{ "/sys/kernel/mm/ksm/run", "1", "ksm", DOCTOR_WARN },
	{ "/sys/kernel/mm/ksm/run", "0", "ksm", DOCTOR_PASS },
	{ "/sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never", "huge_pages",
	  DOCTOR_WARN },
	{ "/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never", "huge_pages",
	  DOCTOR_PASS },
	{ "/proc/sys/kernel/sched_rt_period_us", "1000000", "rt_runtime", DOCTOR_SKIP },
	{ "/proc/sys/kernel/sched_rt_runtime_us", "950000", "rt_runtime", DOCTOR_PASS },
	{ "/proc/sys/kernel/sched_rt_runtime_us", "500000", "rt_runtime", DOCTOR_WARN },
	{ "/proc/sys/kernel/sched_rt_runtime_us", "-1", "rt_runtime", DOCTOR_PASS },
	{ "/sys/fs/cgroup/cpu/cgroup.procs", "", "cgroups", DOCTOR_FAIL },
	{ "/sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids", "cgroups",
	  DOCTOR_PASS },
	{ "/sys/fs/cgroup/cgroup.controllers", "cpuset io memory", "cgroups", DOCTOR_FAIL },
	{ "/proc/sys/kernel/numa_balancing", "1", "numa_balancing", DOCTOR_WARN },
	{ "/proc/sys/vm/stat_interval", "1", "stat_interval", DOCTOR_WARN },
	{ "/proc/sys/vm/stat_interval", "60", "stat_interval", DOCTOR_PASS },
	{ "/proc/meminfo", "SwapTotal: 0 kB", "swap", DOCTOR_PASS },
	{ "/proc/meminfo", "SwapTotal: 4 kB", "swap", DOCTOR_WARN },
	{ "/proc/meminfo", "MemAvailable: 102400 kB", "memory", DOCTOR_FAIL },
	{ "/proc/meminfo", "MemAvailable: 1024000 kB", "memory", DOCTOR_PASS },
	{ "/proc/cpuinfo", "flags\t: fpu hypervisor sse", "hypervisor", DOCTOR_WARN },
	{ "/proc/cpuinfo", "flags\t: constant_tsc nonstop_tsc", "cpu_flags", DOCTOR_WARN },
	{ "/proc/cpuinfo", "flags\t: constant_tsc nonstop_tsc svm", "cpu_flags", DOCTOR_PASS },
	{ "/proc/cpuinfo", "flags\t: constant_tsc nonstop_tsc svmx", "cpu_flags", DOCTOR_WARN },
	{ "/sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet", "clocksource",
	  DOCTOR_WARN },
	{ "/sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc", "clocksource",
	  DOCTOR_PASS },
	{ "/sys/kernel/debug/sched/preempt", "none voluntary (full)", "preemption", DOCTOR_PASS },
	{ "/sys/kernel/debug/sched/preempt", "none (voluntary) full", "preemption", DOCTOR_WARN },
	{ "/sys/kernel/realtime", "1", "preemption", DOCTOR_PASS },
	{ "/proc/self/schedstat", "1 2 3", "sched_info", DOCTOR_PASS },
};

static void test_each_state_has_a_host(void **state)
{
	(void)state;
	scenario.vm_count = 1;
	scenario.vms[0].memory_mib = 256;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		put(hosts[i].path, hosts[i].text);
		if (state_of(hosts[i].check) != hosts[i].wanted)
			fail_msg("%s with '%s' in %s", hosts[i].check, hosts[i].text,
				 hosts[i].path);
	}
}

/* What the second's look at the shared cores saw. */
static void test_what_was_watched(void **state)
{
	static const char *const checks[] = { "busy", "steal", "interrupts", "witness" };
	const struct doctor_watch calm = { .known = true, .seconds = 1, .witnessed = true };
	const struct doctor_watch busy = {
		.known = true,
		.seconds = 1,
		.witnessed = true,
		.busy_share = 0.3,
		.steal_share = 0.1,
		.interrupts_per_s = 900,
		.latest_wakeup_us = 4000,
	};
	const struct accel accel = { .why = "there is no /dev/kvm" };

	(void)state;
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		doctor.watch = (struct doctor_watch){ 0 };
		assert_int_equal(state_of(checks[i]), DOCTOR_SKIP);
		doctor.watch = calm;
		assert_int_equal(state_of(checks[i]), DOCTOR_PASS);
		doctor.watch = busy;
		assert_int_equal(state_of(checks[i]), DOCTOR_WARN);
	}
	assert_int_equal(state_of("kvm"), DOCTOR_WARN);
	doctor.accel = &accel;
	assert_int_equal(state_of("kvm"), DOCTOR_WARN);
	assert_int_equal(state_of("guests"), DOCTOR_FAIL);
	assert_int_equal(state_of("qemu"), DOCTOR_FAIL);
}

/* A parameter of the kernel's command line is an exact command where GRUB boots. */
static void test_command_line_of_the_kernel(void **state)
{
	const struct doctor_finding *f;
	struct doctor_report r;

	(void)state;
	scenario.shared_cores[1] = 3;
	scenario.shared_core_count = 2;
	put(CPU "/nohz_full", "");
	doctor_examine(&doctor, &r);
	f = finding(&r, "nohz_full");
	assert_non_null(strstr(f->change, "add nohz_full=1,3 rcu_nocbs=1,3 to"));
	doctor_report_clear(&r);
	put("/etc/default/grub", "GRUB_CMDLINE_LINUX=\"\"");
	doctor_examine(&doctor, &r);
	f = finding(&r, "nohz_full");
	assert_string_equal(f->change,
			    "sed -i '/^GRUB_CMDLINE_LINUX=/s/=\"/&nohz_full=1,3 "
			    "rcu_nocbs=1,3 /' /etc/default/grub && update-grub && reboot");
	assert_string_equal(f->undo, "sed -i '/^GRUB_CMDLINE_LINUX=/s/nohz_full=1,3 rcu_nocbs=1,3 "
				     "//' /etc/default/grub && update-grub && reboot");
	doctor_report_clear(&r);
}

/* An empty host: nothing to see is no failure of ours, and never a crash. */
static void test_nothing_to_see(void **state)
{
	struct doctor_report r;
	size_t all = 0;

	(void)state;
	doctor_examine(&doctor, &r);
	for (size_t i = 0; doctor_checks[i].name; i++) {
		assert_true(*r.findings[i].found);
		assert_int_equal(r.findings[i].change_count, 0);
		all++;
	}
	assert_true(all >= 25);
	assert_int_equal(finding(&r, "governor")->state, DOCTOR_SKIP);
	doctor_report_clear(&r);
}

static const struct setting {
	const char *path, *before, *after;
} settings[] = {
	{ "/proc/sys/kernel/timer_migration", "1", "0" },
	{ "/proc/sys/vm/stat_interval", "1", "60" },
	{ "/sys/kernel/mm/ksm/run", "1", "0" },
	{ CPU "/cpu1/cpufreq/scaling_governor", "schedutil", "performance" },
	{ "/proc/irq/24/smp_affinity_list", "0-1", "0" },
	{ "/proc/irq/25/smp_affinity_list", "1", "0" },
	{ "/proc/irq/default_smp_affinity", "ffffffff,0000000f", "ffffffff,0000000d" },
};
#define SETTINGS (sizeof(settings) / sizeof(settings[0]))

static void put_settings(void)
{
	for (size_t i = 0; i < SETTINGS; i++)
		put(settings[i].path, settings[i].before);
}

static void assert_settings(bool changed)
{
	char now[64];

	for (size_t i = 0; i < SETTINGS; i++) {
		get(settings[i].path, now, sizeof(now));
		assert_string_equal(now, changed ? settings[i].after : settings[i].before);
	}
}

static void test_fix_and_undo(void **state)
{
	struct rs_error *err = NULL;
	struct doctor_report r;
	FILE *nowhere = fopen("/dev/null", "w");
	unsigned int count;

	(void)state;
	put_settings();
	doctor_examine(&doctor, &r);
	assert_int_equal(doctor_fix(&r, journal, &count, nowhere, NULL), 0);
	assert_int_equal(count, SETTINGS);
	assert_settings(true);
	/* The first journal is not overwritten by a second --fix. */
	assert_int_equal(doctor_fix(&r, journal, &count, nowhere, &err), -EEXIST);
	rs_error_free(&err);
	assert_int_equal(doctor_undo(journal, &count, nowhere, NULL), 0);
	assert_int_equal(count, SETTINGS);
	assert_settings(false);
	assert_int_equal(access(journal, F_OK), -1);
	assert_int_equal(doctor_undo(journal, &count, nowhere, NULL), 0);
	assert_int_equal(count, 0);
	doctor_report_clear(&r);
	fclose(nowhere);
}

/* Killed anywhere between its first and its last change. */
static void test_killed_fix_is_undone(void **state)
{
	FILE *nowhere = fopen("/dev/null", "w");
	unsigned int count, some = 0;

	(void)state;
	for (useconds_t us = 0; us < 3000; us += 50) {
		pid_t child;

		put_settings();
		child = fork();
		assert_true(child >= 0);
		if (!child) {
			struct doctor_report r;

			doctor_examine(&doctor, &r);
			doctor_fix(&r, journal, &count, nowhere, NULL);
			_exit(0);
		}
		usleep(us);
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, NULL, 0), child);
		assert_int_equal(doctor_undo(journal, &count, nowhere, NULL), 0);
		some += count > 0 && count < SETTINGS;
		assert_settings(false);
	}
	printf("%u kills fell between two changes\n", some);
	fclose(nowhere);
}

/* The last line of a journal was cut short: its change was never made. */
static void test_journal_cut_short(void **state)
{
	cleanup_free char *full = folder_path(root, "proc/sys/vm/stat_interval");
	FILE *nowhere = fopen("/dev/null", "w"), *f = fopen(journal, "w");
	unsigned int count;
	char now[64];

	(void)state;
	put("/proc/sys/vm/stat_interval", "60");
	fprintf(f, "1\t%s\n1\t/proc/sys/ker", full);
	fclose(f);
	assert_int_equal(doctor_undo(journal, &count, nowhere, NULL), 0);
	assert_int_equal(count, 1);
	assert_string_equal(get("/proc/sys/vm/stat_interval", now, sizeof(now)), "1");
	fclose(nowhere);
}

static void test_what_cannot_be_undone_is_kept(void **state)
{
	FILE *nowhere = fopen("/dev/null", "w"), *f = fopen(journal, "w");
	struct rs_error *err = NULL;
	unsigned int count;

	(void)state;
	fprintf(f, "1\t%s\n", root); /* a folder cannot be written */
	fclose(f);
	assert_true(doctor_undo(journal, &count, nowhere, &err) < 0);
	assert_non_null(strstr(err->message, "is kept"));
	rs_error_free(&err);
	assert_int_equal(access(journal, F_OK), 0);
	fclose(nowhere);
}

static void test_json(void **state)
{
	cleanup_json struct json_object *json = NULL;
	struct json_object *checks, *row = NULL;
	struct doctor_report r;

	(void)state;
	put_settings();
	doctor_examine(&doctor, &r);
	json = doctor_json(&r, NULL);
	checks = json_array(json, "checks");
	for (unsigned long i = 0; i < json_count(checks); i++)
		if (!strcmp(json_text(json_row(checks, i), "check"), "stat_interval"))
			row = json_row(checks, i);
	assert_non_null(row);
	assert_string_equal(json_text(row, "state"), "WARN");
	assert_non_null(strstr(json_text(row, "change"), "echo 60 >"));
	assert_non_null(strstr(json_text(row, "undo"), "echo 1 >"));
	doctor_report_clear(&r);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_each_state_has_a_host),
		T(test_what_was_watched),
		T(test_command_line_of_the_kernel),
		T(test_nothing_to_see),
		T(test_fix_and_undo),
		T(test_killed_fix_is_undone),
		T(test_journal_cut_short),
		T(test_what_cannot_be_undone_is_kept),
		T(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
