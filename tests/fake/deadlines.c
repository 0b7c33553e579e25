// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/fake/deadlines.h"

#include <stdio.h>

#include "host/cleanup.h"
#include "host/coreset.h"
#include "tests/fake/world.h"

#define PERIODS 3
#define RING 3
#define PRIO 60
#define WORK_US 16000
#define DEADLINE_US 20000 /* a thread that has half of the core is done after 32000 */

static bool nth_core(const struct coreset *all, unsigned int nth, struct coreset *one)
{
	*one = (struct coreset){ 0 };
	for (unsigned int c = 0; c < CORESET_MAX; c++)
		if (coreset_has(all, c) && !nth--)
			return coreset_add(one, c);
	return false;
}

bool deadlines_share_core(const struct frontend *f, pid_t rival)
{
	static struct coreset all; /* before the first time */
	struct coreset others, shared;

	if (coreset_empty(&all) && sched_read_cores(0, &all))
		return false;
	return nth_core(&all, 0, &others) && nth_core(&all, 1, &shared) &&
	       !sched_apply_cores(0, &others) && !sched_apply_cores(f->vm.pid, &others) &&
	       !sched_apply_cores(rival, &shared) && !sched_apply_cores(f->vm.tid[0], &shared);
}

/* Time that the vCPU was ready and did not run, so far. */
static unsigned long long waited_us(const struct frontend *f)
{
	char path[64];
	cleanup_file FILE *from = NULL;
	unsigned long long ns = 0;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/schedstat", f->vm.pid, f->vm.tid[0]);
	from = fopen(path, "re");
	if (!from || fscanf(from, "%*u %llu", &ns) != 1)
		fail_msg("%s does not tell how long the thread waited", path);
	return ns / 1000;
}

void check_deadlines(struct frontend *f, const char *when)
{
	struct rs_error *err = NULL;

	for (unsigned int i = 0; i < PERIODS; i++) {
		struct rs_message start = ff_message(f, RS_KIND_START, RING, PRIO);
		unsigned long long before = waited_us(f), waited;

		/* As a guest does it: nobody waits until START was heard. */
		ff_post(f, &start, sizeof(start), true);
		check_ok(fake_vm_work(&f->vm, WORK_US, &err), &err);
		waited = waited_us(f) - before;
		world_notify(f, RS_KIND_END, RING, PRIO);
		if (WORK_US + waited > DEADLINE_US)
			fail_msg("%s: the other VM's ring waited %llu us for its core, with %d us "
				 "of work it has until %d",
				 when, waited, WORK_US, DEADLINE_US);
	}
}
