// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STAT_STATE 3 /* field numbers of proc(5), from 1 */
#define STAT_UTIME 14
#define STAT_STIME 15
#define STAT_START 22
#define STAT_CORE 39 /* since Linux 2.2.8 */

/* snprintf() is not async-signal-safe; this is all of it that is needed. */
static char *put_text(char *to, const char *text)
{
	while (*text)
		*to++ = *text++;
	return to;
}

static char *put_number(char *to, pid_t number)
{
	char digits[12];
	int n = 0;

	do
		digits[n++] = (char)('0' + number % 10);
	while (number /= 10);
	while (n)
		*to++ = digits[--n];
	return to;
}

static int open_task(pid_t pid, pid_t tid, const char *file, int flags)
{
	char path[64], *p;
	int fd;

	if (pid <= 0 || tid < 0)
		return -EINVAL;
	p = put_number(put_text(path, "/proc/"), pid);
	p = put_text(p, "/task");
	if (tid)
		p = put_text(put_number(put_text(p, "/"), tid), file);
	*p = '\0';
	fd = open(path, O_RDONLY | O_CLOEXEC | flags);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	return fd;
}

static ssize_t read_task(pid_t pid, pid_t tid, const char *file, char *text, size_t size)
{
	int fd = open_task(pid, tid, file, 0);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = read(fd, text, size - 1);
	if (n < 0)
		n = -errno;
	else
		text[n] = '\0';
	close(fd);
	return n;
}

static uint64_t number_at(const char *p)
{
	uint64_t value = 0;

	while (*p >= '0' && *p <= '9')
		value = value * 10 + (uint64_t)(*p++ - '0');
	return value;
}

int proc_stat(pid_t pid, pid_t tid, struct proc_stat *stat)
{
	char text[1024], *p;
	ssize_t n = read_task(pid, tid, "/stat", text, sizeof(text));

	if (n < 0)
		return (int)n;
	/* The name in brackets is the thread's choice: the fields begin after
	 * the last bracket of the line. */
	p = strrchr(text, ')');
	*stat = (struct proc_stat){ 0 };
	for (int field = 2; p && field <= STAT_CORE; field++) {
		if (field == STAT_STATE)
			stat->state = *p;
		if (field == STAT_UTIME || field == STAT_STIME)
			stat->cpu_ticks += number_at(p);
		if (field == STAT_START)
			stat->start = number_at(p);
		if (field == STAT_CORE) {
			stat->core = (unsigned int)number_at(p);
			return 0;
		}
		p = strchr(p, ' ');
		p += p != NULL;
	}
	return -EPROTO;
}

int proc_comm(pid_t pid, pid_t tid, char comm[PROC_COMM_MAX])
{
	ssize_t n = read_task(pid, tid, "/comm", comm, PROC_COMM_MAX);

	if (n < 0)
		return (int)n;
	for (ssize_t i = 0; i < n; i++)
		if (comm[i] == '\n')
			comm[i] = '\0';
	return 0;
}

/* The kernel's struct linux_dirent64. */
struct task_entry {
	uint64_t inode;
	int64_t offset;
	uint16_t length;
	uint8_t type;
	char name[];
};

int proc_each_task(pid_t pid, int (*fn)(pid_t tid, void *arg), void *arg)
{
	_Alignas(struct task_entry) char buffer[4096];
	int fd = open_task(pid, 0, "", O_DIRECTORY), ret = 0;
	long n;

	if (fd < 0)
		return fd;
	while (!ret && (n = syscall(SYS_getdents64, fd, buffer, sizeof(buffer))) != 0) {
		if (n < 0) {
			ret = errno == ENOENT ? -ESRCH : -errno;
			break;
		}
		for (long at = 0; !ret && at < n;) {
			const struct task_entry *e = (const void *)(buffer + at);

			at += e->length;
			if (e->name[0] != '.')
				ret = fn((pid_t)number_at(e->name), arg);
		}
	}
	close(fd);
	return ret;
}
