/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One daemon, d, one VM of it in a QEMU, and what is looked at after a fault:
 * shared by the programs of this folder.
 *
 * scripts/fault-table counts: one line "injected NAME" when a fault is, one
 * "survived NAME MS BOUND" when all was well afterwards, MS = how long something
 * was left changed, of at most BOUND; "-" where nothing was. Appended to the file
 * that $FAULT_TALLY names.
 */
#ifndef TESTS_FAULTS_STAGE_H
#define TESTS_FAULTS_STAGE_H

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/proc.h"
#include "tests/fake/world.h"
#include "tests/nano/qemu.h"

#define BOOT_LIMIT_MS 30000
#define PRIO 50 /* of the guests' ring */
#define VM "a"

static struct daemon d;
static struct qemu qemu;

#define TALLY_NOTHING_LEFT (-1)

static inline FILE *tally_open(void)
{
	const char *path = getenv("FAULT_TALLY");

	return fopen(path ? path : "/dev/null", "ae");
}

static inline void tally_injected(const char *fault)
{
	FILE *f = tally_open();

	if (!f)
		return;
	fprintf(f, "injected %s\n", fault);
	fclose(f);
}

static inline void tally_survived(const char *fault, int took_ms, int bound_ms)
{
	FILE *f = tally_open();

	if (!f)
		return;
	if (took_ms == TALLY_NOTHING_LEFT)
		fprintf(f, "survived %s - -\n", fault);
	else
		fprintf(f, "survived %s %d %d\n", fault, took_ms, bound_ms);
	fclose(f);
}

static inline void expect_says(const char *text, int limit_ms)
{
	if (!qemu_says(&qemu, text, limit_ms))
		fail_msg("the guest did not say \"%s\"", text);
}

static inline pid_t vcpu(void)
{
	pid_t tid = qemu_vcpu(&qemu, "tcg");

	assert_true(tid > 0);
	return tid;
}

static inline bool is_gone(pid_t pid)
{
	struct proc_stat stat;

	return proc_stat(pid, pid, &stat) || stat.state == 'Z';
}

static inline void check_gone(pid_t pid)
{
	int64_t end = now_ms() + STEP_LIMIT_MS;

	while (!is_gone(pid) && now_ms() < end)
		short_pause();
	assert_true(is_gone(pid));
}

static inline void check_removed(const char *path)
{
	if (!access(path, F_OK))
		fail_msg("%s is left", path);
}

/* Nothing is in the record, no socket and no guardian is left. */
static inline void end_daemon(void)
{
	struct rs_error *err = NULL;
	char path[DAEMON_PATH_MAX];
	pid_t guardian = d.guardian;
	int status;

	daemon_vm_socket(&d, VM, path);
	status = daemon_end(&d, SIGTERM, &err);
	check_ok(status, &err);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	check_removed(d.record);
	check_removed(d.control);
	check_removed(path);
	check_gone(guardian);
	daemon_clean(&d, false);
}

/* What a test that failed has left; one that passed has left nothing. */
static inline void end_stage(void)
{
	bool failed = qemu.pid != 0 || d.pid != 0;

	if (failed)
		print_message("the guest said: %s\n", qemu.text);
	qemu_kill(&qemu);
	daemon_clean(&d, failed);
}

#endif
