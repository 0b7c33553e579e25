// SPDX-License-Identifier: GPL-2.0-or-later
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "host/clock.h"
#include "host/notify.h"
#include "host/vhost_user.h"
#include "host/vm.h"

/* Messages handled in one visit. A VM that has more waits until the others had
 * their turn, so this is what a flood of one costs a message of another; a
 * guest that behaves has one or two. */
#define VISIT_MAX 4
/* Buffers for events that are looked at to find a fit one. */
#define LOOKS_MAX 64

static bool usable(const struct vhost_queue *q)
{
	return q->enabled && q->mapped;
}

/* Never blocks, even if the other side made the eventfd a blocking one. */
static uint64_t read_eventfd(int fd)
{
	uint64_t value;
	struct iovec iov = { &value, sizeof(value) };
	ssize_t n = preadv2(fd, &iov, 1, -1, RWF_NOWAIT);

	/* Before Linux 5.8 the flag is not known here; the file was made
	 * non-blocking when it was taken. */
	if (n < 0 && errno == EOPNOTSUPP)
		n = read(fd, &value, sizeof(value));
	return n == sizeof(value) ? value : 0;
}

static void call_guest(struct vhost_queue *q)
{
	struct pollfd p = { .fd = q->call, .events = POLLOUT };
	const uint64_t one = 1;

	/* A counter that is full would block the writer; then the guest has
	 * interrupts enough to look at. */
	if (q->call >= 0 && vring_wants_call(&q->ring) && poll(&p, 1, 0) == 1 &&
	    p.revents & POLLOUT && write(q->call, &one, sizeof(one)) < 0)
		return;
}

/* False, and counted, where the guest has no buffer to put it into. */
static bool put_event(struct vhost_user *conn, enum rs_event_kind kind, uint32_t arg0,
		      uint64_t host_ns)
{
	struct vhost_queue *q = &conn->queues[RS_QUEUE_EVENT];
	struct vm_counters *counters = &conn->vm->counters;
	struct vring_buffer buffer;
	unsigned int looks = 0;
	bool fits = false;
	struct rs_event event = {
		.kind = htole16(kind),
		.revision = RS_REVISION,
		.sequence = htole32(++conn->event_sequence),
		.arg0 = htole32(arg0),
		.host_ns = htole64(host_ns),
	};

	/* Unfit buffers are given back empty until a fit one comes. A guest can
	 * offer them as fast as that, so there is an end. */
	for (; !fits && looks < LOOKS_MAX && usable(q) &&
	       vring_next(&q->ring, &conn->memory, true, &buffer);
	     looks++) {
		fits = buffer.reason == REJECT_NONE && buffer.length >= sizeof(event);
		if (fits)
			memcpy(buffer.data, &event, sizeof(event));
		else
			vm_reject(conn->vm, buffer.reason ? buffer.reason : REJECT_LENGTH);
		if (buffer.push)
			vring_push(&q->ring, buffer.head, fits ? sizeof(event) : 0);
	}
	if (looks)
		call_guest(q);
	if (fits) {
		counters->events_sent++;
		return true;
	}
	counters->events_lost++;
	conn->event_sequence--;
	return false;
}

static void tell_if_due(struct vhost_user *conn)
{
	if (conn->source_due && usable(&conn->queues[RS_QUEUE_EVENT]))
		conn->source_due =
			!put_event(conn, RS_EVENT_SOURCE, conn->vm->policy->needs, monotonic_ns());
}

void vhost_queue_tell_source(struct vhost_user *conn)
{
	conn->source_due = true;
	tell_if_due(conn);
}

bool vhost_queue_raise(struct vm *vm, unsigned int number, uint64_t arrived_ns, uint32_t *event)
{
	struct vhost_user *conn = vm->transport;

	if (!put_event(conn, RS_EVENT_INTERRUPT, number, arrived_ns))
		return false;
	*event = conn->event_sequence;
	return true;
}

/* A fresh driver knows what the configuration space said when QEMU read it. */
static void greet(struct vhost_user *conn)
{
	if (conn->config_source == conn->vm->policy->needs)
		conn->source_due = false;
	else
		vhost_queue_tell_source(conn);
}

/* The barrier keeps the compiler from reading the guest's bytes again where it
 * should read the copy: they may have changed after they were checked. */
static void copy_message(struct rs_message *copy, const void *from)
{
	memcpy(copy, from, sizeof(*copy));
	__asm__ volatile("" : : "r"(copy) : "memory");
}

