// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whatever ends (a VM, its connection, the daemon, each in every way), no
 * thread keeps a scheduling that is not its own.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/cleanup.h"
#include "host/guardian.h"
#include "host/record.h"
#include "tests/fake/world.h"

static const struct sched_state nice_five = { .policy = SCHED_OTHER, .nice = 5 };
static const struct fake_vm_options with_nice = { .vcpus = 2, .own = &nice_five };

static void expect_own(struct frontend *f, const char *when)
{
	struct sched_state s;

	for (unsigned int i = 0; i < f->vm.vcpus; i++) {
		check_sched(f->vm.tid[i], SCHED_OTHER, 0, when);
		assert_int_equal(sched_read(f->vm.tid[i], &s), 0);
		assert_int_equal(s.nice, 5);
	}
}

/* A zombie is gone: whoever has to collect it may take its time. */
static bool is_gone(pid_t pid)
{
	char path[64], state = 'Z';
	cleanup_file FILE *f = NULL;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	return !f || fscanf(f, "%*d (%*[^)]) %c", &state) != 1 || state == 'Z';
}

static void check_gone(pid_t pid)
{
	int64_t end = now_ms() + STEP_LIMIT_MS;

	while (!is_gone(pid) && now_ms() < end)
		short_pause();
	assert_true(is_gone(pid));
}

/* A line of the log holds `text`, or will soon. */
static void check_log(const struct daemon *d, const char *text)
{
	int64_t end = now_ms() + STEP_LIMIT_MS;
	char line[512];

	while (now_ms() < end) {
		cleanup_file FILE *f = fopen(d->log, "re");

		while (f && fgets(line, sizeof(line), f))
			if (strstr(line, text))
				return;
		short_pause();
	}
	fail_msg("the log does not say: %s", text);
}

/* A daemon with a VM in a ring, and one booting at SCHED_IDLE. */
static void start_two(struct world *w)
{
	world_start(w, "ring_boot");
	world_boot(w, 0, "a", 0, "ring", &with_nice);
	world_boot(w, 1, "b", 0, NULL, &with_nice);
	world_notify(&w->vm[0], RS_KIND_START, 1, 50);
	check_sched(w->vm[0].vm.tid[0], SCHED_FIFO, 50, "a in its ring");
	check_sched(w->vm[1].vm.tid[0], SCHED_IDLE, 0, "b boots");
	check_sched(w->vm[1].vm.tid[1], SCHED_IDLE, 0, "b boots");
}

static void expect_both_own(struct world *w, const char *when)
{
	expect_own(&w->vm[0], when);
	expect_own(&w->vm[1], when);
}

static void end_by_signal(struct world *w, int signal, const char *when)
{
	struct rs_error *err = NULL;
	int status;

	start_two(w);
	status = daemon_end(&w->daemon, signal, &err);
	check_ok(status, &err);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	expect_both_own(w, when);
	assert_int_not_equal(access(w->daemon.control, F_OK), 0);
	assert_int_not_equal(access(w->daemon.record, F_OK), 0);
}

static void test_sigterm(void **state)
{
	end_by_signal(*state, SIGTERM, "after SIGTERM");
}

static void test_sigint(void **state)
{
	end_by_signal(*state, SIGINT, "after SIGINT");
}

