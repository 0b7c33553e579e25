// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/plan.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "harness/cell.h"
#include "harness/cellread.h"
#include "harness/preset.h"
#include "harness/scenario.h"
#include "host/cleanup.h"
#include "host/error.h"

static void print_cores(const char *what, const int *cores, unsigned int count)
{
	unsigned int i;

	printf("  %-14s", what);
	for (i = 0; i < count; i++)
		printf("%s%d", i ? ", " : "", cores[i]);
	printf("\n");
}

static void print_ring(const struct scenario_ring *r)
{
	uint64_t total = 0;
	unsigned int i;

	for (i = 0; i < r->processes; i++)
		total += r->work_us[i];
	printf("    ring %u: priority %u, every %g ms, %u process%s, %g ms of work (%.1f %% of a "
	       "core), deadline %g ms\n",
	       r->id, r->prio, (double)r->period_us / 1e3, r->processes,
	       r->processes == 1 ? "" : "es", (double)total / 1e3,
	       100 * (double)total / (double)r->period_us, (double)r->deadline_us / 1e3);
}

static void print_interrupt(const struct scenario_interrupt *irq)
{
	printf("    interrupt %u releases ring %u: ", irq->number, irq->ring);
	if (irq->source == INTERRUPT_GENERATOR)
		printf("%s, %g ms between two\n", scenario_distributions[irq->distribution],
		       (double)irq->interval_us / 1e3);
	else if (irq->source == INTERRUPT_UNIX)
		printf("datagrams at %s\n", irq->path);
	else
		printf("datagrams at port %u of 127.0.0.1\n", irq->port);
}

static void print_resource(const struct scenario_resource *r)
{
	printf("    a resource of ring %d: ring %d needs it every %u turn%s for %g ms; %g s with a "
	       "lock, %g s with ring changes, in turn\n",
	       r->ring, r->user, r->every, r->every == 1 ? "" : "s", (double)r->use_us / 1e3,
	       (double)r->lock_us / 1e6, (double)r->change_us / 1e6);
}

static void print_vm(const struct scenario *s, const struct scenario_vm *vm)
{
	const char *when = vm->role != VM_ROLE_CONTROL ? "in phase shared" :
			   s->loaded_s > 0	       ? "in phase loaded" :
							 "all the time";
	unsigned int i;

	printf("  VM %s (%s%s): %u vCPU%s, %u MiB, %s kernel, cpu shares %u, priority ceiling %u\n",
	       vm->name, vm->role == VM_ROLE_CONTROL ? "control" : "neighbour",
	       vm->role == VM_ROLE_CONTROL ? "" :
	       vm->image == VM_IMAGE_SMALL ? ", small guest" :
					     ", Debian",
	       vm->vcpus, vm->vcpus == 1 ? "" : "s", vm->memory_mib,
	       vm->kernel == VM_KERNEL_RT ? "real-time" : "standard", vm->cpu_shares,
	       vm->priority_ceiling);
	for (i = 0; i < vm->ring_count; i++)
		print_ring(&vm->rings[i]);
	for (i = 0; i < vm->interrupt_count; i++)
		print_interrupt(&vm->interrupts[i]);
	if (vm->resource.ring >= 0)
		print_resource(&vm->resource);
	if (vm->load.stress_ng)
		printf("    %s stress-ng %s\n", when, vm->load.stress_ng);
	if (vm->load.fio)
		printf("    %s fio %s\n", when, vm->load.fio);
	if (vm->cyclictest)
		printf("    with cyclictest %s\n", vm->cyclictest);
}

static void print_phases(const struct scenario *s)
{
	printf("  phases        warm-up %g s, solo %g s", s->warmup_s, s->solo_s);
	if (s->loaded_s > 0)
		printf(", loaded %g s", s->loaded_s);
	if (s->boot_timeout_s > 0)
		printf(", boot (at most %g s%s)", s->boot_timeout_s,
		       scenario_count_role(s, VM_ROLE_NEIGHBOUR) < 2 ? "" :
		       s->boot_order == BOOT_TOGETHER		     ? ", all together" :
								       " each, in turn");
	if (s->shared_s > 0)
		printf(", shared %g s", s->shared_s);
	printf("\n");
}

static void print_trace(const struct scenario *s)
{
	if (s->trace)
		printf("  trace         who has the shared cores is recorded\n");
}

static void print_limits(const struct scenario *s)
{
	const struct {
		const char *what, *unit;
		double bound;
	} limits[] = {
		{ "interference at most", "", s->limits.interference_max },
		{ "missed deadlines at most", "", s->limits.missed_max },
		{ "handling p99 at most", " us", s->limits.handling_p99_us_max },
		{ "blocking, ring change / lock, at most", "", s->limits.blocking_ratio_max },
		{ "lower VMs' delay at most", "", s->limits.delay_max },
		{ "neighbours up within", " s", s->limits.boot_s_max },
		{ "neighbours' part of the core at least", "", s->limits.neighbour_share_min },
		{ "interrupt to handler at most", " of solo's", s->limits.handler_max },
		{ "and at most", " of policy ring's", s->limits.unboosted_max },
	};
	bool any = false;

	printf("  judged        %s, phase %s:", s->verdict_policy, phase_names[s->limits.phase]);
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		if (isnan(limits[i].bound))
			continue;
		printf("%s %s %g%s", any ? ";" : "", limits[i].what, limits[i].bound,
		       limits[i].unit);
		any = true;
	}
	printf("%s\n", any ? "" : " by no limit");
}

static void print_length(const struct scenario *s, unsigned int boots)
{
	unsigned int cells = boots * s->policy_count;
	double each = cell_guess_s(s);

	printf("  expected      %u cell%s of about %.0f s: about %.0f min (%.0f s)\n", cells,
	       cells == 1 ? "" : "s", each, ceil(cells * each / 60), cells * each);
}

int plan_print(const struct scenario *s, const struct preset *p, struct rs_error **err)
{
	unsigned int boots = s->boots ? s->boots : p->boots, i;
	cleanup_free char *can_tell = preset_can_tell(boots);

	if (!can_tell)
		return rs_fail(err, ENOMEM, "out of memory");
	printf("%s\n", s->name);
	if (*s->question)
		printf("  question      %s\n", s->question);
	print_cores("shared cores", s->shared_cores, s->shared_core_count);
	print_cores("housekeeping", s->housekeeping_cores, s->housekeeping_core_count);
	for (i = 0; i < s->vm_count; i++)
		print_vm(s, &s->vms[i]);
	print_phases(s);
	print_trace(s);
	printf("  policies      ");
	for (i = 0; i < s->policy_count; i++)
		printf("%s%s", i ? ", " : "", s->policies[i]);
	printf("\n  boots         %u a policy (%s%s)\n", boots,
	       s->boots ? "set by the scenario" : "preset ", s->boots ? "" : p->name);
	print_length(s, boots);
	print_limits(s);
	printf("  %s\n", can_tell);
	return 0;
}
