/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine of two vCPUs with two ringsched devices, whose QEMU connects to the
 * VMs a and b of the daemon under test. $DEVICE_KERNEL, $DEVICE_INITRD and
 * $DEVICE_LOG (its serial port's file) say what it is made of; ACCEL=kvm runs
 * it under KVM. Used by the test programs of this folder.
 */
#ifndef TESTS_DEVICE_MACHINE_H
#define TESTS_DEVICE_MACHINE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fake/daemon.h"

#define MACHINE_LIMIT_MS 120000 /* under TCG it takes about 30 s */

static inline _Noreturn void machine_become(const char *script, const char *socket_a,
					    const char *socket_b)
{
	const char *accel = getenv("ACCEL"), *log = getenv("DEVICE_LOG");
	char serial[128], a[160], b[160], append[160];
	const char *args[] = { "qemu-system-x86_64",
			       "-no-user-config",
			       "-nodefaults",
			       "-no-reboot",
			       "-display",
			       "none",
			       "-name",
			       "device,debug-threads=on",
			       "-machine",
			       "q35,memory-backend=memory",
			       "-m",
			       "256M",
			       "-object",
			       "memory-backend-memfd,id=memory,size=256M,share=on",
			       "-accel",
			       accel ? accel : "tcg,thread=multi",
			       "-smp",
			       "2",
			       "-chardev",
			       a,
			       "-device",
			       "vhost-user-gpio-pci,chardev=a",
			       "-chardev",
			       b,
			       "-device",
			       "vhost-user-gpio-pci,chardev=b",
			       "-serial",
			       serial,
			       "-kernel",
			       getenv("DEVICE_KERNEL"),
			       "-initrd",
			       getenv("DEVICE_INITRD"),
			       "-append",
			       append,
			       NULL };

	snprintf(append, sizeof(append),
		 "console=ttyS0 quiet tsc=reliable panic=-1 panic_on_warn=1 rs.run=/tests/%s",
		 script);
	snprintf(serial, sizeof(serial), "file:%s", log);
	snprintf(a, sizeof(a), "socket,id=a,path=%s", socket_a);
	snprintf(b, sizeof(b), "socket,id=b,path=%s", socket_b);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	execvp(args[0], (char *const *)args);
	_exit(127);
}

/* Prints what the guest's checks said; true where it said the token. */
static inline bool machine_said(const char *token)
{
	FILE *f = fopen(getenv("DEVICE_LOG"), "re");
	bool passed = false;
	char line[512];

	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\r\n")] = '\0';
		passed |= !strcmp(line, token);
		if (!strncmp(line, "device: ", 8) || !strncmp(line, "  line ", 7))
			puts(line);
	}
	if (f)
		fclose(f);
	return passed;
}

/*
 * Runs it until it ends by itself: the guest powers it off. Calls meanwhile()
 * about every millisecond. 0; -1 where it did not end within the limit.
 */
static inline int machine_run(struct daemon *d, const char *script, void (*meanwhile)(void))
{
	char a[DAEMON_PATH_MAX], b[DAEMON_PATH_MAX];
	int64_t end = now_ms() + MACHINE_LIMIT_MS;
	int result = 0;
	pid_t pid;

	daemon_vm_socket(d, "a", a);
	daemon_vm_socket(d, "b", b);
	pid = fork();
	if (!pid)
		machine_become(script, a, b);
	if (pid < 0)
		return -1;
	while (waitpid(pid, NULL, WNOHANG) == 0) {
		if (!result && now_ms() > end) {
			puts("the machine does not end");
			kill(pid, SIGKILL);
			result = -1;
		}
		if (meanwhile)
			meanwhile();
		short_pause();
	}
	return result;
}

#endif
