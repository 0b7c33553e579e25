// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The host's side: boots a guest under policy rq_scan, has it make real-time
 * tasks runnable, and reads back from the kernel what its vCPU threads are.
 * Started by tests/scan/run.
 */
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/error.h"
#include "tests/fake/daemon.h"
#include "tests/guest/machine.h"

#define BOOT_LIMIT_MS 60000
#define STEP_LIMIT_MS 10000
#define TASK_MS 2000 /* seconds, for this machine may be busy as well */

static struct daemon d;
static pid_t qemu;
static int to_guest = -1, from_guest = -1;

static _Noreturn void become_machine(const char *socket, int in, int out)
{
	const char *accel = getenv("ACCEL");
	const struct machine guest = {
		.name = "scan",
		.accel = accel ? accel : "tcg,thread=multi",
		.vcpus = 2,
		.kernel = getenv("SCAN_KERNEL"),
		.initrd = getenv("SCAN_INITRD"),
		.append = "panic_on_warn=1 rs.run=/tests/agent",
		.sockets = { socket },
		.log = getenv("SCAN_LOG"),
		.in = in,
		.out = out,
	};

	machine_become(&guest);
}

static bool start_machine(void)
{
	char socket[DAEMON_PATH_MAX];
	int in[2], out[2];

	daemon_vm_socket(&d, "a", socket);
	if (pipe(in) || pipe(out))
		return false;
	qemu = fork();
	if (!qemu)
		become_machine(socket, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	to_guest = in[1];
	from_guest = out[0];
	return qemu > 0;
}

/* The guest's next line, which must be `wanted`. */
static bool hear(const char *wanted, int limit_ms)
{
	struct pollfd p = { .fd = from_guest, .events = POLLIN };
	int64_t end = now_ms() + limit_ms;
	char line[64] = "";
	size_t n = 0;

	while (!strchr(line, '\n') && n < sizeof(line) - 1) {
		int left = (int)(end - now_ms());

		if (left <= 0 || poll(&p, 1, left) != 1 || read(from_guest, line + n, 1) != 1)
			break;
		n++;
	}
	line[strcspn(line, "\n")] = '\0';
	if (!strcmp(line, wanted))
		return true;
	fprintf(stderr, "the guest said '%s', not '%s'\n", line, wanted);
	return false;
}

static void say(const char *line)
{
	assert_int_equal(write(to_guest, line, strlen(line)), (ssize_t)strlen(line));
}

static int set_up(void **state)
{
	struct rs_error *err = NULL;

	(void)state;
	if (daemon_start(&d, "rq_scan", NULL, &err) || daemon_add_vm(&d, "a", 0, NULL, &err)) {
		fprintf(stderr, "%s\n", err ? err->message : "the daemon does not start");
		return -1;
	}
	return start_machine() && hear("ready", BOOT_LIMIT_MS) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	if (qemu > 0) {
		kill(qemu, SIGKILL);
		waitpid(qemu, NULL, 0);
	}
	close(to_guest);
	close(from_guest);
	daemon_clean(&d, getenv("SHOW_LOG") != NULL);
	return 0;
}

static pid_t thread_of(unsigned int vcpu)
{
	char path[32];

	snprintf(path, sizeof(path), "vcpus.%u.tid", vcpu);
	return (pid_t)daemon_number(&d, "a", path);
}

static void expect(unsigned int vcpu, uint32_t policy, uint32_t priority, const char *when)
{
	struct sched_state last;

	if (!thread_wait_sched(thread_of(vcpu), policy, priority, STEP_LIMIT_MS, &last))
		fail_msg("%s: vCPU %u is %s %u, not %s %u", when, vcpu,
			 sched_policy_name(last.policy), last.priority, sched_policy_name(policy),
			 priority);
}

static void expect_quiet(const char *when)
{
	expect(0, SCHED_OTHER, 0, when);
	expect(1, SCHED_OTHER, 0, when);
}

/* The daemon takes its time to look again at what a guest offers again. */
static void wait_ready(void)
{
	int64_t end = now_ms() + STEP_LIMIT_MS;
	char text[200] = "";

	while (strcmp(text, "ready") && now_ms() < end) {
		short_pause();
		assert_true(daemon_text(&d, "a", "scan.state", text, sizeof(text)));
	}
	if (strcmp(text, "ready")) {
		daemon_text(&d, "a", "scan.reason", text, sizeof(text));
		fail_msg("not ready: %s", text);
	}
}

static void test_kernel_is_understood(void **state)
{
	(void)state;
	wait_ready();
	assert_int_equal(daemon_number(&d, "a", "messages.scan"), 1);
	assert_int_equal(daemon_number(&d, "a", "scan_refused"), 0);
}

static void run_one(unsigned int vcpu, unsigned int prio, unsigned int in_force)
{
	char line[64];

	expect_quiet("before the task");
	snprintf(line, sizeof(line), "run %u %u %d\n", vcpu, prio, TASK_MS);
	say(line);
	expect(vcpu, SCHED_FIFO, in_force, "with the task");
	assert_true(hear("done", STEP_LIMIT_MS));
	expect_quiet("after the task");
}

static void test_task_on_each_vcpu(void **state)
{
	(void)state;
	run_one(1, 73, 73);
	run_one(0, 72, 72);
}

static void test_ceiling(void **state)
{
	(void)state;
	run_one(1, 99, 80);
}

/* The higher of two, then the lower, then none. */
static void test_highest_counts(void **state)
{
	(void)state;
	say("run 1 61 2000 47 4000\n");
	expect(1, SCHED_FIFO, 61, "with both tasks");
	expect(1, SCHED_FIFO, 47, "with the lower task");
	assert_true(hear("done", STEP_LIMIT_MS));
	expect_quiet("after both");
}

static void test_policy_comes_and_goes(void **state)
{
	struct rs_error *err = NULL;

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(daemon_command(&d, "policy", "ring", "a", &err), 0);
		expect_quiet("under ring");
		assert_int_equal(daemon_command(&d, "policy", "rq_scan", "a", &err), 0);
	}
	assert_true(daemon_wait_number(&d, "a", "messages.scan", 2, STEP_LIMIT_MS));
	wait_ready();
	run_one(1, 55, 55);
}

