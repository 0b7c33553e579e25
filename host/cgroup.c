// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/cgroup.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/cleanup.h"
#include "host/error.h"

/* Whether `word` is one of the comma-separated words of `list`. */
static bool has_word(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (const char *p = list; p; p = strchr(p, ',')) {
		p += *p == ',';
		if (!strncmp(p, word, length) && (p[length] == ',' || !p[length]))
			return true;
	}
	return false;
}

/* One line of /proc/self/mountinfo; false if it is no mount of cgroups that
 * could have the controller. */
static bool parse_mount(char *line, const char *controller, int *version, char **root, char **mount)
{
	char *dash = strstr(line, " - "), *save = NULL, *field, *type, *options;

	if (!dash)
		return false;
	*dash = '\0';
	field = strtok_r(line, " ", &save);
	for (int i = 0; field && i < 3; i++)
		field = strtok_r(NULL, " ", &save);
	*root = field;
	*mount = strtok_r(NULL, " ", &save);
	type = strtok_r(dash + 3, " ", &save);
	strtok_r(NULL, " ", &save);
	options = strtok_r(NULL, " \n", &save);
	if (!*root || !*mount || !type || !options)
		return false;
	if (!strcmp(type, "cgroup2"))
		*version = 2;
	else if (!strcmp(type, "cgroup") && has_word(options, controller))
		*version = 1;
	else
		return false;
	return true;
}

/* The thread's path in the hierarchy of `version`, from its cgroup file. */
static bool path_in_hierarchy(pid_t pid, pid_t tid, int version, const char *controller, char *path,
			      size_t size)
{
	cleanup_file FILE *f = NULL;
	char name[64], line[1024];

	snprintf(name, sizeof(name), "/proc/%d/task/%d/cgroup", pid, tid);
	f = fopen(name, "re");
	while (f && fgets(line, sizeof(line), f)) {
		char *controllers = strchr(line, ':'), *group;

		group = controllers ? strchr(controllers + 1, ':') : NULL;
		if (!group)
			continue;
		*group++ = '\0';
		group[strcspn(group, "\n")] = '\0';
		controllers++;
		if (version == 1 ? has_word(controllers, controller) : !*controllers)
			return snprintf(path, size, "%s", group) < (int)size;
	}
	return false;
}

static bool fill_place(pid_t pid, pid_t tid, int version, const char *controller, const char *root,
		       const char *mount, struct cgroup_place *place)
{
	char path[CGROUP_DIR_MAX];
	const char *below = path;
	size_t length = strcmp(root, "/") ? strlen(root) : 0;

	if (!path_in_hierarchy(pid, tid, version, controller, path, sizeof(path)))
		return false;
	/* A container sees a part of the hierarchy mounted: cut that off. */
	if (length && !strncmp(path, root, length))
		below += length;
	if (!strcmp(below, "/"))
		below = "";
	if (snprintf(place->mount, sizeof(place->mount), "%s", mount) >=
		    (int)sizeof(place->mount) ||
	    snprintf(place->dir, sizeof(place->dir), "%s%s", mount, below) >=
		    (int)sizeof(place->dir))
		return false;
	place->root = !*below;
	place->version = version;
	return true;
}

int cgroup_find(pid_t pid, pid_t tid, const char *controller, struct cgroup_place *place,
		struct rs_error **err)
{
	cleanup_file FILE *f = fopen("/proc/self/mountinfo", "re");
	char line[4096];

	memset(place, 0, sizeof(*place));
	if (!f)
		return rs_fail_errno(err, errno, "opening /proc/self/mountinfo");
	while (fgets(line, sizeof(line), f)) {
		char *root, *mount;
		int version;

		if (!parse_mount(line, controller, &version, &root, &mount))
			continue;
		/* A v2 mount without the controller stands beside v1 ones. */
		if (version == 2 && place->version == 1)
			continue;
		fill_place(pid, tid, version, controller, root, mount, place);
		if (place->version == 1)
			break;
	}
	return 0;
}

