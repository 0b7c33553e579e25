// SPDX-License-Identifier: GPL-2.0-or-later
/* Where external interrupts come from: one row a kind of source. */
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "host/clock.h"
#include "host/error.h"
#include "host/interrupt.h"
#include "host/notify.h"
#include "host/socket.h"
#include "host/vm.h"

/* Interrupts raised in one visit; what is left makes its file ready again, so
 * that other VMs have their turn. */
#define VISIT_MAX 16

struct interrupt_source {
	const char *name;
	/* Fills what is the source's in *i: input, and what it needs. */
	int (*open)(struct interrupt *i, const struct interrupt_config *config,
		    struct rs_error **err);
	/* The input is ready. */
	void (*ready)(struct vm *vm, unsigned int number, uint64_t seen_ns);
	bool bounded; /* others send: by the VM's rate of notifications */
};

const char *const interrupt_distributions[] = {
	[INTERRUPT_PERIODIC] = "periodic",
	[INTERRUPT_UNIFORM] = "uniform",
	[INTERRUPT_EXPONENTIAL] = "exponential",
	NULL,
};

/* ---- generator ---- */

/* To the next interrupt, at least 1 ns, at most ten times the mean. */
static uint64_t draw_interval(struct interrupt *i)
{
	double unit;

	if (i->distribution == INTERRUPT_PERIODIC)
		return i->interval_ns;
	unit = prng_unit(&i->random);
	if (i->distribution == INTERRUPT_UNIFORM)
		return (uint64_t)((0.5 + unit) * (double)i->interval_ns);
	return 1 + (uint64_t)(fmin(-log1p(-unit), 10) * (double)i->interval_ns);
}

/* A moment that has passed makes it ready at once. */
static void arm_generator(const struct interrupt *i)
{
	const uint64_t at = i->left ? i->next_ns : 0;
	const struct itimerspec spec = {
		.it_value = { (time_t)(at / 1000000000), (long)(at % 1000000000) },
	};

	timerfd_settime(i->input, TFD_TIMER_ABSTIME, &spec, NULL);
}

static int open_generator(struct interrupt *i, const struct interrupt_config *config,
			  struct rs_error **err)
{
	if (config->interval_us < RS_PERIOD_MIN_NS / 1000 ||
	    config->interval_us > RS_PERIOD_MAX_NS / 1000)
		return rs_fail(err, EINVAL, "interval_us %u is not within %llu and %llu",
			       config->interval_us, RS_PERIOD_MIN_NS / 1000,
			       RS_PERIOD_MAX_NS / 1000);
	i->interval_ns = config->interval_us * 1000ull;
	i->distribution = config->distribution;
	i->left = config->count ? config->count : UINT64_MAX;
	i->random.state = config->seed;
	i->input = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (i->input < 0)
		return rs_fail_errno(err, errno, "creating a generator's timer");
	i->next_ns = monotonic_ns() + draw_interval(i);
	arm_generator(i);
	return 0;
}

/* An interrupt comes at its planned time, also where the daemon is late: that
 * is part of its latency. */
static void generator_ready(struct vm *vm, unsigned int number, uint64_t seen_ns)
{
	struct interrupt *i = &vm->interrupts[number];
	uint64_t expirations;

	if (read(i->input, &expirations, sizeof(expirations)) < 0)
		return;
	for (int n = 0; n < VISIT_MAX && i->left && i->next_ns <= seen_ns; n++) {
		uint64_t planned = i->next_ns;

		i->next_ns += draw_interval(i);
		i->left--;
		interrupt_raise(vm, number, planned);
	}
	arm_generator(i);
}

/* ---- datagrams ---- */

static int open_unix(struct interrupt *i, const struct interrupt_config *config,
		     struct rs_error **err)
{
	if (!config->path)
		return rs_fail(err, EINVAL, "a source \"unix\" needs \"path\"");
	i->input = socket_datagram(config->path, err);
	if (i->input < 0)
		return i->input;
	i->path = strdup(config->path);
	if (i->path)
		return 0;
	unlink(config->path);
	return rs_fail(err, ENOMEM, "no memory for a path");
}