static void test_module_reload(void **state)
{
	(void)state;
	say("reload\n");
	assert_true(hear("done", STEP_LIMIT_MS));
	wait_ready();
	run_one(1, 56, 56);
	assert_int_equal(daemon_number(&d, "a", "lost"), 0);
}

/* Nothing a switch, nothing a ring; and most readings make sense. */
static void test_counts(void **state)
{
	int64_t reads = daemon_number(&d, "a", "scan_reads");

	(void)state;
	printf("%lld reads, %lld torn, %lld ns each, %lld ticks late\n", (long long)reads,
	       (long long)daemon_number(&d, "a", "scan_torn"),
	       (long long)(daemon_number(&d, "a", "scan_ns") / (reads ? reads : 1)),
	       (long long)daemon_number(&d, "a", "ticks_late"));
	assert_true(reads > 1000);
	assert_true(daemon_number(&d, "a", "scan_torn") < reads / 10);
	assert_int_equal(daemon_number(&d, "a", "scan_outside"), 0);
	assert_int_equal(daemon_number(&d, "a", "scan_refused"), 0);
	assert_int_equal(daemon_number(&d, "a", "messages.start"), 0);
	assert_int_equal(daemon_number(&d, "a", "messages.switch"), 0);
	assert_int_equal(daemon_number(&d, "a", "apply_failed"), 0);
	assert_int_equal(daemon_number(&d, "a", "policy_errors"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kernel_is_understood),
		cmocka_unit_test(test_task_on_each_vcpu),
		cmocka_unit_test(test_ceiling),
		cmocka_unit_test(test_highest_counts),
		cmocka_unit_test(test_policy_comes_and_goes),
		cmocka_unit_test(test_module_reload),
		cmocka_unit_test(test_counts),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
