// SPDX-License-Identifier: GPL-2.0-or-later
/* What each vhost-user request does. The connection itself: vhost_user.c. */
#include "host/vhost_request.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/error.h"
#include "host/notify.h"
#include "host/vm.h"

#define F_PROTOCOL_FEATURES (1ull << 30)
#define F_VERSION_1 (1ull << 32)
/* QEMU 7.2 aborts on feature bits it does not expect of this device. Neither
 * indirect descriptors (28) nor event indices (29) are of use to it. */
#define FEATURES (F_PROTOCOL_FEATURES | F_VERSION_1)

#define PROTOCOL_MQ (1ull << 0)
#define PROTOCOL_CONFIG (1ull << 9)
#define PROTOCOL_FEATURES (PROTOCOL_MQ | VHOST_REPLY_ACK | PROTOCOL_CONFIG)

#define FD_INDEX_MASK 0xffull /* of SET_VRING_KICK and its like */
#define FD_NONE 0x100ull

/* Payloads: all in the machine's own byte order, packed as on the wire. */
struct vring_state {
	uint32_t index;
	uint32_t number;
};

struct vring_addresses {
	uint32_t index;
	uint32_t flags;
	uint64_t descriptors;
	uint64_t used;
	uint64_t available;
	uint64_t log;
};

struct memory_table {
	uint32_t count;
	uint32_t padding;
	struct memory_wire_region regions[MEMORY_REGIONS_MAX];
};

struct config_space {
	uint32_t offset;
	uint32_t size;
	uint32_t flags;
	uint8_t bytes[sizeof(struct rs_config)];
};

#define CONFIG_HEADER 12u

void vhost_reply_u64(struct vhost_request *rq, uint64_t value)
{
	memcpy(rq->reply, &value, sizeof(value));
	rq->reply_size = sizeof(value);
}

static uint64_t payload_u64(const struct vhost_request *rq)
{
	uint64_t value;

	memcpy(&value, rq->payload, sizeof(value));
	return value;
}

/* ---- queues ---- */

static void close_kick(struct vhost_queue *q)
{
	if (q->kick < 0)
		return;
	notify_unwatch(q->kick);
	close(q->kick);
	q->kick = -1;
}

/* Our view of the queue's areas, from what the other side has told so far. */
static void map_queue(struct vhost_user *conn, struct vhost_queue *q)
{
	unsigned int size = q->ring.size;

	q->mapped = false;
	if (!q->has_address || !size)
		return;
	q->mapped = vring_attach(
		&q->ring,
		memory_from_user(&conn->memory, q->descriptors, vring_descriptors_size(size)),
		memory_from_user(&conn->memory, q->available, vring_available_size(size)),
		memory_from_user(&conn->memory, q->used, vring_used_size(size)));
}

static struct vhost_queue *queue_of(struct vhost_user *conn, uint64_t index, struct rs_error **err)
{
	if (index < RS_QUEUE_COUNT)
		return &conn->queues[index];
	rs_fail(err, EINVAL, "queue %llu is named, there are %d", (unsigned long long)index,
		RS_QUEUE_COUNT);
	return NULL;
}

static struct vhost_queue *state_of(struct vhost_user *conn, const struct vhost_request *rq,
				    struct vring_state *state, struct rs_error **err)
{
	memcpy(state, rq->payload, sizeof(*state));
	return queue_of(conn, state->index, err);
}

static void stop_queue(struct vhost_user *conn, struct vhost_queue *q)
{
	close_kick(q);
	q->enabled = false;
	q->missed = 0;
	q->mapped = false;
	q->has_address = false;
	if (q == &conn->queues[RS_QUEUE_NOTIFY]) {
		conn->pending = false;
		vm_rings_clear(conn->vm);
	}
}

/* ---- handlers; the VM's lock is held ---- */

static int get_features(struct vhost_user *conn, struct vhost_request *rq, struct rs_error **err)
{
	(void)conn;
	(void)err;
	vhost_reply_u64(rq, FEATURES);
	return 0;
}

