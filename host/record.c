// SPDX-License-Identifier: GPL-2.0-or-later
/* The record: its file and its entries. Undoing them: record_restore.c. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "host/cleanup.h"
#include "host/error.h"
#include "host/proc.h"
#include "host/record_layout.h"

/* How long the lock of a daemon that is gone may be held: by whoever puts back
 * what it had changed. */
#define RESTORING_MS 2000
#define RESTORING_STEP_MS 5

struct record {
	union slot *slots; /* slot 0 is the header, entry i is slot i + 1 */
	uint64_t sequence;
	int fd; /* holds the flock that says the owner lives; -1 = anonymous */
	char *path; /* NULL = anonymous */
};

/* ---- making and dropping entries ---- */

static int add(struct record *rec, struct entry *e)
{
	for (int i = 0; i < RECORD_ENTRIES; i++) {
		struct entry *to = &rec->slots[i + 1].entry;

		if (to->used)
			continue;
		e->used = 0;
		e->sequence = ++rec->sequence;
		e->sum = record_checksum(e);
		*to = *e;
		/* A kill between these two leaves an unused entry, never a half one. */
		__atomic_store_n(&to->used, 1, __ATOMIC_RELEASE);
		return i;
	}
	return -ENOSPC;
}

static int add_sched(struct record *rec, enum entry_kind kind, const struct record_thread *thread,
		     const struct sched_state *original)
{
	struct entry e;

	memset(&e, 0, sizeof(e)); /* padding enters the checksum */
	e.kind = kind;
	e.thread = *thread;
	e.original = *original;
	return add(rec, &e);
}

int record_add_thread(struct record *rec, const struct record_thread *thread,
		      const struct sched_state *original)
{
	return add_sched(rec, ENTRY_THREAD, thread, original);
}

int record_add_process(struct record *rec, const struct record_thread *main_thread,
		       const struct sched_state *original)
{
	return add_sched(rec, ENTRY_PROCESS, main_thread, original);
}

int record_add_ioprio(struct record *rec, const struct record_thread *main_thread, int value)
{
	const struct sched_state original = { .priority = (uint32_t)value };

	return add_sched(rec, ENTRY_IOPRIO, main_thread, &original);
}

int record_add_cores(struct record *rec, const struct record_thread *thread,
		     const struct coreset *original)
{
	struct entry e;

	memset(&e, 0, sizeof(e));
	e.kind = ENTRY_CORES;
	e.thread = *thread;
	e.cores = *original;
	return add(rec, &e);
}

int record_add_knob(struct record *rec, const char *path, const char *value)
{
	struct entry e;

	memset(&e, 0, sizeof(e));
	e.kind = ENTRY_KNOB;
	if (snprintf(e.path, sizeof(e.path), "%s", path) >= (int)sizeof(e.path) ||
	    snprintf(e.value, sizeof(e.value), "%s", value) >= (int)sizeof(e.value))
		return -ENAMETOOLONG;
	return add(rec, &e);
}

void record_drop(struct record *rec, int index)
{
	if (index >= 0 && index < RECORD_ENTRIES)
		__atomic_store_n(&rec->slots[index + 1].entry.used, 0, __ATOMIC_RELEASE);
}

unsigned int record_used(const struct record *rec)
{
	unsigned int used = 0;

	for (int i = 0; i < RECORD_ENTRIES; i++)
		used += rec->slots[i + 1].entry.used == 1;
	return used;
}

void record_restore_in_signal(struct record *rec)
{
	struct record_restoring r = { .slots = rec->slots };

	record_restore_all(&r);
}

/* ---- the file ---- */

static bool header_holds(const struct header *h)
{
	return h->magic == RECORD_MAGIC && h->entry_size == ENTRY_SIZE &&
	       h->entries == RECORD_ENTRIES;
}

/* The daemon that the file names as its owner, if it lives; else 0. */
static pid_t owner_of(int fd)
{
	struct header h;
	struct proc_stat stat;

	if (pread(fd, &h, sizeof(h), 0) != sizeof(h) || !header_holds(&h) || h.owner_pid <= 0 ||
	    proc_stat(h.owner_pid, h.owner_pid, &stat) || stat.start != h.owner_start ||
	    stat.state == 'Z')
		return 0;
	return h.owner_pid;
}

/*
 * A daemon holds the lock as long as it lives. After its end its guardian, the
 * harness and the next daemon may all be about to restore: one does, the others
 * wait for it.
 */
static int lock(int fd, const char *path, struct rs_error **err)
{
	const struct timespec step = { .tv_nsec = RESTORING_STEP_MS * 1000000 };

	for (int ms = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; ms += RESTORING_STEP_MS) {
		pid_t owner = owner_of(fd);

		if (owner)
			return rs_fail(err, EBUSY,
				       "the daemon that owns the record %s still runs (pid %d)",
				       path, (int)owner);
		if (ms >= RESTORING_MS)
			return rs_fail(err, EBUSY, "the record %s is in use by another process",
				       path);
		nanosleep(&step, NULL);
	}
	return 0;
}

static int open_file(const char *path, int flags, int *fd, struct rs_error **err)
{
	struct stat st;

	*fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | flags, 0600);
	if (*fd < 0)
		return errno == ENOENT ? -ENOENT :
					 rs_fail_errno(err, errno, "opening the record %s", path);
	if (fstat(*fd, &st) < 0)
		return rs_fail_errno(err, errno, "asking for the size of %s", path);
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 022))
		return rs_fail(err, EUCLEAN,
			       "%s is no regular file that only we may write: not a record", path);
	return lock(*fd, path, err);
}

