// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is left to the daemon after confine.h, tried out: a child confines itself
 * as the daemon does, does one thing, and its end tells what came of it. As
 * root, for it gives away what only root has.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/cgroup.h"
#include "host/cleanup.h"
#include "host/confine.h"
#include "host/coreset.h"
#include "host/error.h"
#include "host/ioprio.h"
#include "host/sched.h"
#include "host/socket.h"

#define CPU "/sys/fs/cgroup/cpu"
#define OTHER_USER "nobody"
#define PROBLEM 200 /* exit code: the child could not even confine itself */

static char folder[64], group[128];
static pid_t sleeper; /* another user's process */

/* ---- what a child tries; 0 or an errno value ---- */

static int result(long ret)
{
	return ret < 0 ? errno : 0;
}

static int try_netlink(void)
{
	return result(socket(AF_NETLINK, SOCK_RAW, 0));
}

static int try_memfd(void)
{
	return result(memfd_create("x", 0));
}

static int try_code(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page == MAP_FAILED ? errno : 0;
}

static int try_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return result(pid);
}

static int try_kill(void)
{
	return result(kill(sleeper, SIGTERM));
}

static int try_thread_kill(void)
{
	return result(syscall(SYS_tgkill, sleeper, sleeper, 0));
}

static int try_secret(void)
{
	return result(open("/etc/passwd", O_RDONLY));
}

static int try_write_away(void)
{
	return result(open("/etc/ringsched-test", O_WRONLY | O_CREAT, 0600));
}

static int try_file_in_folder(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/file", folder);
	return result(open(path, O_WRONLY | O_CREAT, 0600));
}

static int try_sysctl(void)
{
	return result(open("/proc/sys/kernel/sched_rt_runtime_us", O_WRONLY));
}

static int try_socket_in_folder(void)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/socket-%d", folder, getpid());
	fd = socket_listen(path, NULL);
	return fd < 0 ? -fd : result(unlink(path));
}

static int try_socket_away(void)
{
	int fd = socket_listen("/etc/ringsched-test", NULL);

	return fd < 0 ? -fd : 0;
}

static void *nothing(void *arg)
{
	return arg;
}

static int try_thread(void)
{
	pthread_t thread;
	int ret = pthread_create(&thread, NULL, nothing, NULL);

	return ret ? ret : pthread_join(thread, NULL);
}

static int try_knob(void)
{
	return -cgroup_set(group, "cpu.shares", "77", NULL);
}

static int try_boost(void)
{
	return -sched_apply_fifo(sleeper, 10, NULL);
}

static int try_cores(void)
{
	struct coreset cores;
	int ret = sched_read_cores(sleeper, &cores);

	return ret ? -ret : -sched_apply_cores(sleeper, &cores);
}

static int try_ioprio(void)
{
	return -ioprio_apply(sleeper, IOPRIO_BOOST);
}

static int try_deadline(void)
{
	struct sched_state own;
	int ret = sched_read(sleeper, &own);

	ret = ret ? ret : sched_apply_deadline(sleeper, 1000000, 100000000, NULL);
	return -(ret ? ret : sched_restore(sleeper, &own, NULL));
}

static int try_look(void)
{
	struct confine_seen seen;

	if (confine_look(&seen, NULL))
		return EIO;
	return seen.no_new_privs && seen.seccomp == 2 ? 0 : EPERM;
}

static void try_exec(void)
{
	execl("/bin/true", "true", (char *)NULL);
}

static void try_ptrace(void)
{
	ptrace(PTRACE_ATTACH, sleeper, NULL, NULL);
}

static void try_user(void)
{
	syscall(SYS_setuid, 0);
}

static void try_mount(void)
{
	syscall(SYS_mount, "none", "/tmp", "tmpfs", 0ul, NULL);
}

static void try_namespace(void)
{
	syscall(SYS_unshare, CLONE_NEWUSER);
}

static void try_bpf(void)
{
	syscall(SYS_bpf, 0, NULL, 0);
}

/* ---- children ---- */

static void confine(const char *user)
{
	struct confine_options o = { .user = user };
	struct rs_error *err = NULL;
	char path[128];

	snprintf(path, sizeof(path), "%s/control", folder);
	if (confine_add_folder_of(&o, path, &err) || confine_begin(&o, &err) ||
	    confine_calls(&err)) {
		fprintf(stderr, "confining: %s\n", err ? err->message : "no reason given");
		_exit(PROBLEM);
	}
	if (confine_state()->missing_count)
		_exit(PROBLEM + 1);
}

static int wait_for(pid_t pid)
{
	int status = -1;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void expect_code(const char *user, int (*attempt)(void), int code, const char *what)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		confine(user);
		_exit(attempt());
	}
	status = wait_for(pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != code)
		fail_msg("%s as %s: %s %d, expected code %d (%s)", what, user,
			 WIFEXITED(status) ? "code" : "signal",
			 WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status), code,
			 strerror(code));
}

