/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The line to the harness: a virtio-serial port, or standard input and
 * output. Bytes from it are the host's: lengths are bounded here, their
 * meaning is checked in command.c.
 */
#ifndef RINGSCHED_CONTROL_PORT_H
#define RINGSCHED_CONTROL_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest/control/reason.h"

#define RSC_LINE_MAX 1023 /* bytes before the '\n' */

struct rsc_port {
	int in;
	int out;
	bool serial; /* end of file = the host has no one listening just now */
	bool overlong; /* the line that comes in is too long: dropped up to its end */
	int error; /* of the first write that failed; nothing is written after it */
	size_t used;
	char buffer[4096];
};

/* path NULL: the port named org.ringsched.agent, waited for. */
int rsc_port_open(struct rsc_port *port, const char *path, struct rsc_reason *why);
void rsc_port_stdio(struct rsc_port *port);

/*
 * Read what there is; call when poll() says so. > 0 = something came,
 * 0 = nobody at the other end, -errno.
 */
int rsc_port_fill(struct rsc_port *port);

/*
 * The next whole line, without its '\n' but ended by a NUL, in `line` of
 * RSC_LINE_MAX + 1 bytes; it may hold NUL bytes of the peer's, so *length
 * counts. 1 = a line, 0 = none yet, -EMSGSIZE = one was too long, and gone.
 */
int rsc_port_line(struct rsc_port *port, char *line, size_t *length);

/* All of it, waiting for the host where it must. 0 or -errno. */
int rsc_port_write(struct rsc_port *port, const void *data, size_t length);
__attribute__((format(printf, 2, 3))) int rsc_port_print(struct rsc_port *port, const char *format,
							 ...);

#endif
