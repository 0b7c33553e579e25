// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/placement.h"

#include <string.h>

int placement_core(const struct scenario *s, unsigned int vcpu)
{
	return s->shared_cores[vcpu % s->shared_core_count];
}

bool placement_has(const int *cores, unsigned int count, int core)
{
	for (unsigned int i = 0; i < count; i++)
		if (cores[i] == core)
			return true;
	return false;
}

static bool is_controls(const struct scenario *s, int core)
{
	for (unsigned int i = 0; i < s->vm_count; i++)
		for (unsigned int k = 0; k < s->vms[i].vcpus; k++)
			if (s->vms[i].role == VM_ROLE_CONTROL && placement_core(s, k) == core)
				return true;
	return false;
}

void placement_elsewhere(const struct scenario *s, struct placement *p)
{
	memset(p, 0, sizeof(*p));
	for (unsigned int i = 0; i < s->shared_core_count; i++)
		if (!is_controls(s, s->shared_cores[i]))
			p->cores[p->count++] = s->shared_cores[i];
	if (p->count)
		return;
	p->housekeeping = true;
	p->count = s->housekeeping_core_count;
	memcpy(p->cores, s->housekeeping_cores, sizeof(p->cores));
}
