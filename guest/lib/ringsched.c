// SPDX-License-Identifier: GPL-2.0-or-later
/* libringsched: thin calls over the ioctls of /dev/ringsched. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "guest/lib/ringsched.h"

static int call(int fd, unsigned long request, void *argument)
{
	return ioctl(fd, request, argument) < 0 ? -errno : 0;
}

int ringsched_open(void)
{
	__u32 revision = 0;
	int fd, error;

	fd = open(RINGSCHED_DEVICE, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	error = call(fd, RS_IOC_REVISION, &revision);
	if (!error && revision != RS_REVISION)
		error = -EPROTO;
	if (error) {
		close(fd);
		return error;
	}
	return fd;
}

void ringsched_close(int fd)
{
	if (fd >= 0)
		close(fd);
}

int ringsched_create(int fd, const struct rs_ring_params *ring)
{
	struct rs_ring_params copy = *ring;

	return call(fd, RS_IOC_RING_CREATE, &copy);
}

int ringsched_destroy(int fd, unsigned int ring_id)
{
	__u32 id = ring_id;

	return call(fd, RS_IOC_RING_DESTROY, &id);
}

int ringsched_start(int fd, unsigned int ring_id, __u64 base_ns)
{
	struct rs_ring_start start = { .ring_id = ring_id, .base_ns = base_ns };

	return call(fd, RS_IOC_RING_START, &start);
}

int ringsched_stop(int fd, unsigned int ring_id)
{
	__u32 id = ring_id;

	return call(fd, RS_IOC_RING_STOP, &id);
}

static int pin_to(int vcpu)
{
	cpu_set_t set;

	if (vcpu < 0)
		return 0;
	if (vcpu >= CPU_SETSIZE)
		return -EINVAL;
	CPU_ZERO(&set);
	CPU_SET(vcpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) < 0 ? -errno : 0;
}

/* Pins first: a member that could not be pinned never enters the ring. */
int ringsched_join(int fd, const struct rs_ring_params *ring, unsigned int slot)
{
	struct rs_ring_join join = { .ring_id = ring->ring_id, .slot = slot };
	cpu_set_t before;
	int error;

	if (sched_getaffinity(0, sizeof(before), &before) < 0)
		return -errno;
	error = pin_to(ring->vcpu);
	if (error)
		return error;
	error = call(fd, RS_IOC_RING_JOIN, &join);
	if (error && ring->vcpu >= 0)
		sched_setaffinity(0, sizeof(before), &before);
	return error;
}

int ringsched_leave(int fd)
{
	return call(fd, RS_IOC_RING_LEAVE, NULL);
}

int ringsched_wait(int fd, struct rs_turn *turn)
{
	return call(fd, RS_IOC_RING_WAIT, turn);
}

int ringsched_change(int fd, unsigned int ring_id)
{
	__u32 id = ring_id;

	return call(fd, RS_IOC_RING_CHANGE, &id);
}

/*
 * One descriptor for the process, opened by the first caller. A failure is
 * not remembered: the module may be loaded later.
 */
static int notify_descriptor(void)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static int shared = -1;
	int fd;

	fd = __atomic_load_n(&shared, __ATOMIC_ACQUIRE);
	if (fd >= 0)
		return fd;
	pthread_mutex_lock(&lock);
	fd = shared;
	if (fd < 0) {
		fd = ringsched_open();
		if (fd >= 0)
			__atomic_store_n(&shared, fd, __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&lock);
	return fd;
}

static int notify(__u32 kind, unsigned int ring_id, unsigned int ring_prio)
{
	struct rs_notify notice = {
		.kind = kind,
		.ring_id = ring_id,
		.ring_prio = ring_prio,
	};
	int fd = notify_descriptor();

	return fd < 0 ? fd : call(fd, RS_IOC_NOTIFY, &notice);
}

int g_sched_notify_start(unsigned int ring_id, unsigned int ring_prio)
{
	return notify(RS_KIND_START, ring_id, ring_prio);
}

int g_sched_notify_end(unsigned int ring_id, unsigned int ring_prio)
{
	return notify(RS_KIND_END, ring_id, ring_prio);
}
