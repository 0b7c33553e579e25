// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/vm_bounds.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "host/clock.h"
#include "host/error.h"
#include "host/log.h"
#include "host/vm.h"

int (*vm_bounds_watch)(const struct vm *vm, int timer, struct rs_error **err);

/* Where each is counted, and what a line of the log calls it. */
static const struct {
	size_t counter;
	const char *what;
} bounds[VM_BOUND_COUNT] = {
	[VM_BOUND_CEILING] = { offsetof(struct vm_counters, over_ceiling),
			       "priorities above its ceiling" },
	[VM_BOUND_BUDGET] = { offsetof(struct vm_counters, budget_cuts),
			      "real-time budgets used up" },
	[VM_BOUND_BOOST] = { offsetof(struct vm_counters, boosts_cut),
			     "boosts that did not end in time" },
	[VM_BOUND_RATE] = { offsetof(struct vm_counters, floods), "floods of notifications" },
};

static uint64_t *counter_of(struct vm *vm, enum vm_bound bound)
{
	return (uint64_t *)((char *)&vm->counters + bounds[bound].counter);
}

void vm_bounds_passed(struct vm *vm, enum vm_bound bound, uint64_t now_ns)
{
	++*counter_of(vm, bound);
	if (now_ns >= vm->bounds.log_due_ns && vm_wake_main)
		vm_wake_main();
}

/* ---- boosts ---- */

void vm_bounds_start(struct vm *vm, const struct message *msg, uint64_t now_ns)
{
	uint64_t longest = vm->bounds.longest_ns;

	if (vm->policy->needs != RS_SOURCE_RING)
		return;
	if (msg->period_ns && msg->period_ns + VM_BOUNDS_GRACE_NS < longest)
		longest = msg->period_ns + VM_BOUNDS_GRACE_NS;
	bound_boost_begin(&vm->rings[msg->ring_id].boost, now_ns, longest);
}

/* By what such a policy learns of no boost has an end of its own. */
static bool bounds_vcpus(const struct vm *vm)
{
	return vm->policy->needs == RS_SOURCE_SWITCH || vm->policy->needs == RS_SOURCE_SCAN;
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t next_due(const struct vm *vm)
{
	uint64_t at = vm_bounds_held(vm) ? vm->bounds.held_until_ns : BOUND_NEVER;

	for (unsigned int i = 0; i < RS_RING_MAX; i++)
		at = sooner(at, bound_boost_due(&vm->rings[i].boost));
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		at = sooner(at, bound_boost_due(&vm->vcpus[i].boost));
	return at;
}

/* A timer that is not needed any more is left alone: a ring's next START moves
 * it, which is cheaper than to stop it at each END. */
static void arm(struct vm *vm)
{
	uint64_t at = next_due(vm);
	struct itimerspec spec = { 0 };

	if (at == BOUND_NEVER || at == vm->bounds.armed_ns)
		return;
	vm->bounds.armed_ns = at;
	spec.it_value.tv_sec = (time_t)(at / 1000000000);
	spec.it_value.tv_nsec = (long)(at % 1000000000);
	timerfd_settime(vm->bounds.timer, TFD_TIMER_ABSTIME, &spec, NULL);
}

void vm_bounds_follow(struct vm *vm, uint64_t now_ns)
{
	bool bound = bounds_vcpus(vm);

	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		struct vm_vcpu *v = &vm->vcpus[i];

		if (bound && v->present && v->wished)
			bound_boost_begin(&v->boost, now_ns, vm->bounds.longest_ns);
		else
			bound_boost_end(&v->boost);
	}
	arm(vm);
}

void vm_bounds_forget(struct vm *vm)
{
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		bound_boost_end(&vm->vcpus[i].boost);
}

static void cut_boosts(struct vm *vm, uint64_t now_ns)
{
	for (unsigned int i = 0; i < RS_RING_MAX; i++) {
		if (!bound_boost_over(&vm->rings[i].boost, now_ns))
			continue;
		vm_bounds_passed(vm, VM_BOUND_BOOST, now_ns);
		vm_ring_cut(vm, i);
	}
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		if (bound_boost_over(&vm->vcpus[i].boost, now_ns))
			vm_bounds_passed(vm, VM_BOUND_BOOST, now_ns);
}

