// SPDX-License-Identifier: GPL-2.0-or-later
/* Budgets and low groups, with cgroups as libvirt makes them. */
#include <sys/mount.h>

#include "tests/unit/policy_world.h"

#define CPU "/sys/fs/cgroup/cpu"

/* Named after this process: others may run the same test. */
enum group { MACHINE, DOMAIN, VCPU0, VCPU1, EMULATOR, GROUPS };
static const char *const below[GROUPS] = { "", "/domain", "/domain/vcpu0", "/domain/vcpu1",
					   "/domain/emulator" };
static char groups[GROUPS][128];

static void write_knob(const char *dir, const char *knob, long long value)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", value);
	assert_int_equal(cgroup_write(dir, knob, text, NULL), 0);
}

static long long knob(const char *dir, const char *name)
{
	long long value = -99;

	assert_int_equal(cgroup_read_number(dir, name, &value, NULL), 0);
	return value;
}

static void remove_groups(void)
{
	for (int i = GROUPS; i-- > 0;)
		rmdir(groups[i]);
}

/* What the root group still has to give, us of a second. */
static long long free_budget(void)
{
	long long left = knob(CPU, "cpu.rt_runtime_us");
	cleanup_dir DIR *d = opendir(CPU);
	const struct dirent *e;
	long long taken;
	char path[300];

	while (d && (e = readdir(d)))
		if (e->d_type == DT_DIR && e->d_name[0] != '.') {
			snprintf(path, sizeof(path), CPU "/%s", e->d_name);
			if (!cgroup_read_number(path, "cpu.rt_runtime_us", &taken, NULL))
				left -= taken;
		}
	return left;
}

static void make_groups(void)
{
	if (!cgroup_has(CPU, "cpu.rt_runtime_us") || !cgroup_has(CPU, "cpu.shares") ||
	    free_budget() < BUDGET * 1000)
		skip(); /* cgroup v1 with RT_GROUP_SCHED, and something of it left, only */
	for (int i = 0; i < GROUPS; i++) {
		snprintf(groups[i], sizeof(groups[i]), CPU "/ringsched-test-%d-libvirt%s", getpid(),
			 below[i]);
		assert_int_equal(mkdir(groups[i], 0755), 0);
	}
	write_knob(groups[DOMAIN], "cpu.shares", 512);
	write_knob(groups[EMULATOR], "cgroup.procs", p.pid);
}

static void test_cgroups(void **state)
{
	(void)state;
	make_groups();
	connect_vm("ring_boot", VM_ROLE_NEIGHBOUR);
	/* Before libvirt is done: threads are low, no knob is touched. */
	assert_sched(p.vcpu[0], SCHED_IDLE, 0);
	assert_int_equal(knob(groups[DOMAIN], "cpu.idle"), 0);
	assert_int_equal(knob(groups[MACHINE], "cpu.rt_runtime_us"), 0);
	write_knob(groups[VCPU0], "tasks", p.vcpu[0]);
	write_knob(groups[VCPU1], "tasks", p.vcpu[1]);

	assert_int_equal(vm_settle(vm, NULL), 0);
	assert_int_equal(vm->counters.grant_failed, 0);
	assert_int_equal(knob(groups[DOMAIN], "cpu.idle"), 1);
	assert_int_equal(knob(groups[VCPU0], "cpu.rt_runtime_us"), BUDGET * 500);
	assert_int_equal(knob(groups[VCPU1], "cpu.rt_runtime_us"), BUDGET * 500);
	assert_int_equal(knob(groups[DOMAIN], "cpu.rt_runtime_us"), BUDGET * 1000);
	assert_int_equal(knob(groups[MACHINE], "cpu.rt_runtime_us"), BUDGET * 1000);

	send(RS_KIND_START, 1, 40);
	assert_sched(p.vcpu[0], SCHED_FIFO, 40);
	assert_int_equal(knob(groups[DOMAIN], "cpu.idle"), 0);
	assert_int_equal(knob(groups[DOMAIN], "cpu.shares"), 512);

	vm_remove(vm); /* with the ring active: thread first, then its budget */
	vm = NULL;
	assert_all_normal();
	for (int i = 0; i < GROUPS; i++)
		assert_int_equal(knob(groups[i], "cpu.rt_runtime_us"), 0);
	assert_int_equal(record_used(record), 0);
}

