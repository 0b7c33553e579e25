// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "host/clock.h"
#include "host/error.h"
#include "host/log.h"
#include "host/loop.h"
#include "host/notify.h"
#include "host/socket.h"
#include "host/vhost_user.h"

#define RECHECK_NS 100000000 /* see vm_finish() */

/* One VM's place in the loop. Index: the VM's slot. */
struct endpoint {
	struct vm *vm;
	int listener;
	struct loop_watch *listener_watch;
	struct vhost_user *conn; /* NULL = not connected */
	struct loop_watch *conn_watch, *pid_watch;
	struct log_pace come, gone; /* a peer may come and go as often as it likes */
};

static struct {
	const struct policy *policy;
	struct record *record;
	unsigned int longest_boost_us, notify_rate; /* of VMs that bring none; 0: as vm_bounds.h */
	struct endpoint *endpoints[VM_MAX];
	int wake, timer;
	struct loop_watch *wake_watch, *timer_watch;
} server = { .wake = -1, .timer = -1 };

static void tell(struct endpoint *e, struct log_pace *pace, const char *what)
{
	unsigned int since;

	if (!log_pace(pace, monotonic_ns(), &since))
		e->vm->counters.log_withheld++;
	else if (since)
		log_line("%s: process %d is %s, as were %u since the last such line", e->vm->name,
			 e->vm->pid, what, since);
	else
		log_line("%s: process %d is %s", e->vm->name, e->vm->pid, what);
}

/* The VM goes, so no later line has their count. */
static void tell_rest(const struct endpoint *e)
{
	if (e->come.withheld || e->gone.withheld)
		log_line("%s: %u more were connected and %u disconnected", e->vm->name,
			 e->come.withheld, e->gone.withheld);
}

static void close_connection(struct endpoint *e)
{
	if (!e->conn)
		return;
	loop_remove(e->conn_watch);
	loop_remove(e->pid_watch);
	e->conn_watch = e->pid_watch = NULL;
	tell(e, &e->gone, "disconnected");
	vhost_user_close(e->conn);
	e->conn = NULL;
}

static void connection_ready(void *arg, uint32_t events)
{
	struct endpoint *e = arg;
	struct rs_error *err = NULL;

	(void)events;
	if (!vhost_user_read(e->conn, &err))
		return;
	vm_log_error(e->vm, &err);
	close_connection(e);
}

static void process_ended(void *arg, uint32_t events)
{
	(void)events;
	close_connection(arg);
}

static void open_connection(struct endpoint *e, int fd)
{
	struct rs_error *err = NULL;

	e->conn = vhost_user_open(e->vm, fd, &err);
	if (!e->conn) {
		vm_log_error(e->vm, &err);
		return;
	}
	e->vm->counters.connections++;
	tell(e, &e->come, "connected");
	e->conn_watch = loop_add(e->conn->fd, EPOLLIN, connection_ready, e, &err);
	if (e->conn_watch)
		e->pid_watch = loop_add(e->vm->pidfd, EPOLLIN, process_ended, e, &err);
	if (!e->pid_watch) {
		vm_log_error(e->vm, &err);
		close_connection(e);
	}
}