int cgroup_find_cpu(pid_t pid, pid_t tid, struct cgroup_place *place, struct rs_error **err)
{
	return cgroup_find(pid, tid, "cpu", place, err);
}

void cgroup_each_mount(const char *controller, void (*visit)(const char *mount, void *arg),
		       void *arg)
{
	cleanup_file FILE *f = fopen("/proc/self/mountinfo", "re");
	char line[4096];

	while (f && fgets(line, sizeof(line), f)) {
		char *root, *mount;
		int version;

		if (parse_mount(line, controller, &version, &root, &mount))
			visit(mount, arg);
	}
}

bool cgroup_parent(const char *mount, char *dir)
{
	size_t length = strlen(mount);
	char *slash = strrchr(dir, '/');

	if (strncmp(dir, mount, length) || !slash || slash <= dir + length)
		return false;
	*slash = '\0';
	return true;
}

bool cgroup_is_vcpu_leaf(const char *dir)
{
	const char *name = strrchr(dir, '/');

	if (!name || strncmp(name, "/vcpu", 5) || !isdigit((unsigned char)name[5]))
		return false;
	for (name += 5; *name; name++)
		if (!isdigit((unsigned char)*name))
			return false;
	return true;
}

static int knob_path(const char *dir, const char *knob, char *path, struct rs_error **err)
{
	if (snprintf(path, PATH_MAX, "%s%s%s", dir, knob ? "/" : "", knob ? knob : "") >= PATH_MAX)
		return rs_fail(err, ENAMETOOLONG, "the path of %s is too long", knob);
	return 0;
}

int cgroup_read(const char *dir, const char *knob, char *value, size_t size, struct rs_error **err)
{
	cleanup_close int fd = -1;
	char path[PATH_MAX];
	ssize_t n;

	if (knob_path(dir, knob, path, err))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return rs_fail_errno(err, errno, "opening %s", path);
	n = read(fd, value, size - 1);
	if (n < 0)
		return rs_fail_errno(err, errno, "reading %s", path);
	value[n] = '\0';
	value[strcspn(value, "\n")] = '\0';
	return 0;
}

int cgroup_read_number(const char *dir, const char *knob, long long *value, struct rs_error **err)
{
	char text[64], *end;
	int ret = cgroup_read(dir, knob, text, sizeof(text), err);

	if (ret)
		return ret;
	errno = 0;
	*value = strtoll(text, &end, 10);
	if (errno || end == text || *end)
		return rs_fail(err, EPROTO, "%s/%s holds '%s', not a number", dir, knob, text);
	return 0;
}

int cgroup_write(const char *dir, const char *knob, const char *value, struct rs_error **err)
{
	cleanup_close int fd = -1;
	char path[PATH_MAX];
	size_t length;

	if (!*value) /* writing nothing would be no write */
		value = "\n";
	length = strlen(value);
	if (knob_path(dir, knob, path, err))
		return -ENAMETOOLONG;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return rs_fail_errno(err, errno, "opening %s", path);
	if (write(fd, value, length) != (ssize_t)length)
		return rs_fail_errno(err, errno, "writing %s to %s", value, path);
	return 0;
}

bool cgroup_has(const char *dir, const char *knob)
{
	char path[PATH_MAX];

	return !knob_path(dir, knob, path, NULL) && !access(path, F_OK);
}

int cgroup_set(const char *dir, const char *knob, const char *value, struct rs_error **err)
{
	char now[64];
	int ret = cgroup_write(dir, knob, value, err);

	if (!ret)
		ret = cgroup_read(dir, knob, now, sizeof(now), err);
	if (ret)
		return ret;
	if (strcmp(now, value))
		return rs_fail(err, EBADE, "%s/%s was set to %s, but reads %s", dir, knob, value,
			       now);
	return 0;
}