/* A period of the budget's own, in the vCPUs' groups alone. */
#define PERIOD 20000

static void expect_period(long long vcpu_period, long long vcpu_budget)
{
	assert_int_equal(knob(groups[VCPU0], "cpu.rt_period_us"), vcpu_period);
	assert_int_equal(knob(groups[VCPU0], "cpu.rt_runtime_us"), vcpu_budget);
	assert_int_equal(knob(groups[DOMAIN], "cpu.rt_period_us"), 1000000);
}

static void test_budget_period(void **state)
{
	(void)state;
	make_groups();
	write_knob(groups[VCPU0], "tasks", p.vcpu[0]);
	write_knob(groups[VCPU1], "tasks", p.vcpu[1]);
	budget_period_us = PERIOD;
	connect_vm("ring", VM_ROLE_CONTROL);
	assert_int_equal(vm_settle(vm, NULL), 0);
	assert_int_equal(vm->counters.grant_failed, 0);
	assert_int_equal(vm->budget.by, VM_BUDGET_KERNEL);
	expect_period(PERIOD, BUDGET * PERIOD / 2000);
	assert_int_equal(knob(groups[DOMAIN], "cpu.rt_runtime_us"), BUDGET * 1000);
	send(RS_KIND_START, 1, 40);
	assert_sched(p.vcpu[0], SCHED_FIFO, 40);
	assert_int_equal(vm_settle(vm, NULL), 0); /* again, with the ring active */
	expect_period(PERIOD, BUDGET * PERIOD / 2000);
	assert_int_equal(vm->counters.grant_failed, 0);
	choose("none");
	expect_period(1000000, 0);
	vm_remove(vm);
	vm = NULL;
	assert_int_equal(record_used(record), 0);
}

/* The daemon's windows need the kernel's permission all the same. */
static void test_budget_by_daemon(void **state)
{
	const struct vm_config config = {
		.name = "loop",
		.socket = "/nowhere",
		.ceiling = CEILING,
		.budget_permille = BUDGET,
		.budget_period_us = PERIOD,
		.budget_by = VM_BUDGET_DAEMON,
		.policy = policy_find("ring", NULL),
		.record = record,
	};

	(void)state;
	make_groups();
	write_knob(groups[VCPU0], "tasks", p.vcpu[0]);
	vm = vm_add(&config, NULL);
	assert_int_equal(vm_connect(vm, p.pid, NULL), 0);
	assert_int_equal(vm_settle(vm, NULL), 0);
	assert_int_equal(vm->budget.by, VM_BUDGET_DAEMON);
	expect_period(1000000, BUDGET * 500);
	send(RS_KIND_START, 1, 40);
	assert_sched(p.vcpu[0], SCHED_FIFO, 40);
}

