// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The real daemon and the nano guest in a real virtual machine: boosts and
 * restores are read from the vCPU's thread while the guest stands still at
 * known points. Run once under TCG and once under KVM, where that is.
 */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fake/world.h"
#include "tests/nano/qemu.h"

/* The firmware alone takes 4 s where KVM itself is emulated. */
#define BOOT_LIMIT_MS 30000
#define CEILING 60

static const char *accelerator;
static struct daemon the_daemon;
static struct qemu the_qemu;
static char vm_name[32];
static int failed_tests;

static int start_daemon(void **state)
{
	struct rs_error *err = NULL;
	const char *policy = getenv("NANO_POLICY"); /* to see these tests fail */

	(void)state;
	if (daemon_start(&the_daemon, policy ? policy : "ring", NULL, &err)) {
		print_error("%s\n", err->message);
		rs_error_free(&err);
		daemon_clean(&the_daemon, true);
		return -1;
	}
	return 0;
}

static int stop_daemon(void **state)
{
	(void)state;
	daemon_clean(&the_daemon, failed_tests > 0);
	return 0;
}

/* What a failed test left; a test that passed has no VM any more. */
static int end_vm(void **state)
{
	(void)state;
	if (the_qemu.pid) {
		failed_tests++;
		print_message("the guest said: %s\n", the_qemu.text);
	}
	qemu_kill(&the_qemu);
	return 0;
}

static void boot(const char *name, const char *append)
{
	struct rs_error *err = NULL;
	char path[DAEMON_PATH_MAX];

	daemon_vm_socket(&the_daemon, name, path);
	check_ok(qemu_start(&the_qemu, accelerator, path, append, the_daemon.log, &err), &err);
}

static void start_vm(const char *name, const char *append)
{
	struct rs_error *err = NULL;

	snprintf(vm_name, sizeof(vm_name), "%s", name);
	check_ok(daemon_add_vm(&the_daemon, name, CEILING, NULL, &err), &err);
	boot(name, append);
}

static void expect_says(const char *text, int limit_ms)
{
	if (!qemu_says(&the_qemu, text, limit_ms))
		fail_msg("the guest did not say \"%s\"", text);
}

static void expect_sched(pid_t tid, uint32_t policy, uint32_t priority, const char *when)
{
	check_sched(tid, policy, priority, when);
	print_message("  %s: thread %d is %s %u\n", when, (int)tid, sched_policy_name(policy),
		      priority);
}

static void expect_number(const char *path, int64_t expected)
{
	check_number(&the_daemon, vm_name, path, expected);
}

static void expect_clean_exit(void)
{
	expect_says("nano: ok", STEP_LIMIT_MS);
	assert_int_equal(qemu_exit_code(&the_qemu, STEP_LIMIT_MS), QEMU_EXIT_OK);
}

static void expect_nothing_wrong(void)
{
	expect_number("lost", 0);
	expect_number("apply_failed", 0);
	expect_number("readback_mismatch", 0);
	assert_int_equal(daemon_rejects(&the_daemon, vm_name), 0);
}

static pid_t vcpu(void)
{
	pid_t tid = qemu_vcpu(&the_qemu, accelerator);

	assert_true(tid > 0);
	return tid;
}

static void test_rings(void **state)
{
	(void)state;
	start_vm("rings", "mode=rings count=3 work=2000 ring=2 prio=50");
	expect_says("nano: ok 3", BOOT_LIMIT_MS);
	assert_int_equal(qemu_exit_code(&the_qemu, STEP_LIMIT_MS), QEMU_EXIT_OK);
	expect_number("messages.attach", 1);
	expect_number("messages.start", 3);
	expect_number("messages.end", 3);
	expect_number("messages.bye", 1);
	expect_number("boosts", 3);
	expect_number("demotions", 3);
	/* One a message, and the one QEMU makes when it takes the queue up. */
	expect_number("kicks", 9);
	expect_nothing_wrong();
}

