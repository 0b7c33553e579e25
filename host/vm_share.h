/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All VMs' real-time shares of a core together: bounded when a VM is settled,
 * for then it is known where its vCPUs may run. A VM whose share does not fit
 * beside those of the others is not made real-time; it is looked at again when
 * one of them gives its share back, and when it is settled again.
 *
 * A share is the VM's budget, or its deadline bandwidth. A budget is shared by
 * the vCPUs, so it counts as a whole on every core that a vCPU is pinned to;
 * deadline bandwidth is each vCPU's own. A vCPU that may run on n cores counts
 * an n-th on each, for the kernel spreads real-time threads. Each VM is held to
 * its own share (vm_budget.h, the kernel), so their sum holds as well.
 *
 * Main thread only.
 */
#ifndef RINGSCHED_VM_SHARE_H
#define RINGSCHED_VM_SHARE_H

#include <stdbool.h>

struct rs_error;
struct vm;

#define VM_SHARE_TOTAL_DEFAULT 940 /* permille of a core; the kernel stops all at 950 */
#define VM_SHARE_TOTAL_MAX 1000

struct vm_share {
	unsigned int permille; /* that it holds; 0 = none */
	bool by_vcpu; /* each vCPU holds so much */
	bool refused; /* it wants one, and there is no room */
};

void vm_share_set_total(unsigned int permille);
unsigned int vm_share_total(void);

/*
 * What the VM holds from now on: `permille`, 0 for nothing. EDQUOT: there is no
 * room, it holds nothing, and the sentence names whom it does not fit beside.
 * Before the VM is settled nothing is refused, and it holds nothing.
 */
int vm_share_take(struct vm *vm, unsigned int permille, bool by_vcpu, struct rs_error **err);

/* Each core of which a part is held, in permille, rounded up. */
typedef void (*vm_share_visit)(unsigned int core, unsigned int permille, void *arg);
void vm_share_each(vm_share_visit visit, void *arg);

#endif
