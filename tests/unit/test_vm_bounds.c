// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a guest cannot pass, over the loop transport: the threads are real, the
 * clock is the test's. See policy_world.h.
 */
#include <unistd.h>

#include "tests/unit/policy_world.h"

#define MS 1000000ull
#define PERIOD (20 * MS)
#define CUT (PERIOD + VM_BOUNDS_GRACE_NS) /* after START */
#define LONGEST (VM_LONGEST_BOOST_DEFAULT_US * 1000ull)

static uint64_t clock_ns;
static uint64_t period_ns;

static int set_up_clock(void **state)
{
	clock_ns = 1000 * MS;
	period_ns = PERIOD;
	return set_up(state);
}

/* A message of this kind at the clock's time, as the guest wrote it. */
static void deliver(struct message m)
{
	pthread_mutex_lock(&vm->lock);
	vm_message(vm, &m, clock_ns);
	pthread_mutex_unlock(&vm->lock);
}

static void tell(enum rs_kind kind, unsigned int ring, unsigned int prio)
{
	sequence++;
	deliver((struct message){
		.kind = kind,
		.ring_prio = (uint8_t)prio,
		.ring_id = (uint16_t)ring,
		.sequence = sequence,
		.guest_ns = clock_ns,
		.period_ns = period_ns,
	});
}

/* The clock goes on; the timer fires if it is due. */
static void pass(uint64_t ns)
{
	clock_ns += ns;
	pthread_mutex_lock(&vm->lock);
	if (vm->bounds.armed_ns && vm->bounds.armed_ns <= clock_ns)
		vm_bounds_expired(vm, clock_ns);
	pthread_mutex_unlock(&vm->lock);
}

static void assert_boosted(unsigned int prio)
{
	assert_sched(p.vcpu[0], SCHED_FIFO, prio);
}

static void assert_ordinary(void)
{
	assert_sched(p.vcpu[0], SCHED_OTHER, 0);
}

/* From START to demotion: one period and less than 1 ms. */
static void test_a_ring_that_never_ends(void **state)
{
	(void)state;
	connect_vm("ring", VM_ROLE_CONTROL);
	tell(RS_KIND_START, 1, 40);
	assert_boosted(40);
	assert_int_equal(vm->bounds.armed_ns, clock_ns + CUT);
	assert_true(CUT < PERIOD + MS);
	pass(CUT - 1);
	assert_boosted(40);
	assert_int_equal(vm->counters.boosts_cut, 0);
	pass(1);
	assert_ordinary();
	assert_int_equal(vm->counters.boosts_cut, 1);
	assert_int_equal(vm->counters.demotions, 1);
	pass(1000 * PERIOD); /* it stays so, and is counted once */
	assert_ordinary();
	assert_int_equal(vm->counters.boosts_cut, 1);
	tell(RS_KIND_END, 1, 40);
	tell(RS_KIND_START, 1, 40); /* the rule by which it has its boost back */
	assert_boosted(40);
	tell(RS_KIND_END, 1, 40);
	assert_all_normal();
}

/* A ring as it should be is never cut, wherever in its period it begins. */
static void test_a_ring_that_keeps_its_period(void **state)
{
	(void)state;
	connect_vm("ring", VM_ROLE_CONTROL);
	for (unsigned int i = 0; i < 100; i++) {
		uint64_t late = i * 7 % 10 * 20000; /* of START; up to 180 us */

		pass(late);
		tell(RS_KIND_START, 1, 40);
		assert_boosted(40);
		pass(PERIOD - 200000); /* nearly the whole of it */
		assert_boosted(40);
		tell(RS_KIND_END, 1, 40);
		assert_ordinary();
		pass(200000 - late);
	}
	assert_int_equal(vm->counters.boosts_cut, 0);
	assert_int_equal(vm->counters.boosts, 100);
}

