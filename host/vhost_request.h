/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests of the vhost-user protocol: one row each, private to vhost_user.c
 * and vhost_request.c.
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

struct vhost_rule {
	const char *name;
	int (*handle)(struct vhost_user *conn, struct vhost_request *rq, struct rs_error **err);
	uint32_t size_min; /* of the payload */
	bool replies; /* has an answer of its own, else VHOST_REPLY_ACK's */
};

/* NULL: a request that is not known here. */
const struct vhost_rule *vhost_rule_of(uint32_t request);

void vhost_reply_u64(struct vhost_request *rq, uint64_t value);

/* Close the kick and call files of all queues. With the VM's lock held. */
void vhost_queues_close(struct vhost_user *conn);

#endif
