// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/vm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/clock.h"
#include "host/error.h"
#include "host/tick.h"
#include "host/trace.h"

#define STAMP_SLACK_NS 1000000000ull

/* Filled once a slot, never emptied; other threads read with acquire. */
static struct vm *table[VM_MAX];

struct vm *vm_slot(unsigned int slot)
{
	return slot < VM_MAX ? __atomic_load_n(&table[slot], __ATOMIC_ACQUIRE) : NULL;
}

struct vm *vm_next(struct vm *after)
{
	for (unsigned int i = after ? after->slot + 1 : 0; i < VM_MAX && table[i]; i++)
		if (table[i]->used)
			return table[i];
	return NULL;
}

struct vm *vm_find(const char *name)
{
	for (struct vm *vm = vm_next(NULL); vm; vm = vm_next(vm))
		if (!strcmp(vm->name, name))
			return vm;
	return NULL;
}

struct vm *vm_find_by_vring(pid_t pid, uint64_t user_address)
{
	for (struct vm *vm = vm_next(NULL); vm; vm = vm_next(vm))
		if (vm->connected && vm->pid == pid && user_address &&
		    vm->vring_user_address == user_address)
			return vm;
	return NULL;
}

static int check_config(const struct vm_config *c, struct rs_error **err)
{
	if (!*c->name || strlen(c->name) >= VM_NAME_MAX)
		return rs_fail(err, EINVAL, "a VM's name has 1 to %d bytes", VM_NAME_MAX - 1);
	if (vm_find(c->name))
		return rs_fail(err, EEXIST, "there is a VM named %s already", c->name);
	if (c->ceiling < VM_CEILING_MIN || c->ceiling > VM_CEILING_MAX)
		return rs_fail(err, EINVAL, "VM %s: ceiling %u is not within %d and %d", c->name,
			       c->ceiling, VM_CEILING_MIN, VM_CEILING_MAX);
	if (c->budget_permille > VM_BUDGET_MAX)
		return rs_fail(err, EINVAL, "VM %s: rt_budget_permille %u is above %d", c->name,
			       c->budget_permille, VM_BUDGET_MAX);
	if (c->budget_period_us && (c->budget_period_us < VM_BUDGET_PERIOD_MIN_US ||
				    c->budget_period_us > VM_BUDGET_PERIOD_MAX_US))
		return rs_fail(err, EINVAL, "VM %s: rt_budget_period_us %u is not within %d and %d",
			       c->name, c->budget_period_us, VM_BUDGET_PERIOD_MIN_US,
			       VM_BUDGET_PERIOD_MAX_US);
	if (c->scan_interval_us &&
	    (c->scan_interval_us < TICK_MIN_US || c->scan_interval_us > TICK_MAX_US))
		return rs_fail(err, EINVAL, "VM %s: scan_interval_us %u is not within %d and %d",
			       c->name, c->scan_interval_us, TICK_MIN_US, TICK_MAX_US);
	if (c->deadline_runtime_us > c->deadline_period_us)
		return rs_fail(err, EINVAL,
			       "VM %s: deadline_runtime_us %u is above deadline_period_us %u",
			       c->name, c->deadline_runtime_us, c->deadline_period_us);
	if (c->longest_boost_us && (c->longest_boost_us < VM_LONGEST_BOOST_MIN_US ||
				    c->longest_boost_us > VM_LONGEST_BOOST_MAX_US))
		return rs_fail(err, EINVAL, "VM %s: longest_boost_us %u is not within %d and %d",
			       c->name, c->longest_boost_us, VM_LONGEST_BOOST_MIN_US,
			       VM_LONGEST_BOOST_MAX_US);
	if (c->notify_rate &&
	    (c->notify_rate < VM_NOTIFY_RATE_MIN || c->notify_rate > VM_NOTIFY_RATE_MAX))
		return rs_fail(err, EINVAL, "VM %s: notify_rate %u is not within %d and %d",
			       c->name, c->notify_rate, VM_NOTIFY_RATE_MIN, VM_NOTIFY_RATE_MAX);
	if (c->disk && (*c->disk != '/' || strlen(c->disk) >= VM_IO_DISK_MAX))
		return rs_fail(err, EINVAL,
			       "VM %s: the disk's path %s is not absolute, or has more than %d "
			       "bytes",
			       c->name, c->disk, VM_IO_DISK_MAX - 1);
	if (strlen(c->socket) >= VM_SOCKET_MAX)
		return rs_fail(err, ENAMETOOLONG,
			       "VM %s: the socket's path %s has more than %d "
			       "bytes",
			       c->name, c->socket, VM_SOCKET_MAX - 1);
	return 0;
}

/* A slot's memory and its lock, made once and used again. */
static struct vm *new_slot(unsigned int slot)
{
	struct vm *vm = calloc(1, sizeof(*vm));
	pthread_mutexattr_t attr;

