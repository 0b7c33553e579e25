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

static const struct yaml *ring_at(const struct yaml *vm, unsigned int ring)
{
	return yaml_item(yaml_get(vm, "rings"), ring);
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
	y = at(map ? map : root, "interference");
	if (phase == PHASE_SOLO && !isnan(s->limits.interference_max))
		yaml_mistake(f, y->line, y->column,
			     "key 'limits.interference': of phase solo with itself (expected "
			     "limits.phase 'boot' or 'shared')");
	y = at(map ? map : root, "neighbour_share");
	if ((phase == PHASE_SOLO || !neighbour) && !isnan(s->limits.neighbour_share_min))
		yaml_mistake(f, y->line, y->column,
			     "key 'limits.neighbour_share': no neighbour is in phase %s (expected "
			     "limits.phase 'boot' or 'shared')",
			     phase_names[phase]);
	y = at(map ? map : root, "delay");
	if (scenario_count_role(s, VM_ROLE_CONTROL) < 2 && !isnan(s->limits.delay_max))
		yaml_mistake(f, y->line, y->column,
			     "key 'limits.delay': no control VM is above another (expected two VMs "
			     "of role 'control')");
	y = at(map ? map : root, "boot_time");
	if (!neighbour && !isnan(s->limits.boot_s_max))
		yaml_mistake(f, y->line, y->column,
			     "key 'limits.boot_time': nothing boots (expected a VM of role "
			     "'neighbour')");
}

static void check_ring(const struct scenario_vm *vm, unsigned int index, const struct yaml *map,
		       struct yaml_file *f)
{
	const struct scenario_ring *r = &vm->rings[index];
	const struct yaml *work = at(map, "work"), *y;
	uint64_t total = 0;
	unsigned int i;

	for (i = 0; i < r->processes; i++)
		total += r->work_us[i];
	if (total >= r->period_us)
		yaml_mistake(f, work->line, work->column,
			     "key 'vms.rings.work': %llu us in all (expected less than the "
			     "period's %llu us)",
			     (unsigned long long)total, (unsigned long long)r->period_us);
	y = at(map, "deadline");
	if (yaml_get(map, "deadline") && r->deadline_us < total)
		yaml_mistake(f, y->line, y->column,
			     "key 'vms.rings.deadline': %llu us cannot be met (expected at least "
			     "the work's %llu us)",
			     (unsigned long long)r->deadline_us, (unsigned long long)total);
	if (r->deadline_us > RING_DEADLINE_PERIODS * r->period_us)
		yaml_mistake(f, y->line, y->column,
			     "key 'vms.rings.deadline': %llu us (expected at most %d periods, "
			     "%llu us)",
			     (unsigned long long)r->deadline_us, RING_DEADLINE_PERIODS,
			     (unsigned long long)(RING_DEADLINE_PERIODS * r->period_us));
	y = at(map, "vcpu");
	if (r->vcpu >= (int)vm->vcpus)
		yaml_mistake(f, y->line, y->column,
			     "key 'vms.rings.vcpu': %d is past the VM's last (expected 0 to %u)",
			     r->vcpu, vm->vcpus - 1);
}

static void check_rings(const struct scenario_vm *vm, const struct yaml *map, struct yaml_file *f)
{
	const struct yaml *y;
	unsigned int i, j;

	for (i = 0; i < vm->ring_count; i++) {
		check_ring(vm, i, ring_at(map, i), f);
		for (j = 0; j < i; j++) {
			y = at(ring_at(map, i), "id");
			if (vm->rings[i].id == vm->rings[j].id)
				yaml_mistake(f, y->line, y->column,
					     "key 'vms.rings.id': %u again (expected each id once "
					     "in a VM)",
					     vm->rings[i].id);
			y = at(ring_at(map, i), "priority");
			if (vm->rings[i].prio == vm->rings[j].prio)
				yaml_mistake(f, y->line, y->column,
					     "key 'vms.rings.priority': %u again (expected each "
					     "priority once in a VM)",
					     vm->rings[i].prio);
		}
	}
}

/* What belongs to another source than the interrupt's. */
static void check_source(const struct scenario_interrupt *irq, const struct yaml *map,
			 struct yaml_file *f)
{
	static const struct {
		const char *key;
		enum interrupt_source source;
		bool needed;
	} keys[] = {
		{ "interval", INTERRUPT_GENERATOR, false },
		{ "distribution", INTERRUPT_GENERATOR, false },
		{ "seed", INTERRUPT_GENERATOR, false },
		{ "path", INTERRUPT_UNIX, true },
		{ "port", INTERRUPT_UDP, true },
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const struct yaml *y = yaml_get(map, keys[i].key);
		bool given = y && strcmp(y->text, "none") && strcmp(y->text, "period");

		if (given && irq->source != keys[i].source)
			yaml_mistake(f, y->line, y->column,
				     "key 'vms.interrupts.%s': belongs to source '%s' (expected no "
				     "such key for source '%s')",
				     keys[i].key, scenario_sources[keys[i].source],
				     scenario_sources[irq->source]);
		y = map;
		if (!given && keys[i].needed && irq->source == keys[i].source)
			yaml_mistake(f, y->line, y->column,
				     "key 'vms.interrupts.%s': missing here (expected for source "
				     "'%s')",
				     keys[i].key, scenario_sources[irq->source]);
	}
}

