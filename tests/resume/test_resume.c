// SPDX-License-Identifier: GPL-2.0-or-later
/* Runs that ended early, are spoilt or in use, and taken up again. */
#include <signal.h>

#include "tests/resume/resume_world.h"

static void put(const char *dir, const char *name, const char *text)
{
	cleanup_free char *path = folder_path(dir, "%s", name);

	assert_int_equal(folder_write(path, text, NULL), 0);
}

static void must_say(const char *words)
{
	if (!strstr(said, words))
		fail_msg("'%s' is not in: %s", words, said);
}

static void must_contain(const char *out, const char *name, const char *words)
{
	cleanup_free char *path = folder_path(out, "%s", name);
	static char text[65536];

	assert_int_equal(folder_read(path, text, sizeof(text), NULL), 0);
	if (!strstr(text, words))
		fail_msg("'%s' is not in %s:\n%s", words, path, text);
}

static void assert_state(const char *out, unsigned int number, const char *state)
{
	cleanup_json struct json_object *run = read_file(out, "run.json");

	assert_string_equal(json_text(cell_row(run, number - 1), "state"), state);
}

/* A run of which so many cells are done, and no more will be: it is in the next. */
static pid_t begin_and_hold(const char *out, unsigned int done)
{
	cleanup_free char *db = folder_path(out, "run.db");
	struct finished f = { 0 };
	char number[16];
	struct stat st;
	pid_t pid;

	snprintf(number, sizeof(number), "%u", done + 1);
	setenv("QUICK_HOLD", number, 1);
	pid = begin("run", scenario, out, "3");
	while (f.count < done || stat(db, &st) < 0 || !st.st_size) {
		sleep_us(5000);
		look(out, &f);
	}
	unsetenv("QUICK_HOLD");
	return pid;
}

static void test_terminated_and_resumed(void **state)
{
	cleanup_free char *whole = folder_path(tmp, "t-whole"), *out = folder_path(tmp, "t");
	pid_t pid;

	(void)state;
	run_to_end(whole, "3");
	pid = begin_and_hold(out, 2);
	kill(pid, SIGTERM);
	ended(reap(pid), 143);
	must_say("ringsched resume");
	must_contain(out, "run.json", "\"interrupted\": true");
	must_contain(out, "run.json", "\"ending\": \"interrupted\"");
	ended(reap(begin("resume", out, NULL, NULL)), 0);
	must_contain(out, "run.json", "\"interrupted\": false");
	same_summary(whole, out);
}

static void test_refused_while_in_use(void **state)
{
	cleanup_free char *out = folder_path(tmp, "busy");
	char words[64];
	pid_t pid;

	(void)state;
	pid = begin_and_hold(out, 0);
	ended(reap(begin("resume", out, NULL, NULL)), 1);
	snprintf(words, sizeof(words), "in use by another process (pid %d)", (int)pid);
	must_say(words);
	kill(pid, SIGKILL);
	ended(reap(pid), 137);
}

static void test_finished_already(void **state)
{
	cleanup_free char *out = folder_path(tmp, "done"), *report = folder_path(out, "report.md");

	(void)state;
	run_to_end(out, "3");
	assert_int_equal(unlink(report), 0);
	ended(reap(begin("resume", out, NULL, NULL)), 0);
	must_say("nothing is left to measure");
	must_contain(out, "report.md", "boot-interference");
}

static void test_no_run(void **state)
{
	cleanup_free char *out = folder_path(tmp, "nothing");

	(void)state;
	ended(reap(begin("resume", out, NULL, NULL)), 1);
	must_say("No such file");
	assert_int_equal(mkdir(out, 0755), 0);
	ended(reap(begin("resume", out, NULL, NULL)), 1);
	must_say("no list of cells");
	put(out, "run.db", "this is no database, and longer than any header of one would be");
	ended(reap(begin("resume", out, NULL, NULL)), 1);
	must_say("not a database");
}

/* Killed with half of its cells done. */
static void half(const char *out)
{
	pid_t pid = begin_and_hold(out, POLICIES);

	kill(pid, SIGKILL);
	ended(reap(pid), 137);
}

static void test_another_scenario(void **state)
{
	cleanup_free char *out = folder_path(tmp, "scenario");
	cleanup_free char *path = folder_path(out, "scenario.yaml");
	cleanup_file FILE *f = NULL;

	(void)state;
	half(out);
	f = fopen(path, "a");
	fputs("# changed\n", f);
	fflush(f);
	ended(reap(begin("resume", out, NULL, NULL)), 1);
	must_say("was changed after the run began (line ");
}

