// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/fake/fake_vm.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host/cleanup.h"
#include "host/error.h"

#define COMMAND_FD 3 /* in the child */
#define ANSWER_LIMIT_S 5

/* To the child: a path to connect to; with an empty one the first vCPU works, or
 * there is one more. */
struct order {
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	unsigned int work_us; /* 0: one more vCPU */
};

/* From the child; a connected socket travels beside it. */
struct report {
	int code; /* errno value, 0 = done */
	pid_t tid; /* of the new vCPU thread */
};

struct birth {
	struct fake_vm_options options;
	unsigned int index;
	pid_t tid;
	int code;
	pthread_barrier_t ready;
};

/* In the child: what its first vCPU is to do, and that it is done. */
static int work[2], done[2];

static int64_t used_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1000000ll + t.tv_nsec / 1000;
}

static _Noreturn void work_as_told(void)
{
	unsigned int us;

	while (read(work[0], &us, sizeof(us)) == sizeof(us)) {
		int64_t end = used_us() + us;

		while (used_us() < end)
			;
		if (write(done[1], &us, sizeof(us)) != sizeof(us))
			break;
	}
	_exit(1);
}

static void *vcpu_thread(void *argument)
{
	struct birth *b = argument;
	bool first = b->index == 0;
	char name[16];

	snprintf(name, sizeof(name), "CPU %u/%s", b->index % RS_VCPU_MAX, b->options.accelerator);
	pthread_setname_np(pthread_self(), name);
	b->tid = gettid();
	b->code = b->options.own ? -sched_restore(0, b->options.own, NULL) : 0;
	pthread_barrier_wait(&b->ready);
	if (first)
		work_as_told();
	for (;;)
		pause();
	return NULL;
}

static struct report create_vcpu(const struct fake_vm_options *options, unsigned int index)
{
	struct birth b = { .options = *options, .index = index };
	pthread_t thread;
	int code;

	pthread_barrier_init(&b.ready, NULL, 2);
	code = pthread_create(&thread, NULL, vcpu_thread, &b);
	if (!code) {
		pthread_barrier_wait(&b.ready);
		code = b.code;
	}
	pthread_barrier_destroy(&b.ready);
	return (struct report){ .code = code, .tid = b.tid };
}

static void send_report(const struct report *r, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = "";
	struct iovec iov = { .iov_base = (void *)r, .iov_len = sizeof(*r) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fd >= 0) {
		struct cmsghdr *c;

		m.msg_control = control;
		m.msg_controllen = sizeof(control);
		c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	if (sendmsg(COMMAND_FD, &m, MSG_NOSIGNAL) != sizeof(*r))
		_exit(1);
}

static void connect_to(const struct order *order)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct report r = { 0 };

	memcpy(address.sun_path, order->path, sizeof(address.sun_path) - 1);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)))
		r.code = errno;
	send_report(&r, fd);
	close(fd);
}

static void let_work(unsigned int us)
{
	const struct report r = { 0 };

	if (write(work[1], &us, sizeof(us)) != sizeof(us) ||
	    read(done[0], &us, sizeof(us)) != sizeof(us))
		_exit(1);
	send_report(&r, -1);
}

/* The child's life: it ends when the test closes its end of the socket. */
static _Noreturn void run_child(const struct fake_vm_options *options)
{
	unsigned int index = 0;
	struct order order;
	struct report r;

	if (pipe(work) || pipe(done))
		_exit(1);
	for (; index < options->vcpus; index++) {
		r = create_vcpu(options, index);
		send_report(&r, -1);
	}
	while (recv(COMMAND_FD, &order, sizeof(order), 0) == sizeof(order)) {
		if (order.path[0]) {
			connect_to(&order);
			continue;
		}
		if (order.work_us) {
			let_work(order.work_us);
			continue;
		}
		r = create_vcpu(options, index++);
		send_report(&r, -1);
	}
	_exit(0);
}

/* *fd = what came along, or -1. */
static int take_report(struct fake_vm *vm, struct report *r, int *fd, struct rs_error **err)
{
	char control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { .iov_base = r, .iov_len = sizeof(*r) };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	struct cmsghdr *c;
	ssize_t n = recvmsg(vm->command, &m, MSG_CMSG_CLOEXEC);

	*fd = -1;
	if (n != sizeof(*r))
		return rs_fail(err, EPIPE, "no report of the VM's process");
	c = CMSG_FIRSTHDR(&m);
	if (c && c->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(c), sizeof(*fd));
	return 0;
}

