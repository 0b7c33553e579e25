// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/fake/fake_frontend.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/virtio_config.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/cleanup.h"
#include "host/error.h"

#define ANSWER_LIMIT_S 5
#define ATTACH_LIMIT_MS 2000
#define EVENT_BUFFERS 16
/* The memory does not begin at the start of its file, as with some of QEMU's. */
#define FILE_OFFSET 0x10000ul

/* Where things lie in guest memory; the two queues' parts one after another. */
#define DESC_OFFSET 0x1000ul
#define AVAIL_OFFSET 0x2000ul
#define USED_OFFSET 0x3000ul
#define QUEUE_STEP 0x4000ul

static int create_memory(struct frontend *f, struct rs_error **err)
{
	void *at;

	/* Sealed as QEMU's own. */
	f->memory_fd = memfd_create("guest", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (f->memory_fd < 0 || ftruncate(f->memory_fd, FILE_OFFSET + FF_MEMORY_SIZE) ||
	    fcntl(f->memory_fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		return rs_fail_errno(err, errno, "making guest memory");
	at = mmap(NULL, FF_MEMORY_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, f->memory_fd,
		  FILE_OFFSET);
	if (at == MAP_FAILED)
		return rs_fail_errno(err, errno, "mapping guest memory");
	f->memory = at;
	for (unsigned int i = 0; i < RS_QUEUE_COUNT; i++) {
		struct ff_queue *q = &f->queue[i];
		uint8_t *base = f->memory + i * QUEUE_STEP;

		q->desc = (void *)(base + DESC_OFFSET);
		q->avail = (void *)(base + AVAIL_OFFSET);
		q->used = (void *)(base + USED_OFFSET);
		/* QEMU's kick is pending from the start. */
		q->kick = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
		q->call = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		q->error = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (q->kick < 0 || q->call < 0 || q->error < 0)
			return rs_fail_errno(err, errno, "eventfd");
	}
	return 0;
}

int ff_create(struct frontend *f, const struct fake_vm_options *options, struct rs_error **err)
{
	*f = (struct frontend){ .socket = -1, .memory_fd = -1 };
	for (unsigned int i = 0; i < RS_QUEUE_COUNT; i++)
		f->queue[i].kick = f->queue[i].call = f->queue[i].error = -1;
	if (fake_vm_spawn(&f->vm, options, err) || create_memory(f, err)) {
		ff_destroy(f);
		return rs_fail_wrap(err, "fake VM");
	}
	/* Different for each VM, and no address of this process. */
	f->user_address = 0x7f0000000000ull + (uint64_t)f->vm.pid * 0x10000000ull;
	return 0;
}

void ff_disconnect(struct frontend *f)
{
	if (f->socket > 0)
		close(f->socket);
	f->socket = -1;
}

static void close_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

void ff_destroy(struct frontend *f)
{
	if (!f->vm.pid && !f->memory)
		return;
	ff_disconnect(f);
	fake_vm_kill(&f->vm);
	for (unsigned int i = 0; i < RS_QUEUE_COUNT; i++) {
		close_open(f->queue[i].kick);
		close_open(f->queue[i].call);
		close_open(f->queue[i].error);
	}
	if (f->memory)
		munmap(f->memory, FF_MEMORY_SIZE);
	close_open(f->memory_fd);
	*f = (struct frontend){ .socket = -1, .memory_fd = -1 };
}

int ff_send_raw(struct frontend *f, const void *bytes, size_t size, const int *fds,
		unsigned int fd_count, struct rs_error **err)
{
	char control[CMSG_SPACE(FF_FDS_MAX * sizeof(int))] = "";
	struct iovec iov = { .iov_base = (void *)bytes, .iov_len = size };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	if (fd_count > FF_FDS_MAX)
		return rs_fail(err, EINVAL, "%u fds", fd_count);
	if (fd_count) {
		struct cmsghdr *c;

		m.msg_control = control;
		m.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
		c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(fd_count * sizeof(int));
		memcpy(CMSG_DATA(c), fds, fd_count * sizeof(int));
	}
	n = sendmsg(f->socket, &m, MSG_NOSIGNAL);
	if (n < 0)
		return rs_fail_errno(err, errno, "sending to the daemon");
	return (size_t)n == size ? 0 : rs_fail(err, EPIPE, "%zd of %zu bytes sent", n, size);
}

static int send_flags(struct frontend *f, uint32_t request, uint32_t flags, const void *payload,
		      uint32_t size, const int *fds, unsigned int fd_count, struct rs_error **err)
{
	struct {
		struct ff_header header;
		uint8_t payload[512];
	} m = { .header = { request, flags, size } };

	if (size > sizeof(m.payload))
		return rs_fail(err, EINVAL, "a payload of %u bytes", size);
	if (size)
		memcpy(m.payload, payload, size);
	if (ff_send_raw(f, &m, sizeof(m.header) + size, fds, fd_count, err))
		return rs_fail_wrap(err, "request %u", request);
	return 0;
}

int ff_send(struct frontend *f, uint32_t request, const void *payload, uint32_t size,
	    const int *fds, unsigned int fd_count, struct rs_error **err)
{
	return send_flags(f, request, FF_FLAG_VERSION, payload, size, fds, fd_count, err);
}

static int receive(struct frontend *f, void *to, size_t size, struct rs_error **err)
{
	ssize_t n = recv(f->socket, to, size, MSG_WAITALL);

	if (n < 0)
		return rs_fail_errno(err, errno, "waiting for the daemon");
	return (size_t)n == size ? 0 : rs_fail(err, ECONNRESET, "the daemon closed");
}

int ff_reply(struct frontend *f, uint32_t request, void *payload, uint32_t size,
	     struct rs_error **err)
{
	const uint32_t flags = FF_FLAG_VERSION | FF_FLAG_REPLY;
	struct ff_header h;

	if (receive(f, &h, sizeof(h), err))
		return rs_fail_wrap(err, "reply to request %u", request);
	if (h.request != request || h.flags != flags || h.size != size)
		return rs_fail(
			err, EPROTO,
			"reply to request %u: request %u flags %#x size %u, expected size %u",
			request, h.request, h.flags, h.size, size);
	return receive(f, payload, size, err);
}

int ff_send_u64(struct frontend *f, uint32_t request, uint64_t value, struct rs_error **err)
{
	return ff_send(f, request, &value, sizeof(value), NULL, 0, err);
}

int ff_ask_u64(struct frontend *f, uint32_t request, uint64_t *value, struct rs_error **err)
{
	int r = ff_send(f, request, NULL, 0, NULL, 0, err);

	return r ? r : ff_reply(f, request, value, sizeof(*value), err);
}

int ff_connect(struct frontend *f, const char *path, struct rs_error **err)
{
	struct timeval limit = { .tv_sec = ANSWER_LIMIT_S };
	int fd = fake_vm_connect(&f->vm, path, err);

	if (fd < 0)
		return fd;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	f->socket = fd;
	return 0;
}

static int read_config(struct frontend *f, struct rs_error **err)
{
	struct ff_config c = { .size = sizeof(f->config) };

	if (ff_send(f, FF_GET_CONFIG, &c, sizeof(c), NULL, 0, err) ||
	    ff_reply(f, FF_GET_CONFIG, &c, sizeof(c), err))
		return rs_fail_wrap(err, "configuration space");
	memcpy(&f->config, c.bytes, sizeof(f->config));
	return 0;
}

static int send_call(struct frontend *f, unsigned int index, struct rs_error **err)
{
	uint64_t value = index;

	return ff_send(f, FF_SET_VRING_CALL, &value, sizeof(value), &f->queue[index].call, 1, err);
}

static int send_error(struct frontend *f, unsigned int index, struct rs_error **err)
{
	uint64_t value = index;

	return ff_send(f, FF_SET_VRING_ERR, &value, sizeof(value), &f->queue[index].error, 1, err);
}

int ff_realize(struct frontend *f, struct rs_error **err)
{
	const uint64_t wanted = 1ull << FF_PROTOCOL_F_MQ | 1ull << FF_PROTOCOL_F_REPLY_ACK |
				1ull << FF_PROTOCOL_F_CONFIG;
	uint64_t queues;

	if (ff_ask_u64(f, FF_GET_FEATURES, &f->features, err))
		return rs_fail_wrap(err, "handshake");
	if (!(f->features >> FF_F_PROTOCOL_FEATURES & 1))
		return rs_fail(err, EPROTO, "features %#llx lack bit 30",
			       (unsigned long long)f->features);
	if (ff_ask_u64(f, FF_GET_PROTOCOL_FEATURES, &f->protocol_features, err))
		return rs_fail_wrap(err, "handshake");
	/* QEMU acknowledges what both sides know. */
	f->protocol_features &= wanted;
	if (ff_send_u64(f, FF_SET_PROTOCOL_FEATURES, f->protocol_features, err))
		return rs_fail_wrap(err, "handshake");
	if (f->protocol_features >> FF_PROTOCOL_F_MQ & 1) {
		if (ff_ask_u64(f, FF_GET_QUEUE_NUM, &queues, err))
			return rs_fail_wrap(err, "handshake");
		if (queues < RS_QUEUE_COUNT)
			return rs_fail(err, EPROTO, "%llu queues", (unsigned long long)queues);
	}
	if (ff_send(f, FF_SET_OWNER, NULL, 0, NULL, 0, err) ||
	    ff_ask_u64(f, FF_GET_FEATURES, &f->features, err))
		return rs_fail_wrap(err, "handshake");
	for (unsigned int i = 0; i < RS_QUEUE_COUNT; i++)
		if (send_call(f, i, err) || send_error(f, i, err))
			return rs_fail_wrap(err, "handshake");
	return read_config(f, err);
}

void ff_memory_table(const struct frontend *f, struct ff_memory_table *table)
{
	*table = (struct ff_memory_table){
		.count = 1,
		.region[0] = { .guest_address = FF_GUEST_ADDRESS,
			       .size = FF_MEMORY_SIZE,
			       .user_address = f->user_address,
			       .mmap_offset = FILE_OFFSET },
	};
}

void ff_vring_addr(const struct frontend *f, unsigned int index, struct vhost_vring_addr *addr)
{
	uint64_t base = f->user_address + index * QUEUE_STEP;

	*addr = (struct vhost_vring_addr){
		.index = index,
		.desc_user_addr = base + DESC_OFFSET,
		.avail_user_addr = base + AVAIL_OFFSET,
		.used_user_addr = base + USED_OFFSET,
	};
}

static int send_memory(struct frontend *f, struct rs_error **err)
{
	bool acknowledged = f->protocol_features >> FF_PROTOCOL_F_REPLY_ACK & 1;
	uint32_t flags = FF_FLAG_VERSION | (acknowledged ? FF_FLAG_NEED_REPLY : 0);
	struct ff_memory_table table;
	uint64_t code = 0;
	int r;

	ff_memory_table(f, &table);
	r = send_flags(f, FF_SET_MEM_TABLE, flags, &table, 8 + sizeof(struct ff_region),
		       &f->memory_fd, 1, err);
	if (!r && acknowledged)
		r = ff_reply(f, FF_SET_MEM_TABLE, &code, sizeof(code), err);
	if (!r && code)
		r = rs_fail(err, EPROTO, "the daemon refused the memory");
	return r;
}

static int start_queue(struct frontend *f, unsigned int index, struct rs_error **err)
{
	struct vhost_vring_state num = { .index = index, .num = FF_QUEUE_SIZE };
	struct vhost_vring_state base = { .index = index, .num = f->queue[index].used->index };
	struct vhost_vring_addr addr;
	uint64_t kick = index;
	int r;

	ff_vring_addr(f, index, &addr);
	r = ff_send(f, FF_SET_VRING_NUM, &num, sizeof(num), NULL, 0, err);
	r = r ? r : ff_send(f, FF_SET_VRING_BASE, &base, sizeof(base), NULL, 0, err);
	r = r ? r : ff_send(f, FF_SET_VRING_ADDR, &addr, sizeof(addr), NULL, 0, err);
	return r ? r :
		   ff_send(f, FF_SET_VRING_KICK, &kick, sizeof(kick), &f->queue[index].kick, 1,
			   err);
}

static int enable_queues(struct frontend *f, uint32_t on, struct rs_error **err)
{
	for (unsigned int i = 0; i < RS_QUEUE_COUNT; i++) {
		struct vhost_vring_state s = { .index = i, .num = on };

		if (ff_send(f, FF_SET_VRING_ENABLE, &s, sizeof(s), NULL, 0, err))
			return rs_fail_wrap(err, "queue %u", i);
	}
	return 0;
}

int ff_start_queues(struct frontend *f, struct rs_error **err)
{
	uint64_t features = 1ull << VIRTIO_F_VERSION_1 | 1ull << FF_F_PROTOCOL_FEATURES;

	if (ff_send_u64(f, FF_SET_FEATURES, features, err) || send_memory(f, err))
		return rs_fail_wrap(err, "starting the device");
	for (unsigned int i = 0; i < RS_QUEUE_COUNT; i++)
		if (start_queue(f, i, err))
			return rs_fail_wrap(err, "starting queue %u", i);
	for (unsigned int i = 0; i < RS_QUEUE_COUNT; i++)
		if (send_call(f, i, err))
			return rs_fail_wrap(err, "starting queue %u", i);
	return enable_queues(f, 1, err);
}

int ff_stop_queues(struct frontend *f, struct rs_error **err)
{
	if (enable_queues(f, 0, err))
		return rs_fail_wrap(err, "stopping the device");
	for (unsigned int i = 0; i < RS_QUEUE_COUNT; i++) {
		struct vhost_vring_state s = { .index = i };

		if (ff_send(f, FF_GET_VRING_BASE, &s, sizeof(s), NULL, 0, err) ||
		    ff_reply(f, FF_GET_VRING_BASE, &s, sizeof(s), err))
			return rs_fail_wrap(err, "stopping queue %u", i);
	}
	return 0;
}

int ff_boot(struct frontend *f, const struct fake_vm_options *options, const char *path,
	    struct rs_error **err)
{
	int r = ff_create(f, options, err);

	r = r ? r : ff_connect(f, path, err);
	r = r ? r : ff_realize(f, err);
	r = r ? r : ff_start_queues(f, err);
	if (!r)
		ff_offer_events(f, EVENT_BUFFERS);
	if (!r && !ff_notify(f, RS_KIND_ATTACH, 0, 0))
		r = rs_fail(err, ETIMEDOUT, "ATTACH was not taken within %d ms", ATTACH_LIMIT_MS);
	if (r)
		ff_destroy(f);
	return r;
}

bool ff_closed(struct frontend *f, int limit_ms)
{
	struct pollfd p = { .fd = f->socket, .events = POLLIN | POLLRDHUP };
	char byte;

	if (poll(&p, 1, limit_ms) <= 0)
		return false;
	return recv(f->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
}
