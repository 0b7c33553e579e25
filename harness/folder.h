/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small file work that several parts of a run need.
 */
#ifndef RINGSCHED_FOLDER_H
#define RINGSCHED_FOLDER_H

#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

struct rs_error;

/* Make the folder and those above it; one that exists is fine. */
int folder_make(const char *path, unsigned int mode, struct rs_error **err);

/* Remove the folder with all in it, without following links or crossing
 * into another file system. A folder that is not there is success. */
int folder_remove(const char *path, struct rs_error **err);

/* Is it a folder with nothing in it (or nothing at all)? */
int folder_is_empty(const char *path);

/* "DIR/NAME" by format, allocated; NULL without memory. */
char *folder_path(const char *dir, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Content of a small file (proc, sysfs, cgroup) without its last newline. */
int folder_read(const char *path, char *text, size_t size, struct rs_error **err);

/* Write `text` (with "\n" if it has none) over the file. */
int folder_write(const char *path, const char *text, struct rs_error **err);

/* Write `length` bytes gzip-compressed. */
int folder_write_gz(const char *path, const char *data, size_t length, struct rs_error **err);

/* Copy a regular file; one that is not there is skipped. */
int folder_copy(const char *from, const char *to, struct rs_error **err);

/* The end of the file, at most size - 1 bytes and a 0; how many, or a negative
 * errno value. It may hold zeros of its own. */
ssize_t folder_read_end(const char *path, char *text, size_t size);

/* The last `lines` lines of the file go to `to`, each after `indent`. */
void folder_tail(const char *path, unsigned int lines, const char *indent, FILE *to);

#endif
