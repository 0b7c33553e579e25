// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/interrupt.h"

#include <sys/timerfd.h>
#include <time.h>

#include "host/clock.h"
#include "host/trace.h"
#include "host/vm.h"

static void call_policy(struct vm *vm, unsigned int number)
{
	if (vm->policy_started && vm->policy->interrupt && vm->policy->interrupt(vm, number))
		vm->counters.policy_errors++;
}

static void set_deadline(struct interrupt *i, uint64_t now_ns)
{
	const uint64_t at = now_ns + i->confirm_ns;
	const struct itimerspec spec = {
		.it_value = { (time_t)(at / 1000000000), (long)(at % 1000000000) },
	};

	i->confirm_by = at;
	if (i->timer >= 0)
		timerfd_settime(i->timer, TFD_TIMER_ABSTIME, &spec, NULL);
}

/* The policy sees the boost gone. */
static void take_back(struct vm *vm, unsigned int number)
{
	vm->interrupts[number].ahead = false;
	call_policy(vm, number);
}

/* One boost serves all that come before the START which confirms the newest. */
static bool boost(struct vm *vm, unsigned int number)
{
	struct interrupt *i = &vm->interrupts[number];

	if (!vm->policy_started || !vm->policy->interrupt || i->ahead)
		return false;
	i->ahead = true;
	call_policy(vm, number);
	return true;
}

/* What the vCPU's thread was read back as, before the guest can know of it. */
static struct trace_event begin_trace(const struct vm *vm, unsigned int number, uint64_t arrived_ns)
{
	const struct interrupt *i = &vm->interrupts[number];

	return (struct trace_event){
		.t = arrived_ns,
		.boosted_ns = monotonic_ns() - arrived_ns,
		.interrupt = true,
		.vm = (uint16_t)vm->slot,
		.message = { .arg0 = number,
			     .ring_id = i->ring_id,
			     .ring_prio = i->ring_prio,
			     .vcpu = i->vcpu },
		.policy = vm->vcpus[i->vcpu].now.policy,
		.priority = (uint8_t)vm->vcpus[i->vcpu].now.priority,
	};
}

void interrupt_raise(struct vm *vm, unsigned int number, uint64_t arrived_ns)
{
	struct interrupt *i = &vm->interrupts[number];
	bool shared = i->ahead, begun = boost(vm, number);
	struct trace_event event = begin_trace(vm, number, arrived_ns);

	event.sent = vm->raise && vm->raise(vm, number, arrived_ns, &i->event);
	event.handled_ns = monotonic_ns() - arrived_ns;
	event.message.sequence = event.sent ? i->event : 0;
	trace_add(&event);
	vm->counters.irq_raised++;
	vm->counters.irq_lost += !event.sent;
	vm->counters.irq_coalesced += event.sent && shared;
	if (!begun)
		return;
	/* Of an interrupt that was lost no START can come. */
	if (event.sent)
		set_deadline(i, arrived_ns + event.handled_ns);
	else
		take_back(vm, number);
}

/* A START that names no event is about all of them: a guest that tells by
 * g_sched_notify_start() (P8) does not know. */
static bool confirms(const struct interrupt *i, uint32_t event)
{
	return !event || (int32_t)(event - i->event) >= 0;
}

void interrupt_follow(struct vm *vm, const struct message *msg)
{
	for (unsigned int n = 0; n < RS_INTERRUPT_MAX; n++) {
		struct interrupt *i = &vm->interrupts[n];

		if (!i->ahead || i->ring_id != msg->ring_id)
			continue;
		if (msg->kind == RS_KIND_START && confirms(i, msg->arg0)) {
			i->ahead = false;
			vm->counters.irq_confirmed++;
		} else if (msg->kind == RS_KIND_END) {
			/* One that waited for this END has its time from now on. */
			set_deadline(i, monotonic_ns());
		}
	}
}

void interrupt_withdraw(struct vm *vm, unsigned int number)
{
	if (!vm->interrupts[number].ahead)
		return;
	vm->counters.irq_unconfirmed++;
	take_back(vm, number);
}

void interrupt_expire(struct vm *vm, unsigned int number, uint64_t now_ns)
{
	const struct interrupt *i = &vm->interrupts[number];

	const struct vm_ring *ring = &vm->rings[i->ring_id];

	/* While the ring is active an interrupt waits for its END. */
	if (now_ns >= i->confirm_by && (!ring->active || ring->boost.cut))
		interrupt_withdraw(vm, number);
}

void interrupt_cut(struct vm *vm, unsigned int ring_id)
{
	for (unsigned int n = 0; n < RS_INTERRUPT_MAX; n++)
		if (vm->interrupts[n].ring_id == ring_id)
			interrupt_withdraw(vm, n);
}

void interrupt_forget(struct vm *vm)
{
	for (unsigned int n = 0; n < RS_INTERRUPT_MAX; n++) {
		vm->counters.irq_unconfirmed += vm->interrupts[n].ahead;
		vm->interrupts[n].ahead = false;
	}
}
