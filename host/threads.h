/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads of a peer process, held so that a reused thread id is noticed.
 */
#ifndef RINGSCHED_THREADS_H
#define RINGSCHED_THREADS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct rs_error;

/*
 * A thread. `fd` holds it, not its number, so that asking through it fails once
 * the thread is gone, whoever has the number then. It is a pidfd of the thread
 * (Linux 6.9), else its open /proc/.../comm, which costs twice the time to ask.
 *
 * What remains: between that check and the system call that takes the number
 * the thread can exit and the number be given away. Linux has no call that
 * changes the scheduling of a thread by file descriptor. Numbers are given out
 * in a circle, so the whole circle would have to turn within a microsecond.
 */
struct thread_ref {
	pid_t pid;
	pid_t tid;
	uint64_t start; /* clock ticks since boot */
	int fd; /* -1 = not open */
	bool is_pidfd;
};

/* -ESRCH: no such thread (silently); other failures set *err. */
int thread_ref_open(struct thread_ref *ref, pid_t pid, pid_t tid, struct rs_error **err);
void thread_ref_close(struct thread_ref *ref);

/* One system call, some 5 us with cold caches; for the notification path too. */
bool thread_ref_alive(const struct thread_ref *ref);

struct found_vcpu {
	unsigned int index;
	struct thread_ref ref;
};

/*
 * The vCPU threads of QEMU process `pid`, by their names "CPU 0/KVM" or
 * "CPU 0/TCG" (QEMU's debug-threads=on, which libvirt sets), at most `max`,
 * indices below RS_VCPU_MAX, ordered by index, no index twice. Returns their
 * number, 0 if there are none, or -errno. The refs are the caller's to close.
 */
int threads_find_vcpus(pid_t pid, struct found_vcpu *found, unsigned int max,
		       struct rs_error **err);

#endif
