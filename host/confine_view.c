// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The files that the daemon sees and writes, by Landlock. It names what may be
 * done below which folder; all else of what it knows is refused, also to root
 * and to CAP_DAC_OVERRIDE. Files that are open already stay open: the log, the
 * record, and what a VM's process hands over.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/cgroup.h"
#include "host/cleanup.h"
#include "host/confine.h"
#include "host/error.h"

/* Headers of Debian 12 end at revision 2. */
#define FS_TRUNCATE (1ull << 14) /* revision 3 */
#define FS_IOCTL_DEV (1ull << 15) /* revision 5 */
#define SCOPE_ABSTRACT_SOCKETS (1ull << 0) /* revision 6 */
#define SCOPE_SIGNALS (1ull << 1)
#define NET_BIND_TCP (1ull << 0) /* revision 4 */
#define NET_CONNECT_TCP (1ull << 1)

/* All of revision 1, from EXECUTE to MAKE_SYM. */
#define FS_FIRST ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)
#define READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define FILES                                                                         \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE | \
	 LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE)
#define SOCKETS (LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REMOVE_FILE)

/* As the kernel takes it; earlier revisions take the first of it. */
struct ruleset {
	uint64_t files;
	uint64_t net;
	uint64_t scoped;
};

struct building {
	int fd;
	uint64_t handled;
	int ret;
	struct rs_error **err;
};

static int make_ruleset(int revision, uint64_t *handled, struct rs_error **err)
{
	struct ruleset r = { .files = FS_FIRST };
	size_t size = sizeof(r.files);
	int fd;

	if (revision >= 2)
		r.files |= LANDLOCK_ACCESS_FS_REFER;
	if (revision >= 3)
		r.files |= FS_TRUNCATE;
	if (revision >= 5)
		r.files |= FS_IOCTL_DEV;
	if (revision >= 4) {
		r.net = NET_BIND_TCP | NET_CONNECT_TCP;
		size += sizeof(r.net);
	}
	if (revision >= 6) {
		r.scoped = SCOPE_ABSTRACT_SOCKETS | SCOPE_SIGNALS;
		size += sizeof(r.scoped);
	}
	*handled = r.files;
	fd = (int)syscall(SYS_landlock_create_ruleset, &r, size, 0u);
	return fd < 0 ? rs_fail_errno(err, errno, "making a Landlock ruleset") : fd;
}

static int allow(const struct building *b, const char *path, uint64_t rights)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = rights & b->handled };
	cleanup_close int fd = open(path, O_PATH | O_CLOEXEC | O_DIRECTORY);

	if (fd < 0)
		return rs_fail_errno(b->err, errno, "looking at the folder %s", path);
	rule.parent_fd = fd;
	if (syscall(SYS_landlock_add_rule, b->fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0u) < 0)
		return rs_fail_errno(b->err, errno, "allowing the folder %s", path);
	return 0;
}

/* Its folder: it is written as another file, which then takes its name. */
static int allow_file(const struct building *b, const char *path)
{
	cleanup_free char *folder = strdup(path);
	char *slash = folder ? strrchr(folder, '/') : NULL;

	if (!folder)
		return rs_fail(b->err, ENOMEM, "no memory for a path");
	if (slash)
		slash[slash == folder] = '\0';
	return allow(b, slash ? folder : ".", FILES);
}

static void allow_cgroups(const char *mount, void *arg)
{
	struct building *b = arg;

	if (!b->ret)
		b->ret = allow(b, mount, READ | LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE);
}

static int add_rules(struct building *b, const struct confine_options *o)
{
	int ret = allow(b, "/proc", READ);

	if (!ret)
		ret = allow(b, "/sys", READ);
	for (unsigned int i = 0; !ret && i < o->folder_count; i++)
		ret = allow(b, o->folders[i], SOCKETS);
	if (!ret && o->file)
		ret = allow_file(b, o->file);
	if (ret)
		return ret;
	cgroup_each_mount("cpu", allow_cgroups, b);
	cgroup_each_mount("cpuset", allow_cgroups, b);
	return b->ret;
}

int confine_view(const struct confine_options *o, int *revision, struct rs_error **err)
{
	cleanup_close int fd = -1;
	struct building b = { .err = err };
	int ret;

	*revision = (int)syscall(SYS_landlock_create_ruleset, NULL, 0ul,
				 LANDLOCK_CREATE_RULESET_VERSION);
	if (*revision < 0) {
		ret = -errno;
		*revision = 0;
		return ret;
	}
	fd = make_ruleset(*revision, &b.handled, err);
	if (fd < 0)
		return fd;
	b.fd = fd;
	ret = add_rules(&b, o);
	if (!ret && syscall(SYS_landlock_restrict_self, fd, 0u) < 0)
		ret = rs_fail_errno(err, errno, "taking the Landlock ruleset");
	return ret;
}
