// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Faults of a VM and of the daemon (docs/faults.md), each injected while a
 * vCPU is boosted: how long it stays so, and whether the next ring is boosted
 * again. The guest is the nano guest; started by tests/faults/run.
 */
#include "host/guardian.h"
#include "host/record.h"
#include "tests/faults/stage.h"

#define RESTART_BOUND_MS 1000 /* a guest that restarts: QEMU's reset */
#define DEATH_BOUND_MS 1000 /* a QEMU that is gone: the daemon has noticed */
#define RECONNECT_LIMIT_MS 5000 /* QEMU tries once a second */
#define RING "mode=obey ring=1 prio=50"

static char monitor[DAEMON_PATH_MAX], vms[DAEMON_PATH_MAX];
static const char *const extra[] = { "--vms", vms, NULL };

/* ---- one daemon, one VM ---- */

static void start_daemon(void)
{
	struct rs_error *err = NULL;

	check_ok(daemon_start(&d, "ring", extra, &err), &err);
}

static int set_up(void **state)
{
	const char *base = getenv("TMPDIR");

	(void)state;
	snprintf(vms, sizeof(vms), "%s/vms", base);
	snprintf(monitor, sizeof(monitor), "%s/monitor", base);
	unlink(vms);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	end_stage();
	unlink(monitor);
	return 0;
}

static void start_vm(void)
{
	struct rs_error *err = NULL;
	char path[DAEMON_PATH_MAX];

	daemon_vm_socket(&d, VM, path);
	check_ok(qemu_start_lasting(&qemu, "tcg", path, RING, d.log, monitor, &err), &err);
	expect_says("nano: ready", BOOT_LIMIT_MS);
}

static void order(char byte)
{
	qemu_order(&qemu, byte);
	expect_says("nano: ready", STEP_LIMIT_MS);
}

static void expect_boost(const char *when)
{
	order('s');
	check_sched(vcpu(), SCHED_FIFO, PRIO, when);
}

static void begin(void)
{
	struct rs_error *err = NULL;

	start_daemon();
	check_ok(daemon_add_vm(&d, VM, 0, NULL, &err), &err);
	start_vm();
	expect_boost("before the fault");
}

/* The ring that the fault broke off is over, and the next one is as any. */
static void expect_next_ring(void)
{
	order('e');
	check_sched(vcpu(), SCHED_OTHER, 0, "its END");
	expect_boost("the next ring");
	order('e');
	check_sched(vcpu(), SCHED_OTHER, 0, "its END");
}

static int wait_normal(pid_t tid, int64_t since, int bound_ms, const char *when)
{
	struct sched_state last;

	if (!thread_wait_sched(tid, SCHED_OTHER, 0, bound_ms, &last))
		fail_msg("%s: after %d ms it is still %s %u", when, bound_ms,
			 sched_policy_name(last.policy), last.priority);
	return (int)(now_ms() - since);
}

static void end_all(void)
{
	qemu_order(&qemu, 'q');
	expect_says("nano: ok", STEP_LIMIT_MS);
	assert_int_equal(qemu_exit_code(&qemu, STEP_LIMIT_MS), QEMU_EXIT_OK);
	check_becomes(&d, VM, "connected", 0);
	end_daemon();
}

/* ---- a VM's faults ---- */

static void test_qemu_killed(void **state)
{
	int64_t since;
	pid_t tid;

	(void)state;
	begin();
	tid = vcpu();
	tally_injected("qemu-killed");
	since = now_ms();
	qemu_kill(&qemu);
	check_gone(tid);
	check_becomes(&d, VM, "connected", 0);
	assert_true(now_ms() - since <= DEATH_BOUND_MS);
	check_number(&d, VM, "active_rings.0.ring_id", INT64_MIN);
	check_number(&d, VM, "record_kept", 0);
	start_vm(); /* under the same name */
	expect_boost("the VM that came after it");
	expect_next_ring();
	end_all();
	tally_survived("qemu-killed", TALLY_NOTHING_LEFT, 0);
}

