// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/cleanup.h"
#include "host/error.h"

/* Longest command line that is looked at; QEMU's under libvirt have 4 kB. */
#define CMDLINE_MAX 16384

/* Up to size - 1 bytes of the file and a NUL; the length or -errno. */
static ssize_t read_file(const char *path, char *text, size_t size)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length;

	if (fd < 0)
		return -errno;
	length = read(fd, text, size - 1);
	if (length < 0)
		return -errno;
	text[length] = '\0';
	return length;
}

struct process process_of(pid_t pid)
{
	struct process none = { 0 }, p = { .pid = pid };
	char path[64], text[1024], state;
	unsigned long long start;
	const char *after;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (pid <= 0 || read_file(path, text, sizeof(text)) < 0)
		return none;
	/* The name may hold anything, blanks and brackets too: skip to its end. */
	after = strrchr(text, ')');
	if (!after || sscanf(after + 1,
			     " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s"
			     " %*s %*s %*s %*s %llu",
			     &state, &start) != 2)
		return none;
	if (state == 'Z' || state == 'X')
		return none;
	p.start = start;
	return p;
}

bool process_alive(const struct process *p)
{
	struct process now = process_of(p->pid);

	return now.pid && now.start == p->start;
}

/* Its arguments, a NUL behind each, *length bytes in all; NULL where they cannot
 * be read. Owned by the caller. */
static char *read_arguments(pid_t pid, ssize_t *length)
{
	char *text = malloc(CMDLINE_MAX);
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	*length = text ? read_file(path, text, CMDLINE_MAX) : -ENOMEM;
	if (*length >= 0)
		return text;
	free(text);
	return NULL;
}

/* One argument of the process begins with `needle`. */
static bool has_argument(pid_t pid, const char *needle)
{
	ssize_t length;
	cleanup_free char *text = read_arguments(pid, &length);

	for (const char *a = text; text && a < text + length; a += strlen(a) + 1)
		if (!strncmp(a, needle, strlen(needle)))
			return true;
	return false;
}

void process_each(const char *needle, void (*found)(const struct process *p, void *arg), void *arg)
{
	cleanup_dir DIR *dir = opendir("/proc");
	const struct dirent *entry;
	struct process p;
	int pid;

	while (dir && (entry = readdir(dir))) {
		pid = atoi(entry->d_name);
		if (pid <= 0 || pid == getpid() || !has_argument(pid, needle))
			continue;
		p = process_of(pid);
		if (p.pid)
			found(&p, arg);
	}
}

void process_each_called(const char *name, void (*found)(const struct process *p, void *arg),
			 void *arg)
{
	cleanup_dir DIR *dir = opendir("/proc");
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		int pid = atoi(entry->d_name);
		char path[64], comm[32];
		struct process p;

		snprintf(path, sizeof(path), "/proc/%d/comm", pid);
		if (pid <= 0 || read_file(path, comm, sizeof(comm)) < 0)
			continue;
		comm[strcspn(comm, "\n")] = '\0';
		p = process_of(pid);
		if (p.pid && !strcmp(comm, name))
			found(&p, arg);
	}
}

/* "" where the value is the next argument, NULL where it is another option. */
static const char *value_in(const char *argument, const char *name, char letter)
{
	size_t length = strlen(name);

	if (argument[0] == '-' && argument[1] == letter)
		return argument + 2;
	if (strncmp(argument, "--", 2) || strncmp(argument + 2, name, length))
		return NULL;
	argument += 2 + length;
	return *argument == '=' ? argument + 1 : *argument ? NULL : argument;
}

static char *below_its_folder(pid_t pid, const char *path)
{
	char link[64], folder[4096], *absolute;
	ssize_t length;

	if (*path == '/')
		return strdup(path);
	snprintf(link, sizeof(link), "/proc/%d/cwd", (int)pid);
	length = readlink(link, folder, sizeof(folder) - 1);
	folder[length > 0 ? length : 0] = '\0';
	return asprintf(&absolute, "%s/%s", folder, path) < 0 ? NULL : absolute;
}

char *process_option(pid_t pid, const char *name, char letter)
{
	ssize_t length;
	cleanup_free char *text = read_arguments(pid, &length);
	const char *value = NULL;

	for (const char *a = text; text && a < text + length; a += strlen(a) + 1) {
		if (value) /* it was the option before */
			return below_its_folder(pid, a);
		value = value_in(a, name, letter);
		if (value && *value)
			return below_its_folder(pid, value);
	}
	return NULL;
}

static void keep_found(const struct process *p, void *arg)
{
	*(struct process *)arg = *p;
}

struct process process_find(const char *needle)
{
	struct process p = { 0 };

	process_each(needle, keep_found, &p);
	return p;
}

int process_open(const struct process *p, struct rs_error **err)
{
	int fd = (int)syscall(SYS_pidfd_open, p->pid, 0);

	if (fd < 0)
		return rs_fail_errno(err, errno, "process %d", (int)p->pid);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	/* Only now is the pid held: compare the start time after opening. */
	if (!process_alive(p)) {
		close(fd);
		return rs_fail(err, ESRCH, "process %d is gone", (int)p->pid);
	}
	return fd;
}

bool process_end(const struct process *p, double grace_s)
{
	cleanup_close int fd = p->pid ? process_open(p, NULL) : -1;
	struct pollfd gone = { .fd = fd, .events = POLLIN };

	if (fd < 0)
		return false;
	syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0);
	if (poll(&gone, 1, (int)(grace_s * 1000)) == 1)
		return true;
	syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
	/* Bounded: a process in uninterruptible sleep must not wedge the clean-up. */
	poll(&gone, 1, 10000);
	return true;
}

pid_t process_thread(pid_t pid, const char *name)
{
	cleanup_dir DIR *dir = NULL;
	const struct dirent *entry;
	char path[300], text[64];

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%s/comm", (int)pid, entry->d_name);
		if (read_file(path, text, sizeof(text)) <= 0)
			continue;
		text[strcspn(text, "\n")] = '\0';
		if (!strcmp(text, name))
			return atoi(entry->d_name);
	}
	return 0;
}
