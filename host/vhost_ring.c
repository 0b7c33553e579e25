// SPDX-License-Identifier: GPL-2.0-or-later
/* vhost-user requests about one queue; the VM's lock is held. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/error.h"
#include "host/notify.h"
#include "host/vhost_request.h"
#include "host/vm.h"

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
_Static_assert(sizeof(struct vring_addresses) == VHOST_VRING_ADDRESSES_SIZE, "has a hole");

static void close_kick(struct vhost_queue *q)
{
	if (q->kick < 0)
		return;
	notify_unwatch(q->kick);
	close(q->kick);
	q->kick = -1;
}

void vhost_map_queue(struct vhost_user *conn, struct vhost_queue *q)
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

void vhost_stop_queue(struct vhost_user *conn, struct vhost_queue *q)
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

int vhost_set_vring_num(struct vhost_user *conn, struct vhost_request *rq, struct rs_error **err)
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
	vhost_map_queue(conn, q);
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

int vhost_set_vring_addr(struct vhost_user *conn, struct vhost_request *rq, struct rs_error **err)
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
	vhost_map_queue(conn, q);
	if (!q->mapped)
		return rs_fail(err, EFAULT,
			       "queue %u: its areas are not wholly in guest memory, "
			       "or misaligned",
			       a.index);
	return a.index == RS_QUEUE_NOTIFY ? identify(conn, q, err) : 0;
}

int vhost_set_vring_base(struct vhost_user *conn, struct vhost_request *rq, struct rs_error **err)
{
	struct vring_state state;
	struct vhost_queue *q = state_of(conn, rq, &state, err);

	if (!q)
		return -EINVAL;
	q->ring.last_available = (uint16_t)state.number;
	return 0;
}

int vhost_get_vring_base(struct vhost_user *conn, struct vhost_request *rq, struct rs_error **err)
{
	struct vring_state state;
	struct vhost_queue *q = state_of(conn, rq, &state, err);

	if (!q)
		return -EINVAL;
	vhost_stop_queue(conn, q);
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
	uint64_t value = vhost_payload_u64(rq);
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

int vhost_set_vring_kick(struct vhost_user *conn, struct vhost_request *rq, struct rs_error **err)
{
	int fd, ret;
	struct vhost_queue *q = take_eventfd(conn, rq, &fd, err);

	if (!q)
		return -EINVAL;
	close_kick(q);
	if (fd < 0)
		return rs_fail(err, EOPNOTSUPP, "a queue without kicks would have to be polled");
	q->kick = fd;
	if (!(conn->features & VHOST_F_PROTOCOL_FEATURES))
		q->enabled = true; /* the protocol's rule for front ends of old */
	ret = notify_watch(conn->vm, (unsigned int)(q - conn->queues), conn->generation, fd, err);
	/* A driver that resets its device does not get out of a hold. */
	if (!ret && vm_bounds_held(conn->vm))
		vhost_queue_listen(conn->vm, false);
	return ret;
}

int vhost_set_vring_call(struct vhost_user *conn, struct vhost_request *rq, struct rs_error **err)
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

int vhost_set_vring_err(struct vhost_user *conn, struct vhost_request *rq, struct rs_error **err)
{
	/* Accepted and unused: errors are counted and shown in `status`. */
	return queue_of(conn, vhost_payload_u64(rq) & FD_INDEX_MASK, err) ? 0 : -EINVAL;
}

int vhost_set_vring_enable(struct vhost_user *conn, struct vhost_request *rq, struct rs_error **err)
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

void vhost_queues_close(struct vhost_user *conn)
{
	for (unsigned int i = 0; i < RS_QUEUE_COUNT; i++) {
		close_kick(&conn->queues[i]);
		if (conn->queues[i].call >= 0)
			close(conn->queues[i].call);
		conn->queues[i].call = -1;
	}
}