	if (!vm)
		return NULL;
	vm->slot = slot;
	if (pthread_mutexattr_init(&attr) != 0) {
		free(vm);
		return NULL;
	}
	if (pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT) != 0 ||
	    pthread_mutex_init(&vm->lock, &attr) != 0) {
		pthread_mutexattr_destroy(&attr);
		free(vm);
		return NULL;
	}
	pthread_mutexattr_destroy(&attr);
	__atomic_store_n(&table[slot], vm, __ATOMIC_RELEASE);
	return vm;
}

static struct vm *free_slot(void)
{
	for (unsigned int i = 0; i < VM_MAX; i++) {
		if (!table[i])
			return new_slot(i);
		if (!table[i]->used)
			return table[i];
	}
	return NULL;
}

/* All but the lock and the slot number; the bytes after `used` in the struct. */
static void clear(struct vm *vm)
{
	char *from = (char *)vm->name;

	memset(from, 0, sizeof(*vm) - (size_t)(from - (char *)vm));
	vm->pidfd = -1;
	vm->record_process = -1;
	hist_init(&vm->handling);
	for (unsigned int i = 0; i < RS_VCPU_MAX; i++) {
		vm->vcpus[i].ref.fd = -1;
		vm->vcpus[i].record = -1;
		vm->vcpus[i].schedstat = -1;
	}
}

static void set_bounds(struct vm *vm, const struct vm_config *c)
{
	unsigned int longest_us = c->longest_boost_us;

	if (!longest_us)
		longest_us = VM_LONGEST_BOOST_DEFAULT_US;
	vm->bounds.longest_ns = longest_us * 1000ull;
	vm->bounds.notify_rate = c->notify_rate ? c->notify_rate : VM_NOTIFY_RATE_DEFAULT;
	vm->bounds.timer = -1;
	bound_rate_init(&vm->bounds.rate, vm->bounds.notify_rate);
}

struct vm *vm_add(const struct vm_config *config, struct rs_error **err)
{
	struct vm *vm;

	if (check_config(config, err))
		return NULL;
	vm = free_slot();
	if (!vm) {
		rs_fail(err, ENOSPC, "VM %s: there are %d already, or no memory", config->name,
			VM_MAX);
		return NULL;
	}
	pthread_mutex_lock(&vm->lock);
	clear(vm);
	snprintf(vm->name, sizeof(vm->name), "%s", config->name);
	snprintf(vm->socket, sizeof(vm->socket), "%s", config->socket);
	vm->role = config->role;
	vm->ceiling = (uint8_t)config->ceiling;
	vm->budget = (struct vm_budget){
		.asked = config->budget_by,
		.permille = config->budget_permille,
		.period_ns = config->budget_period_us * 1000ull,
		.by = VM_BUDGET_NOBODY,
		.timer = -1,
	};
	set_bounds(vm, config);
	vm->scan_interval_us = config->scan_interval_us;
	vm->io.wanted = config->io_boost;
	vm->io.record = -1;
	if (config->disk)
		snprintf(vm->io.disk, sizeof(vm->io.disk), "%s", config->disk);
	vm->policy = config->policy;
	vm->other_cores = config->other_cores;
	vm->deadline_runtime_us = config->deadline_runtime_us;
	vm->deadline_period_us = config->deadline_period_us;
	vm->own_policy = config->own_policy;
	vm->only_uid = config->only_uid;
	vm->uid = config->uid;
	vm->record = config->record;
	vm->used = true;
	pthread_mutex_unlock(&vm->lock);
	return vm;
}

void vm_remove(struct vm *vm)
{
	vm_disconnect(vm);
	pthread_mutex_lock(&vm->lock);
	vm->used = false;
	pthread_mutex_unlock(&vm->lock);
}

void vm_counters_reset(struct vm *vm)
{
	memset(&vm->counters, 0, sizeof(vm->counters));
	memset(vm->bounds.told, 0, sizeof(vm->bounds.told));
	hist_init(&vm->handling);
}

void vm_log_error(struct vm *vm, struct rs_error **err)
{
	log_error_limited(&vm->log, &vm->counters.log_withheld, vm->name, err);
}

void vm_reject(struct vm *vm, enum reject reason)
{
	if (reason > REJECT_NONE && reason < REJECT_COUNT)
		vm->counters.rejects[reason]++;
}

static void count_sequence(struct vm *vm, const struct message *msg)
{
	uint32_t ahead = msg->sequence - (vm->sequence + 1);

	/* ATTACH begins a new count: it is 1 by definition. Nothing of a rejected
	 * message is believed, its number included: the next one finds a gap. */
	if (msg->kind == RS_KIND_ATTACH || !vm->sequence_known)
		ahead = 0;
	if (ahead >= UINT32_MAX / 2) {
		vm->counters.reordered++;
		return;
	}
	vm->counters.lost += ahead;
	vm->sequence = msg->sequence;
	vm->sequence_known = true;
}

/* The guest's clock is not ours and decides nothing; one that ran ahead of ours
 * since the last message is worth a number. */