/* The daemon is killed in that state: the record undoes the knobs too. */
static void test_cgroups_after_kill(void **state)
{
	char path[64];
	unsigned int count;
	int status;
	pid_t child;

	(void)state;
	make_groups();
	write_knob(groups[VCPU0], "tasks", p.vcpu[0]);
	write_knob(groups[VCPU1], "tasks", p.vcpu[1]);
	snprintf(path, sizeof(path), "/tmp/ringsched-loop-%d", getpid());
	child = fork();
	if (!child) {
		record = record_open(path, NULL);
		budget_period_us = PERIOD;
		connect_vm("ring_boot", VM_ROLE_NEIGHBOUR);
		_exit(vm_settle(vm, NULL) ? 1 : raise(SIGKILL));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	expect_period(PERIOD, BUDGET * PERIOD / 2000);
	assert_int_equal(knob(groups[DOMAIN], "cpu.idle"), 1);
	assert_int_equal(record_restore(path, &count, NULL), 0);
	assert_true(count >= 8);
	assert_all_normal();
	assert_int_equal(knob(groups[DOMAIN], "cpu.idle"), 0);
	assert_int_equal(knob(groups[DOMAIN], "cpu.shares"), 512);
	for (int i = 0; i < GROUPS; i++)
		assert_int_equal(knob(groups[i], "cpu.rt_runtime_us"), 0);
	expect_period(1000000, 0);
}

/*
 * As on a kernel before 5.15, without cpu.idle: nothing can be read of it. For
 * the calling process alone.
 */
static bool hide_idle(void)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/cpu.idle", groups[DOMAIN]);
	return !unshare(CLONE_NEWNS) && !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
	       !mount("/dev/null", path, NULL, MS_BIND, NULL);
}

static bool has_shares(long long wanted)
{
	long long now;

	return !cgroup_read_number(groups[DOMAIN], "cpu.shares", &now, NULL) && now == wanted;
}

/* In a child; its exit code says which step was wrong. */
static _Noreturn void live_by_shares(const char *path, bool killed)
{
	if (!hide_idle())
		_exit(77);
	record = record_open(path, NULL);
	connect_vm("ring_boot", VM_ROLE_NEIGHBOUR);
	if (vm_settle(vm, NULL) || !vm->lowgroup.by_shares)
		_exit(1);
	if (!has_shares(2)) /* the smallest there are */
		_exit(2);
	if (killed)
		raise(SIGKILL);
	send(RS_KIND_START, 1, 40);
	if (!has_shares(512))
		_exit(3);
	vm_remove(vm);
	_exit(record_used(record) ? 4 : 0);
}

static void run_by_shares(const char *path, bool killed)
{
	int status;
	pid_t child = fork();

	if (!child)
		live_by_shares(path, killed);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip();
	if (killed)
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	else
		assert_int_equal(status, 0);
	assert_int_equal(knob(groups[DOMAIN], "cpu.idle"), 0);
}

static void test_low_by_shares(void **state)
{
	unsigned int count;
	char path[64];

	(void)state;
	make_groups();
	write_knob(groups[VCPU0], "tasks", p.vcpu[0]);
	write_knob(groups[VCPU1], "tasks", p.vcpu[1]);
	run_by_shares(NULL, false);
	assert_true(has_shares(512));
	assert_all_normal();
	snprintf(path, sizeof(path), "/tmp/ringsched-shares-%d", getpid());
	run_by_shares(path, true);
	assert_true(has_shares(2));
	assert_int_equal(record_restore(path, &count, NULL), 0);
	assert_true(has_shares(512));
	assert_all_normal();
}

static void test_budget_refused_is_explained(void **state)
{
	struct budget_leaf leaf = { .place = { .version = 1, .mount = CPU }, .permille = 2000 };
	cleanup_error struct rs_error *err = NULL;

	(void)state;
	make_groups();
	snprintf(leaf.place.dir, sizeof(leaf.place.dir), "%s", groups[VCPU0]);
	assert_true(budget_set(&leaf, &leaf, 1, record, &err) < 0);
	assert_non_null(strstr(err->message, "budget"));
	assert_int_equal(budget_set(&leaf, NULL, 0, record, NULL), 0);
	assert_int_equal(record_used(record), 0);
}

static int tear_down_groups(void **state)
{
	int ret = tear_down(state);

	remove_groups();
	return ret;
}

#undef T
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down_groups)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_cgroups),	  T(test_budget_period),
		T(test_budget_by_daemon), T(test_cgroups_after_kill),
		T(test_low_by_shares),	  T(test_budget_refused_is_explained),
	};

	if (!realtime_permitted())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
