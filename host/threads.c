// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/threads.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest/uapi/ringsched.h"
#include "host/cleanup.h"
#include "host/error.h"
#include "host/proc.h"

/* Of pidfd_open(2): the thread, not its process. Linux 6.9; headers of Debian
 * 12 do not have the name. */
#define PIDFD_OF_THREAD O_EXCL

static int open_ref(struct thread_ref *ref, struct rs_error **err)
{
	char path[64];

	ref->fd = (int)syscall(SYS_pidfd_open, ref->tid, PIDFD_OF_THREAD);
	ref->is_pidfd = ref->fd >= 0;
	if (ref->is_pidfd)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/comm", ref->pid, ref->tid);
	ref->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (ref->fd >= 0)
		return 0;
	return errno == ENOENT ? -ESRCH : rs_fail_errno(err, errno, "opening %s", path);
}

int thread_ref_open(struct thread_ref *ref, pid_t pid, pid_t tid, struct rs_error **err)
{
	struct proc_stat stat;
	int ret;

	*ref = (struct thread_ref){ .pid = pid, .tid = tid, .fd = -1 };
	ret = open_ref(ref, err);
	if (ret)
		return ret;
	ret = proc_stat(pid, tid, &stat);
	/* Only now is it known that what is held was a thread of this process
	 * when its start time was read. */
	if (!ret && !thread_ref_alive(ref))
		ret = -ESRCH;
	if (ret) {
		thread_ref_close(ref);
		return ret == -ESRCH ? ret : rs_fail_errno(err, -ret, "reading about %d", tid);
	}
	ref->start = stat.start;
	return 0;
}

void thread_ref_close(struct thread_ref *ref)
{
	if (ref->fd >= 0)
		close(ref->fd);
	ref->fd = -1;
}

bool thread_ref_alive(const struct thread_ref *ref)
{
	char byte;

	if (ref->fd < 0)
		return false;
	/* Signal 0 is only asked about; not being allowed to means it is there. */
	if (ref->is_pidfd)
		return !syscall(SYS_pidfd_send_signal, ref->fd, 0, NULL, 0u) || errno != ESRCH;
	return pread(ref->fd, &byte, 1, 0) == 1;
}

struct search {
	pid_t pid;
	struct found_vcpu *found;
	unsigned int count;
	unsigned int max;
	struct rs_error **err;
};

/* The vCPU's index from a thread's name, or -1. */
static int vcpu_index(const char *comm)
{
	unsigned int index;
	char accel[4];
	int end = 0;

	if (sscanf(comm, "CPU %2u/%3s%n", &index, accel, &end) != 2 || comm[end] ||
	    (strcmp(accel, "KVM") && strcmp(accel, "TCG")) || index >= RS_VCPU_MAX)
		return -1;
	return (int)index;
}

static int consider(pid_t tid, void *arg)
{
	struct search *s = arg;
	char comm[PROC_COMM_MAX];
	int index, ret;

	if (proc_comm(s->pid, tid, comm))
		return 0; /* gone meanwhile */
	index = vcpu_index(comm);
	if (index < 0 || s->count == s->max)
		return 0;
	for (unsigned int i = 0; i < s->count; i++)
		if (s->found[i].index == (unsigned int)index)
			return 0;
	ret = thread_ref_open(&s->found[s->count].ref, s->pid, tid, s->err);
	if (ret)
		return ret == -ESRCH ? 0 : ret;
	s->found[s->count++].index = (unsigned int)index;
	return 0;
}

static int by_index(const void *a, const void *b)
{
	const struct found_vcpu *x = a, *y = b;

	return (x->index > y->index) - (x->index < y->index);
}

int threads_find_vcpus(pid_t pid, struct found_vcpu *found, unsigned int max, struct rs_error **err)
{
	struct search s = { .pid = pid, .found = found, .max = max, .err = err };
	int ret = proc_each_task(pid, consider, &s);

	if (ret < 0) {
		while (s.count)
			thread_ref_close(&found[--s.count].ref);
		if (ret == -ESRCH)
			return rs_fail(err, ESRCH, "process %d is gone", pid);
		return rs_fail_errno(err, -ret, "listing the threads of process %d", pid);
	}
	qsort(found, s.count, sizeof(*found), by_index);
	return (int)s.count;
}
