// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Faults of the packaged service and of the machine it runs on (docs/faults.md),
 * each while a fake VM of it is boosted on CPU 1: so it wants a machine of its
 * own, the guest that tests/package/boot starts. TEST chooses, by a pattern.
 */
#include "tests/faults/stage.h"

#define SERVICE "ringschedd"
#define FOLDER "/run/ringschedd"
#define CORE 1
#define CORE_FILE "/sys/devices/system/cpu/cpu1/online"
#define ANSWER_MS 10000

static struct frontend vm;

static void shell(const char *command)
{
	int status = system(command);

	if (status)
		fail_msg("`%s` ended with %#x", command, (unsigned int)status);
}

/* The service as it runs now, in place of a daemon of our own. */
static void attach(void)
{
	struct rs_error *err = NULL;
	FILE *f = popen("systemctl show -p MainPID --value " SERVICE, "re");
	int pid = 0;

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%d", &pid), 1);
	pclose(f);
	assert_true(pid > 0);
	control_client_close(d.client);
	d = (struct daemon){ .pid = pid, .folder = FOLDER, .control = FOLDER "/control" };
	d.client = control_client_connect(d.control, ANSWER_MS, &err);
	check_ok(d.client ? 0 : -1, &err);
}

static void set_core(const char *value)
{
	FILE *f = fopen(CORE_FILE, "we");

	assert_non_null(f);
	assert_true(fputs(value, f) >= 0);
	if (fclose(f))
		fail_msg("%s cannot be set to %s", CORE_FILE, value);
}

static int set_up(void **state)
{
	(void)state;
	shell("systemctl start " SERVICE);
	attach();
	return 0;
}

static int tear_down(void **state)
{
	struct rs_error *err = NULL;

	(void)state;
	ff_destroy(&vm);
	set_core("1");
	if (d.client && daemon_command(&d, "remove-vm", VM, NULL, &err) < 0)
		rs_error_free(&err); /* a test has ended the service */
	control_client_close(d.client);
	d.client = NULL;
	return 0;
}

static pid_t vcpu_of_fake(void)
{
	return vm.vm.tid[0];
}

static void boost(const char *when)
{
	world_notify(&vm, RS_KIND_START, 1, PRIO);
	check_sched(vcpu_of_fake(), SCHED_FIFO, PRIO, when);
}

static void unboost(const char *when)
{
	world_notify(&vm, RS_KIND_END, 1, PRIO);
	check_sched(vcpu_of_fake(), SCHED_OTHER, 0, when);
}

/* A VM whose vCPU is boosted on the core that others would share. */
static void begin_on_core(void)
{
	struct rs_error *err = NULL;
	char path[DAEMON_PATH_MAX];
	cpu_set_t core;

	check_ok(daemon_add_vm(&d, VM, 0, "ring", &err), &err);
	daemon_vm_socket(&d, VM, path);
	check_ok(ff_boot(&vm, NULL, path, &err), &err);
	CPU_ZERO(&core);
	CPU_SET(CORE, &core);
	assert_int_equal(sched_setaffinity(vcpu_of_fake(), sizeof(core), &core), 0);
	boost("before the fault");
}

/* ---- the service ends ---- */

static void test_stopped(void **state)
{
	(void)state;
	begin_on_core();
	tally_injected("service-stopped");
	shell("systemctl stop " SERVICE);
	check_sched(vcpu_of_fake(), SCHED_OTHER, 0, "when the service has stopped");
	check_removed(FOLDER "/control");
	check_removed(FOLDER "/record");
	tally_survived("service-stopped", TALLY_NOTHING_LEFT, 0);
	shell("systemctl start " SERVICE);
	attach();
	check_number(&d, VM, "connected", 0); /* it is remembered */
}

/* systemd kills the guardian with it, puts back by the unit's ExecStopPost=, and
 * starts it again. */
