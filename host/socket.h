/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UNIX sockets of the daemon's own. */
#ifndef RINGSCHED_SOCKET_H
#define RINGSCHED_SOCKET_H

#include <sys/types.h>

struct rs_error;

/* socket_shared() gives its sockets to this group from now on, and they have
 * mode 0660. The process is one of the group. */
void socket_share(gid_t group);
/* The same for socket_control(). */
void socket_share_control(gid_t group);

/*
 * A non-blocking listening socket at `path`, mode 0600. A socket nobody
 * listens on any more is replaced; one that answers, or another kind of file,
 * is refused (EADDRINUSE).
 */
int socket_listen(const char *path, struct rs_error **err);
/* The same, for those that may be of the group only: VMs' processes. */
int socket_shared(const char *path, struct rs_error **err);
/* The same, for those that may be of the control socket's group only. */
int socket_control(const char *path, struct rs_error **err);
/* As socket_listen() for datagrams: a socket that others send to. */
int socket_datagram(const char *path, struct rs_error **err);

#endif