static int take_vcpu(struct fake_vm *vm, unsigned int index, struct rs_error **err)
{
	cleanup_close int fd = -1;
	struct report r = { 0 };

	if (take_report(vm, &r, &fd, err))
		return rs_fail_wrap(err, "vCPU %u", index);
	if (r.code)
		return rs_fail_errno(err, r.code, "vCPU %u", index);
	vm->tid[index] = r.tid;
	return 0;
}

int fake_vm_spawn(struct fake_vm *vm, const struct fake_vm_options *options, struct rs_error **err)
{
	struct fake_vm_options o = options ? *options : (struct fake_vm_options){ 0 };
	struct timeval limit = { .tv_sec = ANSWER_LIMIT_S };
	int ends[2];

	o.vcpus = o.vcpus ? o.vcpus : 1;
	o.accelerator = o.accelerator ? o.accelerator : "TCG";
	if (o.vcpus > RS_VCPU_MAX)
		return rs_fail(err, EINVAL, "%u vCPUs, at most %d", o.vcpus, RS_VCPU_MAX);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return rs_fail_errno(err, errno, "socketpair");
	*vm = (struct fake_vm){ .vcpus = o.vcpus, .command = ends[0], .pid = fork() };
	if (!vm->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* A socket of another VM kept open here would hide its end. */
		dup2(ends[1], COMMAND_FD);
		close_range(COMMAND_FD + 1, ~0u, 0);
		run_child(&o);
	}
	close(ends[1]);
	if (vm->pid < 0) {
		close(ends[0]);
		vm->pid = 0;
		return rs_fail_errno(err, errno, "fork");
	}
	setsockopt(vm->command, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	for (unsigned int i = 0; i < o.vcpus; i++) {
		if (take_vcpu(vm, i, err)) {
			fake_vm_kill(vm);
			return rs_fail_wrap(err, "starting a VM's process");
		}
	}
	return 0;
}

static int give_order(struct fake_vm *vm, const char *path, unsigned int work_us,
		      struct rs_error **err)
{
	struct order order = { .work_us = work_us };

	if (strlen(path) >= sizeof(order.path))
		return rs_fail(err, ENAMETOOLONG, "%s is too long for a socket", path);
	memcpy(order.path, path, strlen(path));
	if (!vm->pid || send(vm->command, &order, sizeof(order), MSG_NOSIGNAL) != sizeof(order))
		return rs_fail(err, EPIPE, "the VM's process is gone");
	return 0;
}

int fake_vm_connect(struct fake_vm *vm, const char *path, struct rs_error **err)
{
	struct report r = { 0 };
	int fd = -1;

	if (give_order(vm, path, 0, err) || take_report(vm, &r, &fd, err))
		return rs_fail_wrap(err, "connecting to %s", path);
	if (r.code) {
		if (fd >= 0)
			close(fd);
		return rs_fail_errno(err, r.code, "connecting to %s", path);
	}
	return fd;
}

pid_t fake_vm_add_vcpu(struct fake_vm *vm, struct rs_error **err)
{
	if (vm->vcpus == RS_VCPU_MAX)
		return rs_fail(err, ENOSPC, "%d vCPUs already", RS_VCPU_MAX);
	if (give_order(vm, "", 0, err) || take_vcpu(vm, vm->vcpus, err))
		return rs_fail_wrap(err, "adding a vCPU");
	return vm->tid[vm->vcpus++];
}

int fake_vm_work(struct fake_vm *vm, unsigned int us, struct rs_error **err)
{
	struct report r;
	int fd;

	if (give_order(vm, "", us, err) || take_report(vm, &r, &fd, err))
		return rs_fail_wrap(err, "working for %u us", us);
	return 0;
}

void fake_vm_kill(struct fake_vm *vm)
{
	if (!vm->pid)
		return;
	kill(vm->pid, SIGKILL);
	waitpid(vm->pid, NULL, 0);
	close(vm->command);
	vm->pid = 0;
}