static int set_up(void **state)
{
	int ready[2];
	char byte;

	(void)state;
	if (geteuid() != 0)
		return 0;
	snprintf(folder, sizeof(folder), "/tmp/rs-confine-XXXXXX");
	if (!mkdtemp(folder) || pipe(ready))
		return -1;
	snprintf(group, sizeof(group), CPU "/ringsched-test-%d", getpid());
	if (cgroup_has(CPU, "cpu.shares") && mkdir(group, 0755))
		return -1;
	sleeper = fork();
	if (sleeper == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (setresuid(1, 1, 1) || write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	return read(ready[0], &byte, 1) == 1 ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	if (sleeper > 0) {
		kill(sleeper, SIGKILL);
		waitpid(sleeper, NULL, 0);
	}
	rmdir(group);
	rmdir(folder);
	return 0;
}

/* Confining oneself here does away with the limit. */
static bool limited_no_more(void)
{
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	struct rlimit limit;

	return !getrlimit(RLIMIT_MEMLOCK, &limit) && !setrlimit(RLIMIT_MEMLOCK, &all) &&
	       !setrlimit(RLIMIT_MEMLOCK, &limit);
}

static void need_root(void)
{
	if (geteuid() != 0)
		skip();
}

/* ---- tests ---- */

static const struct {
	const char *what;
	int (*attempt)(void);
	int code;
} refusals[] = {
	{ "a netlink socket", try_netlink, EPERM },
	{ "a system call that is on no list", try_memfd, EPERM },
	{ "memory to run code in", try_code, EPERM },
	{ "a process", try_fork, EPERM },
	{ "a signal to another process", try_kill, EPERM },
	{ "a signal to another's thread", try_thread_kill, EPERM },
	{ "a file to read", try_secret, EACCES },
	{ "a file to make", try_write_away, EACCES },
	{ "a file to make where sockets may be", try_file_in_folder, EACCES },
	{ "a sysctl", try_sysctl, EACCES },
	{ "a socket elsewhere", try_socket_away, EACCES },
};

/* With the user that has more capabilities, and with root, who owns files. */
static const char *const users[] = { OTHER_USER, "root" };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_refused(void **state)
{
	(void)state;
	need_root();
	for (size_t u = 0; u < COUNT(users); u++)
		for (size_t i = 0; i < COUNT(refusals); i++)
			expect_code(users[u], refusals[i].attempt, refusals[i].code,
				    refusals[i].what);
}

static const struct {
	const char *what;
	void (*attempt)(void);
} deadly[] = {
	{ "another program", try_exec },  { "ptrace", try_ptrace },
	{ "another user", try_user },	  { "a mount", try_mount },
	{ "a namespace", try_namespace }, { "a program in the kernel", try_bpf },
};

/* The signal can be caught: the daemon puts everything back before it ends. */
static void on_call(int number)
{
	_exit(number == SIGSYS ? 42 : 1);
}

static void test_deadly(void **state)
{
	(void)state;
	need_root();
	for (size_t i = 0; i < COUNT(deadly); i++) {
		pid_t pid = fork();
		int status;

		if (pid == 0) {
			confine("root");
			signal(SIGSYS, on_call);
			deadly[i].attempt();
			_exit(0);
		}
		status = wait_for(pid);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 42)
			fail_msg("%s: status %#x, expected SIGSYS", deadly[i].what, status);
	}
}

static const struct {
	const char *what;
	int (*attempt)(void);
} works[] = {
	{ "its state", try_look },
	{ "a thread", try_thread },
	{ "a socket", try_socket_in_folder },
	{ "another user's priority", try_boost },
	{ "another user's cores", try_cores },
	{ "another user's I/O priority", try_ioprio },
};

static void test_works(void **state)
{
	(void)state;
	need_root();
	for (size_t u = 0; u < COUNT(users); u++) {
		for (size_t i = 0; i < COUNT(works); i++)
			expect_code(users[u], works[i].attempt, 0, works[i].what);
		if (cgroup_has(CPU, "cpu.shares"))
			expect_code(users[u], try_knob, 0, "a knob of a cgroup");
	}
}

/* ---- each capability, by what fails without it ---- */

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

/* No capability is kept that the two tests before do not show to be needed. */
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

static void test_mistakes(void **state)
{
	struct confine_options o = { .user = "no-such-user" };
	struct rs_error *err = NULL;

	(void)state;
	need_root();
	assert_int_equal(confine_begin(&o, &err), -ENOENT);
	assert_non_null(strstr(err->message, "no-such-user"));
	rs_error_free(&err);
	o = (struct confine_options){ .user = "root", .socket_group = "no-such-group" };
	assert_int_equal(confine_begin(&o, &err), -ENOENT);
	assert_non_null(strstr(err->message, "no-such-group"));
	rs_error_free(&err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_deadly),
		cmocka_unit_test(test_works),
		cmocka_unit_test(test_sys_nice_is_needed),
		cmocka_unit_test(test_deadline_needs_sys_nice),
		cmocka_unit_test(test_dac_override_is_needed_by_a_user),
		cmocka_unit_test(test_ipc_lock_is_needed_within_a_limit),
		cmocka_unit_test(test_no_others),
		cmocka_unit_test(test_mistakes),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