static uint64_t changes(const struct vm *vm)
{
	return vm->counters.boosts + vm->counters.demotions;
}

/* What is allowed is another thing now: bring it about. */
static void apply(struct vm *vm, uint64_t changes_before, uint64_t now_ns)
{
	vm_apply_wishes(vm);
	vm_io_follow(vm);
	if (changes(vm) != changes_before)
		vm_trace_vcpus(vm, now_ns);
	arm(vm);
}

/* ---- notifications ---- */

bool vm_bounds_held(const struct vm *vm)
{
	return vm->bounds.held_until_ns != 0;
}

bool vm_bounds_allow(const struct vm *vm, unsigned int vcpu)
{
	return !vm_bounds_held(vm) && !vm->vcpus[vcpu].boost.cut;
}

static void set_listening(struct vm *vm, bool on)
{
	if (vm->listen)
		vm->listen(vm, on);
	interrupt_listen(vm, on);
}

void vm_bounds_charge(struct vm *vm, unsigned int count, uint64_t now_ns)
{
	uint64_t until = bound_rate_take(&vm->bounds.rate, count, now_ns);

	if (!until || vm_bounds_held(vm))
		return;
	vm->bounds.held_until_ns = until;
	vm_bounds_passed(vm, VM_BOUND_RATE, now_ns);
	set_listening(vm, false);
	apply(vm, changes(vm), now_ns);
}

static void release(struct vm *vm, uint64_t now_ns)
{
	if (!vm_bounds_held(vm) || now_ns < vm->bounds.held_until_ns)
		return;
	vm->bounds.held_until_ns = 0;
	set_listening(vm, true);
}

/* ---- the timer ---- */

void vm_bounds_expired(struct vm *vm, uint64_t now_ns)
{
	uint64_t before = changes(vm), expirations;

	if (read(vm->bounds.timer, &expirations, sizeof(expirations)) < 0 && errno != EAGAIN)
		return;
	vm->bounds.armed_ns = 0;
	release(vm, now_ns);
	cut_boosts(vm, now_ns);
	apply(vm, before, now_ns);
}

/* ---- main thread ---- */

int vm_bounds_open(struct vm *vm, struct rs_error **err)
{
	int ret;

	vm->bounds.timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (vm->bounds.timer < 0)
		return rs_fail_errno(err, errno, "VM %s: a timer for its bounds", vm->name);
	vm->bounds.armed_ns = 0;
	ret = vm_bounds_watch ? vm_bounds_watch(vm, vm->bounds.timer, err) : 0;
	if (ret) {
		close(vm->bounds.timer);
		vm->bounds.timer = -1;
	} else {
		arm(vm); /* another process may have left the VM held */
	}
	return ret;
}

void vm_bounds_close(struct vm *vm)
{
	if (vm->bounds.timer >= 0)
		close(vm->bounds.timer);
	vm->bounds.timer = -1;
}

void vm_bounds_report(struct vm *vm, bool last)
{
	struct vm_bounds *b = &vm->bounds;
	uint64_t now_ns = monotonic_ns(), gained[VM_BOUND_COUNT];
	char text[256] = "";

	if (now_ns < b->log_due_ns && !last)
		return;
	pthread_mutex_lock(&vm->lock);
	for (unsigned int i = 0; i < VM_BOUND_COUNT; i++) {
		gained[i] = *counter_of(vm, i) - b->told[i];
		b->told[i] += gained[i];
		if (gained[i])
			b->log_due_ns = now_ns + VM_BOUNDS_LOG_S * 1000000000ull;
	}
	pthread_mutex_unlock(&vm->lock);
	for (unsigned int i = 0; i < VM_BOUND_COUNT; i++)
		if (gained[i])
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%llu %s",
				 *text ? ", " : "", (unsigned long long)gained[i], bounds[i].what);
	if (*text)
		log_line("%s: over its bounds: %s", vm->name, text);
}
