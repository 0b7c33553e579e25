// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/scenario_check.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/scenario.h"
#include "harness/scenario_keys.h"
#include "harness/yaml.h"

/* Where a key's value stands, or its map where the key is not written. */
static const struct yaml *at(const struct yaml *map, const char *key)
{
	const struct yaml *y = yaml_get(map, key);

	return y ? y : map;
}

static const struct yaml *vm_at(const struct yaml *root, unsigned int vm)
{
	return yaml_item(yaml_get(root, "vms"), vm);
}

static bool has_role(const struct scenario *s, enum vm_role role)
{
	return scenario_count_role(s, role) != 0;
}

/* A ring that an interrupt names is released by it, and no more by its period. */
static void resolve_interrupts(struct scenario_vm *vm)
{
	unsigned int i, j;

	for (j = 0; j < vm->ring_count; j++)
		vm->rings[j].interrupt = -1;
	for (i = 0; i < vm->interrupt_count; i++) {
		struct scenario_interrupt *irq = &vm->interrupts[i];

		for (j = 0; j < vm->ring_count; j++) {
			if (vm->rings[j].id != irq->ring)
				continue;
			vm->rings[j].interrupt = (int)irq->number;
			if (!irq->interval_us)
				irq->interval_us = vm->rings[j].period_us;
		}
	}
}

int scenario_resolve(struct scenario *s, const struct yaml *root)
{
	struct scenario_vm *vm;
	unsigned int i, j;

	for (i = 0; i < s->vm_count; i++) {
		vm = &s->vms[i];
		if (vm->role == VM_ROLE_NEIGHBOUR && !yaml_get(vm_at(root, i), "kernel"))
			vm->kernel = VM_KERNEL_STANDARD;
		if (vm->role == VM_ROLE_CONTROL && !yaml_get(vm_at(root, i), "image"))
			vm->image = VM_IMAGE_SMALL;
		for (j = 0; j < vm->ring_count; j++)
			if (!vm->rings[j].deadline_us)
				vm->rings[j].deadline_us = vm->rings[j].period_us;
		resolve_interrupts(vm);
	}
	if (!has_role(s, VM_ROLE_NEIGHBOUR) && !yaml_get(yaml_get(root, "phases"), "boot_timeout"))
		s->boot_timeout_s = 0;
	if (!has_role(s, VM_ROLE_NEIGHBOUR) && !yaml_get(yaml_get(root, "limits"), "phase"))
		s->limits.phase = PHASE_SOLO;
	if (!s->verdict_policy)
		s->verdict_policy = strdup(s->policies[s->policy_count - 1]);
	return s->verdict_policy ? 0 : -ENOMEM;
}

static void check_cores(const struct scenario *s, const struct yaml *root, struct yaml_file *f)
{
	const struct yaml *cores = yaml_get(root, "cores");
	const struct yaml *shared = yaml_get(cores, "shared");
	const struct yaml *housekeeping = yaml_get(cores, "housekeeping");
	const struct yaml *y;
	unsigned int i, j;

	for (i = 0; i < s->shared_core_count; i++)
		for (j = 0; j < i; j++)
			if (s->shared_cores[i] == s->shared_cores[j]) {
				y = shared->items[i];
				yaml_mistake(f, y->line, y->column,
					     "key 'cores.shared': core %d again (expected each "
					     "core once)",
					     s->shared_cores[i]);
			}
	for (i = 0; i < s->housekeeping_core_count; i++) {
		y = housekeeping->items[i];
		for (j = 0; j < i; j++)
			if (s->housekeeping_cores[i] == s->housekeeping_cores[j])
				yaml_mistake(f, y->line, y->column,
					     "key 'cores.housekeeping': core %d again (expected "
					     "each core once)",
					     s->housekeeping_cores[i]);
		for (j = 0; j < s->shared_core_count; j++)
			if (s->housekeeping_cores[i] == s->shared_cores[j])
				yaml_mistake(f, y->line, y->column,
					     "key 'cores.housekeeping': core %d is in "
					     "'cores.shared' too (expected another core)",
					     s->housekeeping_cores[i]);
	}
}

