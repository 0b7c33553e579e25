/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The front end of the vhost-user protocol and the driver side of the two
 * split virtqueues, as QEMU with its gpio device and the guest's driver are
 * together: one connection = one VM. Each step can also be done by hand, with
 * any content, so that a test can misbehave at every point.
 *
 * Nothing here decides whether the daemon is right: calls return what
 * happened, tests judge.
 */
#ifndef FAKE_FRONTEND_H
#define FAKE_FRONTEND_H

#include <linux/vhost_types.h>
#include <linux/virtio_ring.h>
#include <stdbool.h>

#include "tests/fake/fake_vm.h"

/* Requests of the protocol (QEMU, docs/interop/vhost-user.rst). */
enum ff_request {
	FF_GET_FEATURES = 1,
	FF_SET_FEATURES = 2,
	FF_SET_OWNER = 3,
	FF_SET_MEM_TABLE = 5,
	FF_SET_LOG_BASE = 6,
	FF_SET_VRING_NUM = 8,
	FF_SET_VRING_ADDR = 9,
	FF_SET_VRING_BASE = 10,
	FF_GET_VRING_BASE = 11,
	FF_SET_VRING_KICK = 12,
	FF_SET_VRING_CALL = 13,
	FF_SET_VRING_ERR = 14,
	FF_GET_PROTOCOL_FEATURES = 15,
	FF_SET_PROTOCOL_FEATURES = 16,
	FF_GET_QUEUE_NUM = 17,
	FF_SET_VRING_ENABLE = 18,
	FF_GET_CONFIG = 24,
	FF_SET_CONFIG = 25,
};

#define FF_FLAG_VERSION 0x1u
#define FF_FLAG_REPLY 0x4u
#define FF_FLAG_NEED_REPLY 0x8u
#define FF_VRING_NO_FD 0x100u /* in the u64 of KICK, CALL and ERR */
#define FF_F_PROTOCOL_FEATURES 30
#define FF_PROTOCOL_F_MQ 0
#define FF_PROTOCOL_F_REPLY_ACK 3
#define FF_PROTOCOL_F_CONFIG 9
#define FF_REGIONS_MAX 8
#define FF_FDS_MAX 16

struct ff_header {
	uint32_t request;
	uint32_t flags;
	uint32_t size; /* of what follows */
};

struct ff_region {
	uint64_t guest_address;
	uint64_t size;
	uint64_t user_address;
	uint64_t mmap_offset;
};

struct ff_memory_table {
	uint32_t count;
	uint32_t padding;
	struct ff_region region[FF_REGIONS_MAX];
};

struct ff_config {
	uint32_t offset;
	uint32_t size;
	uint32_t flags;
	uint8_t bytes[8];
};

#define FF_QUEUE_SIZE 256 /* as the gpio device has it */
#define FF_MEMORY_SIZE 0x100000ul
#define FF_GUEST_ADDRESS 0x40000000ull /* where guest memory begins */

struct ff_avail {
	uint16_t flags;
	uint16_t index;
	uint16_t ring[FF_QUEUE_SIZE];
};

struct ff_used {
	uint16_t flags;
	uint16_t index;
	struct vring_used_elem ring[FF_QUEUE_SIZE];
};

/* The three parts of a queue, in guest memory. */
struct ff_queue {
	struct vring_desc *desc;
	struct ff_avail *avail;
	struct ff_used *used;
	int kick; /* eventfds; -1: none yet */
	int call;
	int error;
	uint16_t used_seen;
};

struct frontend {
	struct fake_vm vm;
	int socket; /* -1: not connected */
	int memory_fd;
	uint8_t *memory; /* FF_MEMORY_SIZE bytes, shared with the daemon */
	uint64_t user_address; /* where "QEMU" has the memory; a made-up number */
	struct ff_queue queue[RS_QUEUE_COUNT];
	uint32_t sequence; /* of the last message */
	uint64_t features; /* offered by the daemon */
	uint64_t protocol_features;
	struct rs_config config;
};

/* Process, memory, eventfds; no connection yet. */
int ff_create(struct frontend *f, const struct fake_vm_options *options, struct rs_error **err);
void ff_disconnect(struct frontend *f);
/* Ends everything; may be called twice and on a zeroed struct. */
void ff_destroy(struct frontend *f);

/* Connect, then what QEMU does when the device is realized (before the guest
 * runs): features, owner, configuration space. */
int ff_connect(struct frontend *f, const char *path, struct rs_error **err);
int ff_realize(struct frontend *f, struct rs_error **err);
/* What QEMU does when the driver writes DRIVER_OK. */
int ff_start_queues(struct frontend *f, struct rs_error **err);
/* What QEMU does on a reset of the device. */
int ff_stop_queues(struct frontend *f, struct rs_error **err);
/* All of it: create, connect, realize, start, ATTACH sent and taken. */
int ff_boot(struct frontend *f, const struct fake_vm_options *options, const char *path,
	    struct rs_error **err);

/* One request as it is given, with fds beside it. */
int ff_send(struct frontend *f, uint32_t request, const void *payload, uint32_t size,
	    const int *fds, unsigned int fd_count, struct rs_error **err);
/* Bytes as they are given (a header that lies, half a message). */
int ff_send_raw(struct frontend *f, const void *bytes, size_t size, const int *fds,
		unsigned int fd_count, struct rs_error **err);
/* The reply to `request`, with exactly `size` bytes behind its header. */
int ff_reply(struct frontend *f, uint32_t request, void *payload, uint32_t size,
	     struct rs_error **err);
int ff_send_u64(struct frontend *f, uint32_t request, uint64_t value, struct rs_error **err);
int ff_ask_u64(struct frontend *f, uint32_t request, uint64_t *value, struct rs_error **err);
/* The memory table QEMU would send. */
void ff_memory_table(const struct frontend *f, struct ff_memory_table *table);
/* The addresses of queue `index` QEMU would send. */
void ff_vring_addr(const struct frontend *f, unsigned int index, struct vhost_vring_addr *addr);
/* Has the daemon closed the connection? Waits at most limit_ms. */
bool ff_closed(struct frontend *f, int limit_ms);

/* The driver's side. A message of this kind with the next sequence number. */
struct rs_message ff_message(struct frontend *f, enum rs_kind kind, unsigned int ring_id,
			     unsigned int ring_prio);
/* Put it into the next buffer of queue 0; kick where `kick`. */
void ff_post(struct frontend *f, const void *bytes, uint32_t size, bool kick);
/* Post descriptor `head` as it is. */
void ff_post_head(struct frontend *f, unsigned int queue, uint16_t head, bool kick);
void ff_kick(struct frontend *f, unsigned int queue);
/* Are all posted buffers of the queue used? Waits at most limit_ms. */
bool ff_drained(struct frontend *f, unsigned int queue, int limit_ms);
/* ff_message() + ff_post() + ff_drained(): false when it was not taken. */
bool ff_notify(struct frontend *f, enum rs_kind kind, unsigned int ring_id, unsigned int ring_prio);
/* Give the daemon `count` more buffers for events. */
void ff_offer_events(struct frontend *f, unsigned int count);
/* The next event of queue 1; false after limit_ms. */
bool ff_event(struct frontend *f, struct rs_event *event, int limit_ms);

#endif
