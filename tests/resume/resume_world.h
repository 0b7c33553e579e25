/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs that are begun, ended and looked at by test_killed.c and test_resume.c.
 * Each run is a process of its own (quick.c), with guests and a scenario that
 * make_world() has it make.
 */
#ifndef TESTS_RESUME_WORLD_H
#define TESTS_RESUME_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/folder.h"
#include "harness/jsonread.h"
#include "host/cleanup.h"

#define POLICIES 4
#define CELLS_MAX 200

static char program[512]; /* quick */
static char tmp[64], scenario[128], guests[128];
static char said[16384]; /* by the last run, on both of its outputs */

/* Its end is the caller's business; the output is read by reap(). */
static inline pid_t begin(const char *command, const char *a, const char *b, const char *c)
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

static inline int reap(pid_t pid)
{
	cleanup_free char *log = folder_path(tmp, "log");
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(folder_read(log, said, sizeof(said), NULL), 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static inline int make_world(void **state)
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

static inline int remove_world(void **state)
{
	(void)state;
	return folder_remove(tmp, NULL);
}

static inline void ended(int code, int wanted)
{
	if (code != wanted)
		fail_msg("exit code %d, not %d; it said: %s", code, wanted, said);
}

static inline void run_to_end(const char *out, const char *seed)
{
	int code = reap(begin("run", scenario, out, seed));

	ended(code, 0);
}

static inline struct json_object *read_file(const char *out, const char *name)
{
	cleanup_free char *path = folder_path(out, "%s", name);
	struct json_object *json = json_read(path, NULL);

	assert_non_null(json);
	return json;
}

/* Row i of run.json's list; borrowed from `run`. */
static inline struct json_object *cell_row(struct json_object *run, unsigned int i)
{
	return json_row(json_array(run, "order"), i);
}

/* ---- what is finished ---- */

struct finished { /* cells whose cell.json is whole, and its file */
	ino_t file[CELLS_MAX];
	struct timespec written[CELLS_MAX];
	unsigned int count;
};

/* cell.json of the cell with this number, or 0. */
static inline int find_cell(const char *out, struct json_object *row, struct stat *st)
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
static inline void look(const char *out, struct finished *f)
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

static inline void sleep_us(uint64_t us)
{
	struct timespec t = { .tv_sec = (time_t)(us / 1000000),
			      .tv_nsec = (long)(us % 1000000) * 1000 };

	nanosleep(&t, NULL);
}

/* The numbers of both, without what names the time they were made at. */
static inline void same_summary(const char *a, const char *b)
{
	cleanup_json struct json_object *x = read_file(a, "summary.json");
	cleanup_json struct json_object *y = read_file(b, "summary.json");

	json_object_object_del(x, "started");
	json_object_object_del(y, "started");
	json_object_object_del(x, "command"); /* names OUT */
	json_object_object_del(y, "command");
	assert_string_equal(json_object_to_json_string(x), json_object_to_json_string(y));
}

#endif
