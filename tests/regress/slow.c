// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A notification path that became 2 ms slower: stands before vm_message() in
 * a daemon that is linked with --wrap, and is no part of any other.
 */
#include <time.h>

#include "host/vm.h"

#define DELAY_NS 2000000

void __real_vm_message(struct vm *vm, const struct message *msg, uint64_t seen_ns);
void __wrap_vm_message(struct vm *vm, const struct message *msg, uint64_t seen_ns);

void __wrap_vm_message(struct vm *vm, const struct message *msg, uint64_t seen_ns)
{
	const struct timespec delay = { .tv_nsec = DELAY_NS };

	clock_nanosleep(CLOCK_MONOTONIC, 0, &delay, NULL);
	__real_vm_message(vm, msg, seen_ns);
}
