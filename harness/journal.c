// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "harness/folder.h"
#include "harness/leftovers.h"
#include "harness/process.h"
#include "host/cleanup.h"
#include "host/error.h"

struct journal {
	char id[16];
	char dir[64];
	FILE *file;
};

/* The lock file under the name now is the one that `fd` holds. */
static bool lock_is_current(int fd)
{
	struct stat held, named;

	return fstat(fd, &held) == 0 && stat(JOURNAL_BASE "/lock", &named) == 0 &&
	       held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

/* Two runs that start at once, or a run and a clean-up, take turns. */
static int lock_base(struct rs_error **err)
{
	for (;;) {
		cleanup_close int fd = -1;
		int ret = folder_make(JOURNAL_BASE, 0700, err);

		if (ret < 0)
			return ret;
		fd = open(JOURNAL_BASE "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0 && errno == ENOENT)
			continue; /* the one before us removed the folder just now */
		if (fd < 0 || flock(fd, LOCK_EX) < 0)
			return rs_fail_errno(err, errno, "locking %s/lock", JOURNAL_BASE);
		/* The one before us may have removed what we waited for. */
		if (lock_is_current(fd))
			return steal_fd(&fd);
	}
}

/* The base goes with the last run; only the lock's holder removes it. */
static void drop_base(int lock)
{
	cleanup_dir DIR *base = opendir(JOURNAL_BASE);
	const struct dirent *entry;
	bool used = false;

	while (base && (entry = readdir(base)))
		used |= entry->d_name[0] != '.' && strcmp(entry->d_name, "lock");
	if (!used) {
		unlink(JOURNAL_BASE "/lock");
		rmdir(JOURNAL_BASE);
	}
	close(lock);
}

/* Do two lists as "1,3" share a number? */
static bool cores_meet(const char *a, const char *b)
{
	const char *p, *q;
	char *end_a, *end_b;
	long x;

	for (p = a; *p; p = *end_a ? end_a + 1 : end_a) {
		x = strtol(p, &end_a, 10);
		if (end_a == p)
			return true; /* not a list: be careful */
		for (q = b; *q; q = *end_b ? end_b + 1 : end_b) {
			if (strtol(q, &end_b, 10) == x)
				return true;
			if (end_b == q)
				return true;
		}
	}
	return false;
}

struct owner {
	struct process proc;
	char cores[64];
};

/* False where the folder holds no journal with an owner: it ended between
 * its making and its first line. */
static bool read_owner(const char *dir, struct owner *owner)
{
	cleanup_free char *path = folder_path(dir, "journal");
	cleanup_file FILE *file = path ? fopen(path, "re") : NULL;
	unsigned long long start;
	int pid;

	if (!file || fscanf(file, "owner %d %llu %63s", &pid, &start, owner->cores) != 3)
		return false;
	owner->proc = (struct process){ .pid = pid, .start = start };
	return true;
}

static bool is_run_folder(const char *name)
{
	return strlen(name) == 8 && strspn(name, "0123456789abcdef") == 8;
}

/*
 * Under the lock: look at every run's folder. Dead ones are cleaned up. EBUSY
 * where a live one shares a core of `cores` (NULL: that is asked by nobody).
 */
static int sweep(const char *cores, FILE *report, unsigned int *count, struct rs_error **err)
{
	cleanup_dir DIR *base = opendir(JOURNAL_BASE);
	const struct dirent *entry;

	while (base && (entry = readdir(base))) {
		cleanup_free char *dir = folder_path(JOURNAL_BASE, "%s", entry->d_name);
		struct owner owner = { 0 };
		int ret;

		if (!dir || !is_run_folder(entry->d_name))
			continue;
		if (!read_owner(dir, &owner) || !process_alive(&owner.proc)) {
			ret = leftovers_remove(dir, entry->d_name, report, err);
			if (ret < 0)
				return ret;
			++*count;
		} else if (!cores) {
			fprintf(report, "run %s (pid %d, core %s) is alive: left alone\n",
				entry->d_name, (int)owner.proc.pid, owner.cores);
		} else if (cores_meet(cores, owner.cores)) {
			return rs_fail(err, EBUSY,
				       "another run (pid %d) measures on core %s: wait for "
				       "its end, or choose other cores in the scenario",
				       (int)owner.proc.pid, owner.cores);
		}
	}
	return 0;
}

static int open_journal(struct journal *j, const char *cores, struct rs_error **err)
{
	cleanup_free char *path = NULL;
	struct process self = process_of(getpid());
	uint32_t number;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return rs_fail_errno(err, errno, "getrandom");
	snprintf(j->id, sizeof(j->id), "%08x", number);
	snprintf(j->dir, sizeof(j->dir), "%s/%s", JOURNAL_BASE, j->id);
	if (mkdir(j->dir, 0700) < 0)
		return rs_fail_errno(err, errno, "making folder %s", j->dir);
	path = folder_path(j->dir, "journal");
	j->file = path ? fopen(path, "wxe") : NULL;
	if (!j->file)
		return rs_fail_errno(err, errno, "making %s/journal", j->dir);
	return journal_add(j, err, "owner %d %llu %s", (int)self.pid,
			   (unsigned long long)self.start, cores);
}

struct journal *journal_begin(const char *shared_cores, FILE *report, struct rs_error **err)
{
	cleanup_free struct journal *j = calloc(1, sizeof(*j));
	unsigned int count = 0;
	int lock = lock_base(err), ret;

	if (lock < 0)
		return NULL;
	if (!j)
		rs_fail(err, ENOMEM, "out of memory");
	ret = j ? sweep(shared_cores, report, &count, err) : -ENOMEM;
	if (ret == 0)
		ret = open_journal(j, shared_cores, err);
	if (ret < 0 && j && j->file) {
		fclose(j->file);
		folder_remove(j->dir, NULL);
	}
	close(lock);
	return ret < 0 ? NULL : steal_pointer(&j);
}

const char *journal_id(const struct journal *j)
{
	return j->id;
}

const char *journal_dir(const struct journal *j)
{
	return j->dir;
}

int journal_add(struct journal *j, struct rs_error **err, const char *format, ...)
{
	va_list args;
	int ret;

	va_start(args, format);
	ret = vfprintf(j->file, format, args);
	va_end(args);
	/* fflush() hands the line to the kernel, where it outlives a SIGKILL. */
	if (ret < 0 || fputc('\n', j->file) < 0 || fflush(j->file) < 0)
		return rs_fail_errno(err, errno, "writing %s/journal", j->dir);
	return 0;
}

void journal_end(struct journal *j, FILE *report)
{
	cleanup_error struct rs_error *err = NULL;
	int lock;

	if (!j)
		return;
	fclose(j->file);
	lock = lock_base(NULL);
	if (leftovers_remove(j->dir, j->id, report, &err) < 0)
		fprintf(report, "clean-up of run %s: %s\n", j->id, err->message);
	if (lock >= 0)
		drop_base(lock);
	free(j);
}

int journal_clean_up(FILE *report, unsigned int *count, struct rs_error **err)
{
	int lock = lock_base(err), ret;

	*count = 0;
	if (lock < 0)
		return lock;
	ret = sweep(NULL, report, count, err);
	drop_base(lock);
	return ret;
}

void journal_count(unsigned int *alive, unsigned int *dead)
{
	cleanup_dir DIR *base = opendir(JOURNAL_BASE);
	const struct dirent *entry;

	*alive = *dead = 0;
	while (base && (entry = readdir(base))) {
		cleanup_free char *dir = folder_path(JOURNAL_BASE, "%s", entry->d_name);
		struct owner owner = { 0 };

		if (!dir || !is_run_folder(entry->d_name))
			continue;
		if (!read_owner(dir, &owner) || !process_alive(&owner.proc))
			++*dead;
		else if (owner.proc.pid != getpid())
			++*alive;
	}
}