static void check_policies(const struct scenario *s, const struct yaml *root, struct yaml_file *f)
{
	const struct yaml *list = yaml_get(root, "policies");
	bool judged = false;
	unsigned int i, j;

	for (i = 0; i < s->policy_count; i++) {
		judged = judged || !strcmp(s->policies[i], s->verdict_policy);
		for (j = 0; j < i; j++)
			if (!strcmp(s->policies[i], s->policies[j]))
				yaml_mistake(f, list->items[i]->line, list->items[i]->column,
					     "key 'policies': '%s' again (expected each policy "
					     "once)",
					     s->policies[i]);
	}
	list = at(yaml_get(root, "limits"), "policy");
	if (!judged)
		yaml_mistake(f, list->line, list->column,
			     "key 'limits.policy': '%s' is not run (expected a policy listed in "
			     "'policies')",
			     s->verdict_policy);
}

static void check_phases(const struct scenario *s, const struct yaml *root, struct yaml_file *f)
{
	const struct yaml *phases = yaml_get(root, "phases");
	const struct yaml *y;

	if (!has_role(s, VM_ROLE_CONTROL)) {
		y = at(root, "vms");
		yaml_mistake(f, y->line, y->column,
			     "key 'vms': no control VM (expected at least one of role 'control')");
	}
	y = at(phases, "boot_timeout");
	if (has_role(s, VM_ROLE_NEIGHBOUR) && !s->boot_timeout_s)
		yaml_mistake(f, y->line, y->column,
			     "key 'phases.boot_timeout': none, but a neighbour boots (expected a "
			     "duration)");
	if (!has_role(s, VM_ROLE_NEIGHBOUR) && s->boot_timeout_s)
		yaml_mistake(f, y->line, y->column,
			     "key 'phases.boot_timeout': nothing boots (expected 'none', or a VM "
			     "of role 'neighbour')");
	if (!has_role(s, VM_ROLE_NEIGHBOUR) && s->shared_s > 0) {
		y = at(phases, "shared");
		yaml_mistake(f, y->line, y->column,
			     "key 'phases.shared': nobody to share with (expected 0s, or a VM of "
			     "role 'neighbour')");
	}
}

static bool has_interrupts(const struct scenario *s)
{
	for (unsigned int i = 0; i < s->vm_count; i++)
		if (s->vms[i].interrupt_count)
			return true;
	return false;
}

/* In phase loaded somebody's load runs. */
static void check_loaded(const struct scenario *s, const struct yaml *root, struct yaml_file *f)
{
	const struct yaml *y = at(yaml_get(root, "phases"), "loaded");
	bool load = false;

	for (unsigned int i = 0; i < s->vm_count; i++)
		load |= s->vms[i].role == VM_ROLE_CONTROL && scenario_has_load(&s->vms[i]);
	if (s->loaded_s > 0 && !load)
		yaml_mistake(f, y->line, y->column,
			     "key 'phases.loaded': no control VM has a load (expected 0s, or "
			     "vms.load in a control VM)");
}

