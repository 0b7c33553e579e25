// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/ioprio.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "host/cgroup.h"
#include "host/cleanup.h"
#include "host/error.h"

#define WHO_PROCESS 1 /* of ioprio_set(2): one thread, in spite of its name */

/* Schedulers that serve requests by their priority. */
static const char *const heeding[] = { "bfq", "mq-deadline" };

int ioprio_read(pid_t tid)
{
	int value = (int)syscall(SYS_ioprio_get, WHO_PROCESS, tid);

	return value < 0 ? -errno : value;
}

int ioprio_apply(pid_t tid, int value)
{
	int now;

	if (syscall(SYS_ioprio_set, WHO_PROCESS, tid, value) < 0)
		return -errno;
	now = ioprio_read(tid);
	if (now < 0)
		return now;
	return now == value ? 0 : -EBADE;
}

/* "none [mq-deadline] bfq": the one in brackets, or the only one. */
static void take_chosen(const char *list, char *chosen, size_t size)
{
	const char *bracket = strchr(list, '[');
	const char *from = bracket ? bracket + 1 : list;

	snprintf(chosen, size, "%.*s", (int)strcspn(from, "] "), from);
}

/* A partition has its queue in the folder above. */
static bool look_at(dev_t number, struct ioprio_device *device)
{
	char link[64], path[PATH_MAX], list[256];
	char *name;

	snprintf(link, sizeof(link), "/sys/dev/block/%u:%u", major(number), minor(number));
	if (!realpath(link, path))
		return false;
	name = strrchr(path, '/');
	if (cgroup_read(path, "queue/scheduler", list, sizeof(list), NULL)) {
		*name = '\0';
		name = strrchr(path, '/');
		if (!name || cgroup_read(path, "queue/scheduler", list, sizeof(list), NULL))
			return false;
	}
	snprintf(device->name, sizeof(device->name), "%s", name + 1);
	take_chosen(list, device->scheduler, sizeof(device->scheduler));
	device->heeds = false;
	for (size_t i = 0; i < sizeof(heeding) / sizeof(heeding[0]); i++)
		device->heeds |= !strcmp(device->scheduler, heeding[i]);
	return true;
}

/* Logs are open for writing only, programs for reading only. */
static bool open_for_both(pid_t pid, const char *fd)
{
	char path[300], line[64];
	cleanup_file FILE *f = NULL;
	unsigned int flags;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%s", pid, fd);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "flags: %o", &flags) == 1)
			return (flags & O_ACCMODE) == O_RDWR;
	return false;
}

int ioprio_device_of(const char *path, struct ioprio_device *device, struct rs_error **err)
{
	struct stat st;

	*device = (struct ioprio_device){ 0 };
	if (stat(path, &st) < 0)
		return rs_fail_errno(err, errno, "looking at the disk %s", path);
	look_at(S_ISBLK(st.st_mode) ? st.st_rdev : st.st_dev, device);
	return 0;
}

int ioprio_find_device(pid_t pid, struct ioprio_device *device, struct rs_error **err)
{
	cleanup_dir DIR *dir = NULL;
	const struct dirent *entry;
	struct ioprio_device found;
	char path[300];
	struct stat st;

	*device = (struct ioprio_device){ 0 };
	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	if (!dir)
		return rs_fail_errno(err, errno, "opening %s", path);
	while (!device->heeds && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%s", pid, entry->d_name);
		if (entry->d_name[0] == '.' || stat(path, &st) < 0 ||
		    (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode)) ||
		    !open_for_both(pid, entry->d_name))
			continue;
		if (look_at(S_ISBLK(st.st_mode) ? st.st_rdev : st.st_dev, &found) &&
		    (found.heeds || !*device->name))
			*device = found;
	}
	return 0;
}
