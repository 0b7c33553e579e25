// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a run shows while it works: on a terminal, which is a pty with the few
 * control sequences that are used (screen below), and without one. The run is
 * tests/resume/quick, whose cells take as long as QUICK_SHOW says.
 */
#include <errno.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define LINES 400 /* more than a run writes: nothing scrolls away */
#define COLUMNS 200
#define TABLE "policy           boots" /* its heading */

static const char *program; /* quick */
static char tmp[64], scenario[128], guests[128];

/* ---- a terminal ---- */

static struct screen {
	char cells[LINES][COLUMNS + 1];
	unsigned int line, column, width;
	bool overflow; /* a line was longer than the terminal is wide */
	char escape[16]; /* a control sequence under way */
	unsigned int escape_have;
} screen;

static void clear_from(unsigned int line, unsigned int column)
{
	memset(screen.cells[line] + column, 0, COLUMNS - column);
}

static void end_escape(void)
{
	unsigned int count = (unsigned int)atoi(screen.escape + 2);
	char last = screen.escape[screen.escape_have - 1];

	screen.escape_have = 0;
	if (last == 'A') {
		assert_true(count <= screen.line);
		screen.line -= count;
	} else if (last == 'K') {
		clear_from(screen.line, screen.column);
	} else if (last == 'J') {
		clear_from(screen.line, screen.column);
		for (unsigned int i = screen.line + 1; i < LINES; i++)
			clear_from(i, 0);
	} else {
		fail_msg("a control sequence that ends with '%c'", last);
	}
}

static void show(char c)
{
	if (screen.escape_have || c == '\033') {
		assert_true(screen.escape_have < sizeof(screen.escape) - 1);
		screen.escape[screen.escape_have++] = c;
		screen.escape[screen.escape_have] = '\0';
		if (screen.escape_have > 2 && c >= '@')
			end_escape();
	} else if (c == '\r') {
		screen.column = 0;
	} else if (c == '\n') {
		assert_true(++screen.line < LINES);
	} else {
		screen.overflow |= screen.column >= screen.width && screen.width < COLUMNS;
		if (screen.column < COLUMNS)
			screen.cells[screen.line][screen.column++] = c;
	}
}

static unsigned int count_lines(const char *words)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < LINES; i++)
		count += strstr(screen.cells[i], words) != NULL;
	return count;
}

/* A line that has all three. */
static bool has_line(const char *a, const char *b, const char *c)
{
	for (unsigned int i = 0; i < LINES; i++)
		if (strstr(screen.cells[i], a) && strstr(screen.cells[i], b) &&
		    strstr(screen.cells[i], c))
			return true;
	return false;
}

/* ---- runs ---- */

static pid_t begin(const char *out, const char *show_ms, unsigned short width, bool quiet,
		   int *terminal)
{
	struct winsize size = { .ws_row = 24, .ws_col = width };
	pid_t pid = forkpty(terminal, NULL, NULL, &size);

	assert_true(pid >= 0);
	if (pid == 0) {
		setenv("TERM", "xterm", 1);
		setenv("QUICK_GUESTS", guests, 1);
		setenv("PATH", "/nonexistent", 1); /* no figures: gnuplot takes seconds */
		if (!quiet)
			setenv("QUICK_SHOW", show_ms, 1);
		execl(program, "quick", "run", scenario, out, "7", NULL);
		_exit(99);
	}
	memset(&screen, 0, sizeof(screen));
	screen.width = width;
	return pid;
}