static void check_interrupt_ring(const struct scenario_vm *vm, unsigned int index,
				 const struct yaml *map, struct yaml_file *f)
{
	const struct scenario_ring *r = scenario_ring(vm, vm->interrupts[index].ring);
	const struct yaml *y = at(map, "ring");
	unsigned int i;

	if (!r)
		yaml_mistake(
			f, y->line, y->column,
			"key 'vms.interrupts.ring': VM '%s' has no ring %u (expected the id of "
			"one of its rings)",
			vm->name, vm->interrupts[index].ring);
	else if (r->offset_us)
		yaml_mistake(f, y->line, y->column,
			     "key 'vms.interrupts.ring': ring %u has an offset, but is released by "
			     "this interrupt (expected 'offset' 0us there)",
			     r->id);
	for (i = 0; i < index; i++)
		if (vm->interrupts[i].ring == vm->interrupts[index].ring)
			yaml_mistake(
				f, y->line, y->column,
				"key 'vms.interrupts.ring': %u again (expected one interrupt a "
				"ring)",
				vm->interrupts[i].ring);
}

static void check_interrupts(const struct scenario_vm *vm, const struct yaml *map,
			     struct yaml_file *f)
{
	const struct yaml *list = yaml_get(map, "interrupts"), *y;
	unsigned int i, j;

	if (vm->interrupt_count && vm->role != VM_ROLE_CONTROL)
		yaml_mistake(f, list->line, list->column,
			     "key 'vms.interrupts': in neighbour '%s' (expected in control VMs "
			     "only)",
			     vm->name);
	for (i = 0; i < vm->interrupt_count; i++) {
		check_source(&vm->interrupts[i], yaml_item(list, i), f);
		check_interrupt_ring(vm, i, yaml_item(list, i), f);
		y = at(yaml_item(list, i), "number");
		for (j = 0; j < i; j++)
			if (vm->interrupts[i].number == vm->interrupts[j].number)
				yaml_mistake(f, y->line, y->column,
					     "key 'vms.interrupts.number': %u again (expected each "
					     "number once in a VM)",
					     vm->interrupts[i].number);
	}
}

static void check_role(const struct scenario_vm *vm, const struct yaml *map, struct yaml_file *f)
{
	bool control = vm->role == VM_ROLE_CONTROL;
	const struct yaml *y = at(map, "rings");

	if (control && !vm->ring_count)
		yaml_mistake(f, y->line, y->column,
			     "key 'vms.rings': control VM '%s' has none (expected at least one)",
			     vm->name);
	y = at(map, "cyclictest");
	if (!control && vm->cyclictest)
		yaml_mistake(f, y->line, y->column,
			     "key 'vms.cyclictest': in neighbour '%s' (expected in control VMs "
			     "only)",
			     vm->name);
	y = at(map, "image");
	if (control && vm->image != VM_IMAGE_SMALL)
		yaml_mistake(f, y->line, y->column,
			     "key 'vms.image': 'debian' for control VM '%s' (expected 'small')",
			     vm->name);
}

/* A neighbour's load begins with phase shared. */
static void check_load(const struct scenario *s, const struct scenario_vm *vm,
		       const struct yaml *map, struct yaml_file *f)
{
	const struct yaml *y = at(map, "load");

	if (vm->role == VM_ROLE_NEIGHBOUR && scenario_has_load(vm) && s->shared_s <= 0)
		yaml_mistake(f, y->line, y->column,
			     "key 'vms.load': neighbour '%s' would never run it (expected "
			     "phases.shared longer than 0s)",
			     vm->name);
}

/* A guest that runs from its initramfs: nothing could be limited. */
static void check_disk(const struct scenario_vm *vm, const struct yaml *map, struct yaml_file *f)
{
	static const char *const keys[] = { "read_bandwidth", "write_bandwidth", "read_iops",
					    "write_iops" };
	const uint64_t limits[] = { vm->read_bytes_sec, vm->write_bytes_sec, vm->read_iops_sec,
				    vm->write_iops_sec };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const struct yaml *y = at(map, keys[i]);

		if (limits[i] && !scenario_has_disk(vm))
			yaml_mistake(f, y->line, y->column,
				     "key 'vms.%s': VM '%s' has no disk (expected with image "
				     "'debian' or with load.fio)",
				     keys[i], vm->name);
	}
}

static void check_allotment(const struct scenario_vm *vm, const struct yaml *map,
			    struct yaml_file *f)
{
	const struct yaml *y = at(map, "memory_limit");

	if (vm->memory_limit_mib && vm->memory_limit_mib <= vm->memory_mib)
		yaml_mistake(f, y->line, y->column,
			     "key 'vms.memory_limit': %u MiB leaves QEMU no room (expected more "
			     "than the guest's %u MiB)",
			     vm->memory_limit_mib, vm->memory_mib);
	y = at(map, "cpu_quota");
	if (vm->cpu_quota_us > vm->cpu_period_us)
		yaml_mistake(f, y->line, y->column,
			     "key 'vms.cpu_quota': %llu us a vCPU (expected at most cpu_period, "
			     "%llu us)",
			     (unsigned long long)vm->cpu_quota_us,
			     (unsigned long long)vm->cpu_period_us);
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
	check_limits(s, root, f);
	check_budgets(s, root, f);
	check_ways(s, root, f);
	for (i = 0; i < s->vm_count; i++) {
		check_role(&s->vms[i], vm_at(root, i), f);
		check_allotment(&s->vms[i], vm_at(root, i), f);
		check_load(s, &s->vms[i], vm_at(root, i), f);
		check_disk(&s->vms[i], vm_at(root, i), f);
		check_rings(&s->vms[i], vm_at(root, i), f);
		check_interrupts(&s->vms[i], vm_at(root, i), f);
		scenario_check_resource(&s->vms[i], vm_at(root, i), f);
		y = at(vm_at(root, i), "name");
		for (j = 0; j < i; j++)
			if (!strcmp(s->vms[i].name, s->vms[j].name))
				yaml_mistake(f, y->line, y->column,
					     "key 'vms.name': '%s' again (expected each name once)",
					     s->vms[i].name);
	}
}
