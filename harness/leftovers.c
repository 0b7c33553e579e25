// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/leftovers.h"

#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "harness/folder.h"
#include "harness/process.h"
#include "harness/wait.h"
#include "host/cleanup.h"
#include "host/error.h"
#include "host/record.h"

/* The kernel needs a moment after a process's end until its cgroup counts as
 * empty; rmdir says EBUSY until then. */
#define CGROUP_GONE_S 5.0

struct leftovers {
	const char *dir, *id;
	FILE *report;
	struct rs_error **err; /* the first failure */
};

/* "guest=rs-ID-": what only QEMU processes of this run have as argument. */
static void qemu_needle(const struct leftovers *l, char *text, size_t size)
{
	snprintf(text, size, "guest=rs-%s-", l->id);
}

static void end_process(struct leftovers *l, const struct process *p, const char *what)
{
	if (process_end(p, 5.0))
		fprintf(l->report, "ended %s, pid %d\n", what, (int)p->pid);
	if (process_alive(p))
		rs_fail(l->err, EBUSY, "%s, pid %d, cannot be ended", what, (int)p->pid);
}

static void end_qemu(const struct process *p, void *arg)
{
	end_process(arg, p, "QEMU");
}

/* Calls row() with each journal line that begins with `kind`. */
static void each_line(struct leftovers *l, const char *kind,
		      void (*row)(struct leftovers *l, const char *rest))
{
	cleanup_free char *path = folder_path(l->dir, "journal");
	cleanup_file FILE *file = path ? fopen(path, "re") : NULL;
	char line[4200];
	size_t length = strlen(kind);

	while (file && fgets(line, sizeof(line), file)) {
		if (!strchr(line, '\n'))
			break; /* cut off by the end of its writer */
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, kind, length) && line[length] == ' ')
			row(l, line + length + 1);
	}
}

static void end_daemon(struct leftovers *l, const char *rest)
{
	unsigned long long start;
	struct process p = { 0 };
	int pid;

	if (sscanf(rest, "%d %llu", &pid, &start) != 2)
		return;
	p = (struct process){ .pid = pid, .start = start };
	end_process(l, &p, "ringschedd");
}

static void restore_record(struct leftovers *l, const char *rest)
{
	cleanup_error struct rs_error *failed = NULL;
	unsigned int count = 0;

	if (record_restore(rest, &count, &failed) < 0)
		rs_fail(l->err, failed->code, "%s", failed->message);
	else if (count)
		fprintf(l->report, "restored the scheduling of %u threads and cgroups\n", count);
}

static void remove_file(struct leftovers *l, const char *rest)
{
	if (unlink(rest) == 0)
		fprintf(l->report, "removed %s\n", rest);
}

/* Sub-groups first; a cgroup's own files are not removable, and need not be. */
static void remove_cgroup(const char *path, int depth)
{
	cleanup_dir DIR *dir = opendir(path);
	const struct dirent *entry;

	while (dir && depth < 4 && (entry = readdir(dir))) {
		cleanup_free char *below = NULL;

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		below = folder_path(path, "%s", entry->d_name);
		if (below)
			remove_cgroup(below, depth + 1);
	}
	rmdir(path);
}

/* Between two looks; not wait_until(), for a clean-up goes on after Ctrl-C. */
static bool pause_briefly(void)
{
	struct timespec step = { .tv_nsec = 10000000 };

	nanosleep(&step, NULL);
	return true;
}

static void remove_domain_cgroup(struct leftovers *l, const char *path)
{
	int64_t deadline = wait_deadline(CGROUP_GONE_S);

	do
		remove_cgroup(path, 0);
	while (access(path, F_OK) == 0 && wait_now_ns() < deadline && pause_briefly());
	if (access(path, F_OK) < 0)
		fprintf(l->report, "removed cgroup %s\n", path);
	else
		rs_fail(l->err, EBUSY, "cgroup %s cannot be removed", path);
}

struct search {
	char needle[32]; /* in a group's name */
	char found[512]; /* the last one, as a path */
};

static void find_in_machine(const char *machine, void *arg)
{
	cleanup_dir DIR *dir = opendir(machine);
	struct search *s = arg;
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_type == DT_DIR && strstr(entry->d_name, s->needle))
			snprintf(s->found, sizeof(s->found), "%s/%s", machine, entry->d_name);
}

int leftovers_check(const char *id, struct rs_error **err)
{
	int64_t deadline = wait_deadline(CGROUP_GONE_S);
	struct search s;
	struct process qemu;
	char needle[32];

	snprintf(needle, sizeof(needle), "guest=rs-%s-", id);
	snprintf(s.needle, sizeof(s.needle), "rs-%s-", id);
	qemu = process_find(needle);
	if (qemu.pid)
		return rs_fail(err, EBUSY, "a QEMU process is left, pid %d", (int)qemu.pid);
	do {
		s.found[0] = '\0';
		leftovers_each_machine(find_in_machine, &s);
	} while (s.found[0] && wait_now_ns() < deadline && pause_briefly());
	if (s.found[0])
		return rs_fail(err, EBUSY, "cgroup %s is left", s.found);
	return 0;
}

/* Any group in .../machine that carries the run's id in its name is its own. */
static void clean_machine(const char *machine, void *arg)
{
	cleanup_dir DIR *dir = opendir(machine);
	struct leftovers *l = arg;
	const struct dirent *entry;
	char needle[32];

	snprintf(needle, sizeof(needle), "rs-%s-", l->id);
	while (dir && (entry = readdir(dir))) {
		cleanup_free char *path = NULL;

		if (entry->d_type != DT_DIR || !strstr(entry->d_name, needle))
			continue;
		path = folder_path(machine, "%s", entry->d_name);
		if (path)
			remove_domain_cgroup(l, path);
	}
}

void leftovers_each_machine(void (*found)(const char *path, void *arg), void *arg)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	const struct mntent *mount;

	while (mounts && (mount = getmntent(mounts))) {
		cleanup_free char *path = NULL;

		if (strcmp(mount->mnt_type, "cgroup") && strcmp(mount->mnt_type, "cgroup2"))
			continue;
		path = folder_path(mount->mnt_dir, "machine");
		if (path)
			found(path, arg);
	}
	if (mounts)
		endmntent(mounts);
}

static void remove_root(struct leftovers *l, const char *rest)
{
	folder_remove(rest, l->err);
}

/* Only where our run made it, and only if no other run uses it by now. */
static void remove_if_empty(struct leftovers *l, const char *rest)
{
	(void)l;
	rmdir(rest);
}

int leftovers_remove(const char *dir, const char *id, FILE *report, struct rs_error **err)
{
	struct leftovers l = { .dir = dir, .id = id, .report = report, .err = err };
	struct rs_error *failed = NULL;
	char needle[32];

	l.err = &failed;
	qemu_needle(&l, needle, sizeof(needle));
	/* The VMs first: a daemon's restore may then find the threads gone,
	 * but never a VM that runs on with a priority nobody takes back. */
	process_each(needle, end_qemu, &l);
	each_line(&l, "daemon", end_daemon);
	each_line(&l, "record", restore_record);
	leftovers_each_machine(clean_machine, &l);
	each_line(&l, "cgroup", remove_if_empty);
	each_line(&l, "file", remove_file);
	each_line(&l, "root", remove_root);
	if (!failed)
		folder_remove(dir, &failed);
	if (failed) {
		if (err && !*err)
			*err = failed;
		else
			rs_error_free(&failed);
		return err && *err ? -(*err)->code : -EIO;
	}
	return 0;
}