static void test_shutdown(void **state)
{
	struct rs_error *err = NULL;
	struct world *w = *state;
	int status;

	start_two(w);
	check_ok(daemon_command(&w->daemon, "shutdown", NULL, NULL, &err), &err);
	expect_both_own(w, "after shutdown");
	status = daemon_end(&w->daemon, 0, &err);
	check_ok(status, &err);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* It crashes: what can still be done in a signal handler is done. */
static void test_crash(void **state)
{
	struct rs_error *err = NULL;
	struct world *w = *state;
	int status;

	start_two(w);
	status = daemon_end(&w->daemon, SIGSEGV, &err);
	check_ok(status, &err);
	assert_true(WIFSIGNALED(status));
	expect_both_own(w, "after SIGSEGV");
}

static void test_sigkill_then_record(void **state)
{
	struct rs_error *err = NULL;
	struct world *w = *state;
	unsigned int count = 0;

	start_two(w);
	check_ok(daemon_end(&w->daemon, SIGKILL, &err), &err);
	/* Nobody could restore anything: this is what the record is for. */
	check_sched(w->vm[0].vm.tid[0], SCHED_FIFO, 50, "after SIGKILL");
	check_ok(record_restore(w->daemon.record, &count, &err), &err);
	expect_both_own(w, "after the record was restored");
	assert_true(count >= 3);
	assert_int_not_equal(access(w->daemon.record, F_OK), 0);
	/* Once more: nothing is left to do, and that is no error. */
	check_ok(record_restore(w->daemon.record, &count, &err), &err);
	assert_int_equal(count, 0);
}

/* The thread of a record is gone: nobody else's is touched. */
static void test_record_of_a_gone_vm(void **state)
{
	struct rs_error *err = NULL;
	struct world *w = *state;
	unsigned int count = 0;

	start_two(w);
	check_ok(daemon_end(&w->daemon, SIGKILL, &err), &err);
	fake_vm_kill(&w->vm[0].vm);
	check_ok(record_restore(w->daemon.record, &count, &err), &err);
	expect_own(&w->vm[1], "the VM that still lives");
}

/* A new daemon puts back what a killed one left, and then has its own record. */
static void test_next_daemon_restores(void **state)
{
	struct rs_error *err = NULL;
	struct world *w = *state;

	start_two(w);
	check_ok(daemon_end(&w->daemon, SIGKILL, &err), &err);
	check_sched(w->vm[0].vm.tid[0], SCHED_FIFO, 50, "nobody has put it back");
	check_ok(daemon_start(&w->daemon, "ring", NULL, &err), &err);
	expect_both_own(w, "after the start of the next daemon");
	check_ok(daemon_end(&w->daemon, SIGTERM, &err), &err);
	assert_int_not_equal(access(w->daemon.record, F_OK), 0);
}

/* The daemon alone is killed: its guardian puts back, and ends. */
static void test_guardian_restores(void **state)
{
	struct rs_error *err = NULL;
	struct world *w = *state;
	struct sched_state last;
	pid_t guardian;

	start_two(w);
	guardian = w->daemon.guardian;
	assert_true(guardian > 0);
	check_ok(daemon_kill(&w->daemon, &err), &err);
	assert_true(
		thread_wait_sched(w->vm[0].vm.tid[0], SCHED_OTHER, 0, GUARDIAN_BOUND_MS, &last));
	check_gone(guardian);
	expect_both_own(w, "after the guardian");
	assert_int_not_equal(access(w->daemon.record, F_OK), 0);
}

/* It ends with the daemon whose work is done, and its loss is told. */
static void test_guardian_ends(void **state)
{
	struct rs_error *err = NULL;
	struct world *w = *state;
	pid_t guardian;

	start_two(w);
	guardian = w->daemon.guardian;
	check_ok(daemon_end(&w->daemon, SIGTERM, &err), &err);
	check_gone(guardian);
	check_ok(daemon_start(&w->daemon, "ring", NULL, &err), &err);
	assert_int_equal(kill(w->daemon.guardian, SIGKILL), 0);
	check_gone(w->daemon.guardian);
	assert_true(daemon_alive(&w->daemon));
	check_log(&w->daemon, "the guardian");
}

/* While the daemon lives its record is not anybody else's to restore. */
static void test_record_is_held(void **state)
{
	struct rs_error *err = NULL;
	struct world *w = *state;
	unsigned int count = 0;

	start_two(w);
	assert_int_equal(record_restore(w->daemon.record, &count, &err), -EBUSY);
	rs_error_free(&err);
	check_sched(w->vm[0].vm.tid[0], SCHED_FIFO, 50, "its daemon still runs");
}

/* VMs are known again after the daemon's end, until they are removed. */
static void test_remembers_vms(void **state)
{
	struct rs_error *err = NULL;
	struct world *w = *state;
	char path[64], policy[16];
	const char *const extra[] = { "--vms", path, NULL };
	FILE *f;

	snprintf(path, sizeof(path), "/tmp/ringsched-vms-%d", getpid());
	unlink(path);
	check_ok(daemon_start(&w->daemon, "ring", extra, &err), &err);
	world_boot(w, 0, "a", 44, NULL, &with_nice);
	check_ok(daemon_command(&w->daemon, "policy", "static", "a", &err), &err);
	check_ok(daemon_add_vm(&w->daemon, "b", 0, NULL, &err), &err);
	check_ok(daemon_command(&w->daemon, "remove-vm", "b", NULL, &err), &err);
	check_ok(daemon_end(&w->daemon, SIGTERM, &err), &err);
	expect_own(&w->vm[0], "after the daemon");
	check_ok(daemon_start(&w->daemon, "ring", extra, &err), &err);
	check_number(&w->daemon, "a", "ceiling", 44);
	assert_true(daemon_text(&w->daemon, "a", "policy", policy, sizeof(policy)));
	assert_string_equal(policy, "static");
	check_number(&w->daemon, "b", "ceiling", INT64_MIN);
	check_ok(daemon_end(&w->daemon, SIGTERM, &err), &err);
	/* A file of another kind is refused, and left as it is. */
	f = fopen(path, "we");
	assert_non_null(f);
	fputs("[1]", f);
	fclose(f);
	assert_true(daemon_start(&w->daemon, "ring", extra, &err) < 0);
	rs_error_free(&err);
	unlink(path);
}

static void test_disconnect_and_come_back(void **state)
{
	struct rs_error *err = NULL;
	struct world *w = *state;
	struct frontend *f;
	char path[DAEMON_PATH_MAX];

	world_start(w, "ring");
	f = world_boot(w, 0, "a", 0, NULL, &with_nice);
	daemon_vm_socket(&w->daemon, "a", path);
	for (unsigned int i = 0; i < 3; i++) {
		world_notify(f, RS_KIND_START, 1, 50);
		check_sched(f->vm.tid[0], SCHED_FIFO, 50, "in the ring");
		ff_disconnect(f);
		expect_own(f, "disconnected inside the ring");
		check_becomes(&w->daemon, "a", "connected", 0);
		check_number(&w->daemon, "a", "active_rings.0.ring_id", INT64_MIN);
		check_ok(ff_connect(f, path, &err), &err);
		check_ok(ff_realize(f, &err), &err);
		check_ok(ff_start_queues(f, &err), &err);
	}
}

static void test_remove_vm(void **state)
{
	struct rs_error *err = NULL;
	struct world *w = *state;

	start_two(w);
	check_ok(daemon_command(&w->daemon, "remove-vm", "a", NULL, &err), &err);
	expect_own(&w->vm[0], "removed inside its ring");
	assert_true(ff_closed(&w->vm[0], STEP_LIMIT_MS));
	check_ok(daemon_command(&w->daemon, "remove-vm", "b", NULL, &err), &err);
	expect_own(&w->vm[1], "removed while booting");
	check_number(&w->daemon, "a", "pid", INT64_MIN);
}

/* A reset of the device inside a ring, then a fresh driver. */
static void test_device_reset(void **state)
{
	struct rs_error *err = NULL;
	struct world *w = *state;
	struct frontend *f;

	world_start(w, "ring");
	f = world_boot(w, 0, "a", 0, NULL, &with_nice);
	world_notify(f, RS_KIND_START, 1, 50);
	check_sched(f->vm.tid[0], SCHED_FIFO, 50, "in the ring");
	check_ok(ff_stop_queues(f, &err), &err);
	expect_own(f, "reset inside the ring");
	check_ok(ff_start_queues(f, &err), &err);
	f->sequence = 0;
	world_notify(f, RS_KIND_ATTACH, 0, 0);
	world_notify(f, RS_KIND_START, 2, 40);
	check_sched(f->vm.tid[0], SCHED_FIFO, 40, "the fresh driver's ring");
	check_number(&w->daemon, "a", "lost", 0);
}

/* Some front ends stop a queue without disabling it first. */
static void test_queue_stopped(void **state)
{
	struct vhost_vring_state queue = { .index = RS_QUEUE_NOTIFY };
	struct rs_error *err = NULL;
	struct world *w = *state;
	struct frontend *f;

	world_start(w, "ring");
	f = world_boot(w, 0, "a", 0, NULL, &with_nice);
	world_notify(f, RS_KIND_START, 1, 50);
	check_sched(f->vm.tid[0], SCHED_FIFO, 50, "in the ring");
	check_ok(ff_send(f, FF_GET_VRING_BASE, &queue, sizeof(queue), NULL, 0, &err), &err);
	check_ok(ff_reply(f, FF_GET_VRING_BASE, &queue, sizeof(queue), &err), &err);
	/* Where a fresh start has to go on: after ATTACH and START. */
	assert_int_equal(queue.num, 2);
	expect_own(f, "stopped inside the ring");
}

/* The process dies in a ring, its socket still open (this test holds it). */
static void test_process_dies(void **state)
{
	struct world *w = *state;

	start_two(w);
	fake_vm_kill(&w->vm[0].vm);
	check_becomes(&w->daemon, "a", "connected", 0);
	check_number(&w->daemon, "a", "active_rings.0.ring_id", INT64_MIN);
	world_notify(&w->vm[1], RS_KIND_START, 1, 40);
	check_sched(w->vm[1].vm.tid[0], SCHED_FIFO, 40, "the other VM");
}

/* Twenty VMs come and go under one name. */
static void test_many_lives(void **state)
{
	struct rs_error *err = NULL;
	struct world *w = *state;
	struct frontend *f = &w->vm[0];

	world_start(w, "ring_boot");
	for (int i = 0; i < 20; i++) {
		world_boot(w, 0, "a", 0, NULL, &with_nice);
		world_notify(f, RS_KIND_START, 1, 50);
		check_sched(f->vm.tid[0], SCHED_FIFO, 50, "in the ring");
		ff_disconnect(f);
		expect_own(f, "disconnected");
		ff_destroy(f);
		check_ok(daemon_command(&w->daemon, "remove-vm", "a", NULL, &err), &err);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_sigterm),
		WORLD_TEST(test_sigint),
		WORLD_TEST(test_shutdown),
		WORLD_TEST(test_crash),
		WORLD_TEST(test_sigkill_then_record),
		WORLD_TEST(test_record_of_a_gone_vm),
		WORLD_TEST(test_next_daemon_restores),
		WORLD_TEST(test_guardian_restores),
		WORLD_TEST(test_guardian_ends),
		WORLD_TEST(test_record_is_held),
		WORLD_TEST(test_remembers_vms),
		WORLD_TEST(test_disconnect_and_come_back),
		WORLD_TEST(test_remove_vm),
		WORLD_TEST(test_device_reset),
		WORLD_TEST(test_queue_stopped),
		WORLD_TEST(test_process_dies),
		WORLD_TEST(test_many_lives),
	};

	return cmocka_run_group_tests_name("nothing is left behind", tests, NULL, NULL) ? 1 : 0;
}
