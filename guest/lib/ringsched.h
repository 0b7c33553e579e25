/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libringsched: the interface of the module for processes of the guest.
 *
 * Every function returns 0 (ringsched_open: a file descriptor) or a negative
 * errno value; the values are those of guest/uapi/ringsched.h. A descriptor
 * is at most one member of one ring and must be used as a member only by the
 * thread that joined with it. Descriptors are opened close-on-exec.
 */
#ifndef RINGSCHED_LIB_H
#define RINGSCHED_LIB_H

#include "guest/uapi/ringsched.h"

#define RINGSCHED_DEVICE "/dev/ringsched"

#ifdef __cplusplus
extern "C" {
#endif

/* -EPROTO where the module has another revision than this library. */
int ringsched_open(void);
void ringsched_close(int fd);

/* The ring lives until destroyed or until the process that made it ends or closes fd. */
int ringsched_create(int fd, const struct rs_ring_params *ring);
int ringsched_destroy(int fd, unsigned int ring_id);
int ringsched_start(int fd, unsigned int ring_id, __u64 base_ns);
int ringsched_stop(int fd, unsigned int ring_id);

/* Joins at `slot`, and pins the calling thread to ring->vcpu unless that is -1. */
int ringsched_join(int fd, const struct rs_ring_params *ring, unsigned int slot);
int ringsched_leave(int fd);

/* Completes the turn in hand and sleeps until the next; *turn says which. */
int ringsched_wait(int fd, struct rs_turn *turn);

/* The next turn is in another ring, once (P6). */
int ringsched_change(int fd, unsigned int ring_id);

/*
 * P8: tell the host that a ring's processing begins or ends, without the
 * ring engine. The device is opened at the first call and stays open; any
 * thread may call. -ENODEV where the guest has no such device.
 */
int g_sched_notify_start(unsigned int ring_id, unsigned int ring_prio);
int g_sched_notify_end(unsigned int ring_id, unsigned int ring_prio);

#ifdef __cplusplus
}
#endif

#endif /* RINGSCHED_LIB_H */