/* Reads on; calls look() after each piece. Returns the exit code. */
static int watch(pid_t pid, int terminal, void (*look)(void))
{
	char text[4096];
	int status;
	ssize_t n;

	while ((n = read(terminal, text, sizeof(text))) > 0) {
		for (ssize_t i = 0; i < n; i++)
			show(text[i]);
		if (look)
			look();
	}
	close(terminal);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static char *folder(const char *name)
{
	char *path = NULL;

	assert_true(asprintf(&path, "%s/%s", tmp, name) > 0);
	return path;
}

static struct {
	bool phase, seconds, half, all, now;
	unsigned int tables; /* most at a time */
} seen;

static void look(void)
{
	unsigned int tables = count_lines(TABLE);

	seen.tables = tables > seen.tables ? tables : seen.tables;
	seen.phase |= has_line("/8] ", ": boot for ", " left");
	seen.seconds |= has_line("/8] ", ": boot for 1 s", "");
	seen.half |= has_line("ring_boot ", "1/2 ", " ms ");
	seen.all |= has_line("none ", "2/2 ", "15.9 ms ");
	seen.now |= has_line("> ring_boot", "", "");
}

static void test_on_a_terminal(void **state)
{
	char *out = folder("terminal");
	int terminal, code;
	pid_t pid = begin(out, "1100", 100, false, &terminal);

	(void)state;
	code = watch(pid, terminal, look);
	if (code == 1)
		fail_msg("%s", screen.cells[0]);
	assert_true(seen.phase);
	assert_true(seen.seconds); /* drawn again while nothing happens */
	assert_true(seen.half);
	assert_true(seen.all);
	assert_true(seen.now);
	assert_int_equal(seen.tables, 1); /* never two: the one before is taken back */
	assert_int_equal(count_lines(TABLE), 0); /* and none is left */
	assert_int_equal(count_lines(": boot for "), 0);
	assert_int_equal(count_lines(": done ("), 8);
	assert_true(has_line("none, boot 2: done (", "boot: p99 15.9 ms, ", " missed"));
	free(out);
}

/* Nothing of the view is longer than a line; what stays may be. */
static void look_narrow(void)
{
	for (unsigned int i = 0; i < LINES; i++)
		if (strstr(screen.cells[i], ": boot for "))
			assert_true(strlen(screen.cells[i]) < 30);
	seen.phase |= count_lines(": boot for ") == 1;
}

static void test_narrow(void **state)
{
	char *out = folder("narrow");
	int terminal;
	pid_t pid = begin(out, "30", 30, false, &terminal);

	(void)state;
	memset(&seen, 0, sizeof(seen));
	assert_int_not_equal(watch(pid, terminal, look_narrow), 1);
	assert_true(seen.phase);
	free(out);
}

static void test_interrupted(void **state)
{
	char *out = folder("interrupted");
	int terminal, code;
	pid_t pid = begin(out, "500", 100, false, &terminal);

	(void)state;
	usleep(700000); /* into a cell, whichever */
	assert_int_equal(write(terminal, "\003", 1), 1); /* Ctrl-C */
	code = watch(pid, terminal, NULL);
	assert_int_equal(code, 130);
	assert_int_equal(count_lines(TABLE), 0);
	assert_true(has_line("interrupted by SIGINT", "", ""));
	assert_true(has_line("ringsched resume ", "goes on from here", ""));
	free(out);
}

static void test_quiet(void **state)
{
	char *out = folder("quiet");
	int terminal;
	pid_t pid = begin(out, NULL, 100, true, &terminal);

	(void)state;
	assert_int_not_equal(watch(pid, terminal, NULL), 1);
	assert_int_equal(count_lines("/8] "), 0);
	assert_int_equal(count_lines(TABLE), 0);
	assert_true(count_lines("ring_boot") > 0); /* the result */
	free(out);
}

/* A file or a pipe gets lines, each whole, and no control sequence. */
static void test_without_a_terminal(void **state)
{
	char command[600], text[8192];
	char *out = folder("plain");
	size_t n;
	FILE *from;

	(void)state;
	snprintf(command, sizeof(command),
		 "QUICK_SHOW=1 QUICK_GUESTS=%s PATH=/nonexistent TERM=xterm %s run %s %s 7 2>&1",
		 guests, program, scenario, out);
	from = popen(command, "r");
	assert_non_null(from);
	n = fread(text, 1, sizeof(text) - 1, from);
	text[n] = '\0';
	pclose(from);
	assert_null(memchr(text, '\033', n));
	assert_null(memchr(text, '\r', n));
	assert_non_null(strstr(text, "\n[1/8] "));
	assert_non_null(strstr(text, ": boot, about "));
	assert_non_null(strstr(text, "\n[8/8] "));
	assert_non_null(strstr(text, "none, boot 2: done (0 s), boot: p99 15.9 ms, "));
	free(out);
}

static int make_world(void **state)
{
	char command[300];

	(void)state;
	strcpy(tmp, "/tmp/rs-live.XXXXXX");
	if (!mkdtemp(tmp))
		return -1;
	snprintf(guests, sizeof(guests), "%s/guests", tmp);
	snprintf(scenario, sizeof(scenario), "%s/boot-interference.yaml", tmp);
	snprintf(command, sizeof(command), "%s world %s", program, tmp);
	return system(command);
}

static int remove_world(void **state)
{
	char command[100];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", tmp);
	return system(command);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_on_a_terminal),	   cmocka_unit_test(test_narrow),
		cmocka_unit_test(test_interrupted),	   cmocka_unit_test(test_quiet),
		cmocka_unit_test(test_without_a_terminal),
	};

	if (argc != 2) {
		fprintf(stderr, "usage: %s QUICK\n", argv[0]);
		return 1;
	}
	program = argv[1];
	return cmocka_run_group_tests_name("live", tests, make_world, remove_world);
}
