// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The budget that the daemon keeps itself. The CPU time is real (a thread that
 * spins until it has used so much), the moments are the test's: a window is
 * over when vm_budget_expired() is told a time behind its end.
 */
#include <time.h>

#include "tests/unit/policy_world.h"

/* 20 ms in each second: used up by one spin of the fake vCPU. */
#define PERMILLE 20
#define PERIOD_US 1000000
#define PERIOD_NS 1000000000ull
#define SPIN_NS (FAKE_SPIN_MS * 1000000ull)

_Static_assert(FAKE_SPIN_MS * 1000 > PERIOD_US / 1000 * PERMILLE, "a spin is within the budget");

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static void connect_with(const char *policy, unsigned int permille, enum vm_budget_by by)
{
	const struct vm_config config = {
		.name = "loop",
		.socket = "/nowhere",
		.ceiling = CEILING,
		.budget_permille = permille,
		.budget_period_us = PERIOD_US,
		.budget_by = by,
		.policy = policy_find(policy, NULL),
		.record = record,
	};

	vm = vm_add(&config, NULL);
	assert_non_null(vm);
	assert_int_equal(vm_connect(vm, p.pid, NULL), 0);
	assert_int_equal(vm_prepare(vm, NULL), 0);
}

static void expire(uint64_t at_ns)
{
	pthread_mutex_lock(&vm->lock);
	vm_budget_expired(vm, at_ns);
	pthread_mutex_unlock(&vm->lock);
}

static void spin(void)
{
	fake_process_order(&p, 's');
}

/* A guest that never ends its ring. */
static void test_cut_and_restored(void **state)
{
	uint64_t end;

	(void)state;
	connect_with("ring", PERMILLE, VM_BUDGET_DAEMON);
	assert_int_equal(vm->budget.by, VM_BUDGET_DAEMON);
	send(RS_KIND_START, 1, 40);
	assert_sched(p.vcpu[0], SCHED_FIFO, 40);
	end = vm->budget.window_end;
	expire(end - PERIOD_NS / 2); /* nothing used yet */
	assert_sched(p.vcpu[0], SCHED_FIFO, 40);
	assert_int_equal(vm->counters.budget_cuts, 0);
	spin();
	expire(end - PERIOD_NS / 2);
	assert_sched(p.vcpu[0], SCHED_OTHER, 0);
	assert_int_equal(vm->counters.budget_cuts, 1);
	assert_int_equal(vm->counters.demotions, 1);
	assert_true(vm->budget.cut);
	assert_true(vm->budget.used_ns >= SPIN_NS);
	expire(end - 1); /* until the window's end, whatever the guest says */
	send(RS_KIND_START, 1, 40);
	send(RS_KIND_START, 2, 60);
	assert_sched(p.vcpu[0], SCHED_OTHER, 0);
	assert_int_equal(vm->counters.budget_cuts, 1);
	expire(end); /* the highest ring asked for meanwhile is what holds */
	assert_sched(p.vcpu[0], SCHED_FIFO, 60);
	assert_int_equal(vm->budget.window_end, end + PERIOD_NS);
	send(RS_KIND_END, 2, 60);
	send(RS_KIND_END, 1, 40);
	assert_all_normal();
}

static void test_ended_meanwhile_stays_ordinary(void **state)
{
	uint64_t end;

	(void)state;
	connect_with("ring", PERMILLE, VM_BUDGET_DAEMON);
	send(RS_KIND_START, 1, 40);
	end = vm->budget.window_end;
	spin();
	expire(end - 1);
	assert_sched(p.vcpu[0], SCHED_OTHER, 0);
	send(RS_KIND_END, 1, 40);
	expire(end);
	assert_all_normal();
	assert_int_equal(vm->counters.boosts, 1);
}

/* START and END in quick turn: what lies between is counted exactly, and no
 * timer is needed to see it. */
static void test_flips(void **state)
{
	(void)state;
	connect_with("ring", PERMILLE, VM_BUDGET_DAEMON);
	for (int i = 0; i < 100; i++) {
		send(RS_KIND_START, 1, 40);
		send(RS_KIND_END, 1, 40);
	}
	assert_int_equal(vm->counters.budget_cuts, 0);
	send(RS_KIND_START, 1, 40);
	spin();
	send(RS_KIND_END, 1, 40);
	assert_int_equal(vm->counters.budget_cuts, 0); /* nothing more was wanted */
	assert_true(vm->budget.used_ns >= SPIN_NS);
	send(RS_KIND_START, 1, 40);
	assert_sched(p.vcpu[0], SCHED_OTHER, 0);
	assert_int_equal(vm->counters.budget_cuts, 1);
	spin(); /* ordinary CPU time is free */
	assert_true(vm->budget.used_ns < 2 * SPIN_NS);
}

