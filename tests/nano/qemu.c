// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/nano/qemu.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/cleanup.h"
#include "host/error.h"
#include "tests/fake/daemon.h"

#define ARGUMENTS_MAX 48

bool qemu_has_kvm(char *why, size_t size)
{
	cleanup_close int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	cleanup_close int vm = -1;

	if (kvm < 0) {
		snprintf(why, size, "/dev/kvm: %s", strerror(errno));
		return false;
	}
	vm = ioctl(kvm, KVM_CREATE_VM, 0ul);
	if (vm < 0)
		snprintf(why, size, "KVM_CREATE_VM: %s", strerror(errno));
	return vm >= 0;
}

/* Runs in the child; does not return. */
static _Noreturn void become_qemu(const char *accelerator, const char *socket, const char *append,
				  const char *log, int serial)
{
	const char *kernel = getenv("NANO_ELF");
	char chardev[160];
	const char *args[] = { "qemu-system-x86_64",
			       "-no-user-config",
			       "-nodefaults",
			       "-no-reboot",
			       "-display",
			       "none",
			       "-name",
			       "nano,debug-threads=on",
			       "-machine",
			       "pc,memory-backend=memory",
			       "-m",
			       "32M",
			       "-object",
			       "memory-backend-memfd,id=memory,size=32M,share=on",
			       "-accel",
			       accelerator,
			       "-cpu",
			       "qemu64",
			       "-chardev",
			       chardev,
			       "-device",
			       "vhost-user-gpio-pci,chardev=ringsched",
			       "-serial",
			       "stdio",
			       "-device",
			       "isa-debug-exit,iobase=0xf4,iosize=4",
			       "-kernel",
			       kernel ? kernel : "build/tests/nano-guest/nano.elf",
			       "-append",
			       append,
			       NULL };
	int errors = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);

	snprintf(chardev, sizeof(chardev), "socket,id=ringsched,path=%s", socket);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(serial, STDIN_FILENO);
	dup2(serial, STDOUT_FILENO);
	dup2(errors, STDERR_FILENO);
	close_range(3, ~0u, 0);
	execvp(args[0], (char *const *)args);
	dprintf(STDERR_FILENO, "%s: %s\n", args[0], strerror(errno));
	_exit(127);
}

int qemu_start(struct qemu *q, const char *accelerator, const char *socket, const char *append,
	       const char *log, struct rs_error **err)
{
	int ends[2];

	*q = (struct qemu){ 0 };
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return rs_fail_errno(err, errno, "socketpair");
	q->pid = fork();
	if (!q->pid)
		become_qemu(accelerator, socket, append, log, ends[1]);
	close(ends[1]);
	q->serial = ends[0];
	if (q->pid < 0) {
		close(ends[0]);
		q->pid = 0;
		return rs_fail_errno(err, errno, "fork");
	}
	return 0;
}

pid_t qemu_vcpu(const struct qemu *q, const char *accelerator)
{
	return thread_find(q->pid, strcmp(accelerator, "kvm") ? "CPU 0/TCG" : "CPU 0/KVM");
}

bool qemu_says(struct qemu *q, const char *text, int limit_ms)
{
	int64_t end = now_ms() + limit_ms;

	for (;;) {
		struct pollfd p = { .fd = q->serial, .events = POLLIN };
		const char *found = strstr(q->text + q->seen, text);
		int left = (int)(end - now_ms());
		ssize_t n;

		if (found) {
			q->seen = (size_t)(found - q->text) + strlen(text);
			return true;
		}
		if (left <= 0 || poll(&p, 1, left) <= 0 || q->length == QEMU_TEXT_MAX - 1)
			return false;
		n = read(q->serial, q->text + q->length, QEMU_TEXT_MAX - 1 - q->length);
		if (n <= 0)
			return false;
		q->length += (size_t)n;
	}
}

void qemu_go_on(struct qemu *q)
{
	/* Where it has died, the next wait says so. */
	if (send(q->serial, "g", 1, MSG_NOSIGNAL) < 0)
		fprintf(stderr, "serial line: %s\n", strerror(errno));
}

int qemu_exit_code(struct qemu *q, int limit_ms)
{
	int64_t end = now_ms() + limit_ms;
	int status;

	while (waitpid(q->pid, &status, WNOHANG) == 0) {
		if (now_ms() > end)
			return -1;
		short_pause();
	}
	q->pid = 0;
	close(q->serial);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void qemu_kill(struct qemu *q)
{
	if (!q->pid)
		return;
	kill(q->pid, SIGKILL);
	waitpid(q->pid, NULL, 0);
	close(q->serial);
	q->pid = 0;
}
