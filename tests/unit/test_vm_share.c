// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * All VMs' real-time shares of a core: who is refused, what the threads have
 * then, and when that is over. The first VM is policy_world.h's.
 */
#include "tests/unit/policy_world.h"

#define SHARE 500 /* two of them are more than VM_SHARE_TOTAL_DEFAULT */

static struct fake_process second;
static struct vm *other;
static struct coreset all;

static int set_up_two(void **state)
{
	fake_process_start(&second, 1);
	other = NULL;
	vm_share_set_total(VM_SHARE_TOTAL_DEFAULT);
	assert_int_equal(sched_read_cores(0, &all), 0);
	return set_up(state);
}

static int tear_down_two(void **state)
{
	if (other)
		vm_remove(other);
	fake_process_end(&second);
	return tear_down(state);
}

static struct vm *connect_one(const char *name, pid_t pid, const char *policy, enum vm_budget_by by)
{
	const struct vm_config config = {
		.name = name,
		.socket = "/nowhere",
		.ceiling = CEILING,
		.budget_permille = SHARE,
		.budget_by = by,
		.policy = policy_find(policy, NULL),
		.record = record,
	};
	struct vm *added = vm_add(&config, NULL);

	assert_non_null(added);
	assert_int_equal(vm_connect(added, pid, NULL), 0);
	return added;
}

static void connect_two(const char *policy)
{
	vm = connect_one("loop", p.pid, policy, VM_BUDGET_DAEMON);
	other = connect_one("other", second.pid, policy, VM_BUDGET_DAEMON);
}

/* The nth core that we may use; the test skips where there is none. */
static struct coreset one_core(unsigned int nth)
{
	struct coreset cores = { 0 };

	for (unsigned int c = 0; c < CORESET_MAX; c++)
		if (coreset_has(&all, c) && !nth--) {
			coreset_add(&cores, c);
			return cores;
		}
	skip();
	return cores;
}

static void pin(const struct fake_process *process, unsigned int vcpu, unsigned int nth)
{
	const struct coreset cores = one_core(nth);

	assert_int_equal(sched_apply_cores(process->vcpu[vcpu], &cores), 0);
}

static void pin_together(void)
{
	pin(&p, 0, 0);
	pin(&p, 1, 0);
	pin(&second, 0, 0);
}

static void settle(struct vm *which)
{
	struct rs_error *err = NULL;

	if (vm_settle(which, &err))
		fail_msg("%s", err->message);
}

static void settle_refused(struct vm *which, const char *beside)
{
	cleanup_error struct rs_error *err = NULL;

	assert_int_equal(vm_settle(which, &err), -EDQUOT);
	assert_non_null(err);
	if (!strstr(err->message, beside) || !strstr(err->message, "--rt-budget-total"))
		fail_msg("'%s' does not say '%s'", err->message, beside);
	assert_true(which->share.refused);
}

static void start_other(void)
{
	const struct message m = {
		.kind = RS_KIND_START, .ring_prio = 40, .ring_id = 1, .sequence = 1
	};

	pthread_mutex_lock(&other->lock);
	vm_message(other, &m, 0);
	pthread_mutex_unlock(&other->lock);
}

static void test_no_room(void **state)
{
	(void)state;
	pin_together();
	connect_two("ring");
	settle(vm);
	settle_refused(other, "loop (500)");
	start_other();
	assert_sched(second.vcpu[0], SCHED_OTHER, 0);
	assert_int_equal(other->counters.not_admitted, 1);
	assert_int_equal(other->counters.starts_deferred, 1);
	send(RS_KIND_START, 1, 40); /* who was first has what it had */
	assert_sched(p.vcpu[0], SCHED_FIFO, 40);
	settle_refused(other, "loop (500)"); /* still: told, and not counted again */
	assert_int_equal(other->counters.not_admitted, 1);
	vm_remove(vm);
	vm = NULL;
	assert_false(other->share.refused); /* its ring is active still */
	assert_sched(second.vcpu[0], SCHED_FIFO, 40);
	assert_int_equal(other->budget.by, VM_BUDGET_DAEMON);
}