static void listener_ready(void *arg, uint32_t events)
{
	struct endpoint *e = arg;
	int fd = accept4(e->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (fd < 0)
		return;
	if (e->conn) { /* one VM, one connection */
		e->vm->counters.connections_refused++;
		close(fd);
		return;
	}
	open_connection(e, fd);
}

static void finish_all(void)
{
	struct itimerspec again = { .it_value.tv_nsec = RECHECK_NS };
	bool more = false;

	for (struct vm *vm = vm_next(NULL); vm; vm = vm_next(vm))
		if (vm->connected) {
			more |= vm_finish(vm);
			more |= vm_io_refresh(vm);
		}
	if (more)
		timerfd_settime(server.timer, 0, &again, NULL);
}

static void woken(void *arg, uint32_t events)
{
	uint64_t count;

	(void)events;
	if (read(*(int *)arg, &count, sizeof(count)) == sizeof(count))
		finish_all();
}

/* Called on the notification thread too: one write, which cannot block. */
static void wake(void)
{
	const uint64_t one = 1;

	if (write(server.wake, &one, sizeof(one)) < 0)
		return; /* full: main has been told often enough */
}

int server_init(const struct policy *policy, struct record *record, struct rs_error **err)
{
	server.policy = policy;
	server.record = record;
	server.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	server.timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (server.wake < 0 || server.timer < 0)
		return rs_fail_errno(err, errno, "creating the main thread's wake-up");
	server.wake_watch = loop_add(server.wake, EPOLLIN, woken, &server.wake, err);
	server.timer_watch = loop_add(server.timer, EPOLLIN, woken, &server.timer, err);
	if (!server.wake_watch || !server.timer_watch)
		return -EIO;
	vm_wake_main = wake;
	vm_budget_watch = notify_watch_budget;
	vm_bounds_watch = notify_watch_bounds;
	return 0;
}

void server_default_bounds(unsigned int longest_boost_us, unsigned int notify_rate)
{
	server.longest_boost_us = longest_boost_us;
	server.notify_rate = notify_rate;
}

struct vm *server_add_vm(struct vm_config *config, struct rs_error **err)
{
	struct endpoint *e = calloc(1, sizeof(*e));

	if (!e) {
		rs_fail(err, ENOMEM, "no memory for VM %s", config->name);
		return NULL;
	}
	config->record = server.record;
	config->own_policy = config->policy != NULL;
	if (!config->policy)
		config->policy = server.policy;
	if (!config->longest_boost_us)
		config->longest_boost_us = server.longest_boost_us;
	if (!config->notify_rate)
		config->notify_rate = server.notify_rate;
	e->listener = -1;
	e->vm = vm_add(config, err);
	if (!e->vm)
		goto fail;
	e->listener = socket_shared(config->socket, err);
	if (e->listener < 0)
		goto fail;
	e->listener_watch = loop_add(e->listener, EPOLLIN, listener_ready, e, err);
	if (!e->listener_watch)
		goto fail;
	server.endpoints[e->vm->slot] = e;
	return e->vm;
fail:
	if (e->listener >= 0) {
		close(e->listener);
		unlink(config->socket);
	}
	if (e->vm)
		vm_remove(e->vm);
	free(e);
	return NULL;
}

static void remove_endpoint(struct endpoint *e)
{
	interrupt_remove_all(e->vm);
	close_connection(e);
	tell_rest(e);
	loop_remove(e->listener_watch);
	close(e->listener);
	unlink(e->vm->socket);
	server.endpoints[e->vm->slot] = NULL;
	vm_remove(e->vm);
	free(e);
}

int server_remove_vm(const char *name, struct rs_error **err)
{
	struct vm *vm = vm_find(name);

	if (!vm)
		return rs_fail(err, ENOENT, "there is no VM named %s", name);
	remove_endpoint(server.endpoints[vm->slot]);
	return 0;
}

/* The guest reports what its VM's policy needs: tell it if that changes. */
static int choose_for(struct vm *vm, const struct policy *policy, struct rs_error **err)
{
	enum rs_source before = vm->policy->needs;
	int ret = vm_choose_policy(vm, policy, err);

	pthread_mutex_lock(&vm->lock);
	if (vm->transport && before != policy->needs)
		vhost_queue_tell_source(vm->transport);
	pthread_mutex_unlock(&vm->lock);
	return ret;
}

int server_choose_policy(struct vm *vm, const struct policy *policy, struct rs_error **err)
{
	int first = 0;

	if (vm) {
		vm->own_policy = true;
		first = choose_for(vm, policy, err);
	} else {
		server.policy = policy;
		for (vm = vm_next(NULL); vm; vm = vm_next(vm)) {
			int ret = vm->own_policy ? 0 : choose_for(vm, policy, err);

			first = first ? first : ret;
		}
	}
	return first;
}

const struct policy *server_policy(void)
{
	return server.policy;
}

void server_free(void)
{
	for (unsigned int i = 0; i < VM_MAX; i++)
		if (server.endpoints[i])
			remove_endpoint(server.endpoints[i]);
	vm_wake_main = NULL;
	loop_remove(server.wake_watch);
	loop_remove(server.timer_watch);
	if (server.wake >= 0)
		close(server.wake);
	if (server.timer >= 0)
		close(server.timer);
	memset(&server, 0, sizeof(server));
	server.wake = server.timer = -1;
}
