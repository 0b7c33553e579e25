/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Release on scope exit, for user-space code (docs/errors.md). A variable
 * marked with one of these owns its value until steal_pointer()/steal_fd().
 */
#ifndef RINGSCHED_CLEANUP_H
#define RINGSCHED_CLEANUP_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_freep(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_closep(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void cleanup_filep(FILE **f)
{
	if (*f)
		fclose(*f);
}

static inline void cleanup_dirp(DIR **d)
{
	if (*d)
		closedir(*d);
}

#define cleanup_free __attribute__((cleanup(cleanup_freep)))
#define cleanup_close __attribute__((cleanup(cleanup_closep)))
#define cleanup_file __attribute__((cleanup(cleanup_filep)))
#define cleanup_dir __attribute__((cleanup(cleanup_dirp)))

#define steal_pointer(p)                    \
	({                                  \
		__typeof__(*(p)) _s = *(p); \
		*(p) = NULL;                \
		_s;                         \
	})

static inline int steal_fd(int *fd)
{
	int stolen = *fd;

	*fd = -1;
	return stolen;
}

#endif
