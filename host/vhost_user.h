/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One vhost-user connection (the back end's side of the protocol described in
 * QEMU's docs/interop/vhost-user.rst) and the two virtqueues it sets up.
 *
 * Requests are handled on the main thread. The queues are worked on by the
 * notification thread, with the VM's lock held; main takes the lock for every
 * change of memory or queues.
 */
#ifndef RINGSCHED_VHOST_USER_H
#define RINGSCHED_VHOST_USER_H

#include <stdbool.h>
#include <stdint.h>

#include "guest/uapi/ringsched.h"
#include "host/memory.h"
#include "host/vring.h"

#define VHOST_USER_PAYLOAD_MAX 512 /* the longest request we take is some 270 */
#define VHOST_USER_FDS_MAX 8

struct rs_error;
struct vm;

struct vhost_queue {
	struct vring ring;
	bool has_address;
	uint64_t descriptors, available, used; /* user addresses */
	bool enabled;
	bool mapped; /* ring is attached to mapped memory */
	int kick, call; /* eventfds, -1 = none */
	uint64_t missed; /* kicks that came before the queue could be used */
};

struct vhost_user {
	int fd;
	struct vm *vm;
	uint64_t features, protocol_features; /* acknowledged */
	struct memory memory;
	struct vhost_queue queues[RS_QUEUE_COUNT];
	uint32_t generation; /* tells late kicks of a former connection */
	uint32_t event_sequence;
	enum rs_source config_source; /* what GET_CONFIG said; QEMU asks once */
	bool source_due; /* the guest must still be told the policy's source */
	bool pending; /* more in the queue than one visit may handle */

	/* The request that is coming in. */
	uint8_t buffer[12 + VHOST_USER_PAYLOAD_MAX];
	size_t have;
	int fds[VHOST_USER_FDS_MAX];
	unsigned int fd_count;
};

/* Takes over the socket, also on failure. The VM must not be connected. */
struct vhost_user *vhost_user_open(struct vm *vm, int fd, struct rs_error **err);
/* Disconnects the VM, closes everything, frees. */
void vhost_user_close(struct vhost_user *conn);

/*
 * The socket is readable: read and answer what is there. 0; or negative, and
 * the connection must be closed (-ECONNRESET with no *err: the other side
 * closed it).
 */
int vhost_user_read(struct vhost_user *conn, struct rs_error **err);

/* ---- vhost_queue.c: with the VM's lock held ---- */

/* The guest kicked queue `queue` at `seen_ns`. Notification thread. True:
 * there is more, call again. */
bool vhost_queue_kick(struct vhost_user *conn, unsigned int queue, uint64_t seen_ns);
/* After a request: kicks that were missed are made again, for a queue that can
 * be used now. */
void vhost_queue_replay(struct vhost_user *conn);
/* Messages left over from before. Returns whether there are still more. */
bool vhost_queue_drain(struct vhost_user *conn, uint64_t seen_ns);
bool vhost_queue_more(const struct vhost_user *conn);
/*
 * The guest must be told what the policy needs now. As long as it has no buffer
 * for the event, or no driver, this stays due.
 */
void vhost_queue_tell_source(struct vhost_user *conn);
/* vm->raise and vm->listen of a VM that is connected. */
bool vhost_queue_raise(struct vm *vm, unsigned int number, uint64_t arrived_ns, uint32_t *event);
void vhost_queue_listen(struct vm *vm, bool on);

#endif