/* One buffer of the notification queue: parse a private copy, handle, give back. */
static void handle_buffer(struct vhost_user *conn, struct vhost_queue *q,
			  const struct vring_buffer *b, uint64_t seen_ns)
{
	struct rs_message copy;
	struct message msg;
	enum reject reason = b->reason;

	if (reason == REJECT_NONE && b->length != sizeof(copy))
		reason = REJECT_LENGTH;
	if (reason == REJECT_NONE) {
		copy_message(&copy, b->data);
		reason = message_parse(&copy, sizeof(copy), &msg);
	}
	if (reason == REJECT_NONE)
		vm_message(conn->vm, &msg, seen_ns);
	else
		vm_reject(conn->vm, reason);
	if (reason == REJECT_NONE && msg.kind == RS_KIND_ATTACH)
		greet(conn);
	if (b->push)
		vring_push(&q->ring, b->head, 0);
}

/* Goes on where `handled` of this visit's messages are done; returns how many are. */
static unsigned int drain(struct vhost_user *conn, uint64_t seen_ns, unsigned int handled)
{
	struct vhost_queue *q = &conn->queues[RS_QUEUE_NOTIFY];
	unsigned int before = handled;
	struct vring_buffer buffer;

	while (handled < VISIT_MAX && usable(q) &&
	       vring_next(&q->ring, &conn->memory, false, &buffer)) {
		handle_buffer(conn, q, &buffer, seen_ns);
		handled++;
	}
	if (handled > before)
		call_guest(q);
	conn->pending = handled == VISIT_MAX;
	return handled;
}

bool vhost_queue_more(const struct vhost_user *conn)
{
	return conn->pending && !vm_bounds_held(conn->vm);
}

bool vhost_queue_drain(struct vhost_user *conn, uint64_t seen_ns)
{
	if (vhost_queue_more(conn))
		vm_bounds_charge(conn->vm, drain(conn, seen_ns, 0), seen_ns);
	return vhost_queue_more(conn);
}

void vhost_queue_listen(struct vm *vm, bool on)
{
	const struct vhost_user *conn = vm->transport;

	for (unsigned int i = 0; i < RS_QUEUE_COUNT; i++)
		if (conn->queues[i].kick >= 0)
			notify_listen(vm, i, conn->generation, conn->queues[i].kick, on);
}

/* QEMU lets the guest run on without waiting for SET_VRING_ENABLE to be done, so
 * the first kick may overtake it. */
void vhost_queue_replay(struct vhost_user *conn)
{
	struct vhost_queue *q = &conn->queues[RS_QUEUE_NOTIFY];
	uint64_t missed = q->missed;

	tell_if_due(conn);
	if (!missed || q->kick < 0 || !usable(q))
		return;
	q->missed = 0;
	/* Only a full counter refuses: then a kick is waiting all the same. */
	if (write(q->kick, &missed, sizeof(missed)) < 0)
		return;
}

/* Work first, then the eventfd's counter: reading it costs as much as half the
 * way to the priority. Whoever kicks before it is read is found by the second
 * look at the queue, whoever kicks later wakes us again. */
static unsigned int handle_notifications(struct vhost_user *conn, uint64_t seen_ns)
{
	struct vhost_queue *q = &conn->queues[RS_QUEUE_NOTIFY];
	struct vm_counters *counters = &conn->vm->counters;
	unsigned int handled = 0;
	uint64_t kicks;

	if (usable(q))
		handled = drain(conn, seen_ns, 0);
	seen_ns = monotonic_ns();
	kicks = read_eventfd(q->kick);
	if (!kicks)
		return handled;
	if (!usable(q)) {
		q->missed += kicks;
		return handled;
	}
	counters->kicks += kicks;
	counters->coalesced += kicks - 1;
	if (!conn->pending)
		handled = drain(conn, seen_ns, handled);
	counters->empty_kicks += !handled;
	return handled;
}

bool vhost_queue_kick(struct vhost_user *conn, unsigned int queue, uint64_t seen_ns)
{
	struct vhost_queue *q = &conn->queues[queue];

	unsigned int handled = 0;

	/* Of a VM that is held: from before it was. */
	if (q->kick < 0 || vm_bounds_held(conn->vm))
		return false;
	if (queue == RS_QUEUE_NOTIFY) {
		handled = handle_notifications(conn, seen_ns);
	} else { /* the event queue's kicks say that there are buffers */
		read_eventfd(q->kick);
		tell_if_due(conn);
	}
	vm_bounds_charge(conn->vm, handled ? handled : 1, seen_ns);
	return vhost_queue_more(conn);
}
