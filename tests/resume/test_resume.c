// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs that are killed, spoilt or in use, and taken up again. Each run is a
 * process of its own (quick.c, beside this program). RESUME_SEED=N repeats the
 * moments of the kills of an earlier time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <sys/wait.h>
#include <time.h>

#include "harness/folder.h"
#include "harness/jsonread.h"
#include "host/cleanup.h"
#include "host/prng.h"
#include "tests/unit/synthetic_run.h"

#define KILLS 20
#define POLICIES 4
#define CELLS_MAX 200

static char program[512]; /* quick */
static char tmp[64], scenario[128], guests[128];
static char said[16384]; /* by the last run, on both of its outputs */

static void put(const char *dir, const char *name, const char *text)
{
	cleanup_free char *path = folder_path(dir, "%s", name);

	assert_int_equal(folder_write(path, text, NULL), 0);
}

/* Its end is the caller's business; the output is read by reap(). */
static pid_t begin(const char *command, const char *a, const char *b, const char *c)
{
	cleanup_free char *log = folder_path(tmp, "log");
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0644);

		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
		execl(program, "quick", command, a, b, c, NULL);
		_exit(99);
	}
	return pid;
}

static int reap(pid_t pid)
{
	cleanup_free char *log = folder_path(tmp, "log");
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(folder_read(log, said, sizeof(said), NULL), 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int make_world(void **state)
{
	(void)state;
	strcpy(tmp, "/tmp/rs-resume.XXXXXX");
	assert_non_null(mkdtemp(tmp));
	snprintf(guests, sizeof(guests), "%s/guests", tmp);
	snprintf(scenario, sizeof(scenario), "%s/boot-interference.yaml", tmp);
	assert_int_equal(reap(begin("world", tmp, NULL, NULL)), 0);
	setenv("QUICK_GUESTS", guests, 1);
	/* Figures are not what is tested, and gnuplot takes seconds. */
	setenv("PATH", "/nonexistent", 1);
	return 0;
}

static int remove_world(void **state)
{
	(void)state;
	return folder_remove(tmp, NULL);
}

static void ended(int code, int wanted)
{
	if (code != wanted)
		fail_msg("exit code %d, not %d; it said: %s", code, wanted, said);
}

static void must_say(const char *words)
{
	if (!strstr(said, words))
		fail_msg("'%s' is not in: %s", words, said);
}

static void run_to_end(const char *out, const char *seed)
{
	int code = reap(begin("run", scenario, out, seed));

	ended(code, 0);
}

static struct json_object *read_file(const char *out, const char *name)
{
	cleanup_free char *path = folder_path(out, "%s", name);
	struct json_object *json = json_read(path, NULL);

	assert_non_null(json);
	return json;
}

static void must_contain(const char *out, const char *name, const char *words)
{
	cleanup_free char *path = folder_path(out, "%s", name);
	static char text[65536];

	assert_int_equal(folder_read(path, text, sizeof(text), NULL), 0);
	if (!strstr(text, words))
		fail_msg("'%s' is not in %s:\n%s", words, path, text);
}

/* Row i of run.json's list; borrowed from `run`. */
static struct json_object *cell_row(struct json_object *run, unsigned int i)
{
	return json_row(json_array(run, "order"), i);
}

static void assert_state(const char *out, unsigned int number, const char *state)
{
	cleanup_json struct json_object *run = read_file(out, "run.json");

	assert_string_equal(json_text(cell_row(run, number - 1), "state"), state);
}

/* ---- killed at random moments ---- */

struct finished { /* cells whose cell.json is whole, and its file */
	ino_t file[CELLS_MAX];
	struct timespec written[CELLS_MAX];
	unsigned int count;
};

/* cell.json of the cell with this number, or 0. */
static int find_cell(const char *out, struct json_object *row, struct stat *st)
{
	cleanup_free char *path = NULL;
	cleanup_json struct json_object *json = NULL;
	uint64_t order = 0, boot = 0;

	json_u64(row, "order", &order);
	json_u64(row, "boot", &boot);
	path = folder_path(out, "cells/%03u-%s-%u/cell.json", (unsigned int)order,
			   json_text(row, "policy"), (unsigned int)boot);
	json = json_read(path, NULL);
	return json && stat(path, st) == 0;
}

/* What was finished before stays the very same file. */
static void look(const char *out, struct finished *f)
{
	cleanup_free char *path = folder_path(out, "run.json");
	cleanup_json struct json_object *run = json_read(path, NULL);
	unsigned int count = 0;

	for (unsigned int i = 0; run && i < json_count(json_array(run, "order")); i++) {
		struct stat st = { 0 };
		int there = find_cell(out, cell_row(run, i), &st);

		assert_true(i < CELLS_MAX);
		count += there != 0;
		if (f->file[i]) {
			assert_true(there);
			assert_int_equal(st.st_ino, f->file[i]);
			assert_int_equal(st.st_mtim.tv_sec, f->written[i].tv_sec);
			assert_int_equal(st.st_mtim.tv_nsec, f->written[i].tv_nsec);
		}
		f->file[i] = st.st_ino;
		f->written[i] = st.st_mtim;
	}
	assert_true(count >= f->count);
	f->count = count;
}

static uint64_t kill_seed(void)
{
	const char *given = getenv("RESUME_SEED");
	uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);

	print_message("RESUME_SEED=%ju\n", (uintmax_t)seed);
	return seed;
}

static void sleep_us(uint64_t us)
{
	struct timespec t = { .tv_sec = (time_t)(us / 1000000),
			      .tv_nsec = (long)(us % 1000000) * 1000 };

	nanosleep(&t, NULL);
}

/* Length of an undisturbed run, in us. */
static uint64_t whole_run(const char *out, const char *seed)
{
	struct timespec a, b;

	clock_gettime(CLOCK_MONOTONIC, &a);
	run_to_end(out, seed);
	clock_gettime(CLOCK_MONOTONIC, &b);
	return (uint64_t)((b.tv_sec - a.tv_sec) * 1000000 + (b.tv_nsec - a.tv_nsec) / 1000);
}

/* The numbers of both, without what names the time they were made at. */
static void same_summary(const char *a, const char *b)
{
	cleanup_json struct json_object *x = read_file(a, "summary.json");
	cleanup_json struct json_object *y = read_file(b, "summary.json");

	json_object_object_del(x, "started");
	json_object_object_del(y, "started");
	json_object_object_del(x, "command"); /* names OUT */
	json_object_object_del(y, "command");
	assert_string_equal(json_object_to_json_string(x), json_object_to_json_string(y));
}

static void each_boot_once(const char *out, unsigned int boots)
{
	cleanup_json struct json_object *s = read_file(out, "summary.json");

	json_object_object_foreach(json_dict(s, "policies"), name, policy) {
		struct json_object *rows = json_array(policy, "per_boot");

		(void)name;
		assert_int_equal(json_count(rows), boots);
		for (unsigned int i = 0; i < boots; i++)
			assert_int_equal((int)json_double(json_row(rows, i), "boot"), i + 1);
	}
}

/*
 * A kill falls anywhere in the time that is left, so that later ones come
 * closer together, and the first ones into the making of the folder as well.
 */
static void test_killed_at_random_moments(void **state)
{
	struct prng prng = { .state = kill_seed() };
	cleanup_free char *whole = folder_path(tmp, "whole"), *out = folder_path(tmp, "killed");
	unsigned int kills = 0, runs = 0;
	struct finished f = { 0 };
	uint64_t length;
	int code;

	(void)state;
	setenv("QUICK_BOOTS", "15", 1);
	length = whole_run(whole, "7");
	/* A list that is made is never lost; before that there is none. */
	while (kills < KILLS || f.count < 15 * POLICIES) {
		cleanup_free char *db = folder_path(out, "run.db");
		struct stat st;
		bool listed = stat(db, &st) == 0 && st.st_size;
		pid_t pid;

		if (!listed) {
			assert_int_equal(folder_remove(out, NULL), 0);
			memset(&f, 0, sizeof(f));
			runs++;
		}
		pid = listed ? begin("resume", out, NULL, NULL) : begin("run", scenario, out, "7");
		if (kills < KILLS) {
			sleep_us(prng_below(&prng, length / 8));
			kill(pid, SIGKILL);
		}
		code = reap(pid);
		kills += code == 128 + SIGKILL;
		if (code != 128 + SIGKILL)
			ended(code, 0);
		look(out, &f);
		/* Finished before it was killed often enough: another one. */
		if (code == 0 && kills < KILLS) {
			same_summary(whole, out);
			assert_int_equal(folder_remove(out, NULL), 0);
		}
	}
	unsetenv("QUICK_BOOTS");
	same_summary(whole, out);
	each_boot_once(out, 15);
	print_message("%u kills over %u run(s)\n", kills, runs);
}

/* ---- other ends ---- */

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
		cmocka_unit_test(test_killed_at_random_moments),
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
