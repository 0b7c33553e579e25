// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/fake/holds.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "host/cleanup.h"
#include "tests/fake/world.h"

static unsigned int count_fds(pid_t pid)
{
	char path[32];
	cleanup_dir DIR *dir = NULL;
	unsigned int n = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	while (dir && readdir(dir))
		n++;
	return n;
}

/* Mappings of guest memory that the daemon has. */
static unsigned int count_mappings(pid_t pid)
{
	cleanup_file FILE *f = NULL;
	unsigned int n = 0;
	char line[512];

	snprintf(line, sizeof(line), "/proc/%d/maps", (int)pid);
	f = fopen(line, "re");
	while (f && fgets(line, sizeof(line), f))
		n += strstr(line, "memfd:") != NULL;
	return n;
}

static unsigned int count_running(pid_t pid)
{
	cleanup_dir DIR *dir = NULL;
	unsigned int n = 0;
	struct dirent *e;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	while (dir && (e = readdir(dir))) {
		cleanup_file FILE *f = NULL;
		char state = 'S';

		snprintf(path, sizeof(path), "/proc/%d/task/%.12s/stat", (int)pid, e->d_name);
		f = fopen(path, "re");
		if (f && fscanf(f, "%*d (%*[^)]) %c", &state) == 1)
			n += state == 'R';
	}
	return n;
}

bool daemon_rests(pid_t pid, int limit_ms)
{
	int64_t end = now_ms() + limit_ms;
	int rests = 0;

	while (rests < 20 && now_ms() < end) {
		rests = count_running(pid) ? 0 : rests + 1;
		short_pause();
	}
	return rests == 20;
}

/* Waits: the daemon may have a file of /proc open just now. */
static void check_count(unsigned int (*count)(pid_t), pid_t pid, unsigned int expected,
			const char *what)
{
	int64_t end = now_ms() + STEP_LIMIT_MS;

	while (count(pid) != expected && now_ms() < end)
		short_pause();
	if (count(pid) != expected)
		fail_msg("the daemon holds %u %s, %u before", count(pid), what, expected);
}

/* The fewest of many looks, for the same reason. */
static unsigned int count_at_rest(unsigned int (*count)(pid_t), pid_t pid)
{
	unsigned int fewest = count(pid);

	for (int i = 0; i < 50; i++) {
		unsigned int now;

		short_pause();
		now = count(pid);
		fewest = now < fewest ? now : fewest;
	}
	return fewest;
}

struct holds holds_at_rest(pid_t pid)
{
	return (struct holds){
		.files = count_at_rest(count_fds, pid),
		.mappings = count_at_rest(count_mappings, pid),
	};
}

void check_holds(pid_t pid, const struct holds *expected)
{
	check_count(count_fds, pid, expected->files, "descriptors");
	check_count(count_mappings, pid, expected->mappings, "mappings of guest memory");
}