static void guest_restarts(const char *fault, char how)
{
	int64_t since;
	int took;

	begin();
	tally_injected(fault);
	since = now_ms();
	qemu_order(&qemu, how);
	took = wait_normal(vcpu(), since, RESTART_BOUND_MS, fault);
	expect_says("nano: ready", BOOT_LIMIT_MS);
	check_number(&d, VM, "messages.attach", 2);
	expect_boost("after the restart");
	expect_next_ring();
	check_number(&d, VM, "lost", 0);
	end_all();
	tally_survived(fault, took, RESTART_BOUND_MS);
}

static void test_guest_restarts(void **state)
{
	(void)state;
	guest_restarts("guest-restarts", 'r');
}

static void test_guest_faults(void **state)
{
	(void)state;
	guest_restarts("guest-triple-fault", 't');
}

static void tell_monitor(const char *command, char *answer, size_t size)
{
	if (!qemu_monitor(monitor, command, answer, size))
		fail_msg("QEMU's monitor does not answer to %s", command);
}

/* A VM that stands still has no boost; its ring goes on without. */
static void test_paused(void **state)
{
	char answer[4096];
	int64_t since;
	int took;

	(void)state;
	begin();
	tally_injected("vm-paused");
	since = now_ms();
	tell_monitor("stop", answer, sizeof(answer));
	took = wait_normal(vcpu(), since, RESTART_BOUND_MS, "paused");
	tell_monitor("cont", answer, sizeof(answer));
	check_sched(vcpu(), SCHED_OTHER, 0, "resumed inside the ring");
	expect_next_ring();
	check_number(&d, VM, "stray_ends", 1);
	check_number(&d, VM, "lost", 0);
	end_all();
	tally_survived("vm-paused", took, RESTART_BOUND_MS);
}

/* QEMU's device cannot be saved: it says so, and the VM goes on. */
static void test_saved(void **state)
{
	char answer[4096];

	(void)state;
	begin();
	tally_injected("vm-saved");
	tell_monitor("migrate \"exec:cat >/dev/null\"", answer, sizeof(answer));
	if (!strstr(answer, "non-migratable"))
		fail_msg("saving was not refused: %s", answer);
	check_sched(vcpu(), SCHED_FIFO, PRIO, "its ring goes on");
	expect_next_ring();
	check_number(&d, VM, "stray_ends", 0);
	end_all();
	tally_survived("vm-saved", TALLY_NOTHING_LEFT, 0);
}

/* ---- the daemon's faults ---- */

/* Started again, it has the VM from its list, and QEMU comes by itself. */
static void start_again(void)
{
	start_daemon();
	if (!daemon_wait_number(&d, VM, "connected", 1, RECONNECT_LIMIT_MS))
		fail_msg("QEMU does not connect to the daemon that was started again");
}

static void expect_as_before(void)
{
	expect_next_ring();
	check_number(&d, VM, "lost", 0);
	check_number(&d, VM, "apply_failed", 0);
	assert_int_equal(daemon_rejects(&d, VM), 0);
}

static void test_daemon_ends(void **state)
{
	struct rs_error *err = NULL;
	int status;

	(void)state;
	begin();
	tally_injected("daemon-sigterm");
	status = daemon_end(&d, SIGTERM, &err);
	check_ok(status, &err);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	check_sched(vcpu(), SCHED_OTHER, 0, "when the daemon has ended");
	check_removed(d.record);
	start_again();
	expect_as_before();
	end_all();
	tally_survived("daemon-sigterm", TALLY_NOTHING_LEFT, 0);
}

static void test_daemon_killed(void **state)
{
	struct rs_error *err = NULL;
	pid_t guardian;
	int64_t since;
	int took;

	(void)state;
	begin();
	guardian = d.guardian;
	tally_injected("daemon-sigkill");
	since = now_ms();
	check_ok(daemon_kill(&d, &err), &err);
	took = wait_normal(vcpu(), since, GUARDIAN_BOUND_MS, "after SIGKILL");
	check_gone(guardian);
	check_removed(d.record);
	order('n'); /* which means nothing: the guest lives */
	start_again();
	expect_as_before();
	end_all();
	tally_survived("daemon-sigkill", took, GUARDIAN_BOUND_MS);
}

/* Its guardian with it: what is left is put back by the next start. Meanwhile
 * the guest reports a ring that nobody hears of until QEMU is connected again. */
