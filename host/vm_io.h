/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * io_boost: a VM's block I/O goes first while one of its rings is active, the
 * successor of what the paper plans with CFQ (P14b). Each thread of QEMU that
 * is no vCPU has IOPRIO_BOOST meanwhile, for one of them submits the requests,
 * and else the priority it had.
 *
 * Main gathers the threads, some ten times a second, because QEMU's workers
 * come and go and inherit what their creator has; the notification thread sets
 * those it is given. So a new worker may have the wrong priority for 100 ms.
 */
#ifndef RINGSCHED_VM_IO_H
#define RINGSCHED_VM_IO_H

#include <stdbool.h>

#include "host/ioprio.h"
#include "host/threads.h"

struct vm;

#define VM_IO_DISK_MAX 256
#define VM_IO_THREADS 16 /* at most that many are set on the notification path */

struct vm_io {
	bool wanted; /* set when the VM is added */
	char disk[VM_IO_DISK_MAX]; /* likewise: where its disk is; "" = among QEMU's files */

	bool able; /* something comes of it: see `why` */
	bool boosted;
	int original; /* of the main thread; threads that had another are not touched */
	int record;
	struct thread_ref threads[VM_IO_THREADS];
	unsigned int count;
	struct ioprio_device device; /* (main) */
	const char *why; /* nothing is done; NULL = it is (main) */
};

/* ---- main thread ---- */

/* Look for the VM's disk and whether its device heeds priorities. */
void vm_io_begin(struct vm *vm);
/* Threads that came and went; true: again in some 100 ms. */
bool vm_io_refresh(struct vm *vm);
/* Everything back, and forgotten. */
void vm_io_end(struct vm *vm);

/* ---- with the VM's lock held, any thread; neither allocates nor blocks ---- */

/* Rings began or ended: see that priorities are as they shall be now. */
void vm_io_follow(struct vm *vm);

#endif
