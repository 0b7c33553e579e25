// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/notify.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "host/clock.h"
#include "host/error.h"
#include "host/sched.h"
#include "host/tick.h"
#include "host/vhost_user.h"
#include "host/vm.h"

#define STACK_BYTES (256u * 1024)
#define BATCH 64

/* What an epoll event carries: a VM's slot never goes away, so a late event
 * finds at worst another generation. */
#define KEY(slot, queue, generation) \
	((uint64_t)(generation) << 32 | (uint64_t)(queue) << 16 | (uint64_t)(slot))
#define QUEUE_BUDGET 0xfffe /* no queue: the timer of the VM's budget */
#define QUEUE_BOUNDS 0xfffd /* nor this: the timer of its bounds */
/* In the place of a queue: an interrupt's source, and the time of its boost. */
#define KEY_SOURCE(number) (RS_QUEUE_COUNT + 2 * (number))
#define KEY_TIME(number) (KEY_SOURCE(number) + 1)
#define KEY_TICK UINT64_MAX
#define KEY_STOP (UINT64_MAX - 1)

static struct {
	int epoll, timer, stop;
	int cpu;
	unsigned int priority;
	bool running;
	unsigned int starts; /* of policies, see handle_tick() */
	pthread_t thread;
	/* How it went inside the thread; handed over by `ready`. */
	pthread_mutex_t lock;
	pthread_cond_t ready;
	bool started;
	struct rs_error *failure;
} notify = { .epoll = -1,
	     .timer = -1,
	     .stop = -1,
	     .lock = PTHREAD_MUTEX_INITIALIZER,
	     .ready = PTHREAD_COND_INITIALIZER };

static void handle_interrupt(struct vm *vm, unsigned int queue, uint32_t generation,
			     uint64_t seen_ns)
{
	unsigned int number = (queue - RS_QUEUE_COUNT) / 2;

	if (number >= RS_INTERRUPT_MAX || !vm->interrupts[number].used ||
	    vm->interrupts[number].generation != generation)
		return;
	if (queue == KEY_SOURCE(number))
		interrupt_ready(vm, number, seen_ns);
	else
		interrupt_timeout(vm, number);
}

static bool handle_bounds(struct vm *vm, uint64_t seen_ns)
{
	vm_bounds_expired(vm, seen_ns);
	return vm->transport && vhost_queue_more(vm->transport);
}

/* Returns whether the VM has more to handle. */
static bool handle_kick(uint64_t key, uint64_t seen_ns)
{
	struct vm *vm = vm_slot((unsigned int)(key & 0xffff));
	unsigned int queue = (unsigned int)(key >> 16 & 0xffff);
	uint32_t generation = (uint32_t)(key >> 32);
	bool more = false;

	if (!vm)
		return false;
	pthread_mutex_lock(&vm->lock);
	if (queue == QUEUE_BUDGET)
		vm_budget_expired(vm, seen_ns);
	else if (queue == QUEUE_BOUNDS)
		more = handle_bounds(vm, seen_ns);
	else if (queue >= RS_QUEUE_COUNT)
		handle_interrupt(vm, queue, generation, seen_ns);
	else if (vm->transport && vm->transport->generation == generation)
		more = vhost_queue_kick(vm->transport, queue, seen_ns);
	pthread_mutex_unlock(&vm->lock);
	return more;
}

/* at_ns = 0 disarms; a moment that has passed makes it ring at once. */
static void arm_timer(uint64_t at_ns)
{
	const struct itimerspec spec = {
		.it_value = { (time_t)(at_ns / 1000000000), (long)(at_ns % 1000000000) },
	};

	timerfd_settime(notify.timer, TFD_TIMER_ABSTIME, &spec, NULL);
}

static void handle_tick(void)
{
	unsigned int starts = __atomic_load_n(&notify.starts, __ATOMIC_ACQUIRE);
	uint64_t expirations;

	if (read(notify.timer, &expirations, sizeof(expirations)) < 0)
		return;
	arm_timer(tick_run(monotonic_ns()));
	/* A policy that main started meanwhile may have been passed over, and
	 * main's own arming was then undone just now. */
	if (__atomic_load_n(&notify.starts, __ATOMIC_ACQUIRE) != starts)
		arm_timer(1);
}

/* VMs with more than one visit's messages get another, in turn. */
static bool drain_all(void)
{
	uint64_t seen_ns = monotonic_ns();
	bool more = false;

	for (unsigned int i = 0; i < VM_MAX; i++) {
		struct vm *vm = vm_slot(i);

		if (!vm)
			break;
		pthread_mutex_lock(&vm->lock);
		if (vm->transport)
			more |= vhost_queue_drain(vm->transport, seen_ns);
		pthread_mutex_unlock(&vm->lock);
	}
	return more;
}

static void loop(void)
{
	struct epoll_event events[BATCH];
	bool more = false;

	for (;;) {
		int n = epoll_wait(notify.epoll, events, BATCH, more ? 0 : -1);
		uint64_t seen_ns = monotonic_ns();

		if (more)
			more = drain_all();
		for (int i = 0; i < n; i++) {
			if (events[i].data.u64 == KEY_STOP)
				return;
			if (events[i].data.u64 == KEY_TICK)
				handle_tick();
			else
				more |= handle_kick(events[i].data.u64, seen_ns);
		}
	}
}