static void test_only_starts(void **state)
{
	(void)state;
	connect_vm("ring", VM_ROLE_CONTROL);
	for (unsigned int i = 0; i < 5; i++) {
		tell(RS_KIND_START, 1, 40); /* anew each half period */
		assert_int_equal(vm->rings[1].boost.cut, i > 2);
		pass(PERIOD / 2);
	}
	assert_ordinary();
	tell(RS_KIND_START, 1, 60); /* nor by another priority */
	assert_ordinary();
	assert_int_equal(vm->counters.restarts, 5);
	assert_int_equal(vm->counters.boosts_cut, 1);
	assert_int_equal(vm->counters.boosts, 1);
}

static void test_end_without_start(void **state)
{
	(void)state;
	connect_vm("ring", VM_ROLE_CONTROL);
	tell(RS_KIND_END, 1, 40);
	tell(RS_KIND_END, 1, 40);
	assert_all_normal();
	assert_int_equal(vm->counters.stray_ends, 2);
	assert_int_equal(vm->counters.changes, 0);
	tell(RS_KIND_START, 1, 40);
	assert_boosted(40);
}

/* One END is lost: the period it ended is all that is missing from then on. */
static void test_a_lost_end(void **state)
{
	(void)state;
	connect_vm("ring", VM_ROLE_CONTROL);
	tell(RS_KIND_START, 1, 40);
	sequence++; /* the END */
	pass(CUT);
	assert_ordinary();
	tell(RS_KIND_START, 1, 40);
	assert_ordinary();
	assert_int_equal(vm->counters.lost, 1);
	pass(PERIOD / 2);
	tell(RS_KIND_END, 1, 40);
	pass(PERIOD / 2);
	tell(RS_KIND_START, 1, 40);
	assert_boosted(40);
	assert_int_equal(vm->counters.boosts_cut, 1);
}

/* A dead ring is as one that ended; those beside it go on. */
static void test_a_dead_ring_beside_another(void **state)
{
	(void)state;
	connect_vm("ring", VM_ROLE_CONTROL);
	tell(RS_KIND_START, 1, 60);
	pass(PERIOD / 2);
	tell(RS_KIND_START, 2, 40);
	assert_boosted(60);
	pass(CUT - PERIOD / 2);
	assert_boosted(40);
	assert_true(vm->rings[1].boost.cut);
	assert_false(vm->rings[2].boost.cut);
	tell(RS_KIND_END, 2, 40);
	assert_ordinary();
	tell(RS_KIND_ATTACH, 0, 0); /* a fresh driver */
	tell(RS_KIND_START, 1, 60);
	assert_boosted(60);
}

/* The longest boost is what holds where a ring tells no period, or a longer one. */
static void test_longest(void **state)
{
	static const uint64_t periods[] = { 0, 60000 * MS };

	(void)state;
	connect_vm("ring", VM_ROLE_CONTROL);
	for (unsigned int i = 0; i < 2; i++) {
		period_ns = periods[i];
		tell(RS_KIND_START, 1, 40);
		pass(LONGEST - 1);
		assert_boosted(40);
		pass(1);
		assert_ordinary();
		assert_int_equal(vm->counters.boosts_cut, i + 1);
		tell(RS_KIND_END, 1, 40);
	}
}

static void test_above_the_ceiling(void **state)
{
	(void)state;
	connect_vm("ring", VM_ROLE_CONTROL);
	tell(RS_KIND_START, 1, CEILING);
	assert_int_equal(vm->counters.over_ceiling, 0);
	tell(RS_KIND_START, 2, 99);
	assert_boosted(CEILING);
	assert_int_equal(vm->counters.over_ceiling, 1);
}