static int set_features(struct vhost_user *conn, struct vhost_request *rq, struct rs_error **err)
{
	uint64_t features = payload_u64(rq);

	if (features & ~FEATURES)
		return rs_fail(err, EINVAL, "features %#llx were acknowledged, %#llx offered",
			       (unsigned long long)features, (unsigned long long)FEATURES);
	conn->features = features;
	/* A driver takes the device (again): nothing of a former one counts. */
	vm_rings_clear(conn->vm);
	return 0;
}

static int get_protocol_features(struct vhost_user *conn, struct vhost_request *rq,
				 struct rs_error **err)
{
	(void)conn;
	(void)err;
	vhost_reply_u64(rq, PROTOCOL_FEATURES);
	return 0;
}

static int set_protocol_features(struct vhost_user *conn, struct vhost_request *rq,
				 struct rs_error **err)
{
	uint64_t features = payload_u64(rq);

	if (features & ~PROTOCOL_FEATURES)
		return rs_fail(err, EINVAL,
			       "protocol features %#llx were acknowledged, %#llx "
			       "offered",
			       (unsigned long long)features, (unsigned long long)PROTOCOL_FEATURES);
	conn->protocol_features = features;
	return 0;
}

static int get_queue_num(struct vhost_user *conn, struct vhost_request *rq, struct rs_error **err)
{
	(void)conn;
	(void)err;
	vhost_reply_u64(rq, RS_QUEUE_COUNT);
	return 0;
}

static int set_owner(struct vhost_user *conn, struct vhost_request *rq, struct rs_error **err)
{
	(void)conn;
	(void)rq;
	(void)err;
	return 0;
}

static int reset_owner(struct vhost_user *conn, struct vhost_request *rq, struct rs_error **err)
{
	(void)rq;
	(void)err;
	for (unsigned int i = 0; i < RS_QUEUE_COUNT; i++)
		stop_queue(conn, &conn->queues[i]);
	return 0;
}

static int set_mem_table(struct vhost_user *conn, struct vhost_request *rq, struct rs_error **err)
{
	struct memory_table table = { 0 };
	unsigned int unsealed = 0;
	int ret;

	memcpy(&table, rq->payload, rq->size < sizeof(table) ? rq->size : sizeof(table));
	if (table.count > MEMORY_REGIONS_MAX || table.count != rq->fd_count ||
	    rq->size < 8 + table.count * sizeof(table.regions[0]))
		return rs_fail(err, EINVAL,
			       "a memory table of %u regions with %u files in %u "
			       "bytes",
			       table.count, rq->fd_count, rq->size);
	ret = memory_set(&conn->memory, table.regions, rq->fds, table.count, &unsealed, err);
	conn->vm->counters.memory_unsealed += unsealed;
	for (unsigned int i = 0; i < RS_QUEUE_COUNT; i++)
		map_queue(conn, &conn->queues[i]);
	return ret;
}

static int set_vring_num(struct vhost_user *conn, struct vhost_request *rq, struct rs_error **err)
{
	struct vring_state state;
	struct vhost_queue *q = state_of(conn, rq, &state, err);

	if (!q)
		return -EINVAL;
	if (!state.number || state.number > VRING_SIZE_MAX || state.number & (state.number - 1))
		return rs_fail(err, EINVAL,
			       "queue %u has %u entries: a power of two up to %d is "
			       "possible",
			       state.index, state.number, VRING_SIZE_MAX);
	q->ring.size = state.number;
	map_queue(conn, q);
	return 0;
}

/* P10: the address of the driver's vring, with the process, names the VM. */
static int identify(struct vhost_user *conn, const struct vhost_queue *q, struct rs_error **err)
{
	struct vm *vm = conn->vm;
	const struct vm *other = vm_find_by_vring(vm->pid, q->descriptors);

	if (other && other != vm)
		return rs_fail(err, EEXIST, "process %d has a vring at %#llx already, as VM %s",
			       vm->pid, (unsigned long long)q->descriptors, other->name);
	vm->vring_user_address = q->descriptors;
	vm->vring_guest_address = memory_guest_of_user(&conn->memory, q->descriptors);
	vm->vring_size = q->ring.size;
	return 0;
}

