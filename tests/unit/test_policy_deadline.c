// SPDX-License-Identifier: GPL-2.0-or-later
/* deadline: SCHED_DEADLINE and the root domain it needs; cpuset_world.h. */
#include "host/rootdomain.h"
#include "tests/unit/cpuset_world.h"

#define BALANCE "cpuset.sched_load_balance"
#define RUNTIME_US 3000 /* of each PERIOD_US: little, for other tests may want some */
#define PERIOD_US 60000
#define RETRIES 100

static void connect_with(enum vm_role role, unsigned int runtime_us)
{
	const struct vm_config config = {
		.name = "loop",
		.socket = "/nowhere",
		.role = role,
		.ceiling = CEILING,
		.budget_permille = BUDGET,
		.deadline_runtime_us = runtime_us,
		.deadline_period_us = PERIOD_US,
		.policy = policy_find("deadline", NULL),
		.record = record,
	};

	vm = vm_add(&config, NULL);
	assert_non_null(vm);
	assert_int_equal(vm_connect(vm, p.pid, NULL), 0);
	vm_prepare(vm, NULL);
}

static void assert_balanced(const char *wanted)
{
	assert_knob(CPUSET, BALANCE, wanted);
	assert_knob(groups[MACHINE], BALANCE, wanted);
	assert_knob(groups[DOMAIN], BALANCE, wanted);
	assert_knob(groups[VCPU0], BALANCE, "1");
}

/* The vCPU's group is all that may have its core: the other vCPU leaves. */
static void make_world(void)
{
	choose_cores();
	make_cpusets();
	fake_process_order(&p, 'x');
	p.vcpus = 1;
	assert_balanced("1"); /* else somebody else is at it */
}

/* It runs on its core from its next wake-up on; until then it is refused. */
static void settle(void)
{
	struct rs_error *err = NULL;

	if (vm_settle(vm, &err))
		fail_msg("%s", err->message);
	for (int i = 0; i < RETRIES && vm_deadline_waiting(vm); i++) {
		fake_process_order(&p, 's'); /* makes the first vCPU run */
		pthread_mutex_lock(&vm->lock);
		vm->policy->tick(vm);
		pthread_mutex_unlock(&vm->lock);
	}
	assert_int_equal(vm_deadline_waiting(vm), 0);
}

static void assert_deadline(void)
{
	struct sched_state now;

	assert_int_equal(sched_read(p.vcpu[0], &now), 0);
	assert_int_equal(now.policy, SCHED_DEADLINE);
	assert_int_equal(now.runtime_ns, RUNTIME_US * 1000);
	assert_int_equal(now.deadline_ns, PERIOD_US * 1000);
	assert_int_equal(now.period_ns, PERIOD_US * 1000);
	assert_int_equal(now.reset_on_fork, 1); /* else it could make no thread */
}

static void test_deadline(void **state)
{
	(void)state;
	make_world();
	connect_with(VM_ROLE_CONTROL, RUNTIME_US);
	assert_all_normal(); /* libvirt is not done yet */
	assert_balanced("1");
	settle();
	assert_deadline();
	assert_balanced("0");
	assert_sched(p.pid, SCHED_OTHER, 0);
	assert_int_equal(vm->counters.apply_failed, 0);
	choose("none");
	assert_all_normal();
	assert_balanced("1");
	choose("deadline");
	assert_deadline();
	assert_balanced("0");
	vm_remove(vm);
	vm = NULL;
	assert_all_normal();
	assert_balanced("1");
	assert_int_equal(record_used(record), 0);
}

static void test_neighbour_stays(void **state)
{
	(void)state;
	make_world();
	connect_with(VM_ROLE_NEIGHBOUR, RUNTIME_US);
	assert_int_equal(vm_settle(vm, NULL), 0);
	assert_all_normal();
	assert_balanced("1");
}

static void assert_refused(const char *why)
{
	cleanup_error struct rs_error *err = NULL;

	assert_true(vm_settle(vm, &err) < 0);
	if (!strstr(err->message, why))
		fail_msg("'%s' does not say '%s'", err->message, why);
	assert_all_normal();
	assert_balanced("1");
}

static void test_refusals(void **state)
{
	(void)state;
	make_world();
	connect_with(VM_ROLE_CONTROL, 0);
	assert_refused("deadline_runtime_us");
	vm_remove(vm);
	fake_process_order(&p, 's');
	connect_with(VM_ROLE_CONTROL, PERIOD_US); /* the whole core: above what VMs may have */
	assert_refused("1000 permille, does not fit");
	assert_int_equal(vm->counters.not_admitted, 1);
	vm_remove(vm);
	vm_share_set_total(VM_SHARE_TOTAL_MAX);
	connect_with(VM_ROLE_CONTROL, PERIOD_US); /* above the kernel's 95 % */
	assert_refused("has no room");
	assert_int_equal(vm->share.permille, 0);
	vm_remove(vm);
	vm_share_set_total(VM_SHARE_TOTAL_DEFAULT);
	vm = NULL;
	assert_balanced("1");
}

/* A group of somebody else's that spans the core: named, and left as it is. */
static void test_foreign_group(void **state)
{
	char cpus[CORESET_TEXT_MAX], mems[64];

	(void)state;
	make_world();
	snprintf(foreign, sizeof(foreign), CPUSET "/ringsched-test-%d-foreign", getpid());
	assert_int_equal(mkdir(foreign, 0755), 0);
	assert_int_equal(cgroup_read(CPUSET, "cpuset.cpus", cpus, sizeof(cpus), NULL), 0);
	assert_int_equal(cgroup_read(CPUSET, "cpuset.mems", mems, sizeof(mems), NULL), 0);
	cgroup_write(foreign, "cpuset.cpus", cpus, NULL);
	cgroup_write(foreign, "cpuset.mems", mems, NULL);
	fake_process_order(&p, 's');
	connect_with(VM_ROLE_CONTROL, RUNTIME_US);
	assert_refused(foreign);
	assert_knob(foreign, BALANCE, "1");
	assert_int_equal(rmdir(foreign), 0);
	*foreign = '\0';
	vm_remove(vm);
	vm = NULL;
	assert_balanced("1");
}

/* Threads before knobs: the root domain outlives what needs it. */
static void test_after_kill(void **state)
{
	char path[64];
	unsigned int count;
	int status;
	pid_t child;

	(void)state;
	make_world();
	snprintf(path, sizeof(path), "/tmp/ringsched-test-record-%d", getpid());
	child = fork();
	if (child == 0) {
		record = record_open(path, NULL);
		connect_with(VM_ROLE_CONTROL, RUNTIME_US);
		settle();
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_deadline();
	assert_balanced("0");
	assert_int_equal(record_restore(path, &count, NULL), 0);
	assert_all_normal();
	assert_balanced("1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		C(test_deadline),      C(test_neighbour_stays), C(test_refusals),
		C(test_foreign_group), C(test_after_kill),
	};

	if (!realtime_permitted())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
