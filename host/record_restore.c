// SPDX-License-Identifier: GPL-2.0-or-later
/* Checking the record's entries, and undoing what they say. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "host/ioprio.h"
#include "host/proc.h"
#include "host/record_layout.h"

/* FNV-1a: finds torn and foreign entries; it is no protection against forgery,
 * which the file's owner and mode are. */
uint64_t record_checksum(const struct entry *e)
{
	const unsigned char *from = (const unsigned char *)&e->sequence;
	const unsigned char *end = (const unsigned char *)(e + 1);
	uint64_t sum = 0xcbf29ce484222325ull ^ e->kind;

	for (; from < end; from++)
		sum = (sum ^ *from) * 0x100000001b3ull;
	return sum;
}

static bool knob_is_known(const char *path)
{
	static const char *const names[] = { "cpu.rt_runtime_us",
					     "cpu.rt_period_us",
					     "cpu.idle",
					     "cpu.shares",
					     "cpu.weight",
					     "cpuset.cpus",
					     "cpuset.sched_load_balance" };
	const char *base = strrchr(path, '/');

	for (size_t i = 0; base && i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(base + 1, names[i]))
			return true;
	return false;
}

bool record_entry_holds(const struct entry *e)
{
	if (e->used != 1 || e->sum != record_checksum(e))
		return false;
	if (e->kind == ENTRY_THREAD || e->kind == ENTRY_PROCESS || e->kind == ENTRY_CORES)
		return e->thread.pid > 0 && e->thread.tid > 0;
	if (e->kind == ENTRY_IOPRIO)
		return e->thread.pid > 0 && e->original.priority < IOPRIO_LIMIT;
	return e->kind == ENTRY_KNOB && memchr(e->path, '\0', sizeof(e->path)) &&
	       memchr(e->value, '\0', sizeof(e->value)) && e->path[0] == '/' &&
	       knob_is_known(e->path) && e->value[strspn(e->value, "-,0123456789")] == '\0';
}

static void note(struct record_restoring *r, const struct entry *e, int ret)
{
	if (!ret)
		r->restored++;
	else if (ret != -ESRCH && ret != -ENOENT && ret != -ENODEV && !r->first_failure) {
		r->first_failure = -ret;
		r->failed = e;
	}
}

static bool same_thread(pid_t pid, pid_t tid, uint64_t start)
{
	struct proc_stat stat;

	return !proc_stat(pid, tid, &stat) && stat.start == start;
}

static bool has_own_entry(const struct record_restoring *r, pid_t tid)
{
	for (int i = 1; i <= RECORD_ENTRIES; i++) {
		const struct entry *e = &r->slots[i].entry;

		if (e->used == 1 && e->kind == ENTRY_THREAD && e->thread.tid == tid &&
		    e->thread.pid == r->entry->thread.pid)
			return true;
	}
	return false;
}

static int restore_inherited(pid_t tid, void *arg)
{
	struct record_restoring *r = arg;
	struct sched_state now;

	if (!sched_read(tid, &now) && now.policy == SCHED_IDLE &&
	    r->entry->original.policy != SCHED_IDLE && !has_own_entry(r, tid))
		note(r, r->entry, sched_restore(tid, &r->entry->original, NULL));
	return 0;
}

static int restore_ioprio(pid_t tid, void *arg)
{
	struct record_restoring *r = arg;

	if (ioprio_read(tid) == IOPRIO_BOOST && r->entry->original.priority != IOPRIO_BOOST)
		note(r, r->entry, ioprio_apply(tid, (int)r->entry->original.priority));
	return 0;
}

/* A clone under way copies its creator's policy before it can be seen in
 * /proc; it is visible by the next pass, so go on until one finds nothing. */
static void restore_process(struct record_restoring *r, const struct entry *e,
			    int (*restore)(pid_t tid, void *arg))
{
	unsigned int before;
	int clean = 0;

	r->entry = e;
	for (int pass = 0; pass < 100 && clean < 2; pass++) {
		before = r->restored;
		if (proc_each_task(e->thread.pid, restore, r))
			return;
		clean = before == r->restored ? clean + 1 : 0;
	}
}

static int restore_knob(const struct entry *e)
{
	/* An empty list of cores (cgroup v2: the parent's) is an empty line. */
	const char *value = *e->value ? e->value : "\n";
	size_t length = strlen(value);
	struct statfs fs;
	int fd = open(e->path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW), ret = 0;

	if (fd < 0)
		return -errno;
	if (fstatfs(fd, &fs) < 0)
		ret = -errno;
	else if (fs.f_type != CGROUP_SUPER_MAGIC && fs.f_type != CGROUP2_SUPER_MAGIC)
		ret = -EUCLEAN; /* whatever that file is, it is not ours to write */
	else if (write(fd, value, length) != (ssize_t)length)
		ret = -errno;
	close(fd);
	return ret;
}

static void restore_entry(struct record_restoring *r, const struct entry *e)
{
	const struct record_thread *t = &e->thread;

	if (e->kind == ENTRY_KNOB)
		note(r, e, restore_knob(e));
	else if (!same_thread(t->pid, t->pid, t->pid_start))
		return;
	else if (e->kind == ENTRY_PROCESS)
		restore_process(r, e, restore_inherited);
	else if (e->kind == ENTRY_IOPRIO)
		restore_process(r, e, restore_ioprio);
	else if (!same_thread(t->pid, t->tid, t->tid_start))
		return;
	else if (e->kind == ENTRY_CORES)
		note(r, e, sched_apply_cores(t->tid, &e->cores));
	else
		note(r, e, sched_restore(t->tid, &e->original, NULL));
}

/* In which order kinds are undone: a cgroup's real-time budget cannot become 0
 * while a real-time thread is in it, and a thread can go to no core that its
 * cpuset does not have. */
static int rank(uint32_t kind)
{
	return kind == ENTRY_KNOB ? 1 : kind == ENTRY_CORES ? 2 : 0;
}

/* All entries of one rank, newest first. */
static void restore_rank(struct record_restoring *r, int which)
{
	uint64_t below = UINT64_MAX;

	for (;;) {
		const struct entry *next = NULL;

		for (int i = 1; i <= RECORD_ENTRIES; i++) {
			const struct entry *e = &r->slots[i].entry;

			if (e->used == 1 && rank(e->kind) == which && e->sequence < below &&
			    (!next || e->sequence > next->sequence))
				next = e;
		}
		if (!next)
			return;
		below = next->sequence;
		if (record_entry_holds(next))
			restore_entry(r, next);
	}
}

void record_restore_all(struct record_restoring *r)
{
	for (int which = 0; which <= 2; which++)
		restore_rank(r, which);
}
