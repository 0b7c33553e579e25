/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UNIX sockets of the daemon's own. */
#ifndef RINGSCHED_SOCKET_H
#define RINGSCHED_SOCKET_H

struct rs_error;

/*
 * A non-blocking listening socket at `path`, mode 0600. A socket nobody
 * listens on any more is replaced; one that answers, or another kind of file,
 * is refused (EADDRINUSE).
 */
int socket_listen(const char *path, struct rs_error **err);
/* The same for datagrams: a socket that others send to. */
int socket_datagram(const char *path, struct rs_error **err);

#endif
