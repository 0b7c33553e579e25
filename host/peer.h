/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process that connected to a UNIX socket, as the kernel knows it. */
#ifndef RINGSCHED_PEER_H
#define RINGSCHED_PEER_H

#include <stdbool.h>
#include <sys/types.h>

struct rs_error;

struct peer {
	pid_t pid; /* 0: it cannot be seen from here */
	uid_t uid;
};

int peer_read(int fd, struct peer *peer, struct rs_error **err);

/*
 * Does the process that connected still run? If so, its number is its own, and
 * what was read by that number was about it. Kernels before Linux 6.5 cannot
 * tell: true.
 */
bool peer_runs(int fd);

#endif
