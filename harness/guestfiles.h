/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files that a scenario's guests boot from (docs/guest-protocol.md). */
#ifndef RINGSCHED_GUESTFILES_H
#define RINGSCHED_GUESTFILES_H

struct json_object;
struct rs_error;
struct scenario;

/* Is each of them there and readable, below folder `guests`? */
int guestfiles_check(const struct scenario *s, const char *guests, struct rs_error **err);

/*
 * {"rt/vmlinux": "48123904 bytes, crc32 1a2b3c4d", …}: what tells whether two
 * cells had the same guests. A file too large to be read between two cells is
 * told by the stamp of its build, else by its time. The caller owns it.
 */
struct json_object *guestfiles_marks(const struct scenario *s, const char *guests,
				     struct rs_error **err);

#endif
