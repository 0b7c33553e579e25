// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/accel.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/agent.h"
#include "harness/folder.h"
#include "harness/place.h"
#include "harness/process.h"
#include "harness/wait.h"
#include "host/cleanup.h"
#include "host/error.h"

/* In the child: system calls only. It must not outlive the run. */
static void become_qemu(const struct accel_trial *t, const char *chardev, const char *log,
			pid_t parent)
{
	int out = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	setsid();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || out < 0)
		_exit(127);
	dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	execlp(t->emulator, t->emulator, "-nodefaults", "-no-user-config", "-display", "none",
	       "-machine", "q35,accel=kvm", "-cpu", "host", "-m", "256", "-no-reboot", "-kernel",
	       t->kernel, "-initrd", t->initrd, "-append", t->cmdline, "-serial", "null",
	       "-chardev", chardev, "-device", "virtio-serial-pci", "-device",
	       "virtserialport,chardev=agent,name=org.ringsched.agent", (char *)NULL);
	_exit(127);
}

static int wait_hello(const char *socket, int64_t deadline, struct rs_error **err)
{
	struct agent *agent = agent_connect(socket, deadline, err);
	struct agent_hello hello;
	int ret;

	if (!agent)
		return -ETIMEDOUT;
	ret = agent_hello(agent, &hello, deadline, err);
	agent_close(agent);
	return ret;
}

/* The sentence for a trial that failed: QEMU's own first, if it ended. */
static void explain(const char *log, bool ended, struct accel *a)
{
	char text[160];

	if (!ended || folder_read(log, text, sizeof(text), NULL) < 0 || !text[0]) {
		snprintf(a->why, sizeof(a->why),
			 "/dev/kvm opens, but the trial guest did not boot under it within %d s",
			 ACCEL_TRIAL_S);
		return;
	}
	text[strcspn(text, "\n")] = '\0';
	snprintf(a->why, sizeof(a->why), "/dev/kvm opens, but QEMU stopped: %s", text);
}

static int try_kvm(const struct accel_trial *t, struct accel *a, struct rs_error **err)
{
	cleanup_free char *socket = folder_path(t->dir, "trial.sock");
	cleanup_free char *log = folder_path(t->dir, "trial.log");
	cleanup_free char *chardev = NULL;
	cleanup_error struct rs_error *failed = NULL;
	cleanup_close int pidfd = -1;
	int64_t begin = wait_now_ns();
	pid_t pid, parent = getpid();
	bool ended;

	if (!socket || !log ||
	    asprintf(&chardev, "socket,id=agent,path=%s,server=on,wait=off", socket) < 0) {
		chardev = NULL;
		return rs_fail(err, ENOMEM, "out of memory");
	}
	pid = fork();
	if (pid < 0)
		return rs_fail_errno(err, errno, "starting %s", t->emulator);
	if (pid == 0)
		become_qemu(t, chardev, log, parent);
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pidfd >= 0)
		wait_watch(pidfd, "QEMU", NULL);
	a->kvm = wait_hello(socket, wait_deadline(ACCEL_TRIAL_S), &failed) == 0;
	if (pidfd >= 0)
		wait_unwatch(pidfd);
	ended = process_of(pid).pid == 0;
	kill(pid, SIGKILL); /* our child, not waited for yet: the pid is its own */
	waitpid(pid, NULL, 0);
	if (a->kvm)
		snprintf(a->why, sizeof(a->why), "the trial guest booted under KVM in %.1f s",
			 (double)(wait_now_ns() - begin) / 1e9);
	else
		explain(log, ended, a);
	unlink(socket);
	unlink(log);
	return wait_check(err);
}

char *accel_emulator(struct rs_error **err)
{
	const char *path = getenv("PATH");
	cleanup_free char *copy = strdup(path ? path : "/usr/bin:/bin"), *command = NULL;
	char *rest = copy, *dir;

	while (copy && (dir = strsep(&rest, ":"))) {
		cleanup_free char *file = folder_path(dir, "qemu-system-x86_64");

		if (file && access(file, X_OK) == 0)
			return steal_pointer(&file);
	}
	command = place_command("setup");
	rs_fail(err, ENOENT, "qemu-system-x86_64 is not in PATH (`%s`, as root, installs it)",
		command ? command : "make setup");
	return NULL;
}

int accel_choose(const char *wanted, const struct accel_trial *trial, struct accel *a,
		 struct rs_error **err)
{
	int fd, ret;

	*a = (struct accel){ .kvm = false };
	if (!strcmp(wanted, "tcg")) {
		snprintf(a->why, sizeof(a->why), "asked for by option");
		return 0;
	}
	if (strcmp(wanted, "auto") && strcmp(wanted, "kvm"))
		return rs_fail(err, EINVAL, "accelerator '%s': expected auto, tcg or kvm", wanted);
	fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		snprintf(a->why, sizeof(a->why), "/dev/kvm does not open: %s", strerror(errno));
	} else {
		close(fd);
		ret = try_kvm(trial, a, err);
		if (ret < 0)
			return ret;
	}
	if (!a->kvm && !strcmp(wanted, "kvm"))
		return rs_fail(err, ENODEV, "KVM was asked for, but %s", a->why);
	return 0;
}