static void test_greater_total(void **state)
{
	(void)state;
	vm_share_set_total(2 * SHARE);
	pin_together();
	connect_two("ring");
	settle(vm);
	settle(other);
	start_other();
	assert_sched(second.vcpu[0], SCHED_FIFO, 40);
	assert_int_equal(other->counters.not_admitted, 0);
}

/* It is the core that is shared. */
static void test_another_core(void **state)
{
	(void)state;
	pin_together();
	pin(&second, 0, 1);
	connect_two("ring");
	settle(vm);
	settle(other);
	start_other();
	assert_sched(second.vcpu[0], SCHED_FIFO, 40);
	pin(&second, 0, 0); /* and settled once more, with its ring active */
	settle_refused(other, "loop (500)");
	assert_sched(second.vcpu[0], SCHED_OTHER, 0);
	pin(&second, 0, 1);
	settle(other);
	assert_sched(second.vcpu[0], SCHED_FIFO, 40);
}

/* A budget may be used by one vCPU alone, wherever that is. */
static void test_whole_on_each_core(void **state)
{
	(void)state;
	pin_together();
	pin(&p, 1, 1);
	connect_two("ring");
	settle(vm);
	settle_refused(other, "loop (500)");
	pin(&second, 0, 1);
	settle_refused(other, "loop (500)");
}

static void test_free_to_move(void **state)
{
	unsigned int cores = 0;

	(void)state;
	for (unsigned int c = 0; c < CORESET_MAX; c++)
		cores += coreset_has(&all, c);
	vm_share_set_total(SHARE);
	connect_two("ring");
	settle(vm);
	if (cores < 2)
		settle_refused(other, "loop (500)");
	else
		settle(other);
}

/* What is not real-time takes nothing; another policy gives it back. */
static void test_policies(void **state)
{
	(void)state;
	pin_together();
	connect_two("static");
	settle(vm);
	settle_refused(other, "loop (500)");
	assert_sched(p.vcpu[0], SCHED_FIFO, CEILING);
	assert_sched(second.vcpu[0], SCHED_OTHER, 0);
	choose("none");
	assert_sched(second.vcpu[0], SCHED_FIFO, CEILING);
	assert_int_equal(vm_choose_policy(vm, policy_find("static", NULL), NULL), -EDQUOT);
	assert_all_normal();
	assert_int_equal(vm->counters.not_admitted, 1);
}

static void add_share(unsigned int core, unsigned int permille, void *arg)
{
	(void)core;
	*(unsigned int *)arg += permille;
}

/* Nobody keeps its budget, so it has no share that could be added up. */
static void test_without_keeper(void **state)
{
	struct cgroup_place place;
	unsigned int sum = 0;

	(void)state;
	assert_int_equal(cgroup_find_cpu(p.pid, p.vcpu[0], &place, NULL), 0);
	if (place.version == 1 && !place.root)
		skip();
	pin_together();
	vm = connect_one("loop", p.pid, "ring", VM_BUDGET_KERNEL);
	settle(vm);
	vm_share_each(add_share, &sum);
	assert_int_equal(sum, 0);
	other = connect_one("other", second.pid, "ring", VM_BUDGET_DAEMON);
	settle(other);
	vm_share_each(add_share, &sum);
	assert_int_equal(sum, SHARE);
}

#define TWO(name) cmocka_unit_test_setup_teardown(name, set_up_two, tear_down_two)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TWO(test_no_room),	  TWO(test_greater_total),
		TWO(test_another_core),	  TWO(test_whole_on_each_core),
		TWO(test_free_to_move),	  TWO(test_policies),
		TWO(test_without_keeper),
	};

	if (!realtime_permitted())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