/* Opens and locks. -ENOENT stays silent: no file may be fine. */
static int open_locked(const char *path, int flags, int *fd, off_t *size, struct rs_error **err)
{
	struct stat st;

	for (;;) {
		int ret = open_file(path, flags, fd, err);

		if (ret)
			return ret;
		if (fstat(*fd, &st) < 0)
			return rs_fail_errno(err, errno, "asking for the size of %s", path);
		*size = st.st_size;
		if (st.st_nlink)
			return 0;
		/* The one before us was done with it and has removed it. */
		close(steal_fd(fd));
	}
}

/* The whole file into memory: a mapping of a file that shrinks would fault. */
static int load(int fd, off_t size, const char *path, union slot **slots, struct rs_error **err)
{
	union slot *s;
	size_t at = 0;

	if (size != (off_t)FILE_SIZE)
		return rs_fail(err, EUCLEAN, "%s has %lld bytes, a record has %zu: left as it is",
			       path, (long long)size, FILE_SIZE);
	s = malloc(FILE_SIZE);
	if (!s)
		return rs_fail(err, ENOMEM, "no memory for the record %s", path);
	while (at < FILE_SIZE) {
		ssize_t n = pread(fd, (char *)s + at, FILE_SIZE - at, (off_t)at);

		if (n <= 0)
			break;
		at += (size_t)n;
	}
	if (at < FILE_SIZE || !header_holds(&s->header)) {
		free(s);
		return rs_fail(err, EUCLEAN, "%s is not a record of this revision: left as it is",
			       path);
	}
	*slots = s;
	return 0;
}

static unsigned int count_holding(const union slot *slots)
{
	unsigned int holding = 0;

	for (int i = 1; i <= RECORD_ENTRIES; i++)
		holding += record_entry_holds(&slots[i].entry);
	return holding;
}

int record_restore(const char *path, unsigned int *count, struct rs_error **err)
{
	cleanup_free union slot *slots = NULL;
	cleanup_close int fd = -1;
	struct record_restoring r = { 0 };
	off_t size = 0;
	int ret;

	*count = 0;
	ret = open_locked(path, 0, &fd, &size, err);
	if (ret)
		return ret == -ENOENT ? 0 : ret;
	if (size) { /* an empty file: killed before the header was written */
		ret = load(fd, size, path, &slots, err);
		if (ret)
			return ret;
		r.slots = slots;
		record_restore_all(&r);
		*count = r.restored;
	}
	if (r.failed && r.failed->kind == ENTRY_KNOB)
		return rs_fail_errno(err, r.first_failure, "writing %s back to %s", r.failed->value,
				     r.failed->path);
	if (r.failed)
		return rs_fail_errno(err, r.first_failure, "restoring thread %d of process %d",
				     r.failed->thread.tid, r.failed->thread.pid);
	if (unlink(path) < 0)
		return rs_fail_errno(err, errno, "removing the record %s", path);
	return 0;
}

static int claim_file(struct record *rec, const char *path, struct rs_error **err)
{
	cleanup_free union slot *old = NULL;
	unsigned int left;
	off_t size = 0;
	int ret = open_locked(path, O_CREAT, &rec->fd, &size, err);

	if (ret)
		return ret;
	if (size) {
		ret = load(rec->fd, size, path, &old, err);
		if (ret)
			return ret;
		left = count_holding(old);
		if (left)
			return rs_fail(err, EEXIST,
				       "the record %s holds %u changes of a daemon "
				       "that was killed: run `ringsched cleanup` first",
				       path, left);
	}
	/* posix_fallocate: a full disk must fail here, not by SIGBUS later. */
	if (ftruncate(rec->fd, 0) < 0)
		return rs_fail_errno(err, errno, "emptying the record %s", path);
	ret = posix_fallocate(rec->fd, 0, (off_t)FILE_SIZE);
	if (ret)
		return rs_fail_errno(err, ret, "reserving %zu bytes for the record %s", FILE_SIZE,
				     path);
	rec->path = strdup(path);
	return rec->path ? 0 : rs_fail(err, ENOMEM, "no memory for the record %s", path);
}

static void write_header(struct header *h)
{
	struct proc_stat self = { 0 };

	proc_stat(getpid(), getpid(), &self);
	h->owner_start = self.start;
	h->owner_pid = getpid();
	h->entry_size = ENTRY_SIZE;
	h->entries = RECORD_ENTRIES;
	h->magic = RECORD_MAGIC;
}

struct record *record_open(const char *path, struct rs_error **err)
{
	struct record *rec = calloc(1, sizeof(*rec));
	int flags = path ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS;

	if (!rec) {
		rs_fail(err, ENOMEM, "no memory for the record");
		return NULL;
	}
	rec->fd = -1;
	if (path && claim_file(rec, path, err))
		goto fail;
	rec->slots = mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE, flags, rec->fd, 0);
	if (rec->slots == MAP_FAILED) {
		rec->slots = NULL;
		rs_fail_errno(err, errno, "mapping the record");
		goto fail;
	}
	write_header(&rec->slots->header);
	return rec;
fail:
	if (rec->fd >= 0)
		close(rec->fd);
	free(rec->path);
	free(rec);
	return NULL;
}

void record_close(struct record *rec)
{
	if (!rec)
		return;
	if (rec->path && !record_used(rec))
		unlink(rec->path);
	munmap(rec->slots, FILE_SIZE);
	if (rec->fd >= 0)
		close(rec->fd);
	free(rec->path);
	free(rec);
}
