// SPDX-License-Identifier: GPL-2.0-or-later
/* A cell that failed says whose guest panicked, whatever is on its console. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/cell_state.h"
#include "host/error.h"

#define WHY "phase boot: rs-1-a ended unexpectedly"
#define PANIC "Kernel panic - not syncing: sysrq triggered crash"

static char folder[] = "/tmp/rs-panic.XXXXXX";
static char consoles[2][64];
static const struct scenario_vm vms[2] = { { .name = "control" }, { .name = "neighbour" } };

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	for (int i = 0; i < 2; i++)
		snprintf(consoles[i], sizeof(consoles[i]), "%s/console-%d.log", folder, i);
	return 0;
}

static void forget(void)
{
	unlink(consoles[0]);
	unlink(consoles[1]);
}

static int tear_down(void **state)
{
	(void)state;
	forget();
	return rmdir(folder);
}

/* `before` bytes 'x' as lines, then the text. */
static void console_says(unsigned int vm, size_t before, const char *text, size_t length)
{
	FILE *f = fopen(consoles[vm], "we");

	assert_non_null(f);
	for (size_t i = 0; i < before; i++)
		fputc(i % 64 == 63 ? '\n' : 'x', f);
	assert_int_equal(fwrite(text, 1, length, f), length);
	assert_int_equal(fclose(f), 0);
}

#define SAYS(vm, text) console_says(vm, 0, text, sizeof(text) - 1)

/* What a cell that failed for WHY says; the consoles are gone then. */
static void expect(const char *message)
{
	struct cell_state cell = { .vm_count = 2 };
	struct rs_error *err = NULL;

	for (int i = 0; i < 2; i++) {
		cell.vms[i].vm = &vms[i];
		cell.vms[i].console = consoles[i];
	}
	rs_fail(&err, ECHILD, "%s", WHY);
	cell_panic_explain(&cell, &err);
	assert_string_equal(err->message, message);
	assert_int_equal(err->code, ECHILD);
	rs_error_free(&err);
	forget();
}

static void test_nobody_panicked(void **state)
{
	(void)state;
	expect(WHY); /* no console */
	SAYS(0, "");
	SAYS(1, "login: \n");
	expect(WHY);
}

static void test_panicked(void **state)
{
	(void)state;
	SAYS(0, "[    5.1] sysrq: Trigger a crash\n[    5.2] " PANIC "\r\n[    5.3] CPU: 0\n");
	expect("VM control: its guest panicked (\"" PANIC "\", see console-control.log): " WHY);
	SAYS(1, PANIC); /* cut off in the middle */
	expect("VM neighbour: its guest panicked (\"" PANIC "\", see console-neighbour.log): " WHY);
}

static void test_both_panicked(void **state)
{
	(void)state;
	SAYS(0, PANIC "\n");
	SAYS(1, PANIC "\n");
	expect("VM neighbour: its guest panicked (\"" PANIC "\", see console-neighbour.log): "
	       "VM control: its guest panicked (\"" PANIC "\", see console-control.log): " WHY);
}

static void test_long_console(void **state)
{
	(void)state;
	console_says(0, 1 << 20, PANIC "\n", sizeof(PANIC));
	expect("VM control: its guest panicked (\"" PANIC "\", see console-control.log): " WHY);
}

/* It cannot write on the user's terminal, nor past the message. */
static void test_hostile(void **state)
{
	char text[4096], message[512];

	(void)state;
	SAYS(0, "a\0b\0Kernel panic - \033[2J\a\"\xff\0!\n");
	expect("VM control: its guest panicked (\"Kernel panic - ?[2J?\?\?\?!\", "
	       "see console-control.log): " WHY);
	memset(text, 'A', sizeof(text));
	memcpy(text, "Kernel panic - ", 15);
	console_says(0, 0, text, sizeof(text));
	snprintf(message, sizeof(message),
		 "VM control: its guest panicked (\"%.119s\", see console-control.log): " WHY,
		 text);
	expect(message);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nobody_panicked), cmocka_unit_test(test_panicked),
		cmocka_unit_test(test_both_panicked),	cmocka_unit_test(test_long_console),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests_name("cell_panic", tests, set_up, tear_down) ? 1 : 0;
}
