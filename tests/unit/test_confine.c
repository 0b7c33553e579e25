// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a confined daemon can do and what not. Which capability is needed for what
 * of it is tested in test_confine_capability.c.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "tests/unit/confine_world.h"

/* ---- what a child tries; 0 or an errno value ---- */

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
		cmocka_unit_test(test_mistakes),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
