/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The accelerator: KVM only where a guest really boots under it. A /dev/kvm
 * that opens says little: under some hypervisors guests are emulated so
 * slowly, or stop at a register, that no kernel comes up.
 */
#ifndef RINGSCHED_ACCEL_H
#define RINGSCHED_ACCEL_H

#include <stdbool.h>

struct rs_error;

#define ACCEL_TRIAL_S 8 /* from QEMU's start to the guest agent's HELLO */

struct accel {
	bool kvm; /* else TCG */
	char why[256]; /* one sentence */
};

struct accel_trial { /* all borrowed */
	const char *emulator, *kernel, *initrd, *cmdline;
	const char *dir; /* for the socket and QEMU's messages */
};

static inline const char *accel_name(const struct accel *a)
{
	return a->kvm ? "kvm" : "tcg";
}

/* Path of QEMU, looked for in PATH; allocated. NULL with *err set. */
char *accel_emulator(struct rs_error **err);

/*
 * `wanted` is auto, tcg or kvm. kvm without a working KVM is an error; auto
 * falls back to TCG. Fails too when interrupted.
 */
int accel_choose(const char *wanted, const struct accel_trial *trial, struct accel *a,
		 struct rs_error **err);

#endif
