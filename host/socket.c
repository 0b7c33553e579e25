// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/socket.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/cleanup.h"
#include "host/error.h"

#define BACKLOG 16
#define NO_GROUP ((gid_t)-1)

static gid_t shared_with = NO_GROUP, control_shared_with = NO_GROUP;

void socket_share(gid_t group)
{
	shared_with = group;
}

void socket_share_control(gid_t group)
{
	control_shared_with = group;
}

/* Who listens at the other end of a connected socket. */
static int fail_in_use(const char *path, int fd, struct rs_error **err)
{
	struct ucred owner = { 0 };
	socklen_t size = sizeof(owner);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &owner, &size) < 0 || owner.pid <= 0)
		return rs_fail(err, EADDRINUSE, "%s is in use by another process", path);
	return rs_fail(err, EADDRINUSE,
		       "%s is in use by process %d: end that one, or choose another path", path,
		       (int)owner.pid);
}

static int remove_stale(const struct sockaddr_un *address, int type, struct rs_error **err)
{
	const char *path = address->sun_path;
	cleanup_close int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : rs_fail_errno(err, errno, "looking at %s", path);
	if (!S_ISSOCK(st.st_mode))
		return rs_fail(err, EADDRINUSE, "%s exists and is no socket", path);
	if (fd < 0)
		return rs_fail_errno(err, errno, "creating a socket");
	if (!connect(fd, (const struct sockaddr *)address, sizeof(*address)) ||
	    errno != ECONNREFUSED)
		return fail_in_use(path, fd, err);
	if (unlink(path) < 0)
		return rs_fail_errno(err, errno, "removing the stale socket %s", path);
	return 0;
}

static int refuse_path(const char *path, int code, struct rs_error **err)
{
	return rs_fail_errno(err, code, "binding to %s%s", path,
			     code == EACCES ? " (a folder other than the control socket's is "
					      "named to ringschedd with --folder)" :
					      "");
}

/* With the group's right from the beginning, so that it is never more than
 * what it will be. */
static int bind_to(const char *path, int type, gid_t group, struct rs_error **err)
{
	cleanup_close int fd = -1;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t mask;
	int ret;

	if (snprintf(address.sun_path, sizeof(address.sun_path), "%s", path) >=
	    (int)sizeof(address.sun_path))
		return rs_fail(err, ENAMETOOLONG, "the path %s has more than %zu bytes", path,
			       sizeof(address.sun_path) - 1);
	ret = remove_stale(&address, type, err);
	if (ret)
		return ret;
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return rs_fail_errno(err, errno, "creating a socket");
	/* From its first moment on: chmod() afterwards would leave a gap. */
	mask = umask(group == NO_GROUP ? 0177 : 0117);
	ret = bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ? errno : 0;
	umask(mask);
	if (ret)
		return refuse_path(path, ret, err);
	if (group != NO_GROUP && lchown(path, (uid_t)-1, group) < 0) {
		ret = errno;
		unlink(path);
		return rs_fail_errno(err, ret, "giving %s to group %u%s", path, group,
				     ret == EPERM ? " (this user is not in it)" : "");
	}
	return steal_fd(&fd);
}

static int listen_at(const char *path, gid_t group, struct rs_error **err)
{
	cleanup_close int fd = bind_to(path, SOCK_STREAM, group, err);

	if (fd < 0)
		return fd;
	if (listen(fd, BACKLOG) < 0)
		return rs_fail_errno(err, errno, "listening on %s", path);
	return steal_fd(&fd);
}

int socket_listen(const char *path, struct rs_error **err)
{
	return listen_at(path, NO_GROUP, err);
}

int socket_shared(const char *path, struct rs_error **err)
{
	return listen_at(path, shared_with, err);
}

int socket_control(const char *path, struct rs_error **err)
{
	return listen_at(path, control_shared_with, err);
}

int socket_datagram(const char *path, struct rs_error **err)
{
	return bind_to(path, SOCK_DGRAM, NO_GROUP, err);
}