/* The stack's pages, before the first kick needs them. */
static __attribute__((noinline)) void touch_stack(void)
{
	volatile char stack[STACK_BYTES / 2];

	for (size_t i = 0; i < sizeof(stack); i += 4096)
		stack[i] = 0;
}

static void *run(void *arg)
{
	struct rs_error *err = NULL;
	int ret;

	(void)arg;
	/* From inside: another thread's name is a file in /proc. */
	pthread_setname_np(pthread_self(), NOTIFY_THREAD);
	touch_stack();
	sched_pin(notify.cpu, &err);
	ret = sched_apply_fifo(0, notify.priority, NULL);
	if (ret)
		sched_explain(&err, -ret, getpid(), gettid(), SCHED_FIFO, notify.priority);
	pthread_mutex_lock(&notify.lock);
	notify.started = true;
	notify.failure = err;
	pthread_cond_signal(&notify.ready);
	pthread_mutex_unlock(&notify.lock);
	if (!err)
		loop();
	return NULL;
}

static int add(int fd, uint64_t key, struct rs_error **err)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = key };

	if (fd < 0 || epoll_ctl(notify.epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		return rs_fail_errno(err, errno, "waiting for a notification");
	return 0;
}

static int create_thread(struct rs_error **err)
{
	pthread_attr_t attr;
	int ret = pthread_attr_init(&attr);

	if (ret == 0)
		ret = pthread_attr_setstacksize(&attr, STACK_BYTES);
	if (ret == 0)
		ret = pthread_create(&notify.thread, &attr, run, NULL);
	pthread_attr_destroy(&attr);
	if (ret != 0)
		return rs_fail_errno(err, ret, "starting the notification thread");
	return 0;
}

int notify_start(int cpu, unsigned int priority, struct rs_error **err)
{
	int ret;

	notify.cpu = cpu;
	notify.priority = priority;
	notify.epoll = epoll_create1(EPOLL_CLOEXEC);
	notify.timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	notify.stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	ret = add(notify.stop, KEY_STOP, err);
	if (!ret)
		ret = add(notify.timer, KEY_TICK, err);
	if (!ret)
		ret = create_thread(err);
	if (ret)
		return ret;
	pthread_mutex_lock(&notify.lock);
	while (!notify.started)
		pthread_cond_wait(&notify.ready, &notify.lock);
	pthread_mutex_unlock(&notify.lock);
	notify.running = true;
	if (!notify.failure)
		return 0;
	ret = rs_fail(err, notify.failure->code, "%s", notify.failure->message);
	rs_error_free(&notify.failure);
	return rs_fail_wrap(err, "notification thread") ? ret : 0;
}

void notify_stop(void)
{
	const uint64_t one = 1;

	if (!notify.running)
		return;
	if (write(notify.stop, &one, sizeof(one)) == sizeof(one))
		pthread_join(notify.thread, NULL);
	close(notify.epoll);
	close(notify.timer);
	close(notify.stop);
	notify.epoll = notify.timer = notify.stop = -1;
	notify.running = false;
	notify.started = false;
}

int notify_watch(const struct vm *vm, unsigned int queue, uint32_t generation, int fd,
		 struct rs_error **err)
{
	return add(fd, KEY(vm->slot, queue, generation), err);
}

void notify_listen(const struct vm *vm, unsigned int queue, uint32_t generation, int fd, bool on)
{
	/* A file that is full is an error even if nothing is asked for: one-shot,
	 * it is told of once. Nothing is allocated, so this cannot fail. */
	struct epoll_event event = {
		.events = on ? EPOLLIN : EPOLLONESHOT,
		.data.u64 = KEY(vm->slot, queue, generation),
	};

	epoll_ctl(notify.epoll, EPOLL_CTL_MOD, fd, &event);
}

void notify_listen_interrupt(const struct vm *vm, unsigned int number, bool on)
{
	const struct interrupt *i = &vm->interrupts[number];

	notify_listen(vm, KEY_SOURCE(number), i->generation, i->input, on);
}

int notify_watch_bounds(const struct vm *vm, int timer, struct rs_error **err)
{
	return add(timer, KEY(vm->slot, QUEUE_BOUNDS, 0), err);
}

int notify_watch_budget(const struct vm *vm, int timer, struct rs_error **err)
{
	return add(timer, KEY(vm->slot, QUEUE_BUDGET, 0), err);
}

int notify_watch_interrupt(const struct vm *vm, unsigned int number, struct rs_error **err)
{
	const struct interrupt *i = &vm->interrupts[number];
	int ret = add(i->timer, KEY(vm->slot, KEY_TIME(number), i->generation), err);

	return ret ? ret : add(i->input, KEY(vm->slot, KEY_SOURCE(number), i->generation), err);
}

void notify_unwatch(int fd)
{
	/* Fails only where it was never watched. A last event may still be in
	 * the thread's hands: it takes the lock and finds no kick fd. */
	epoll_ctl(notify.epoll, EPOLL_CTL_DEL, fd, NULL);
}

void notify_update_tick(void)
{
	__atomic_fetch_add(&notify.starts, 1, __ATOMIC_RELEASE);
	arm_timer(1);
}
