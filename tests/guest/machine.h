/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A QEMU that runs one of the guests' Linux kernels, its ringsched devices
 * connected to the daemon under test. For the host's side of the tests that
 * look at what the real module does.
 */
#ifndef TESTS_GUEST_MACHINE_H
#define TESTS_GUEST_MACHINE_H

#define MACHINE_DEVICES_MAX 2

struct machine {
	const char *name; /* of the guest, as ps shows it */
	const char *accel; /* QEMU's -accel */
	unsigned int vcpus;
	const char *kernel, *initrd; /* paths */
	const char *append; /* to the kernel's command line that all of them have */
	const char *sockets[MACHINE_DEVICES_MAX]; /* vhost-user; NULL = no device more */
	const char *log; /* file of the first serial port; NULL = that one is `in` and `out` */
	int in, out; /* descriptors of the next serial port; out -1 = there is none */
};

/* Runs in a child of the test's, and dies with it. Does not return. */
_Noreturn void machine_become(const struct machine *m);

#endif