static void test_other_guests(void **state)
{
	cleanup_free char *out = folder_path(tmp, "other");

	(void)state;
	half(out);
	put(guests, "rt/vmlinux", "another kernel");
	ended(reap(begin("resume", out, NULL, NULL)), 1);
	must_say("rt/vmlinux was 15 bytes, crc32 ");
	put(guests, "rt/vmlinux", "a guest's file");
	ended(reap(begin("resume", out, NULL, NULL)), 0);
}

static void test_another_machine(void **state)
{
	cleanup_free char *out = folder_path(tmp, "machine");

	(void)state;
	half(out);
	setenv("QUICK_QEMU", "2.0", 1);
	ended(reap(begin("resume", out, NULL, NULL)), 1);
	must_say("qemu was 1.0, is 2.0");
	unsetenv("QUICK_QEMU");
	must_contain(out, "run.json", "\"qemu\": \"1.0\"");
	ended(reap(begin("resume", out, NULL, NULL)), 0);
}

static void test_two_versions(void **state)
{
	cleanup_free char *out = folder_path(tmp, "versions");
	cleanup_json struct json_object *run = NULL, *summary = NULL;

	(void)state;
	half(out);
	setenv("QUICK_VERSION", "quick-2", 1);
	ended(reap(begin("resume", out, NULL, NULL)), 0);
	unsetenv("QUICK_VERSION");
	run = read_file(out, "run.json");
	assert_string_equal(json_text(cell_row(run, 0), "version"), "quick-1");
	assert_string_equal(json_text(cell_row(run, 2 * POLICIES - 1), "version"), "quick-2");
	assert_string_equal(json_text(json_row(json_array(run, "sessions"), 0), "ending"),
			    "killed");
	summary = read_file(out, "summary.json");
	assert_true(json_double(json_dict(summary, "versions"), "quick-1") >= POLICIES);
	assert_true(json_double(json_dict(summary, "versions"), "quick-2") >= 1);
	must_contain(out, "report.md", "Cells of 2 versions");
}

static void test_damaged_cell(void **state)
{
	cleanup_free char *whole = folder_path(tmp, "d-whole"), *out = folder_path(tmp, "damaged");
	cleanup_json struct json_object *run = NULL;
	cleanup_free char *cell = NULL;

	(void)state;
	run_to_end(whole, "3");
	run_to_end(out, "3");
	run = read_file(out, "run.json");
	cell = folder_path(out, "cells/001-%s-1/cell.json", json_text(cell_row(run, 0), "policy"));
	assert_int_equal(truncate(cell, 100), 0);
	ended(reap(begin("resume", out, NULL, NULL)), 0);
	must_say("its folder is damaged or gone");
	same_summary(whole, out);
}

static void test_failed_cell(void **state)
{
	cleanup_free char *whole = folder_path(tmp, "f-whole"), *out = folder_path(tmp, "failed");

	(void)state;
	run_to_end(whole, "3");
	setenv("QUICK_FAIL", "3", 1);
	ended(reap(begin("run", scenario, out, "3")), 1);
	assert_state(out, 3, "failed");
	ended(reap(begin("resume", out, "--retry-failed", NULL)), 1);
	assert_state(out, 3, "failed");
	unsetenv("QUICK_FAIL");
	/* Left as it is, unless it is asked for. */
	ended(reap(begin("resume", out, NULL, NULL)), 1);
	must_say("nothing is left to measure");
	must_say("--retry-failed");
	assert_state(out, 3, "failed");
	ended(reap(begin("resume", out, "--retry-failed", NULL)), 0);
	assert_state(out, 3, "done");
	same_summary(whole, out);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_terminated_and_resumed),
		cmocka_unit_test(test_refused_while_in_use),
		cmocka_unit_test(test_finished_already),
		cmocka_unit_test(test_no_run),
		cmocka_unit_test(test_another_scenario),
		cmocka_unit_test(test_other_guests),
		cmocka_unit_test(test_another_machine),
		cmocka_unit_test(test_two_versions),
		cmocka_unit_test(test_damaged_cell),
		cmocka_unit_test(test_failed_cell),
	};

	assert_int_equal(argc, 2);
	snprintf(program, sizeof(program), "%s", argv[1]);
	return cmocka_run_group_tests(tests, make_world, remove_world);
}
