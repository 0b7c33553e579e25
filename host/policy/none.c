// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * none: the host's scheduling as it is, nothing is changed. The yardstick of
 * every comparison. The guest is asked to report nothing.
 */
#include "host/policy/policies.h"
#include "host/vm.h"

static int none_start(struct vm *vm, struct rs_error **err)
{
	(void)vm;
	(void)err;
	return 0;
}

const struct policy policy_none = {
	.name = "none",
	.help = "change nothing: the host's own scheduling",
	.needs = RS_SOURCE_NONE,
	.start = none_start,
	.stop = vm_restore,
};