static void test_hold(void **state)
{
	pid_t tid;

	(void)state;
	start_vm("hold", "mode=hold ring=1 prio=50");
	expect_says("nano: attached", BOOT_LIMIT_MS);
	tid = vcpu();
	expect_sched(tid, SCHED_OTHER, 0, "before START");
	qemu_go_on(&the_qemu);
	expect_says("nano: held", STEP_LIMIT_MS);
	expect_sched(tid, SCHED_FIFO, 50, "between START and END");
	expect_number("vcpus.0.tid", tid);
	expect_number("vcpus.0.priority", 50);
	expect_number("active_rings.0.ring_id", 1);
	qemu_go_on(&the_qemu);
	expect_says("nano: ended", STEP_LIMIT_MS);
	expect_sched(tid, SCHED_OTHER, 0, "after END");
	qemu_go_on(&the_qemu);
	expect_clean_exit();
	expect_number("messages.start", 1);
	expect_number("messages.end", 1);
	expect_nothing_wrong();
}

/* Two rings, the higher inside the lower and above the VM's ceiling. */
static void test_nest(void **state)
{
	pid_t tid;

	(void)state;
	start_vm("nest", "mode=nest ring=1 prio=55");
	expect_says("nano: higher", BOOT_LIMIT_MS);
	tid = vcpu();
	expect_sched(tid, SCHED_FIFO, CEILING, "ring of 65 in one of 55, ceiling 60");
	qemu_go_on(&the_qemu);
	expect_says("nano: lower", STEP_LIMIT_MS);
	expect_sched(tid, SCHED_FIFO, 55, "ring of 55 alone");
	qemu_go_on(&the_qemu);
	expect_says("nano: ended", STEP_LIMIT_MS);
	expect_sched(tid, SCHED_OTHER, 0, "no ring");
	qemu_go_on(&the_qemu);
	expect_clean_exit();
	expect_nothing_wrong();
}

static void test_event(void **state)
{
	struct rs_error *err = NULL;

	(void)state;
	start_vm("event", "mode=event");
	expect_says("nano: listening", BOOT_LIMIT_MS);
	check_ok(daemon_command(&the_daemon, "policy", "none", "event", &err), &err);
	expect_says("nano: event 1 revision 2 argument 0", STEP_LIMIT_MS);
	expect_clean_exit();
}

static void test_reset(void **state)
{
	pid_t tid;

	(void)state;
	start_vm("reset", "mode=reset prio=40");
	expect_says("nano: held", BOOT_LIMIT_MS);
	tid = vcpu();
	expect_sched(tid, SCHED_FIFO, 40, "in a ring");
	qemu_go_on(&the_qemu);
	expect_says("nano: reset", STEP_LIMIT_MS);
	expect_sched(tid, SCHED_OTHER, 0, "after a reset inside the ring");
	qemu_go_on(&the_qemu);
	expect_clean_exit();
}

/* QEMU is killed inside a ring: the daemon lives and forgets the ring. */
static void test_killed(void **state)
{
	(void)state;
	start_vm("killed", "mode=hold prio=50");
	expect_says("nano: attached", BOOT_LIMIT_MS);
	qemu_go_on(&the_qemu);
	expect_says("nano: held", STEP_LIMIT_MS);
	expect_sched(vcpu(), SCHED_FIFO, 50, "in a ring");
	qemu_kill(&the_qemu);
	check_becomes(&the_daemon, vm_name, "connected", 0);
	expect_number("active_rings.0.ring_id", INT64_MIN);
}

/* The guest misbehaves; it is counted, and the VM is not boosted. */
static void hostile(const char *mode)
{
	char append[64];
	int64_t end = now_ms() + BOOT_LIMIT_MS;

	snprintf(append, sizeof(append), "mode=%s count=5 prio=50", mode);
	start_vm(mode, append);
	expect_says("nano: hostile", BOOT_LIMIT_MS);
	while (daemon_rejects(&the_daemon, mode) < 1 && now_ms() < end)
		short_pause();
	assert_true(daemon_rejects(&the_daemon, mode) >= 1);
	expect_sched(vcpu(), SCHED_OTHER, 0, mode);
	qemu_go_on(&the_qemu);
	expect_clean_exit();
	assert_true(daemon_alive(&the_daemon));
}

