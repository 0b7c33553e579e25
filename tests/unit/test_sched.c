// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Scheduling of real threads, read back from the kernel, and the record of
 * originals. Needs root; skipped (77) where real-time is not permitted.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "host/error.h"
#include "host/proc.h"
#include "host/record.h"
#include "host/sched.h"
#include "host/threads.h"
#include "tests/unit/fake_process.h"

static struct fake_process p;
static char record_path[64];

static int set_up(void **state)
{
	(void)state;
	snprintf(record_path, sizeof(record_path), "/tmp/ringsched-record-%d", getpid());
	unlink(record_path);
	fake_process_start(&p, 2);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fake_process_end(&p);
	unlink(record_path);
	return 0;
}

static uint32_t policy_of(pid_t tid)
{
	struct sched_state now;

	assert_int_equal(sched_read(tid, &now), 0);
	return now.policy;
}

static void test_apply_and_restore(void **state)
{
	struct sched_state original, now;
	pid_t tid = p.vcpu[0];

	(void)state;
	assert_int_equal(setpriority(PRIO_PROCESS, (id_t)tid, 5), 0);
	assert_int_equal(sched_read(tid, &original), 0);
	assert_int_equal(original.policy, SCHED_OTHER);
	assert_int_equal(original.nice, 5);

	assert_int_equal(sched_apply_fifo(tid, 42, &now), 0);
	assert_int_equal(now.policy, SCHED_FIFO);
	assert_int_equal(now.priority, 42);
	/* Not what we were told, but what another system call says. */
	assert_int_equal(sched_getscheduler(tid), SCHED_FIFO | SCHED_RESET_ON_FORK);

	assert_int_equal(sched_apply_idle(tid, original.nice, &now), 0);
	assert_int_equal(sched_getscheduler(tid), SCHED_IDLE);

	assert_int_equal(sched_restore(tid, &original, &now), 0);
	assert_memory_equal(&now, &original, sizeof(now));
	assert_int_equal(sched_getscheduler(tid), SCHED_OTHER);
	assert_int_equal(getpriority(PRIO_PROCESS, (id_t)tid), 5);
}

static void test_failures_are_explained(void **state)
{
	cleanup_error struct rs_error *err = NULL;

	(void)state;
	assert_int_equal(sched_apply_fifo(p.vcpu[0], 100, NULL), -EINVAL);
	assert_int_equal(sched_apply_fifo(0x3fffffff, 10, NULL), -ESRCH);
	assert_int_equal(sched_explain(&err, ESRCH, p.pid, 0x3fffffff, SCHED_FIFO, 10), -ESRCH);
	assert_non_null(strstr(err->message, "gone"));
	rs_error_free(&err);
	assert_int_equal(sched_explain(&err, EPERM, p.pid, p.vcpu[0], SCHED_FIFO, 10), -EPERM);
	assert_non_null(strstr(err->message, "SCHED_FIFO"));
}