/* A repeated message is what the guest says, as any other; it gains no time. */
static void test_repeats(void **state)
{
	(void)state;
	connect_vm("ring", VM_ROLE_CONTROL);
	tell(RS_KIND_START, 1, 40);
	pass(PERIOD / 2);
	sequence--;
	tell(RS_KIND_START, 1, 40);
	assert_int_equal(vm->counters.reordered, 1);
	assert_int_equal(vm->counters.restarts, 1);
	pass(CUT - PERIOD / 2);
	assert_ordinary();
	tell(RS_KIND_END, 1, 40);
	sequence--;
	tell(RS_KIND_END, 1, 40);
	assert_int_equal(vm->counters.reordered, 2);
	assert_int_equal(vm->counters.stray_ends, 1);
	sequence += 1000; /* a gap; what follows it is believed */
	tell(RS_KIND_START, 1, 40);
	assert_boosted(40);
	assert_int_equal(vm->counters.lost, 1000);
}

/* The guest's clock decides nothing. */
static void test_a_clock_from_the_future(void **state)
{
	const struct message ahead = {
		.kind = RS_KIND_START,
		.ring_prio = 40,
		.ring_id = 1,
		.sequence = 2,
		.guest_ns = UINT64_MAX,
		.next_start_ns = RS_PERIOD_MAX_NS,
		.period_ns = PERIOD,
	};

	(void)state;
	connect_vm("ring", VM_ROLE_CONTROL);
	tell(RS_KIND_END, 1, 40);
	deliver(ahead);
	sequence++;
	assert_boosted(40);
	assert_int_equal(vm->counters.stamps_ahead, 1);
	pass(CUT - 1);
	assert_boosted(40);
	pass(1);
	assert_ordinary();
	tell(RS_KIND_END, 1, 40); /* back in the past */
	assert_int_equal(vm->counters.stamps_ahead, 1);
}

/* Without rings it is the vCPU that is bound. */
static void test_task_that_never_ends(void **state)
{
	(void)state;
	connect_vm("per_switch", VM_ROLE_CONTROL);
	tell(RS_KIND_SWITCH, 0, 40);
	pass(LONGEST / 2);
	tell(RS_KIND_SWITCH, 0, 50); /* another, without a pause */
	assert_boosted(50);
	pass(LONGEST / 2);
	assert_ordinary();
	assert_int_equal(vm->counters.boosts_cut, 1);
	tell(RS_KIND_SWITCH, 0, 40);
	assert_ordinary();
	tell(RS_KIND_SWITCH, 0, 0);
	tell(RS_KIND_SWITCH, 0, 40);
	assert_boosted(40);
}

/* What the host decided by itself is no guest's boost. */
static void test_static_is_not_bound(void **state)
{
	(void)state;
	connect_vm("static", VM_ROLE_CONTROL);
	tell(RS_KIND_START, 1, 40);
	pass(100 * LONGEST);
	assert_boosted(CEILING);
	assert_int_equal(vm->counters.boosts_cut, 0);
}

/* A cut under one policy is none under another. */
static void test_change_of_policy(void **state)
{
	(void)state;
	connect_vm("per_switch", VM_ROLE_CONTROL);
	tell(RS_KIND_SWITCH, 0, 40);
	pass(LONGEST);
	assert_ordinary();
	choose("static");
	assert_boosted(CEILING);
	choose("ring");
	assert_ordinary();
	tell(RS_KIND_START, 1, 40);
	assert_boosted(40);
}

/* ---- notifications ---- */

static bool listening;

static void note_listening(struct vm *to, bool on)
{
	assert_ptr_equal(to, vm);
	assert_true(on != listening);
	listening = on;
}

static void charge(unsigned int count)
{
	pthread_mutex_lock(&vm->lock);
	vm_bounds_charge(vm, count, clock_ns);
	pthread_mutex_unlock(&vm->lock);
}

