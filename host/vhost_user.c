// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/vhost_user.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/clock.h"
#include "host/error.h"
#include "host/log.h"
#include "host/peer.h"
#include "host/vhost_request.h"
#include "host/vm.h"

#define HEADER_SIZE 12u
#define VERSION_MASK 0x3u
#define VERSION 0x1u
#define FLAG_REPLY 0x4u
#define FLAG_NEED_REPLY 0x8u
/* Requests handled in one visit, so that no peer keeps the main thread to
 * itself; the socket stays readable, so the loop comes back. */
#define VISIT_MAX 64
#define LOOK_FREE_NS 20000000 /* QEMU's threads are found in far less than 1 ms */
#define LOOK_PAUSE 19

struct header {
	uint32_t request;
	uint32_t flags;
	uint32_t size;
};

static int send_reply(struct vhost_user *conn, uint32_t request, const void *payload, uint32_t size,
		      struct rs_error **err)
{
	struct header h = { request, VERSION | FLAG_REPLY, size };
	uint8_t out[HEADER_SIZE + VHOST_REPLY_MAX];
	ssize_t n;

	memcpy(out, &h, HEADER_SIZE);
	memcpy(out + HEADER_SIZE, payload, size);
	n = send(conn->fd, out, HEADER_SIZE + size, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n == (ssize_t)(HEADER_SIZE + size))
		return 0;
	/* A front end that does not read its answers is not worth waiting for. */
	return rs_fail_errno(err, n < 0 ? errno : EAGAIN, "answering %s",
			     vhost_rule_of(request)->name);
}

static int refuse_unknown(struct vhost_user *conn, const struct header *h, struct rs_error **err)
{
	const struct header reply = { h->request, VERSION | FLAG_REPLY, sizeof(uint64_t) };
	const uint64_t failed = 1;
	uint8_t out[HEADER_SIZE + sizeof(failed)];

	conn->vm->counters.protocol_unknown++;
	if (!(h->flags & FLAG_NEED_REPLY))
		return 0;
	memcpy(out, &reply, HEADER_SIZE);
	memcpy(out + HEADER_SIZE, &failed, sizeof(failed));
	if (send(conn->fd, out, sizeof(out), MSG_NOSIGNAL | MSG_DONTWAIT) != sizeof(out))
		return rs_fail_errno(err, errno, "answering request %u", h->request);
	return 0;
}

/*
 * Looks for the process's threads, if that was not *done. A process with ten
 * thousands of threads, no vCPU among them, and a stream of requests could have
 * main look for ever: where a look takes long and finds nothing, the next waits
 * for so many times that.
 */
static void look(struct vm *vm, int (*act)(struct vm *, struct rs_error **), const bool *done)
{
	uint64_t begin = monotonic_ns(), took;
	struct rs_error *err = NULL;

	if (*done || begin < vm->next_look_ns)
		return;
	if (act(vm, &err))
		vm_log_error(vm, &err);
	rs_error_free(&err);
	took = monotonic_ns() - begin;
	vm->next_look_ns = *done || took < LOOK_FREE_NS ? 0 : begin + (LOOK_PAUSE + 1) * took;
}

/* A fresh process is prepared before its first request is answered: it waits
 * for the answer, so its guest cannot run yet. */
static void before_request(struct vhost_user *conn)
{
	look(conn->vm, vm_prepare, &conn->vm->policy_started);
}

/* The guest's driver takes the device, so the guest runs, so whoever started
 * it (libvirt) is done with its cgroups. */
static void after_enable(struct vhost_user *conn)
{
	if (conn->queues[RS_QUEUE_NOTIFY].enabled)
		look(conn->vm, vm_settle, &conn->vm->settled);
}

static int handle(struct vhost_user *conn, const struct header *h, struct rs_error **err)
{
	const struct vhost_rule *rule = vhost_rule_of(h->request);
	struct vhost_request rq = {
		.payload = conn->buffer + HEADER_SIZE,
		.size = h->size,
		.fds = conn->fds,
		.fd_count = conn->fd_count,
	};
	struct rs_error *why = NULL;
	int ret;

	before_request(conn);
	if (!rule)
		return refuse_unknown(conn, h, err);
	if (h->size < rule->size_min)
		return rs_fail(err, EPROTO, "%s with %u bytes, it has at least %u", rule->name,
			       h->size, rule->size_min);
	pthread_mutex_lock(&conn->vm->lock);
	ret = rule->handle(conn, &rq, &why);
	conn->vm->counters.protocol_errors += ret != 0;
	vhost_queue_replay(conn);
	pthread_mutex_unlock(&conn->vm->lock);
	if (why)
		rs_fail_wrap(&why, "%s", rule->name);
	vm_log_error(conn->vm, &why);
	after_enable(conn);
	if (rule->replies) /* one that failed has no payload: the front end sees it */
		return send_reply(conn, h->request, rq.reply, rq.reply_size, err);
	if (h->flags & FLAG_NEED_REPLY && conn->protocol_features & VHOST_REPLY_ACK) {
		vhost_reply_u64(&rq, ret ? 1 : 0);
		return send_reply(conn, h->request, rq.reply, rq.reply_size, err);
	}
	return 0;
}

