// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel's own look-up has not been exported since Linux 5.7. A kprobe is
 * told its address, and is taken off again before it can be hit. The other way,
 * user space handing in what it reads in /proc/kallsyms, would make a program a
 * part of the driver: it would have to be there, be privileged, and run again
 * after each reload.
 */
#include <linux/cpufeature.h>
#include <linux/errno.h>
#include <linux/kprobes.h>

#include "symbol.h"

static unsigned long (*lookup)(const char *name);

#ifdef CONFIG_KPROBES
int rs_symbol_prepare(void)
{
	struct kprobe probe = { .symbol_name = "kallsyms_lookup_name" };
	int error;

	if (lookup)
		return 0;
	/* Where indirect branches are tracked, the function may be no target of one. */
	if (cpu_feature_enabled(X86_FEATURE_IBT))
		return -EOPNOTSUPP;
	error = register_kprobe(&probe);
	if (error)
		return error;
	lookup = (void *)probe.addr;
	unregister_kprobe(&probe);
	return 0;
}
#else
int rs_symbol_prepare(void)
{
	return -EOPNOTSUPP;
}
#endif

unsigned long rs_symbol_value(const char *name)
{
	return lookup ? lookup(name) : 0;
}