/* A limit that no run could meet or miss is a slip. */
static void check_limits(const struct scenario *s, const struct yaml *root, struct yaml_file *f)
{
	const struct yaml *map = yaml_get(root, "limits"), *y = at(map ? map : root, "phase");
	enum phase phase = s->limits.phase;
	bool neighbour = has_role(s, VM_ROLE_NEIGHBOUR);

	if (phase == PHASE_BOOT && !neighbour)
		yaml_mistake(f, y->line, y->column,
			     "key 'limits.phase': nothing boots (expected 'solo', or a VM of role "
			     "'neighbour')");
	if (phase == PHASE_SHARED && !(neighbour && s->shared_s > 0))
		yaml_mistake(f, y->line, y->column,
			     "key 'limits.phase': there is no phase shared (expected "
			     "phases.shared longer than 0s and a VM of role 'neighbour')");
	if (phase == PHASE_LOADED && s->loaded_s <= 0)
		yaml_mistake(f, y->line, y->column,
			     "key 'limits.phase': there is no phase loaded (expected phases.loaded "
			     "longer than 0s)");
	y = at(map ? map : root, "interference");
	if (phase == PHASE_SOLO && !isnan(s->limits.interference_max))
		yaml_mistake(f, y->line, y->column,
			     "key 'limits.interference': of phase solo with itself (expected "
			     "limits.phase 'boot' or 'shared')");
	y = at(map ? map : root, "neighbour_share");
	if ((phase == PHASE_SOLO || phase == PHASE_LOADED || !neighbour) &&
	    !isnan(s->limits.neighbour_share_min))
		yaml_mistake(f, y->line, y->column,
			     "key 'limits.neighbour_share': no neighbour is in phase %s (expected "
			     "limits.phase 'boot' or 'shared')",
			     phase_names[phase]);
	y = at(map ? map : root, "delay");
	if (scenario_count_role(s, VM_ROLE_CONTROL) < 2 && !isnan(s->limits.delay_max))
		yaml_mistake(f, y->line, y->column,
			     "key 'limits.delay': no control VM is above another (expected two VMs "
			     "of role 'control')");
	y = at(map ? map : root, "interrupt_handler");
	if ((phase == PHASE_SOLO || !has_interrupts(s)) && !isnan(s->limits.handler_max))
		yaml_mistake(f, y->line, y->column,
			     "key 'limits.interrupt_handler': %s (expected another limits.phase "
			     "than 'solo', and vms.interrupts)",
			     has_interrupts(s) ? "of phase solo with itself" :
						 "no interrupt releases a ring");
	y = at(map ? map : root, "boot_time");
	if (!neighbour && !isnan(s->limits.boot_s_max))
		yaml_mistake(f, y->line, y->column,
			     "key 'limits.boot_time': nothing boots (expected a VM of role "
			     "'neighbour')");
}

/* The kernel refuses groups more than their parent may give. */
static void check_budgets(const struct scenario *s, const struct yaml *root, struct yaml_file *f)
{
	const struct yaml *y = at(root, "vms");
	unsigned int sum = 0, i;

	for (i = 0; i < s->vm_count; i++) {
		unsigned int own = s->vms[i].rt_budget_permille;

		sum += own ? own : SCENARIO_RT_BUDGET_MIN;
		if (own)
			y = at(vm_at(root, i), "rt_budget_permille");
	}
	if (sum > SCENARIO_RT_BUDGET_ALL)
		yaml_mistake(
			f, y->line, y->column,
			"key 'vms.rt_budget_permille': %u permille in all, with %d for each VM "
			"that states none (expected at most %d)",
			sum, SCENARIO_RT_BUDGET_MIN, SCENARIO_RT_BUDGET_ALL);
}

static void check_ways(const struct scenario *s, const struct yaml *root, struct yaml_file *f)
{
	const struct yaml *y = at(yaml_get(root, "limits"), "blocking_ratio");

	if (isfinite(s->limits.blocking_ratio_max) && !scenario_compares_ways(s))
		yaml_mistake(f, y->line, y->column,
			     "key 'limits.blocking_ratio': no two ways to compare (expected a VM "
			     "with a 'resource' whose 'lock' and 'change' are above 0s)");
}

void scenario_check(const struct scenario *s, const struct yaml *root, struct yaml_file *f)
{
	const struct yaml *y;
	unsigned int i, j;

	check_cores(s, root, f);
	check_policies(s, root, f);
	check_phases(s, root, f);
	check_loaded(s, root, f);
	check_limits(s, root, f);
	check_budgets(s, root, f);
	check_ways(s, root, f);
	for (i = 0; i < s->vm_count; i++) {
		scenario_check_vm(s, &s->vms[i], vm_at(root, i), f);
		scenario_check_resource(&s->vms[i], vm_at(root, i), f);
		y = at(vm_at(root, i), "name");
		for (j = 0; j < i; j++)
			if (!strcmp(s->vms[i].name, s->vms[j].name))
				yaml_mistake(f, y->line, y->column,
					     "key 'vms.name': '%s' again (expected each name once)",
					     s->vms[i].name);
	}
}