static void test_a_flood(void **state)
{
	const unsigned int depth = VM_NOTIFY_RATE_DEFAULT * BOUND_RATE_DEPTH_MS / 1000;

	(void)state;
	connect_vm("ring", VM_ROLE_CONTROL);
	listening = true;
	vm->listen = note_listening;
	period_ns = 1000 * MS;
	tell(RS_KIND_START, 1, 40);
	charge(depth);
	assert_boosted(40);
	charge(1);
	assert_true(vm_bounds_held(vm));
	assert_false(listening);
	assert_ordinary();
	assert_int_equal(vm->counters.floods, 1);
	tell(RS_KIND_START, 2, 50); /* one that was under way */
	assert_ordinary();
	pass(BOUND_RATE_DEPTH_MS * MS / 2 - 1000);
	assert_true(vm_bounds_held(vm));
	pass(MS);
	assert_false(vm_bounds_held(vm));
	assert_true(listening);
	assert_boosted(50); /* as it asked for last */
	charge(depth); /* half of it was there */
	assert_true(vm_bounds_held(vm));
	assert_int_equal(vm->counters.floods, 2);
}

/* Neither another policy nor another process lets it go before its time. */
static void test_held_through_changes(void **state)
{
	(void)state;
	connect_vm("ring", VM_ROLE_CONTROL);
	charge(100000);
	assert_true(vm_bounds_held(vm));
	choose("static");
	assert_ordinary();
	vm_disconnect(vm);
	assert_true(vm_bounds_held(vm));
	assert_int_equal(vm->bounds.timer, -1);
	assert_int_equal(vm_connect(vm, p.pid, NULL), 0);
	assert_int_equal(vm_prepare(vm, NULL), 0);
	assert_int_equal(vm->bounds.armed_ns, vm->bounds.held_until_ns);
	assert_ordinary();
	pass(vm->bounds.held_until_ns - clock_ns);
	assert_boosted(CEILING);
}

/* ---- with interrupts ---- */

/* One that waits for the END of its ring waits no longer than the ring lasts. */
static void test_interrupt_of_a_dead_ring(void **state)
{
	(void)state;
	connect_vm("ring_irq", VM_ROLE_CONTROL);
	vm->interrupts[3] = (struct interrupt){
		.used = true,
		.ring_id = 1,
		.ring_prio = 60,
		.confirm_ns = 10 * MS,
		.timer = -1,
		.input = -1,
	};
	tell(RS_KIND_START, 1, 60);
	vm->interrupts[3].ahead = true;
	pass(CUT);
	assert_ordinary();
	assert_false(vm->interrupts[3].ahead);
	assert_int_equal(vm->counters.irq_unconfirmed, 1);
}

/* ---- the log ---- */

/* At once, then not before the interval is over, then all of it. */
static void test_told_once(void **state)
{
	const uint64_t *told;

	(void)state;
	connect_vm("ring", VM_ROLE_CONTROL);
	told = &vm->bounds.told[VM_BOUND_BOOST];
	for (unsigned int i = 1; i <= 3; i++) {
		tell(RS_KIND_START, 1, 40);
		pass(CUT);
		tell(RS_KIND_END, 1, 40);
		vm_bounds_report(vm, false);
		assert_int_equal(vm->counters.boosts_cut, i);
		assert_int_equal(*told, 1);
	}
	vm->bounds.log_due_ns = 0;
	vm_bounds_report(vm, false);
	assert_int_equal(*told, 3);
	vm_counters_reset(vm);
	assert_int_equal(*told, 0);
}

#undef T
#define T(name) cmocka_unit_test_setup_teardown(name, set_up_clock, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_a_ring_that_never_ends),
		T(test_a_ring_that_keeps_its_period),
		T(test_only_starts),
		T(test_end_without_start),
		T(test_a_lost_end),
		T(test_a_dead_ring_beside_another),
		T(test_longest),
		T(test_above_the_ceiling),
		T(test_repeats),
		T(test_a_clock_from_the_future),
		T(test_task_that_never_ends),
		T(test_static_is_not_bound),
		T(test_change_of_policy),
		T(test_a_flood),
		T(test_held_through_changes),
		T(test_interrupt_of_a_dead_ring),
		T(test_told_once),
	};

	if (!realtime_permitted())
		return 77;
	return cmocka_run_group_tests_name("bounds of a VM", tests, NULL, NULL);
}