static void test_unprivileged_is_explained(void **state)
{
	int status;
	pid_t child = fork();

	(void)state;
	if (!child) {
		const struct rlimit none = { 0, 0 };
		struct rs_error *err = NULL;
		int ret;

		if (setrlimit(RLIMIT_RTPRIO, &none) || setuid(65534))
			_exit(1);
		ret = sched_apply_fifo(0, 10, NULL);
		sched_explain(&err, -ret, getpid(), getpid(), SCHED_FIFO, 10);
		_exit(ret == -EPERM && strstr(err->message, "CAP_SYS_NICE") ? 0 : 2);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* As on Linux before 6.9: pidfd_open(2) does not know its flag. */
static void forbid_thread_pidfds(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_open, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		_exit(3);
}

static void test_holds_threads_without_pidfds(void **state)
{
	pid_t child = fork();
	int status;

	(void)state;
	if (!child) {
		struct thread_ref first, second;
		bool good;

		forbid_thread_pidfds();
		if (thread_ref_open(&first, p.pid, p.vcpu[0], NULL) ||
		    thread_ref_open(&second, p.pid, p.vcpu[1], NULL))
			_exit(1);
		good = !first.is_pidfd && thread_ref_alive(&first) && thread_ref_alive(&second);
		fake_process_order(&p, 'x');
		_exit(good && thread_ref_alive(&first) && !thread_ref_alive(&second) ? 0 : 2);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void test_finds_vcpus(void **state)
{
	struct found_vcpu found[8];

	(void)state;
	assert_int_equal(threads_find_vcpus(p.pid, found, 8, NULL), 2);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(found[i].index, i);
		assert_int_equal(found[i].ref.tid, p.vcpu[i]);
		assert_true(thread_ref_alive(&found[i].ref));
	}
	fake_process_order(&p, 'x');
	assert_true(thread_ref_alive(&found[0].ref));
	assert_false(thread_ref_alive(&found[1].ref));
	for (unsigned int i = 0; i < 2; i++)
		thread_ref_close(&found[i].ref);
	assert_int_equal(threads_find_vcpus(p.pid, found, 8, NULL), 1);
	thread_ref_close(&found[0].ref);
	assert_int_equal(threads_find_vcpus(getpid(), found, 8, NULL), 0);
}

static struct record_thread identity(pid_t tid)
{
	struct record_thread t = { .pid = p.pid, .tid = tid };
	struct proc_stat stat;

	assert_int_equal(proc_stat(p.pid, p.pid, &stat), 0);
	t.pid_start = stat.start;
	assert_int_equal(proc_stat(p.pid, tid, &stat), 0);
	t.tid_start = stat.start;
	return t;
}

/* What the daemon does, then its end by SIGKILL. */
static void change_and_die(void)
{
	struct record *rec = record_open(record_path, NULL);
	struct record_thread t;
	struct sched_state s;

	for (unsigned int i = 0; i < p.vcpus; i++) {
		t = identity(p.vcpu[i]);
		sched_read(p.vcpu[i], &s);
		if (!rec || record_add_thread(rec, &t, &s) < 0 ||
		    sched_apply_fifo(p.vcpu[i], 10 + i, NULL))
			_exit(1);
	}
	t = identity(p.pid);
	sched_read(p.pid, &s);
	if (record_add_process(rec, &t, &s) < 0 || sched_apply_idle(p.worker, 0, NULL))
		_exit(1);
	raise(SIGKILL);
}

static void kill_a_daemon(void)
{
	int status;
	pid_t child = fork();

	if (!child)
		change_and_die();
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void test_restore_after_kill(void **state)
{
	cleanup_error struct rs_error *err = NULL;
	unsigned int count = 99;
	pid_t inherited;

	(void)state;
	kill_a_daemon();
	assert_int_equal(policy_of(p.vcpu[0]), SCHED_FIFO);
	assert_int_equal(policy_of(p.worker), SCHED_IDLE);
	/* Made by a low thread after the daemon's death: low as well. */
	inherited = fake_process_order(&p, 'w');
	assert_int_equal(policy_of(inherited), SCHED_IDLE);

	/* A new daemon does not bury what the old one left. */
	assert_null(record_open(record_path, &err));
	assert_int_equal(err->code, EEXIST);

	assert_int_equal(record_restore(record_path, &count, NULL), 0);
	assert_int_equal(count, 4);
	assert_int_equal(policy_of(p.vcpu[0]), SCHED_OTHER);
	assert_int_equal(policy_of(p.vcpu[1]), SCHED_OTHER);
	assert_int_equal(policy_of(p.worker), SCHED_OTHER);
	assert_int_equal(policy_of(inherited), SCHED_OTHER);
	assert_int_equal(access(record_path, F_OK), -1);
	assert_int_equal(record_restore(record_path, &count, NULL), 0); /* no file is fine */
	assert_int_equal(count, 0);
}

/* The guardian and whoever else is about to restore: one does, both are content. */
static void test_restore_by_two(void **state)
{
	unsigned int count = 0;
	int status;
	pid_t other;

	(void)state;
	kill_a_daemon();
	other = fork();
	if (!other)
		_exit(record_restore(record_path, &count, NULL) ? 99 : (int)count);
	assert_int_equal(record_restore(record_path, &count, NULL), 0);
	assert_int_equal(waitpid(other, &status, 0), other);
	assert_true(WIFEXITED(status));
	assert_int_equal(count + (unsigned int)WEXITSTATUS(status), 3);
	assert_int_equal(policy_of(p.vcpu[0]), SCHED_OTHER);
	assert_int_equal(access(record_path, F_OK), -1);
}

/* The number was given to another thread meanwhile: its start time differs. */
static void test_reused_ids_are_left_alone(void **state)
{
	struct record *rec = record_open(record_path, NULL);
	struct record_thread t = identity(p.vcpu[0]), u = identity(p.vcpu[1]);
	cleanup_error struct rs_error *err = NULL;
	struct sched_state s;
	unsigned int count;
	char us[32];

	(void)state;
	assert_non_null(rec);
	assert_int_equal(sched_read(p.vcpu[0], &s), 0);
	t.tid_start++;
	u.pid_start++;
	assert_true(record_add_thread(rec, &t, &s) >= 0);
	assert_true(record_add_thread(rec, &u, &s) >= 0);
	assert_int_equal(sched_apply_fifo(p.vcpu[0], 7, NULL), 0);
	assert_int_equal(sched_apply_fifo(p.vcpu[1], 7, NULL), 0);
	snprintf(us, sizeof(us), "(pid %d)", getpid());
	assert_int_equal(record_restore(record_path, &count, &err), -EBUSY); /* we live */
	assert_non_null(strstr(err->message, us));
	record_close(rec);
	assert_int_equal(record_restore(record_path, &count, NULL), 0);
	assert_int_equal(count, 0);
	assert_int_equal(policy_of(p.vcpu[0]), SCHED_FIFO);
	assert_int_equal(policy_of(p.vcpu[1]), SCHED_FIFO);
}

static void test_drop_and_full(void **state)
{
	struct record *rec = record_open(NULL, NULL);
	struct record_thread t = identity(p.vcpu[0]);
	struct sched_state s = { 0 };
	int last = -1;

	(void)state;
	for (int i = 0; i < RECORD_ENTRIES; i++)
		last = record_add_thread(rec, &t, &s);
	assert_true(last >= 0);
	assert_int_equal(record_add_thread(rec, &t, &s), -ENOSPC);
	record_drop(rec, last);
	record_drop(rec, -1);
	record_drop(rec, RECORD_ENTRIES);
	assert_int_equal(record_used(rec), RECORD_ENTRIES - 1);
	assert_int_equal(record_add_thread(rec, &t, &s), last);
	record_close(rec);
}

static void write_at(off_t offset, const void *bytes, size_t size)
{
	int fd = open(record_path, O_WRONLY | O_CLOEXEC);

	assert_int_equal(pwrite(fd, bytes, size, offset), size);
	close(fd);
}

/* A torn entry is not believed; the others are. */
static void test_damaged_entry_is_skipped(void **state)
{
	unsigned int count;

	(void)state;
	kill_a_daemon();
	write_at(512 + 200, "damage", 6); /* entry 0: the first vCPU's */
	assert_int_equal(record_restore(record_path, &count, NULL), 0);
	assert_int_equal(count, 2);
	assert_int_equal(policy_of(p.vcpu[0]), SCHED_FIFO);
	assert_int_equal(policy_of(p.vcpu[1]), SCHED_OTHER);
}

static void test_foreign_files_are_refused(void **state)
{
	static const char text[] = "something else";
	unsigned int count;
	int fd;

	(void)state;
	/* Truncated, of another size, not ours alone, no regular file, a link. */
	kill_a_daemon();
	assert_int_equal(truncate(record_path, 5000), 0);
	assert_int_equal(record_restore(record_path, &count, NULL), -EUCLEAN);
	unlink(record_path);

	fd = open(record_path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, text, sizeof(text)), sizeof(text));
	assert_int_equal(record_restore(record_path, &count, NULL), -EUCLEAN);
	assert_null(record_open(record_path, NULL));
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(fchmod(fd, 0666), 0);
	assert_int_equal(record_restore(record_path, &count, NULL), -EUCLEAN);
	close(fd);
	unlink(record_path);

	assert_int_equal(mkfifo(record_path, 0600), 0);
	assert_int_equal(record_restore(record_path, &count, NULL), -EUCLEAN);
	unlink(record_path);

	assert_int_equal(symlink("/etc/passwd", record_path), 0);
	assert_true(record_restore(record_path, &count, NULL) < 0);
	assert_int_equal(count, 0);
}

/* Only knobs of cgroups are written, whatever a record says. */
static void test_knob_outside_cgroups(void **state)
{
	char path[96], content[8] = "";
	unsigned int count;
	struct record *rec;
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "%s.d", record_path);
	assert_int_equal(mkdir(path, 0700), 0);
	strcat(path, "/cpu.shares");
	fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	rec = record_open(record_path, NULL);
	assert_true(record_add_knob(rec, path, "1024") >= 0);
	assert_true(record_add_knob(rec, "/proc/sys/kernel/sysrq", "0") >= 0);
	record_close(rec);
	assert_int_equal(record_restore(record_path, &count, NULL), -EUCLEAN);
	assert_int_equal(count, 0);
	assert_int_equal(read(fd, content, sizeof(content)), 0);
	close(fd);
	unlink(path);
	*strrchr(path, '/') = '\0';
	rmdir(path);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		T(test_apply_and_restore),
		T(test_failures_are_explained),
		T(test_unprivileged_is_explained),
		T(test_finds_vcpus),
		T(test_holds_threads_without_pidfds),
		T(test_restore_after_kill),
		T(test_restore_by_two),
		T(test_reused_ids_are_left_alone),
		T(test_drop_and_full),
		T(test_damaged_entry_is_skipped),
		T(test_foreign_files_are_refused),
		T(test_knob_outside_cgroups),
	};
	struct sched_state own;

	if (sched_read(0, &own) || sched_apply_fifo(0, 1, NULL)) {
		fprintf(stderr, "skipped: real-time scheduling is not permitted here\n");
		return 77;
	}
	sched_restore(0, &own, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
