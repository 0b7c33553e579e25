// SPDX-License-Identifier: GPL-2.0-or-later
/* A process that has changed a thread and ends in every way; what becomes of
 * the thread. Needs root; skipped (77) where real-time is not permitted. */
#include <errno.h>
#include <sched.h>
#include <string.h>

#include "host/guardian.h"
#include "host/proc.h"
#include "host/record.h"
#include "host/sched.h"
#include "tests/unit/fake_process.h"

#define LONG_MS 5000 /* for what takes milliseconds, on a machine at work */

enum ending { KILLED, DISMISSED, ABANDONED };

struct report { /* what the daemon's double tells of itself */
	pid_t guardian;
};

static struct fake_process p;
static struct sched_state own;
static char record_path[64];

static int set_up(void **state)
{
	(void)state;
	snprintf(record_path, sizeof(record_path), "/tmp/ringsched-guardian-%d", getpid());
	unlink(record_path);
	fake_process_start(&p, 1);
	return sched_read(p.vcpu[0], &own);
}

static int tear_down(void **state)
{
	(void)state;
	fake_process_end(&p);
	unlink(record_path);
	return 0;
}

static void pause_ms(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

static bool is_gone(pid_t pid)
{
	struct proc_stat stat;

	return proc_stat(pid, pid, &stat) || stat.state == 'Z';
}

static bool is_own(void)
{
	struct sched_state now;

	assert_int_equal(sched_read(p.vcpu[0], &now), 0);
	return sched_same(&now, &own);
}

static void boost(struct record *record)
{
	struct record_thread id = { .pid = p.pid, .tid = p.vcpu[0] };
	struct proc_stat stat;

	if (proc_stat(p.pid, p.pid, &stat))
		_exit(1);
	id.pid_start = stat.start;
	if (proc_stat(p.pid, p.vcpu[0], &stat))
		_exit(1);
	id.tid_start = stat.start;
	if (record_add_thread(record, &id, &own) < 0 || sched_apply_fifo(p.vcpu[0], 7, NULL))
		_exit(1);
}

/* In the child. */
static void be_daemon(enum ending ending, int to)
{
	struct report report;
	struct record *record;

	if (guardian_start(record_path, NULL) || !(record = record_open(record_path, NULL)))
		_exit(1);
	boost(record);
	report.guardian = guardian_pid();
	if (write(to, &report, sizeof(report)) != sizeof(report))
		_exit(1);
	if (ending == ABANDONED) /* nobody is left to see to it */
		kill(report.guardian, SIGKILL);
	if (ending == DISMISSED)
		guardian_end();
	raise(SIGKILL);
}

/* The guardian that was; the "daemon" is gone by then. */
static pid_t run_daemon(enum ending ending)
{
	struct report report;
	int ends[2], status;
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (!child)
		be_daemon(ending, ends[1]);
	close(ends[1]);
	assert_int_equal(read(ends[0], &report, sizeof(report)), sizeof(report));
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	return report.guardian;
}

static void wait_gone(pid_t pid)
{
	for (int ms = 0; !is_gone(pid) && ms < LONG_MS; ms++)
		pause_ms();
	assert_true(is_gone(pid));
}

static void test_puts_back(void **state)
{
	(void)state;
	wait_gone(run_daemon(KILLED));
	assert_true(is_own());
	assert_int_equal(access(record_path, F_OK), -1);
}

/* Told that all is put back it ends, and touches nothing. */
static void test_dismissed(void **state)
{
	unsigned int count = 0;
	pid_t guardian;

	(void)state;
	guardian = run_daemon(DISMISSED);
	assert_true(is_gone(guardian));
	assert_false(is_own());
	assert_int_equal(record_restore(record_path, &count, NULL), 0);
	assert_int_equal(count, 1);
	assert_true(is_own());
}

/* Both are gone: the record still knows. */
static void test_both_killed(void **state)
{
	unsigned int count = 0;

	(void)state;
	wait_gone(run_daemon(ABANDONED));
	assert_false(is_own());
	assert_int_equal(record_restore(record_path, &count, NULL), 0);
	assert_int_equal(count, 1);
	assert_true(is_own());
}

/* What ends the daemon's group or terminal does not end its guardian. */
static void test_hears_no_signal(void **state)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT };
	struct record *record;
	pid_t guardian;

	(void)state;
	assert_int_equal(guardian_start(record_path, NULL), 0);
	guardian = guardian_pid();
	assert_true(guardian > 0);
	/* In its own session it hears nothing any more: see host/guardian.c. */
	for (int ms = 0; getsid(guardian) != guardian && ms < LONG_MS; ms++)
		pause_ms();
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		kill(guardian, signals[i]);
	for (int ms = 0; ms < 20; ms++)
		pause_ms();
	assert_false(is_gone(guardian));
	record = record_open(record_path, NULL);
	assert_non_null(record);
	record_close(record);
	guardian_end();
	assert_int_equal(guardian_pid(), 0);
	assert_true(is_gone(guardian));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		T(test_puts_back),
		T(test_dismissed),
		T(test_both_killed),
		T(test_hears_no_signal),
	};
	struct sched_state before;

	if (sched_read(0, &before) || sched_apply_fifo(0, 1, NULL)) {
		fprintf(stderr, "skipped: real-time scheduling is not permitted here\n");
		return 77;
	}
	sched_restore(0, &before, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