/* Used beyond the budget: the windows that follow pay. */
static void test_debt(void **state)
{
	uint64_t end;

	(void)state;
	connect_with("ring", PERMILLE, VM_BUDGET_DAEMON);
	send(RS_KIND_START, 1, 40);
	end = vm->budget.window_end;
	spin();
	spin();
	expire(end - 1);
	assert_sched(p.vcpu[0], SCHED_OTHER, 0);
	expire(end);
	assert_sched(p.vcpu[0], SCHED_OTHER, 0); /* 60 - 20 of 20 ms */
	expire(end + PERIOD_NS);
	assert_sched(p.vcpu[0], SCHED_OTHER, 0);
	expire(end + 3 * PERIOD_NS);
	assert_sched(p.vcpu[0], SCHED_FIFO, 40);
	assert_int_equal(vm->counters.budget_cuts, 1);
}

/* No ring: a window begins with the next boost, not with the clock. */
static void test_window_begins_with_a_boost(void **state)
{
	uint64_t begin;

	(void)state;
	connect_with("ring", PERMILLE, VM_BUDGET_DAEMON);
	vm->budget.window_end = 5; /* ended long ago */
	begin = now_ns();
	send(RS_KIND_START, 1, 40);
	assert_in_range(vm->budget.window_end, begin + PERIOD_NS, now_ns() + PERIOD_NS);
	send(RS_KIND_END, 1, 40);
}

/* The VM has one budget; a vCPU that uses it up takes it from the others. */
static void test_vcpus_share(void **state)
{
	uint64_t end;

	(void)state;
	connect_with("ring", PERMILLE, VM_BUDGET_DAEMON);
	send_to(0, RS_KIND_START, 1, 20);
	send_to(1, RS_KIND_START, 2, 30);
	end = vm->budget.window_end;
	spin();
	expire(end - 1);
	assert_sched(p.vcpu[0], SCHED_OTHER, 0);
	assert_sched(p.vcpu[1], SCHED_OTHER, 0);
	expire(end + 2 * PERIOD_NS);
	assert_sched(p.vcpu[0], SCHED_FIFO, 20);
	assert_sched(p.vcpu[1], SCHED_FIFO, 30);
}

/* Every policy meets it, also one that wants no events. */
static void test_static(void **state)
{
	uint64_t end;

	(void)state;
	connect_with("static", PERMILLE, VM_BUDGET_DAEMON);
	assert_sched(p.vcpu[0], SCHED_FIFO, CEILING);
	end = vm->budget.window_end;
	spin();
	expire(end - 1);
	assert_all_normal();
	expire(end + PERIOD_NS);
	assert_sched(p.vcpu[0], SCHED_FIFO, CEILING);
	choose("none"); /* and a wish of a policy that is gone is gone */
	expire(end + 3 * PERIOD_NS);
	assert_all_normal();
}

static void test_removed_while_cut(void **state)
{
	(void)state;
	connect_with("ring", PERMILLE, VM_BUDGET_DAEMON);
	send(RS_KIND_START, 1, 40);
	spin();
	expire(vm->budget.window_end - 1);
	assert_sched(p.vcpu[0], SCHED_OTHER, 0);
	vm_remove(vm);
	vm = NULL;
	assert_all_normal();
	assert_int_equal(record_used(record), 0);
}

/* To connect again brings no other budget. */
static void test_outlasts_its_process(void **state)
{
	uint64_t end;

	(void)state;
	connect_with("ring", PERMILLE, VM_BUDGET_DAEMON);
	send(RS_KIND_START, 1, 40);
	end = vm->budget.window_end;
	spin();
	vm_disconnect(vm);
	assert_all_normal();
	assert_int_equal(vm_connect(vm, p.pid, NULL), 0);
	assert_int_equal(vm_prepare(vm, NULL), 0);
	send(RS_KIND_START, 1, 40);
	assert_sched(p.vcpu[0], SCHED_OTHER, 0);
	assert_int_equal(vm->counters.budget_cuts, 1);
	assert_int_equal(vm->budget.window_end, end);
	expire(end);
	assert_sched(p.vcpu[0], SCHED_FIFO, 40);
}

/* In the root group no cgroup keeps a budget, whatever the kernel has. */
static void test_left_to_a_kernel_without(void **state)
{
	struct cgroup_place place;

	(void)state;
	assert_int_equal(cgroup_find_cpu(p.pid, p.vcpu[0], &place, NULL), 0);
	if (place.version == 1 && !place.root)
		skip();
	connect_with("ring", PERMILLE, VM_BUDGET_KERNEL);
	assert_int_equal(vm->budget.by, VM_BUDGET_NOBODY);
	send(RS_KIND_START, 1, 40);
	spin();
	expire(now_ns());
	assert_sched(p.vcpu[0], SCHED_FIFO, 40);
	vm_remove(vm);
	connect_with("ring", PERMILLE, VM_BUDGET_AUTO);
	assert_int_equal(vm->budget.by, VM_BUDGET_DAEMON);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_cut_and_restored),
		T(test_ended_meanwhile_stays_ordinary),
		T(test_flips),
		T(test_debt),
		T(test_window_begins_with_a_boost),
		T(test_vcpus_share),
		T(test_static),
		T(test_removed_while_cut),
		T(test_outlasts_its_process),
		T(test_left_to_a_kernel_without),
	};

	if (!realtime_permitted())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