static void test_outside(void **state)
{
	(void)state;
	hostile("outside");
}

static void test_short(void **state)
{
	(void)state;
	hostile("short");
}

static void test_loop(void **state)
{
	(void)state;
	hostile("loop");
}

static void test_flood(void **state)
{
	(void)state;
	hostile("flood");
}

static void test_garbage(void **state)
{
	(void)state;
	hostile("garbage");
}

/* 100 ms in half a second, kept by the daemon. */
#define BUDGET_PERMILLE 200
#define BUDGET_PERIOD_US 500000

static void start_with_budget(const char *name, const char *append)
{
	struct rs_error *err = NULL;

	snprintf(vm_name, sizeof(vm_name), "%s", name);
	check_ok(daemon_add_vm_budget(&the_daemon, name, BUDGET_PERMILLE, BUDGET_PERIOD_US, &err),
		 &err);
	boot(name, append);
}

/* It has its own scheduling back without an END, and is boosted again. */
static void expect_cut_and_restored(pid_t tid)
{
	struct sched_state last;

	if (!daemon_wait_number(&the_daemon, vm_name, "budget_cuts", 3, STEP_LIMIT_MS))
		fail_msg("its budget was not cut");
	assert_true(thread_wait_sched(tid, SCHED_OTHER, 0, STEP_LIMIT_MS, &last));
	assert_true(thread_wait_sched(tid, SCHED_FIFO, 50, STEP_LIMIT_MS, &last));
	assert_true(daemon_number(&the_daemon, vm_name, "boosts") >= 3);
}

static void test_rogue(void **state)
{
	char by[16];
	pid_t tid;

	(void)state;
	start_with_budget("rogue", "mode=rogue ring=1 prio=50");
	expect_says("nano: wild", BOOT_LIMIT_MS);
	tid = vcpu();
	assert_true(daemon_text(&the_daemon, vm_name, "budget.by", by, sizeof(by)));
	assert_string_equal(by, "daemon");
	expect_cut_and_restored(tid);
	expect_number("messages.start", 1);
	expect_number("messages.end", 0);
	expect_number("active_rings.0.ring_id", 1);
	qemu_go_on(&the_qemu);
	expect_clean_exit();
}

static void test_flip(void **state)
{
	(void)state;
	start_with_budget("flip", "mode=flip ring=1 prio=50 work=300");
	expect_says("nano: flipping", BOOT_LIMIT_MS);
	expect_cut_and_restored(vcpu());
	qemu_go_on(&the_qemu);
	expect_clean_exit();
}

#define TEST(f) cmocka_unit_test_teardown(f, end_vm)

int main(void)
{
	const struct CMUnitTest tcg[] = {
		TEST(test_rings), TEST(test_hold),   TEST(test_nest),	 TEST(test_event),
		TEST(test_reset), TEST(test_killed), TEST(test_outside), TEST(test_short),
		TEST(test_loop),  TEST(test_flood),  TEST(test_garbage), TEST(test_rogue),
		TEST(test_flip),
	};
	/* What may differ with in-kernel ioeventfd and KVM's vCPU threads. */
	const struct CMUnitTest kvm[] = {
		TEST(test_hold),
		TEST(test_rings),
		TEST(test_reset),
		TEST(test_outside),
	};
	char why[128];
	int failed;

	accelerator = "tcg";
	print_message("nano guest, TCG\n");
	failed = cmocka_run_group_tests_name("nano guest, TCG", tcg, start_daemon, stop_daemon);
	if (!qemu_has_kvm(why, sizeof(why))) {
		print_message("nano guest, KVM: skipped (%s)\n", why);
		return failed ? 1 : 0;
	}
	accelerator = "kvm";
	print_message("nano guest, KVM\n");
	failed += cmocka_run_group_tests_name("nano guest, KVM", kvm, start_daemon, stop_daemon);
	return failed ? 1 : 0;
}
