// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/peer.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "host/cleanup.h"
#include "host/error.h"

/* Linux 6.5; headers of Debian 12 do not have the name. */
#define PEER_PIDFD 77 /* SO_PEERPIDFD */

int peer_read(int fd, struct peer *peer, struct rs_error **err)
{
	struct ucred credentials;
	socklen_t size = sizeof(credentials);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0)
		return rs_fail_errno(err, errno, "asking who has connected");
	*peer = (struct peer){ credentials.pid, credentials.uid };
	return 0;
}

bool peer_runs(int fd)
{
	cleanup_close int pidfd = -1;
	socklen_t size = sizeof(pidfd);
	struct pollfd p = { .events = POLLIN };

	if (getsockopt(fd, SOL_SOCKET, PEER_PIDFD, &pidfd, &size) < 0) {
		pidfd = -1;
		return errno == ENOPROTOOPT;
	}
	p.fd = pidfd;
	return poll(&p, 1, 0) == 0; /* readable: it has ended */
}