static void test_all_killed(void **state)
{
	struct rs_error *err = NULL;
	struct sched_state last;

	(void)state;
	begin();
	tally_injected("daemon-and-guardian-sigkill");
	check_ok(daemon_end(&d, SIGKILL, &err), &err);
	check_sched(vcpu(), SCHED_FIFO, PRIO, "nobody is left to put it back");
	start_daemon();
	check_sched(vcpu(), SCHED_OTHER, 0, "after the next start");
	qemu_order(&qemu, 's');
	assert_true(thread_wait_sched(vcpu(), SCHED_FIFO, PRIO, RECONNECT_LIMIT_MS, &last));
	expect_says("nano: ready", STEP_LIMIT_MS);
	expect_as_before();
	end_all();
	tally_survived("daemon-and-guardian-sigkill", TALLY_NOTHING_LEFT, 0);
}

/* A second daemon with that socket and record; what it says. */
static int second_daemon(const char *control, const char *record, char *text, size_t size)
{
	char command[512];
	size_t have;
	FILE *f;
	int status;

	snprintf(command, sizeof(command), "exec %s --control %s --record %s 2>&1", daemon_binary(),
		 control, record);
	f = popen(command, "re");
	assert_non_null(f);
	have = fread(text, 1, size - 1, f);
	text[have] = '\0';
	status = pclose(f);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_two_daemons(void **state)
{
	char other[DAEMON_PATH_MAX + 8], text[1024], owner[32];

	(void)state;
	begin();
	snprintf(other, sizeof(other), "%s.2", d.record);
	tally_injected("two-daemons");
	snprintf(owner, sizeof(owner), "process %d:", (int)d.pid);
	assert_int_equal(second_daemon(d.control, other, text, sizeof(text)), 1);
	if (!strstr(text, owner))
		fail_msg("it does not name the owner of the socket: %s", text);
	check_removed(other);
	snprintf(owner, sizeof(owner), "(pid %d)", (int)d.pid);
	assert_int_equal(second_daemon(other, d.record, text, sizeof(text)), 1);
	if (!strstr(text, owner))
		fail_msg("it does not name the owner of the record: %s", text);
	check_removed(other);
	check_sched(vcpu(), SCHED_FIFO, PRIO, "the first one's VM");
	expect_as_before();
	end_all();
	tally_survived("two-daemons", TALLY_NOTHING_LEFT, 0);
}

/* A thread has the number of one that a record is about, and began at another
 * time: it is not touched. */
static void test_thread_id_reused(void **state)
{
	const struct sched_state boosted = { .policy = SCHED_FIFO, .priority = 7 };
	struct record_thread id = { 0 };
	struct rs_error *err = NULL;
	char path[DAEMON_PATH_MAX + 8];
	struct proc_stat stat;
	struct record *record;
	unsigned int count = 1;

	(void)state;
	begin();
	order('e');
	snprintf(path, sizeof(path), "%s.reused", d.record);
	record = record_open(path, &err);
	assert_non_null(record);
	assert_int_equal(proc_stat(qemu.pid, vcpu(), &stat), 0);
	id = (struct record_thread){ qemu.pid, vcpu(), stat.start, stat.start + 1 };
	tally_injected("thread-id-reused");
	assert_true(record_add_thread(record, &id, &boosted) >= 0);
	id.tid_start = stat.start;
	id.pid_start = stat.start + 1;
	assert_true(record_add_thread(record, &id, &boosted) >= 0);
	record_close(record);
	check_ok(record_restore(path, &count, &err), &err);
	assert_int_equal(count, 0);
	check_sched(vcpu(), SCHED_OTHER, 0, "its number is in a record, it is not");
	check_removed(path);
	end_all();
	tally_survived("thread-id-reused", TALLY_NOTHING_LEFT, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_qemu_killed),	     TEST(test_guest_restarts), TEST(test_guest_faults),
		TEST(test_paused),	     TEST(test_saved),		TEST(test_daemon_ends),
		TEST(test_daemon_killed),    TEST(test_all_killed),	TEST(test_two_daemons),
		TEST(test_thread_id_reused),
	};

	cmocka_set_test_filter(getenv("FAULT")); /* NULL: all of them */
	return cmocka_run_group_tests_name("faults", tests, NULL, NULL) ? 1 : 0;
}