static int open_udp(struct interrupt *i, const struct interrupt_config *config,
		    struct rs_error **err)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)config->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	if (config->port < 1 || config->port > UINT16_MAX)
		return rs_fail(err, EINVAL, "a source \"udp\" needs \"port\", 1 to %d", UINT16_MAX);
	i->input = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (i->input < 0)
		return rs_fail_errno(err, errno, "creating a socket");
	if (bind(i->input, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return rs_fail_errno(err, errno, "binding to port %u of 127.0.0.1", config->port);
	return 0;
}

/* Each datagram is an interrupt; what it holds does not matter. Whoever sends
 * them is not asked who he is, so they are charged as the guest's own are. */
static void socket_ready(struct vm *vm, unsigned int number, uint64_t seen_ns)
{
	const struct interrupt *i = &vm->interrupts[number];
	unsigned int count = 0;
	char byte;

	if (vm_bounds_held(vm)) /* from before it was */
		return;
	while (count < VISIT_MAX && recv(i->input, &byte, sizeof(byte), MSG_DONTWAIT) >= 0) {
		interrupt_raise(vm, number, seen_ns);
		count++;
	}
	vm_bounds_charge(vm, count, seen_ns);
}

static const struct interrupt_source sources[] = {
	{ "generator", open_generator, generator_ready, false },
	{ "unix", open_unix, socket_ready, true },
	{ "udp", open_udp, socket_ready, true },
};

#define SOURCE_COUNT (sizeof(sources) / sizeof(sources[0]))

const char *interrupt_source_name(const struct interrupt *i)
{
	return i->source->name;
}

/* ---- from the request to the table ---- */

static int check(const struct vm *vm, const struct interrupt_config *c, struct rs_error **err)
{
	if (c->number >= RS_INTERRUPT_MAX)
		return rs_fail(err, EINVAL, "interrupt %u is above %d", c->number,
			       RS_INTERRUPT_MAX - 1);
	if (vm->interrupts[c->number].used)
		return rs_fail(err, EEXIST, "VM %s has an interrupt %u already", vm->name,
			       c->number);
	if (c->ring_id >= RS_RING_MAX)
		return rs_fail(err, EINVAL, "ring %u is above %d", c->ring_id, RS_RING_MAX - 1);
	if (c->ring_prio < RS_PRIO_MIN || c->ring_prio > RS_PRIO_MAX)
		return rs_fail(err, EINVAL, "priority %u is not within %d and %d", c->ring_prio,
			       RS_PRIO_MIN, RS_PRIO_MAX);
	if (c->vcpu >= RS_VCPU_MAX)
		return rs_fail(err, EINVAL, "vcpu %u is above %d", c->vcpu, RS_VCPU_MAX - 1);
	if (c->confirm_us < INTERRUPT_CONFIRM_MIN_US || c->confirm_us > INTERRUPT_CONFIRM_MAX_US)
		return rs_fail(err, EINVAL, "confirm_us %u is not within %d and %d", c->confirm_us,
			       INTERRUPT_CONFIRM_MIN_US, INTERRUPT_CONFIRM_MAX_US);
	return 0;
}

static const struct interrupt_source *find_source(const char *name, struct rs_error **err)
{
	for (size_t i = 0; i < SOURCE_COUNT; i++)
		if (!strcmp(sources[i].name, name))
			return &sources[i];
	rs_fail(err, EINVAL, "there is no source \"%s\"; there are generator, unix and udp", name);
	return NULL;
}

static void close_source(struct interrupt *i)
{
	if (i->input >= 0)
		close(i->input);
	if (i->timer >= 0)
		close(i->timer);
	if (i->path)
		unlink(i->path);
	free(i->path);
}

int interrupt_add(struct vm *vm, const struct interrupt_config *c, struct rs_error **err)
{
	static uint32_t generation;
	struct interrupt i = { .input = -1, .timer = -1 };
	int ret = check(vm, c, err);

	if (ret)
		return ret;
	i.source = find_source(c->source, err);
	if (!i.source)
		return -EINVAL;
	i.used = true;
	i.generation = ++generation;
	i.ring_id = (uint8_t)c->ring_id;
	i.ring_prio = (uint8_t)c->ring_prio;
	i.vcpu = (uint16_t)c->vcpu;
	i.confirm_ns = c->confirm_us * 1000ull;
	i.timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	ret = i.timer < 0 ? rs_fail_errno(err, errno, "creating an interrupt's timer") :
			    i.source->open(&i, c, err);
	if (ret < 0) {
		close_source(&i);
		return rs_fail_wrap(err, "interrupt %u of VM %s", c->number, vm->name);
	}
	pthread_mutex_lock(&vm->lock);
	vm->interrupts[c->number] = i;
	pthread_mutex_unlock(&vm->lock);
	ret = notify_watch_interrupt(vm, c->number, err);
	if (ret) {
		interrupt_remove(vm, c->number, NULL);
		return ret;
	}
	pthread_mutex_lock(&vm->lock);
	if (vm_bounds_held(vm))
		interrupt_listen(vm, false);
	pthread_mutex_unlock(&vm->lock);
	return 0;
}

int interrupt_remove(struct vm *vm, unsigned int number, struct rs_error **err)
{
	struct interrupt removed;

	if (number >= RS_INTERRUPT_MAX || !vm->interrupts[number].used)
		return rs_fail(err, ENOENT, "VM %s has no interrupt %u", vm->name, number);
	notify_unwatch(vm->interrupts[number].input);
	notify_unwatch(vm->interrupts[number].timer);
	pthread_mutex_lock(&vm->lock);
	interrupt_withdraw(vm, number);
	removed = vm->interrupts[number];
	vm->interrupts[number] = (struct interrupt){ 0 };
	pthread_mutex_unlock(&vm->lock);
	close_source(&removed);
	return 0;
}

void interrupt_remove_all(struct vm *vm)
{
	for (unsigned int n = 0; n < RS_INTERRUPT_MAX; n++)
		if (vm->interrupts[n].used)
			interrupt_remove(vm, n, NULL);
}

void interrupt_listen(struct vm *vm, bool on)
{
	for (unsigned int n = 0; n < RS_INTERRUPT_MAX; n++) {
		const struct interrupt *i = &vm->interrupts[n];

		if (i->used && i->source && i->source->bounded)
			notify_listen_interrupt(vm, n, on);
	}
}

void interrupt_ready(struct vm *vm, unsigned int number, uint64_t seen_ns)
{
	vm->interrupts[number].source->ready(vm, number, seen_ns);
}

void interrupt_timeout(struct vm *vm, unsigned int number)
{
	uint64_t expirations;

	if (read(vm->interrupts[number].timer, &expirations, sizeof(expirations)) < 0)
		return;
	interrupt_expire(vm, number, monotonic_ns());
}
