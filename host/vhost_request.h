/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests of the vhost-user protocol: one row each, private to vhost_user.c,
 * vhost_request.c and vhost_ring.c.
 */
#ifndef RINGSCHED_VHOST_REQUEST_H
#define RINGSCHED_VHOST_REQUEST_H

#include "host/vhost_user.h"

#define VHOST_REPLY_MAX 64
#define VHOST_REPLY_ACK (1ull << 3) /* protocol feature: every request may ask for an answer */

struct rs_error;

/* One request with its payload, bounds checked against the table below. */
struct vhost_request {
	const uint8_t *payload;
	uint32_t size;
	int *fds; /* a handler that keeps one sets it to -1 */
	unsigned int fd_count;
	/* The answer, where the request has one of its own. */
	uint8_t reply[VHOST_REPLY_MAX];
	uint32_t reply_size;
};

typedef int vhost_handler(struct vhost_user *conn, struct vhost_request *rq, struct rs_error **err);

struct vhost_rule {
	const char *name;
	vhost_handler *handle;
	uint32_t size_min; /* of the payload */
	bool replies; /* has an answer of its own, else VHOST_REPLY_ACK's */
};

/* NULL: a request that is not known here. */
const struct vhost_rule *vhost_rule_of(uint32_t request);

void vhost_reply_u64(struct vhost_request *rq, uint64_t value);

/* Close the kick and call files of all queues. With the VM's lock held. */
void vhost_queues_close(struct vhost_user *conn);

/* ---- between vhost_request.c and vhost_ring.c ---- */

#define VHOST_F_PROTOCOL_FEATURES (1ull << 30)
#define VHOST_VRING_ADDRESSES_SIZE 40u /* payload of SET_VRING_ADDR */

/* size_min of the request's rule is at least 8. */
uint64_t vhost_payload_u64(const struct vhost_request *rq);

/* Our view of the queue's areas, from what the other side has told so far. */
void vhost_map_queue(struct vhost_user *conn, struct vhost_queue *q);
void vhost_stop_queue(struct vhost_user *conn, struct vhost_queue *q);

vhost_handler vhost_set_vring_num, vhost_set_vring_addr, vhost_set_vring_base, vhost_get_vring_base;
vhost_handler vhost_set_vring_kick, vhost_set_vring_call, vhost_set_vring_err;
vhost_handler vhost_set_vring_enable;

#endif
