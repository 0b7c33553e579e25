// SPDX-License-Identifier: GPL-2.0-or-later
/* dedicated (P1): a neighbour's vCPU threads on other cores; cpuset_world.h. */
#include "tests/unit/cpuset_world.h"

static void connect_with(const char *policy, enum vm_role role, const struct coreset *cores)
{
	const struct vm_config config = {
		.name = "loop",
		.socket = "/nowhere",
		.role = role,
		.ceiling = CEILING,
		.budget_permille = BUDGET,
		.other_cores = *cores,
		.policy = policy_find(policy, NULL),
		.record = record,
	};

	vm = vm_add(&config, NULL);
	assert_non_null(vm);
	assert_int_equal(vm_connect(vm, p.pid, NULL), 0);
	vm_prepare(vm, NULL);
}

static void assert_cpuset(const char *wanted)
{
	assert_knob(groups[VCPU0], "cpuset.cpus", wanted);
}

static void assert_at_home(void)
{
	assert_cpuset(home_text);
	assert_cores(p.vcpu[0], &home);
	assert_cores(p.vcpu[1], &all);
	assert_cores(p.worker, &all);
}

static void test_neighbour_moves(void **state)
{
	(void)state;
	choose_cores();
	make_cpusets();
	connect_with("dedicated", VM_ROLE_NEIGHBOUR, &other);
	assert_cpuset(home_text); /* libvirt is not done yet */
	assert_int_equal(vm_settle(vm, NULL), 0);
	assert_cpuset(other_text);
	assert_cores(p.vcpu[0], &other);
	assert_cores(p.vcpu[1], &other);
	assert_cores(p.worker, &all); /* QEMU's other threads have their cores */
	assert_all_normal();
	assert_int_equal(vm_settle(vm, NULL), 0); /* once more changes nothing */
	assert_cores(p.vcpu[0], &other);
	choose("none");
	assert_at_home();
	choose("dedicated");
	assert_cores(p.vcpu[0], &other);
	vm_remove(vm);
	vm = NULL;
	assert_at_home();
	assert_int_equal(record_used(record), 0);
}

static void test_control_stays(void **state)
{
	(void)state;
	choose_cores();
	make_cpusets();
	connect_with("dedicated", VM_ROLE_CONTROL, &other);
	assert_int_equal(vm_settle(vm, NULL), 0);
	assert_at_home();
}

/* Without a cpuset of its own a thread has its affinity alone. */
static void test_without_groups(void **state)
{
	(void)state;
	choose_cores();
	connect_with("dedicated", VM_ROLE_NEIGHBOUR, &other);
	assert_cores(p.vcpu[0], &other);
	vm_remove(vm);
	vm = NULL;
	assert_cores(p.vcpu[0], &all);
}

static void test_refusals(void **state)
{
	cleanup_error struct rs_error *err = NULL;
	struct coreset missing = { 0 };

	(void)state;
	choose_cores();
	connect_with("dedicated", VM_ROLE_NEIGHBOUR, &missing);
	assert_int_equal(vm_settle(vm, &err), -EINVAL);
	assert_non_null(strstr(err->message, "other_cores"));
	rs_error_free(&err);
	vm_remove(vm);
	coreset_add(&missing, CORESET_MAX - 1);
	connect_with("dedicated", VM_ROLE_NEIGHBOUR, &missing);
	assert_true(vm_settle(vm, &err) < 0);
	assert_non_null(strstr(err->message, "may not run on cores 1023"));
	assert_cores(p.vcpu[0], &all);
	assert_true(vm->counters.place_failed > 0);
	assert_int_equal(record_used(record), 2); /* the vCPUs' scheduling */
}

/* In that order: a thread can go to no core that its cpuset does not have. */
static void test_after_kill(void **state)
{
	char path[64];
	unsigned int count;
	int status;
	pid_t child;

	(void)state;
	choose_cores();
	make_cpusets();
	snprintf(path, sizeof(path), "/tmp/ringsched-test-record-%d", getpid());
	child = fork();
	if (child == 0) {
		record = record_open(path, NULL);
		connect_with("dedicated", VM_ROLE_NEIGHBOUR, &other);
		if (vm_settle(vm, NULL))
			_exit(1);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_cpuset(other_text);
	assert_cores(p.vcpu[0], &other);
	assert_int_equal(record_restore(path, &count, NULL), 0);
	assert_at_home();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		C(test_neighbour_moves), C(test_control_stays), C(test_without_groups),
		C(test_refusals),	 C(test_after_kill),
	};

	if (!realtime_permitted())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
