// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/group.h"

#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/cleanup.h"

/* Where the hierarchy with this controller (NULL: version 2) is mounted. */
static char *mount_of(const char *controller)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	const struct mntent *mount;
	char *dir = NULL;

	while (mounts && !dir && (mount = getmntent(mounts)))
		if (controller ?
			    !strcmp(mount->mnt_type, "cgroup") && hasmntopt(mount, controller) :
			    !strcmp(mount->mnt_type, "cgroup2"))
			dir = strdup(mount->mnt_dir);
	if (mounts)
		endmntent(mounts);
	return dir;
}

/* Is `controller` one of "a,b,c"? */
static bool lists(const char *list, const char *controller)
{
	size_t length = strlen(controller);
	const char *p;

	for (p = list; (p = strstr(p, controller)); p += length)
		if ((p == list || p[-1] == ',') && (p[length] == ',' || !p[length]))
			return true;
	return false;
}

char *group_find(pid_t pid, pid_t tid, const char *controller, bool *v2)
{
	cleanup_file FILE *from = NULL;
	cleanup_free char *mount = mount_of(controller);
	char path[64], line[4096];

	*v2 = !mount;
	if (!mount)
		mount = mount_of(NULL);
	snprintf(path, sizeof(path), "/proc/%d/task/%d/cgroup", (int)pid, (int)tid);
	from = fopen(path, "re");
	while (mount && from && fgets(line, sizeof(line), from)) {
		char *list = strchr(line, ':'), *group = list ? strchr(list + 1, ':') : NULL;
		char *dir;

		if (!group)
			continue;
		*group++ = '\0';
		group[strcspn(group, "\n")] = '\0';
		if (*v2 ? list[1] != '\0' : !lists(list + 1, controller))
			continue;
		return asprintf(&dir, "%s%s", mount, group) < 0 ? NULL : dir;
	}
	return NULL;
}

void group_up_to_vm(char *dir)
{
	static const char *const below[] = { "/emulator", "/vcpu", "/iothread", "/libvirt" };
	unsigned int i, pass;
	char *last;

	for (pass = 0; pass < 2; pass++)
		for (i = 0; i < sizeof(below) / sizeof(below[0]); i++) {
			last = strrchr(dir, '/');
			if (last && !strncmp(last, below[i], strlen(below[i])))
				*last = '\0';
		}
}
