/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the daemon gives up once it is set up, so that whoever takes it over
 * through a hostile byte has little more than what it does anyway:
 * docs/security.md says what is left. Each step that this host does not offer
 * is left out, logged, and told in status.
 */
#ifndef RINGSCHED_CONFINE_H
#define RINGSCHED_CONFINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct rs_error;

#define CONFINE_USER "ringsched" /* the account that is taken where there is one */
#define CONFINE_FOLDERS_MAX 16
#define CONFINE_MISSING_MAX 8

struct confine_options {
	const char *user; /* NULL: CONFINE_USER; where that is missing, stay root */
	const char *socket_group; /* of VMs' sockets, name or number; NULL: see socket.h */
	const char *status_group; /* may ask for status (host/control.c); NULL: nobody else */
	const char *folders[CONFINE_FOLDERS_MAX]; /* where sockets may be made and removed */
	unsigned int folder_count;
	const char *file; /* NULL, or one that is replaced as a whole, beside itself */
	bool off; /* change nothing at all */
};

/* One of the folders, borrowed; a repeated one takes no place. E2BIG. */
int confine_add_folder(struct confine_options *o, const char *folder, struct rs_error **err);
/* The folder that holds `path`. */
int confine_add_folder_of(struct confine_options *o, const char *path, struct rs_error **err);

/*
 * The account, the capabilities, no_new_privs, and the files that can be seen
 * and written. Before any further thread is started; later ones inherit it.
 * ENOENT: the account or the group that was asked for does not exist.
 */
int confine_begin(const struct confine_options *o, struct rs_error **err);

/* The capabilities and no_new_privs alone: for a child that has no more to do
 * than to put things back. */
int confine_child(struct rs_error **err);

/* The system calls that are left, for all threads: the last step of set-up. */
int confine_calls(struct rs_error **err);

/* ---- what came of it ---- */

struct confine_state {
	bool off;
	char user[64]; /* as whom it runs; a number where that has no name */
	const char *view; /* "landlock", or "whole": it sees and writes as its user may */
	int view_revision; /* Landlock's; 0 = none */
	const char *missing[CONFINE_MISSING_MAX]; /* steps that were left out */
	unsigned int missing_count;
};

const struct confine_state *confine_state(void);

/* A step is left out: logged, and told in status. For confine*.c. */
void confine_miss(const char *what, int code);

/* What the kernel says of the calling thread. */
struct confine_seen {
	uint64_t capabilities; /* in effect */
	uint64_t permitted;
	bool no_new_privs;
	int seccomp; /* 0 = off, 2 = a filter */
};

int confine_look(struct confine_seen *seen, struct rs_error **err);
/* Of capability `bit`; NULL where it is none of those that are ever kept. */
const char *confine_capability(unsigned int bit);

/* ---- parts of confine_begin() ---- */

/* Landlock (confine_view.c): reads of /proc, /sys and cgroups, writes to cgroups
 * alone, sockets in these folders. -ENOSYS, -EOPNOTSUPP: this kernel has none. */
int confine_view(const struct confine_options *o, int *revision, struct rs_error **err);

#endif
