// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Linux with the module: it goes and comes while a ring is active, then the
 * kernel panics (guest.sh). Started by tests/faults/run.
 */
#include <poll.h>
#include <sys/socket.h>

#include "tests/faults/stage.h"
#include "tests/guest/machine.h"

#define PANIC_LIMIT_MS 20000 /* the guest's kernel has much to say */

static _Noreturn void become_linux(const char *socket, int serial)
{
	const struct machine guest = {
		.name = "linux",
		.accel = "tcg",
		.vcpus = 1,
		.kernel = getenv("LINUX_KERNEL"),
		.initrd = getenv("LINUX_INITRD"),
		.append = "rs.run=/tests/guest.sh",
		.sockets = { socket },
		.in = serial,
		.out = serial,
	};

	machine_become(&guest);
}

static void start_linux(void)
{
	char path[DAEMON_PATH_MAX];
	int ends[2];

	daemon_vm_socket(&d, VM, path);
	memset(&qemu, 0, sizeof(qemu));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	qemu.pid = fork();
	if (!qemu.pid)
		become_linux(path, ends[1]);
	close(ends[1]);
	qemu.serial = ends[0];
	assert_true(qemu.pid > 0);
}

static void next_step(const char *says)
{
	qemu_order(&qemu, '\n');
	expect_says(says, BOOT_LIMIT_MS);
}

/* To the end of its serial line: nobody reads it, and the guest would wait. */
static void hear_out(int limit_ms)
{
	struct pollfd p = { .fd = qemu.serial, .events = POLLIN };
	char text[4096];

	while (poll(&p, 1, limit_ms) == 1 && read(qemu.serial, text, sizeof(text)) > 0)
		;
}

static void test_module_and_panic(void **state)
{
	struct rs_error *err = NULL;
	pid_t tid;

	(void)state;
	check_ok(daemon_start(&d, "ring", NULL, &err), &err);
	check_ok(daemon_add_vm(&d, VM, 0, NULL, &err), &err);
	start_linux();
	expect_says("faults: in a ring", BOOT_LIMIT_MS);
	tid = vcpu();
	check_sched(tid, SCHED_FIFO, PRIO, "in a ring");
	tally_injected("module-unbound");
	next_step("faults: unbound");
	check_sched(tid, SCHED_OTHER, 0, "unbound inside the ring");
	next_step("faults: bound");
	check_sched(tid, SCHED_FIFO, PRIO, "bound again");
	tally_survived("module-unbound", TALLY_NOTHING_LEFT, 0);
	tally_injected("module-reloaded");
	next_step("faults: unloaded");
	check_sched(tid, SCHED_OTHER, 0, "unloaded inside the ring");
	next_step("faults: loaded");
	check_sched(tid, SCHED_FIFO, PRIO, "loaded again");
	check_number(&d, VM, "messages.attach", 3);
	check_number(&d, VM, "lost", 0);
	tally_survived("module-reloaded", TALLY_NOTHING_LEFT, 0);
	tally_injected("guest-panics");
	next_step("Kernel panic");
	hear_out(PANIC_LIMIT_MS);
	/* It restarts, and this QEMU takes that for its end. */
	assert_int_equal(qemu_exit_code(&qemu, STEP_LIMIT_MS), 0);
	check_gone(tid);
	check_becomes(&d, VM, "connected", 0);
	end_daemon();
	tally_survived("guest-panics", TALLY_NOTHING_LEFT, 0);
}

static int tear_down(void **state)
{
	(void)state;
	end_stage();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_module_and_panic, tear_down),
	};

	return cmocka_run_group_tests_name("faults of a Linux guest", tests, NULL, NULL) ? 1 : 0;
}
