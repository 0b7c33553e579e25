// SPDX-License-Identifier: GPL-2.0-or-later
/* Each capability that the daemon keeps, by what fails without it. */
#include <linux/capability.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "tests/unit/confine_world.h"

static int try_deadline(void)
{
	struct sched_state own;
	int ret = sched_read(sleeper, &own);

	ret = ret ? ret : sched_apply_deadline(sleeper, 1000000, 100000000, NULL);
	return -(ret ? ret : sched_restore(sleeper, &own, NULL));
}

/* Confining oneself here does away with the limit. */
static bool limited_no_more(void)
{
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	struct rlimit limit;

	return !getrlimit(RLIMIT_MEMLOCK, &limit) && !setrlimit(RLIMIT_MEMLOCK, &all) &&
	       !setrlimit(RLIMIT_MEMLOCK, &limit);
}

static void give_up(unsigned int bit)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data) < 0)
		_exit(PROBLEM);
	data[0].effective &= ~(1u << bit);
	if (syscall(SYS_capset, &header, data) < 0)
		_exit(PROBLEM);
}

/* Confined but for the system calls, and without one of the capabilities. */
static void expect_needed(const char *user, unsigned int bit, int (*attempt)(void), int code,
			  const char *what)
{
	for (int without = 0; without < 2; without++) {
		pid_t pid = fork();
		int status;

		if (pid == 0) {
			struct confine_options o = { .user = user };
			char path[128];

			snprintf(path, sizeof(path), "%s/control", folder);
			if (confine_add_folder_of(&o, path, NULL) || confine_begin(&o, NULL))
				_exit(PROBLEM);
			if (without)
				give_up(bit);
			_exit(attempt());
		}
		status = wait_for(pid);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != (without ? code : 0))
			fail_msg("%s as %s %s capability %u: status %#x", what, user,
				 without ? "without" : "with", bit, status);
	}
}

static void test_sys_nice_is_needed(void **state)
{
	(void)state;
	need_root();
	for (size_t u = 0; u < COUNT(users); u++) {
		expect_needed(users[u], CAP_SYS_NICE, try_boost, EPERM, "a priority");
		expect_needed(users[u], CAP_SYS_NICE, try_cores, EPERM, "cores");
		expect_needed(users[u], CAP_SYS_NICE, try_ioprio, EPERM, "an I/O priority");
	}
}

static void test_deadline_needs_sys_nice(void **state)
{
	(void)state;
	need_root();
	if (try_deadline())
		skip(); /* our cores are not balanced as one, or have no room */
	expect_needed(OTHER_USER, CAP_SYS_NICE, try_deadline, EPERM, "SCHED_DEADLINE");
}

static void test_dac_override_is_needed_by_a_user(void **state)
{
	(void)state;
	need_root();
	expect_needed(OTHER_USER, CAP_DAC_OVERRIDE, try_socket_in_folder, EACCES, "a socket");
	if (cgroup_has(CPU, "cpu.shares"))
		expect_needed(OTHER_USER, CAP_DAC_OVERRIDE, try_knob, EACCES, "a knob");
}

/* Of all memory, as the daemon's is. The limit is put below what is asked for. */
static int try_lock(void)
{
	const struct rlimit limit = { 4096, 4096 };

	if (setrlimit(RLIMIT_MEMLOCK, &limit))
		return EIO;
	return mmap(NULL, 1 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0) ==
			       MAP_FAILED ?
		       errno :
		       0;
}

static void test_ipc_lock_is_needed_within_a_limit(void **state)
{
	struct rlimit limit;

	(void)state;
	need_root();
	/* Where it is done away with, the capability is not kept. */
	if (getrlimit(RLIMIT_MEMLOCK, &limit) || limit.rlim_max == RLIM_INFINITY ||
	    limited_no_more())
		skip();
	expect_needed(OTHER_USER, CAP_IPC_LOCK, try_lock, EAGAIN, "locked memory");
	expect_needed("root", CAP_IPC_LOCK, try_lock, EAGAIN, "locked memory");
}

/* No capability is kept that the tests before do not show to be needed. */
static void test_no_others(void **state)
{
	static const uint64_t expected[] = { 1ull << CAP_SYS_NICE | 1ull << CAP_DAC_OVERRIDE,
					     1ull << CAP_SYS_NICE };

	(void)state;
	need_root();
	for (size_t u = 0; u < COUNT(users); u++) {
		pid_t pid = fork();

		if (pid == 0) {
			struct confine_seen seen;
			struct rlimit limit;
			uint64_t wanted;

			confine(users[u]);
			if (confine_look(&seen, NULL) || getrlimit(RLIMIT_MEMLOCK, &limit))
				_exit(1);
			wanted = expected[u];
			if (limit.rlim_cur != RLIM_INFINITY)
				wanted |= 1ull << CAP_IPC_LOCK;
			_exit(seen.capabilities == wanted && seen.permitted == wanted ? 0 : 2);
		}
		assert_int_equal(wait_for(pid), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sys_nice_is_needed),
		cmocka_unit_test(test_deadline_needs_sys_nice),
		cmocka_unit_test(test_dac_override_is_needed_by_a_user),
		cmocka_unit_test(test_ipc_lock_is_needed_within_a_limit),
		cmocka_unit_test(test_no_others),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
