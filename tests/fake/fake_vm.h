/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The process that stands for one QEMU. The daemon takes the VM's process
 * from the socket's peer credentials, which are those of whoever called
 * connect(2); so a child process connects, owns threads named like vCPUs
 * ("CPU 0/TCG"), and hands the connected socket to the test, which then
 * speaks on it as it likes (fake_frontend.h).
 */
#ifndef FAKE_VM_H
#define FAKE_VM_H

#include <sys/types.h>

#include "guest/uapi/ringsched.h"
#include "host/sched.h"

struct rs_error;

struct fake_vm_options {
	unsigned int vcpus; /* 1 to RS_VCPU_MAX; 0 stands for 1 */
	const char *accelerator; /* "TCG" or "KVM"; NULL stands for "TCG" */
	const struct sched_state *own; /* of each vCPU thread; NULL = inherited */
};

struct fake_vm {
	pid_t pid; /* 0: there is none */
	int command; /* socket to the child */
	unsigned int vcpus;
	pid_t tid[RS_VCPU_MAX];
};

/* Returns when all its threads exist. It dies with the calling thread. */
int fake_vm_spawn(struct fake_vm *vm, const struct fake_vm_options *options, struct rs_error **err);

/* A socket connected by the child to `path`, owned by the caller. */
int fake_vm_connect(struct fake_vm *vm, const char *path, struct rs_error **err);

/* One more vCPU thread, as after a hot-plug; its tid. */
pid_t fake_vm_add_vcpu(struct fake_vm *vm, struct rs_error **err);

/* The first vCPU thread uses so much CPU time; returns when it has. */
int fake_vm_work(struct fake_vm *vm, unsigned int us, struct rs_error **err);

/* SIGKILL and wait; may be called twice. */
void fake_vm_kill(struct fake_vm *vm);

#endif
