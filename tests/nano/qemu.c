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
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/cleanup.h"
#include "host/error.h"
#include "tests/fake/daemon.h"

#define MONITOR_PROMPT "(qemu) "
#define MONITOR_LIMIT_MS 3000

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

/* Runs in the child; does not return. `monitor` may be NULL: see qemu.h. */
static _Noreturn void become_qemu(const char *accelerator, const char *socket, const char *append,
				  const char *log, const char *monitor, int serial)
{
	const char *kernel = getenv("NANO_ELF");
	char chardev[160], control[160];
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
			       monitor ? "-monitor" : NULL, /* NULL ends them */
			       control,
			       "-action", /* takes -no-reboot back */
			       "reboot=reset",
			       NULL };
	int errors = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);

	snprintf(chardev, sizeof(chardev), "socket,id=ringsched,path=%s%s", socket,
		 monitor ? ",reconnect=1" : "");
	snprintf(control, sizeof(control), "unix:%s,server=on,wait=off", monitor ? monitor : "");
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
	return qemu_start_lasting(q, accelerator, socket, append, log, NULL, err);
}

int qemu_start_lasting(struct qemu *q, const char *accelerator, const char *socket,
		       const char *append, const char *log, const char *monitor,
		       struct rs_error **err)
{
	int ends[2];

	*q = (struct qemu){ 0 };
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return rs_fail_errno(err, errno, "socketpair");
	q->pid = fork();
	if (!q->pid)
		become_qemu(accelerator, socket, append, log, monitor, ends[1]);
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

void qemu_order(struct qemu *q, char byte)
{
	/* Where it has died, the next wait says so. */
	if (send(q->serial, &byte, 1, MSG_NOSIGNAL) < 0)
		fprintf(stderr, "serial line: %s\n", strerror(errno));
}

void qemu_go_on(struct qemu *q)
{
	qemu_order(q, 'g');
}

/* Until the monitor asks for a command; true where it does. */
static bool read_prompt(int fd, char *text, size_t size)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t have = 0;
	ssize_t n;

	while (have < size - 1 && poll(&p, 1, MONITOR_LIMIT_MS) == 1) {
		n = read(fd, text + have, size - 1 - have);
		if (n <= 0)
			return false;
		have += (size_t)n;
		text[have] = '\0';
		if (strstr(text, MONITOR_PROMPT))
			return true;
	}
	return false;
}

bool qemu_monitor(const char *path, const char *command, char *answer, size_t size)
{
	cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	return fd >= 0 && !connect(fd, (struct sockaddr *)&address, sizeof(address)) &&
	       read_prompt(fd, answer, size) && dprintf(fd, "%s\n", command) > 0 &&
	       read_prompt(fd, answer, size);
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