static int set_vring_addr(struct vhost_user *conn, struct vhost_request *rq, struct rs_error **err)
{
	struct vring_addresses a;
	struct vhost_queue *q;

	memcpy(&a, rq->payload, sizeof(a));
	q = queue_of(conn, a.index, err);
	if (!q)
		return -EINVAL;
	q->descriptors = a.descriptors;
	q->available = a.available;
	q->used = a.used;
	q->has_address = true;
	map_queue(conn, q);
	if (!q->mapped)
		return rs_fail(err, EFAULT,
			       "queue %u: its areas are not wholly in guest memory, "
			       "or misaligned",
			       a.index);
	return a.index == RS_QUEUE_NOTIFY ? identify(conn, q, err) : 0;
}

static int set_vring_base(struct vhost_user *conn, struct vhost_request *rq, struct rs_error **err)
{
	struct vring_state state;
	struct vhost_queue *q = state_of(conn, rq, &state, err);

	if (!q)
		return -EINVAL;
	q->ring.last_available = (uint16_t)state.number;
	return 0;
}

static int get_vring_base(struct vhost_user *conn, struct vhost_request *rq, struct rs_error **err)
{
	struct vring_state state;
	struct vhost_queue *q = state_of(conn, rq, &state, err);

	if (!q)
		return -EINVAL;
	stop_queue(conn, q);
	state.number = q->ring.last_available;
	memcpy(rq->reply, &state, sizeof(state));
	rq->reply_size = sizeof(state);
	return 0;
}

/* An eventfd is what QEMU sends; nothing else may block or surprise us. */
static int check_eventfd(int fd, struct rs_error **err)
{
	char link[64], target[64] = "";
	int flags;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (readlink(link, target, sizeof(target) - 1) < 0 ||
	    strcmp(target, "anon_inode:[eventfd]"))
		return rs_fail(err, EINVAL, "a %s was sent where an eventfd belongs",
			       *target ? target : "file");
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return rs_fail_errno(err, errno, "making an eventfd non-blocking");
	return 0;
}

/* Takes the eventfd out of a SET_VRING_KICK or _CALL; *fd is -1 if it has none. */
static struct vhost_queue *take_eventfd(struct vhost_user *conn, struct vhost_request *rq, int *fd,
					struct rs_error **err)
{
	uint64_t value = payload_u64(rq);
	struct vhost_queue *q = queue_of(conn, value & FD_INDEX_MASK, err);

	*fd = -1;
	if (!q || value & FD_NONE)
		return q;
	if (rq->fd_count != 1) {
		rs_fail(err, EINVAL, "%u files were sent where one eventfd belongs", rq->fd_count);
		return NULL;
	}
	if (check_eventfd(rq->fds[0], err))
		return NULL;
	*fd = rq->fds[0];
	rq->fds[0] = -1;
	return q;
}

static int set_vring_kick(struct vhost_user *conn, struct vhost_request *rq, struct rs_error **err)
{
	int fd;
	struct vhost_queue *q = take_eventfd(conn, rq, &fd, err);

	if (!q)
		return -EINVAL;
	close_kick(q);
	if (fd < 0)
		return rs_fail(err, EOPNOTSUPP, "a queue without kicks would have to be polled");
	q->kick = fd;
	if (!(conn->features & F_PROTOCOL_FEATURES))
		q->enabled = true; /* the protocol's rule for front ends of old */
	return notify_watch(conn->vm, (unsigned int)(q - conn->queues), conn->generation, fd, err);
}

static int set_vring_call(struct vhost_user *conn, struct vhost_request *rq, struct rs_error **err)
{
	int fd;
	struct vhost_queue *q = take_eventfd(conn, rq, &fd, err);

	if (!q)
		return -EINVAL;
	if (q->call >= 0)
		close(q->call);
	q->call = fd;
	return 0;
}