static void close_fds(struct vhost_user *conn)
{
	for (unsigned int i = 0; i < conn->fd_count; i++)
		if (conn->fds[i] >= 0)
			close(conn->fds[i]);
	conn->fd_count = 0;
}

/* Keep the files that came along; those past the room are closed. */
static void take_fds(struct vhost_user *conn, struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t n;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (conn->fd_count < VHOST_USER_FDS_MAX)
				conn->fds[conn->fd_count++] = fd;
			else
				close(fd);
		}
	}
}

/* Reads until `want` bytes are there: 1 = they are, 0 = not yet. */
static int fill(struct vhost_user *conn, size_t want, struct rs_error **err)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int) * VHOST_USER_FDS_MAX)];
		struct cmsghdr align;
	} control;

	while (conn->have < want) {
		struct iovec iov = { conn->buffer + conn->have, want - conn->have };
		struct msghdr msg = { .msg_iov = &iov,
				      .msg_iovlen = 1,
				      .msg_control = &control,
				      .msg_controllen = sizeof(control) };
		ssize_t n = recvmsg(conn->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (n < 0)
			return rs_fail_errno(err, errno, "reading a request");
		take_fds(conn, &msg);
		if (n == 0)
			return -ECONNRESET;
		conn->have += (size_t)n;
		if (msg.msg_flags & MSG_CTRUNC)
			return rs_fail(err, EPROTO, "a request came with more than %d files",
				       VHOST_USER_FDS_MAX);
	}
	return 1;
}

int vhost_user_read(struct vhost_user *conn, struct rs_error **err)
{
	struct header h;
	int ret;

	for (unsigned int i = 0; i < VISIT_MAX; i++) {
		ret = fill(conn, HEADER_SIZE, err);
		if (ret <= 0)
			return ret;
		memcpy(&h, conn->buffer, HEADER_SIZE);
		if ((h.flags & VERSION_MASK) != VERSION || h.flags & FLAG_REPLY)
			return rs_fail(err, EPROTO, "request %u has flags %#x", h.request, h.flags);
		if (h.size > VHOST_USER_PAYLOAD_MAX)
			return rs_fail(err, EPROTO, "request %u has %u bytes, %d are possible",
				       h.request, h.size, VHOST_USER_PAYLOAD_MAX);
		ret = fill(conn, HEADER_SIZE + h.size, err);
		if (ret <= 0)
			return ret;
		ret = handle(conn, &h, err);
		close_fds(conn);
		conn->have = 0;
		if (ret)
			return ret;
	}
	return 0;
}

/* ---- life ---- */

/* Who connected may be touched from now on, if the VM's configuration says so. */
static int admit(struct vm *vm, int fd, struct rs_error **err)
{
	struct peer peer;
	int ret = peer_read(fd, &peer, err);

	if (!ret && vm->only_uid && peer.uid != vm->uid)
		ret = rs_fail(err, EACCES,
			      "process %d of user %u has connected, not one of user %u", peer.pid,
			      peer.uid, vm->uid);
	if (!ret)
		ret = vm_connect(vm, peer.pid, err);
	/* Its number could have been another process's by the time it was read. */
	if (!ret && !peer_runs(fd)) {
		vm_disconnect(vm);
		ret = rs_fail(err, ESRCH, "process %d has connected and ended", peer.pid);
	}
	vm->counters.peers_refused += ret != 0;
	return ret;
}

struct vhost_user *vhost_user_open(struct vm *vm, int fd, struct rs_error **err)
{
	static uint32_t generation;
	struct vhost_user *conn = calloc(1, sizeof(*conn));

	if (!conn) {
		rs_fail(err, ENOMEM, "no memory for a connection");
		goto fail;
	}
	conn->fd = fd;
	conn->vm = vm;
	conn->generation = ++generation;
	for (unsigned int i = 0; i < RS_QUEUE_COUNT; i++)
		conn->queues[i].kick = conn->queues[i].call = -1;
	if (admit(vm, fd, err))
		goto fail;
	pthread_mutex_lock(&vm->lock);
	vm->transport = conn;
	vm->raise = vhost_queue_raise;
	vm->listen = vhost_queue_listen;
	vm->memory = &conn->memory;
	pthread_mutex_unlock(&vm->lock);
	return conn;
fail:
	close(fd);
	free(conn);
	return NULL;
}

void vhost_user_close(struct vhost_user *conn)
{
	struct vm *vm = conn->vm;

	pthread_mutex_lock(&vm->lock);
	vm->transport = NULL;
	vm->raise = NULL;
	vm->listen = NULL;
	vm->memory = NULL;
	vhost_queues_close(conn);
	pthread_mutex_unlock(&vm->lock);
	vm_disconnect(vm);
	memory_clear(&conn->memory);
	close_fds(conn);
	close(conn->fd);
	free(conn);
}