static void count_stamp(struct vm *vm, const struct message *msg, uint64_t seen_ns)
{
	uint64_t passed = seen_ns - vm->stamped_ns + STAMP_SLACK_NS;

	if (msg->kind != RS_KIND_ATTACH && vm->stamped_ns && msg->guest_ns > vm->stamp_ns)
		vm->counters.stamps_ahead += msg->guest_ns - vm->stamp_ns > passed;
	vm->stamp_ns = msg->guest_ns;
	vm->stamped_ns = seen_ns;
}

static void follow_task(struct vm *vm, const struct message *msg)
{
	uint8_t *running = &vm->running[msg->vcpu];
	uint8_t prio = msg->ring_prio;

	vm->counters.switches_by_priority[prio ? prio : *running]++;
	vm->counters.switch_same_priority += prio == *running;
	vm->counters.starts_deferred += prio && vm->realtime_deferred;
	*running = prio;
}

void vm_forget_guest(struct vm *vm)
{
	memset(vm->rings, 0, sizeof(vm->rings));
	memset(vm->running, 0, sizeof(vm->running));
	interrupt_forget(vm);
}

static void follow_guest(struct vm *vm, const struct message *msg, uint64_t seen_ns)
{
	struct vm_ring *ring = &vm->rings[msg->ring_id];

	switch (msg->kind) {
	case RS_KIND_START:
		vm->has_run = true;
		vm->counters.restarts += ring->active;
		vm->counters.starts_deferred += vm->realtime_deferred;
		ring->active = true;
		ring->ring_prio = msg->ring_prio;
		ring->vcpu = msg->vcpu;
		vm_bounds_start(vm, msg, seen_ns);
		break;
	case RS_KIND_END:
		vm->counters.stray_ends += !ring->active;
		ring->active = false;
		bound_boost_end(&ring->boost);
		break;
	case RS_KIND_SWITCH:
		follow_task(vm, msg);
		break;
	case RS_KIND_ATTACH: /* a fresh driver: what was active before is not */
	case RS_KIND_BYE:
		vm_forget_guest(vm);
		break;
	default:
		break;
	}
	interrupt_follow(vm, msg);
}

static void run_policy(struct vm *vm, const struct message *msg)
{
	if (vm->policy_started && vm->policy->event && vm->policy->event(vm, msg))
		vm->counters.policy_errors++;
}

void vm_message(struct vm *vm, const struct message *msg, uint64_t seen_ns)
{
	struct trace_event event;

	if (msg->vcpu >= vm->vcpu_count || !vm->vcpus[msg->vcpu].present) {
		vm_reject(vm, REJECT_VCPU);
		return;
	}
	vm->counters.messages[msg->kind]++;
	count_sequence(vm, msg);
	count_stamp(vm, msg, seen_ns);
	if (msg->ring_prio > vm->ceiling)
		vm_bounds_passed(vm, VM_BOUND_CEILING, seen_ns);
	follow_guest(vm, msg, seen_ns);
	vm_scan_follow(vm, msg);
	run_policy(vm, msg);
	event = (struct trace_event){
		.t = seen_ns,
		.handled_ns = monotonic_ns() - seen_ns,
		.message = *msg,
		.vm = (uint16_t)vm->slot,
		.policy = vm->vcpus[msg->vcpu].now.policy,
		.priority = (uint8_t)vm->vcpus[msg->vcpu].now.priority,
	};
	hist_add(&vm->handling, event.handled_ns);
	trace_add(&event);
	vm_bounds_follow(vm, seen_ns); /* the last, for less depends on them */
	vm_io_follow(vm);
}

void vm_trace_vcpus(const struct vm *vm, uint64_t now_ns)
{
	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		const struct vm_vcpu *v = &vm->vcpus[i];
		const struct trace_event event = {
			.t = now_ns,
			.handled_ns = monotonic_ns() - now_ns,
			.message = { .kind = KIND_BUDGET, .vcpu = (uint16_t)i },
			.vm = (uint16_t)vm->slot,
			.policy = v->now.policy,
			.priority = (uint8_t)v->now.priority,
		};

		if (v->present)
			trace_add(&event);
	}
}

void vm_ring_cut(struct vm *vm, unsigned int ring_id)
{
	const struct vm_ring *ring = &vm->rings[ring_id];
	const struct message end = {
		.kind = RS_KIND_END,
		.ring_prio = ring->ring_prio,
		.ring_id = (uint16_t)ring_id,
		.vcpu = ring->vcpu,
	};

	interrupt_cut(vm, ring_id);
	run_policy(vm, &end);
}

void vm_rings_clear(struct vm *vm)
{
	/* To a policy a driver that vanished is one that said goodbye. */
	static const struct message bye = { .kind = RS_KIND_BYE };

	vm_forget_guest(vm);
	vm_scan_forget(vm);
	vm->sequence_known = false;
	vm->stamped_ns = 0;
	run_policy(vm, &bye);
	vm_bounds_follow(vm, monotonic_ns());
	vm_io_follow(vm);
}