static void test_killed(void **state)
{
	struct sched_state last;
	pid_t before = d.pid;

	(void)state;
	begin_on_core();
	tally_injected("service-sigkill");
	shell("systemctl kill --signal=SIGKILL " SERVICE);
	if (!thread_wait_sched(vcpu_of_fake(), SCHED_OTHER, 0, ANSWER_MS, &last))
		fail_msg("%d ms after SIGKILL the vCPU is still real-time", ANSWER_MS);
	shell("for i in $(seq 50); do systemctl -q is-active " SERVICE " && [ -S " FOLDER
	      "/control ] && exit 0; sleep 0.2; done; exit 1");
	attach();
	assert_int_not_equal(d.pid, before);
	check_number(&d, VM, "connected", 0);
	tally_survived("service-sigkill", TALLY_NOTHING_LEFT, 0);
}

static void test_purged(void **state)
{
	(void)state;
	begin_on_core();
	tally_injected("package-purged");
	shell("dpkg --purge ringsched");
	check_sched(vcpu_of_fake(), SCHED_OTHER, 0, "when the package is gone");
	check_removed(FOLDER);
	tally_survived("package-purged", TALLY_NOTHING_LEFT, 0);
}

/* ---- the core goes ---- */

static void expect_cores(const char *wanted)
{
	char cores[64] = "";
	int64_t end = now_ms() + STEP_LIMIT_MS;

	do
		assert_true(daemon_text(&d, VM, "vcpus.0.cores", cores, sizeof(cores)));
	while (strcmp(cores, wanted) && now_ms() < end);
	assert_string_equal(cores, wanted);
}

/* Each thread wakes up to stop. */
static void wake_all(void)
{
	int status;

	assert_int_equal(kill(vm.vm.pid, SIGSTOP), 0);
	assert_int_equal(waitpid(vm.vm.pid, &status, WUNTRACED), vm.vm.pid);
	assert_true(WIFSTOPPED(status));
	assert_int_equal(kill(vm.vm.pid, SIGCONT), 0);
}

/* The kernel moves a thread when it next wants to run, to a core that is left,
 * with its priority. This one is asleep until it is stopped and goes on. */
static void take_core_away(const char *fault)
{
	begin_on_core();
	expect_cores("1");
	tally_injected(fault);
	set_core("0");
	assert_true(daemon_alive(&d));
	expect_cores("");
	wake_all();
	expect_cores("0");
	check_sched(vcpu_of_fake(), SCHED_FIFO, PRIO, "its core is gone, its ring is not over");
}

static void test_core_offline(void **state)
{
	(void)state;
	take_core_away("core-offline");
	unboost("its END, without the core");
	boost("the next ring, without the core");
	set_core("1");
	expect_cores("0-1"); /* whoever had pinned it has to do so again */
	unboost("its END, with the core again");
	boost("the ring after it");
	unboost("its END");
	check_number(&d, VM, "apply_failed", 0);
	check_number(&d, VM, "readback_mismatch", 0);
	check_number(&d, VM, "lost", 0);
	tally_survived("core-offline", TALLY_NOTHING_LEFT, 0);
}

/* What has to be put back is put back on a core that is left. */
static void test_core_offline_and_stopped(void **state)
{
	(void)state;
	take_core_away("core-offline-and-service-stopped");
	shell("systemctl stop " SERVICE);
	check_sched(vcpu_of_fake(), SCHED_OTHER, 0, "the service has stopped");
	check_removed(FOLDER "/record");
	set_core("1");
	tally_survived("core-offline-and-service-stopped", TALLY_NOTHING_LEFT, 0);
	shell("systemctl start " SERVICE);
	attach();
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_stopped),	 TEST(test_killed),
		TEST(test_core_offline), TEST(test_core_offline_and_stopped),
		TEST(test_purged),
	};

	cmocka_set_test_filter(getenv("TEST")); /* NULL: all of them */
	return cmocka_run_group_tests_name("the service", tests, NULL, NULL) ? 1 : 0;
}