static int set_vring_err(struct vhost_user *conn, struct vhost_request *rq, struct rs_error **err)
{
	/* Accepted and unused: errors are counted and shown in `status`. */
	return queue_of(conn, payload_u64(rq) & FD_INDEX_MASK, err) ? 0 : -EINVAL;
}

static int set_vring_enable(struct vhost_user *conn, struct vhost_request *rq,
			    struct rs_error **err)
{
	struct vring_state state;
	struct vhost_queue *q = state_of(conn, rq, &state, err);

	if (!q)
		return -EINVAL;
	q->enabled = state.number == 1;
	if (!q->enabled && q == &conn->queues[RS_QUEUE_NOTIFY])
		vm_rings_clear(conn->vm);
	return 0;
}

static int get_config(struct vhost_user *conn, struct vhost_request *rq, struct rs_error **err)
{
	const struct rs_config config = {
		.revision = RS_REVISION,
		.source = (uint8_t)conn->vm->policy->needs,
		.magic = htole32(RS_MAGIC),
	};
	struct config_space c = { 0 };

	memcpy(&c, rq->payload, CONFIG_HEADER);
	if (c.offset > sizeof(config) || c.size > sizeof(config) - c.offset) {
		/* The protocol's way to say no: an answer without payload. */
		rq->reply_size = 0;
		return rs_fail(err, EINVAL, "%u bytes at %u of a configuration of %zu", c.size,
			       c.offset, sizeof(config));
	}
	conn->config_source = conn->vm->policy->needs;
	memcpy(c.bytes, (const uint8_t *)&config + c.offset, c.size);
	memcpy(rq->reply, &c, CONFIG_HEADER + c.size);
	rq->reply_size = CONFIG_HEADER + c.size;
	return 0;
}

static int set_config(struct vhost_user *conn, struct vhost_request *rq, struct rs_error **err)
{
	(void)conn;
	(void)rq;
	return rs_fail(err, EROFS, "the configuration space is read-only");
}

/* By the protocol's request number. A row without handler is not known here. */
static const struct vhost_rule rules[] = {
	[1] = { "GET_FEATURES", get_features, 0, true },
	[2] = { "SET_FEATURES", set_features, 8, false },
	[3] = { "SET_OWNER", set_owner, 0, false },
	[4] = { "RESET_OWNER", reset_owner, 0, false },
	[5] = { "SET_MEM_TABLE", set_mem_table, 8, false },
	[8] = { "SET_VRING_NUM", set_vring_num, 8, false },
	[9] = { "SET_VRING_ADDR", set_vring_addr, sizeof(struct vring_addresses), false },
	[10] = { "SET_VRING_BASE", set_vring_base, 8, false },
	[11] = { "GET_VRING_BASE", get_vring_base, 8, true },
	[12] = { "SET_VRING_KICK", set_vring_kick, 8, false },
	[13] = { "SET_VRING_CALL", set_vring_call, 8, false },
	[14] = { "SET_VRING_ERR", set_vring_err, 8, false },
	[15] = { "GET_PROTOCOL_FEATURES", get_protocol_features, 0, true },
	[16] = { "SET_PROTOCOL_FEATURES", set_protocol_features, 8, false },
	[17] = { "GET_QUEUE_NUM", get_queue_num, 0, true },
	[18] = { "SET_VRING_ENABLE", set_vring_enable, 8, false },
	[24] = { "GET_CONFIG", get_config, CONFIG_HEADER, true },
	[25] = { "SET_CONFIG", set_config, CONFIG_HEADER, false },
};

const struct vhost_rule *vhost_rule_of(uint32_t request)
{
	if (request >= sizeof(rules) / sizeof(rules[0]) || !rules[request].handle)
		return NULL;
	return &rules[request];
}

void vhost_queues_close(struct vhost_user *conn)
{
	for (unsigned int i = 0; i < RS_QUEUE_COUNT; i++) {
		close_kick(&conn->queues[i]);
		if (conn->queues[i].call >= 0)
			close(conn->queues[i].call);
		conn->queues[i].call = -1;
	}
}
