// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * External interrupts over the loop transport (P11, P14c): a boost is in force
 * before the guest can see the interrupt, START confirms it, END ends it, and
 * one that is not confirmed is taken back. See policy_world.h.
 */
#include <time.h>

#include "tests/unit/policy_world.h"

#define NUMBER 3
#define RING 1
#define PRIO 60
#define CONFIRM_NS 10000000ull

/* The transport: what the kernel said of the vCPU when the guest got it. */
static struct {
	unsigned int count;
	uint32_t event;
	struct sched_state seen;
	bool full; /* no buffer */
} raised;

static bool loop_raise(struct vm *to, unsigned int number, uint64_t arrived_ns, uint32_t *event)
{
	assert_ptr_equal(to, vm);
	assert_int_equal(number, NUMBER);
	assert_true(arrived_ns > 0);
	assert_int_equal(sched_read(p.vcpu[0], &raised.seen), 0);
	if (raised.full)
		return false;
	raised.count++;
	*event = ++raised.event;
	return true;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

static void connect_with_interrupt(const char *policy)
{
	memset(&raised, 0, sizeof(raised));
	connect_vm(policy, VM_ROLE_CONTROL);
	vm->raise = loop_raise;
	vm->interrupts[NUMBER] = (struct interrupt){
		.used = true,
		.ring_id = RING,
		.ring_prio = PRIO,
		.confirm_ns = CONFIRM_NS,
		.timer = -1,
		.input = -1,
	};
}

static void raise_one(void)
{
	pthread_mutex_lock(&vm->lock);
	interrupt_raise(vm, NUMBER, now_ns());
	pthread_mutex_unlock(&vm->lock);
}

static void pass(uint64_t ns)
{
	pthread_mutex_lock(&vm->lock);
	interrupt_expire(vm, NUMBER, now_ns() + ns);
	pthread_mutex_unlock(&vm->lock);
}

/* START of an interrupt's period, which is about the events up to `event`. */
static void start_about(uint32_t event)
{
	const struct message m = {
		.kind = RS_KIND_START,
		.ring_prio = PRIO,
		.ring_id = RING,
		.sequence = sequence + 1,
		.arg0 = event,
	};

	sequence++;
	pthread_mutex_lock(&vm->lock);
	vm_message(vm, &m, 0);
	pthread_mutex_unlock(&vm->lock);
}

static void test_boost_comes_before_the_interrupt(void **state)
{
	(void)state;
	connect_with_interrupt("ring_irq");
	assert_all_normal();
	raise_one();
	assert_int_equal(raised.seen.policy, SCHED_FIFO);
	assert_int_equal(raised.seen.priority, PRIO);
	assert_sched(p.vcpu[0], SCHED_FIFO, PRIO);
	assert_sched(p.vcpu[1], SCHED_OTHER, 0);
	start_about(1);
	assert_sched(p.vcpu[0], SCHED_FIFO, PRIO);
	pass(100 * CONFIRM_NS); /* it is confirmed: no time is running */
	assert_sched(p.vcpu[0], SCHED_FIFO, PRIO);
	send(RS_KIND_END, RING, PRIO);
	assert_all_normal();
	assert_int_equal(vm->counters.irq_raised, 1);
	assert_int_equal(vm->counters.irq_confirmed, 1);
	assert_int_equal(vm->counters.irq_unconfirmed, 0);
	assert_int_equal(vm->counters.boosts, 1);
}

static void test_other_policies_raise_it_unboosted(void **state)
{
	static const char *const names[] = { "none", "ring", "ring_boot" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		connect_with_interrupt(names[i]);
		vm->low = false; /* ring_boot: of a VM that is up */
		vm->has_run = true;
		choose(names[i]);
		raise_one();
		assert_int_equal(raised.count, 1);
		assert_int_equal(raised.seen.policy, SCHED_OTHER);
		assert_all_normal();
		assert_int_equal(vm->counters.irq_raised, 1);
		assert_int_equal(vm->counters.irq_confirmed, 0);
		pass(100 * CONFIRM_NS);
		assert_int_equal(vm->counters.irq_unconfirmed, 0);
		tear_down(state);
		set_up(state);
	}
}

static void test_unconfirmed_is_taken_back(void **state)
{
	(void)state;
	connect_with_interrupt("ring_irq");
	raise_one();
	pass(CONFIRM_NS / 2);
	assert_sched(p.vcpu[0], SCHED_FIFO, PRIO);
	pass(CONFIRM_NS);
	assert_all_normal();
	assert_int_equal(vm->counters.irq_unconfirmed, 1);
	start_about(1); /* too late to confirm, but a START all the same */
	assert_sched(p.vcpu[0], SCHED_FIFO, PRIO);
	assert_int_equal(vm->counters.irq_confirmed, 0);
	send(RS_KIND_END, RING, PRIO);
	assert_all_normal();
}

/* A guest that never starts its ring does not stay boosted because interrupts
 * go on: the first one's time counts. */
static void test_later_ones_do_not_prolong_it(void **state)
{
	uint64_t by;

	(void)state;
	connect_with_interrupt("ring_irq");
	raise_one();
	by = vm->interrupts[NUMBER].confirm_by;
	raise_one();
	raise_one();
	assert_int_equal(vm->interrupts[NUMBER].confirm_by, by);
	assert_int_equal(vm->counters.irq_coalesced, 2);
	pass(CONFIRM_NS);
	assert_all_normal();
	assert_int_equal(vm->counters.irq_unconfirmed, 1);
}

/* It came while the ring ran: between END and its own START the vCPU keeps
 * its priority, for its START is still to come. */
static void test_one_that_waits_outlives_end(void **state)
{
	(void)state;
	connect_with_interrupt("ring_irq");
	raise_one();
	raise_one();
	start_about(1);
	assert_int_equal(vm->counters.irq_confirmed, 0);
	pass(100 * CONFIRM_NS); /* it waits for its ring, not for START */
	send(RS_KIND_END, RING, PRIO);
	assert_sched(p.vcpu[0], SCHED_FIFO, PRIO);
	assert_int_equal(vm->counters.demotions, 0);
	start_about(2);
	assert_int_equal(vm->counters.irq_confirmed, 1);
	send(RS_KIND_END, RING, PRIO);
	assert_all_normal();
	assert_int_equal(vm->counters.irq_unconfirmed, 0);
}

/* From END on a time runs for the one that waited. */
static void test_one_that_waits_has_its_own_time(void **state)
{
	(void)state;
	connect_with_interrupt("ring_irq");
	raise_one();
	raise_one();
	start_about(1);
	send(RS_KIND_END, RING, PRIO);
	pass(CONFIRM_NS / 2);
	assert_sched(p.vcpu[0], SCHED_FIFO, PRIO);
	pass(CONFIRM_NS);
	assert_all_normal();
	assert_int_equal(vm->counters.irq_unconfirmed, 1);
}

static void test_start_without_an_event_confirms(void **state)
{
	(void)state;
	connect_with_interrupt("ring_irq");
	raise_one();
	send(RS_KIND_START, RING + 1, 20); /* another ring's says nothing of it */
	assert_int_equal(vm->counters.irq_confirmed, 0);
	assert_sched(p.vcpu[0], SCHED_FIFO, PRIO);
	send(RS_KIND_START, RING, PRIO); /* g_sched_notify_start(): no event */
	assert_int_equal(vm->counters.irq_confirmed, 1);
}

/* Event numbers wrap. */
static void test_events_wrap(void **state)
{
	(void)state;
	connect_with_interrupt("ring_irq");
	raised.event = UINT32_MAX - 1;
	raise_one();
	start_about(1);
	assert_int_equal(vm->counters.irq_confirmed, 1);
	send(RS_KIND_END, RING, PRIO);
	raised.event = 5;
	raise_one(); /* 6 */
	start_about(UINT32_MAX - 3);
	assert_int_equal(vm->counters.irq_confirmed, 1);
}

static void test_lost_is_not_boosted_for(void **state)
{
	(void)state;
	connect_with_interrupt("ring_irq");
	raised.full = true;
	raise_one();
	assert_all_normal();
	assert_int_equal(vm->counters.irq_lost, 1);
	assert_int_equal(vm->counters.irq_unconfirmed, 0);
	vm->raise = NULL; /* no guest is connected */
	raise_one();
	assert_all_normal();
	assert_int_equal(vm->counters.irq_lost, 2);
	assert_int_equal(vm->counters.irq_raised, 2);
}

/* The highest of what is active and what is boosted ahead, within the ceiling. */
static void test_with_rings_and_ceiling(void **state)
{
	(void)state;
	connect_with_interrupt("ring_irq");
	send(RS_KIND_START, 2, PRIO - 10);
	raise_one();
	assert_sched(p.vcpu[0], SCHED_FIFO, PRIO);
	pass(CONFIRM_NS);
	assert_sched(p.vcpu[0], SCHED_FIFO, PRIO - 10);
	send(RS_KIND_START, 3, PRIO + 5);
	raise_one();
	assert_sched(p.vcpu[0], SCHED_FIFO, PRIO + 5);
	pass(CONFIRM_NS);
	vm->interrupts[NUMBER].ring_prio = RS_PRIO_MAX;
	raise_one();
	assert_sched(p.vcpu[0], SCHED_FIFO, CEILING);
}

/* A driver that goes, a policy that changes, a VM that leaves: no START comes. */
static void test_ends_of_a_boost(void **state)
{
	(void)state;
	connect_with_interrupt("ring_irq");
	raise_one();
	send(RS_KIND_BYE, 0, 0);
	assert_all_normal();
	raise_one();
	pthread_mutex_lock(&vm->lock);
	vm_rings_clear(vm);
	pthread_mutex_unlock(&vm->lock);
	assert_all_normal();
	raise_one();
	choose("ring");
	assert_all_normal();
	choose("ring_irq");
	assert_all_normal();
	raise_one();
	pthread_mutex_lock(&vm->lock);
	interrupt_withdraw(vm, NUMBER);
	pthread_mutex_unlock(&vm->lock);
	assert_all_normal();
	assert_int_equal(vm->counters.irq_unconfirmed, 4);
	raise_one();
	vm_disconnect(vm);
	assert_all_normal();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_boost_comes_before_the_interrupt),
		T(test_other_policies_raise_it_unboosted),
		T(test_unconfirmed_is_taken_back),
		T(test_later_ones_do_not_prolong_it),
		T(test_one_that_waits_outlives_end),
		T(test_one_that_waits_has_its_own_time),
		T(test_start_without_an_event_confirms),
		T(test_events_wrap),
		T(test_lost_is_not_boosted_for),
		T(test_with_rings_and_ceiling),
		T(test_ends_of_a_boost),
	};

	if (!realtime_permitted())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
