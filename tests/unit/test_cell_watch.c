// SPDX-License-Identifier: GPL-2.0-or-later
/* A vCPU thread that is moved while a cell waits: the wait fails, and names it. */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "harness/cell_state.h"
#include "harness/wait.h"
#include "host/coreset.h"
#include "host/error.h"
#include "host/sched.h"
#include "tests/unit/fake_process.h"

static struct fake_process p;
static struct scenario scenario = { .shared_cores = { 1 }, .shared_core_count = 1 };
static struct scenario_vm vm = { .name = "control", .vcpus = 2 };
static const struct cell_context context = { .scenario = &scenario };
static struct cell_state cell = { .context = &context, .vm_count = 1 };

static int set_up(void **state)
{
	struct coreset first = { { 1 } };

	(void)state;
	fake_process_start(&p, 2);
	cell.vms[0] = (struct cell_vm){
		.vm = &vm,
		.domain.qemu.pid = p.pid,
		.vcpus = { p.vcpu[0], p.vcpu[1] },
	};
	if (sched_apply_cores(p.vcpu[0], &first) || sched_apply_cores(p.vcpu[1], &first))
		return -1;
	cell_watch_begin(&cell);
	return cell_watch_note(&cell.vms[0], NULL);
}

static int tear_down(void **state)
{
	(void)state;
	cell_watch_end();
	fake_process_end(&p);
	return 0;
}

/* To core 1, where core 0 was all it had. */
static void move(pid_t tid)
{
	struct coreset second = { { 2 } };

	assert_int_equal(sched_apply_cores(tid, &second), 0);
}

static void test_stays(void **state)
{
	(void)state;
	assert_int_equal(cell_watch_look(&cell, NULL), 0);
	assert_int_equal(wait_until(wait_deadline(0.7), NULL), 0);
}

static void test_is_moved(void **state)
{
	cleanup_error struct rs_error *err = NULL;
	char expected[128];

	(void)state;
	move(p.vcpu[1]);
	/* Long before the time is over. */
	assert_int_equal(wait_until(wait_deadline(60), &err), -EBADE);
	snprintf(expected, sizeof(expected),
		 "VM control: vCPU 1 (thread %d) may run on core 1 now, it was put on 0",
		 (int)p.vcpu[1]);
	if (strncmp(err->message, expected, strlen(expected)) != 0)
		fail_msg("it says: %s", err->message);
}

/* A wait for something else finds it too. */
static void test_is_moved_while_waiting_for_a_file(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	move(p.vcpu[0]);
	assert_int_equal(wait_fd(ends[0], POLLIN, wait_deadline(60), NULL), -EBADE);
	close(ends[0]);
	close(ends[1]);
}

/* After its end nobody looks; and a VM that is gone is no moved one. */
static void test_not_watched(void **state)
{
	(void)state;
	cell.vms[0].watched = false;
	move(p.vcpu[0]);
	assert_int_equal(cell_watch_look(&cell, NULL), 0);
	cell.vms[0].watched = true;
	cell_watch_end();
	assert_int_equal(wait_until(wait_deadline(0.7), NULL), 0);
	assert_int_equal(cell_watch_look(&cell, NULL), -EBADE);
	fake_process_end(&p);
	assert_int_equal(cell_watch_look(&cell, NULL), 0);
	fake_process_start(&p, 2); /* for tear_down() */
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		T(test_stays),
		T(test_is_moved),
		T(test_is_moved_while_waiting_for_a_file),
		T(test_not_watched),
	};

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2) {
		fprintf(stderr, "skipped: there is one core only\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
