/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One libvirt domain from its creation, paused before its first instruction,
 * to its end.
 */
#ifndef RINGSCHED_DOMAIN_H
#define RINGSCHED_DOMAIN_H

#include <libvirt/libvirt.h>

#include "harness/process.h"

struct journal;
struct libvirt_conn;
struct rs_error;

struct domain {
	char name[64]; /* libvirt's: rs-RUNID-VM */
	virDomainPtr handle; /* NULL: not created, or destroyed */
	struct process qemu;
	int pidfd; /* of QEMU, watched by every wait; -1 = none */
};

#define DOMAIN_NONE ((struct domain){ .pidfd = -1 })

/*
 * Create it from `xml`, paused, find its QEMU process, write it into the
 * journal and let every wait watch it. d->name is set by the caller.
 */
int domain_create(struct domain *d, struct libvirt_conn *c, struct journal *j, const char *xml,
		  struct rs_error **err);

/*
 * Limit the memory of QEMU as a whole; called while it is paused. Not in the
 * XML: there libvirt would also raise the locked-memory limit of the process,
 * which a container without CAP_SYS_RESOURCE is not allowed to.
 */
int domain_limit_memory(struct domain *d, unsigned int mib, struct rs_error **err);

int domain_resume(struct domain *d, struct rs_error **err);

/*
 * End it and wait until its process is gone. No failure: what libvirt cannot
 * end is ended by its pid. Does nothing where there is none.
 */
void domain_destroy(struct domain *d);

/* A fresh qcow2 overlay at `path` over the image `base`, which stays as it is. */
int domain_make_disk(const char *path, const char *base, struct rs_error **err);

/* A fresh, empty qcow2 disk of so many MiB. */
int domain_make_scratch(const char *path, unsigned int mib, struct rs_error **err);

/* Have the kernel drop what it has cached of the file; best effort. */
void domain_forget_cached(const char *path);

/* The file system of `dir` takes O_DIRECT. */
bool domain_direct_io(const char *dir);

/* Path of the block device that holds `dir`, allocated; NULL where it lies
 * on none (a network, an overlay, memory). */
char *domain_block_device(const char *dir);

#endif
