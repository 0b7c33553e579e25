// SPDX-License-Identifier: GPL-2.0-or-later
/* Do the keys of one VM fit each other, and the scenario's phases? */
#include <string.h>

#include "harness/scenario.h"
#include "harness/scenario_check.h"
#include "harness/scenario_keys.h"
#include "harness/yaml.h"

/* Where a key's value stands, or its map where the key is not written. */
static const struct yaml *at(const struct yaml *map, const char *key)
{
	const struct yaml *y = yaml_get(map, key);

	return y ? y : map;
}

static const struct yaml *ring_at(const struct yaml *vm, unsigned int ring)
{
	return yaml_item(yaml_get(vm, "rings"), ring);
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

/* It is removed after a run that was killed, from wherever that is done. */
static void check_path(const struct scenario_interrupt *irq, const struct yaml *map,
		       struct yaml_file *f)
{
	const struct yaml *y = at(map, "path");

	if (irq->path && irq->path[0] != '/')
		yaml_mistake(f, y->line, y->column,
			     "key 'vms.interrupts.path': '%.40s' is relative (expected an absolute "
			     "path, such as /run/irq)",
			     irq->path);
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
		check_path(&vm->interrupts[i], yaml_item(list, i), f);
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

static void check_pressure(const struct scenario_vm *vm, const struct yaml *map,
			   struct yaml_file *f)
{
	const struct yaml *y = at(map, "pressure");
	bool io = vm->read_bytes_sec || vm->write_bytes_sec || vm->read_iops_sec ||
		  vm->write_iops_sec;

	if (vm->pressure && (vm->role != VM_ROLE_NEIGHBOUR || (!vm->memory_limit_mib && !io)))
		yaml_mistake(f, y->line, y->column,
			     "key 'vms.pressure': VM '%s' has nothing to press against (expected a "
			     "neighbour with memory_limit or an I/O limit)",
			     vm->name);
	y = at(map, "disk_cache");
	if (vm->disk_cache != CACHE_NONE && !scenario_has_disk(vm))
		yaml_mistake(f, y->line, y->column,
			     "key 'vms.disk_cache': VM '%s' has no disk (expected with image "
			     "'debian' or with load.fio)",
			     vm->name);
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

void scenario_check_vm(const struct scenario *s, const struct scenario_vm *vm,
		       const struct yaml *map, struct yaml_file *f)
{
	check_role(vm, map, f);
	check_allotment(vm, map, f);
	check_load(s, vm, map, f);
	check_disk(vm, map, f);
	check_pressure(vm, map, f);
	check_rings(vm, map, f);
	check_interrupts(vm, map, f);
}
