// SPDX-License-Identifier: GPL-2.0-or-later
/* Do the keys of a resource (P6) fit the rings of its VM, and the limits? */
#include "harness/scenario.h"
#include "harness/scenario_check.h"
#include "harness/yaml.h"

struct place {
	const struct scenario_vm *vm;
	const struct yaml *map; /* the resource's, or the VM's where it is not written */
	struct yaml_file *file;
};

static const struct yaml *at(const struct place *p, const char *key)
{
	const struct yaml *y = yaml_get(p->map, key);

	return y ? y : p->map;
}

/* The ring a key names; NULL with the mistake noted. */
static const struct scenario_ring *named_ring(const struct place *p, const char *key, int id)
{
	const struct yaml *y = at(p, key);

	for (unsigned int i = 0; i < p->vm->ring_count; i++)
		if ((int)p->vm->rings[i].id == id)
			return &p->vm->rings[i];
	if (id < 0)
		yaml_mistake(p->file, y->line, y->column,
			     "key 'vms.resource.%s': none (expected the id of a ring: a resource "
			     "has a 'ring' that controls it and a 'user')",
			     key);
	else
		yaml_mistake(p->file, y->line, y->column,
			     "key 'vms.resource.%s': %d is no ring of VM '%s' (expected the id of "
			     "one)",
			     key, id, p->vm->name);
	return NULL;
}

/* The use comes on top of the ring's own work: at home with a lock, else on a visit. */
static void check_work(const struct place *p, const struct scenario_ring *r)
{
	const struct yaml *y = at(p, "use");
	uint64_t total = p->vm->resource.use_us;

	for (unsigned int i = 0; i < r->processes; i++)
		total += r->work_us[i];
	if (total >= r->period_us)
		yaml_mistake(p->file, y->line, y->column,
			     "key 'vms.resource.use': with the work of ring %u %llu us (expected "
			     "less than its period's %llu us)",
			     r->id, (unsigned long long)total, (unsigned long long)r->period_us);
}

/* Both ways alternate in the time of periods. */
static void check_release(const struct place *p, const char *key, const struct scenario_ring *r)
{
	const struct yaml *y = at(p, key);

	if (r->interrupt >= 0)
		yaml_mistake(p->file, y->line, y->column,
			     "key 'vms.resource.%s': interrupt %d releases ring %u (expected a "
			     "ring that its period releases)",
			     key, r->interrupt, r->id);
}

static void check_pair(const struct place *p, const struct scenario_ring *ring,
		       const struct scenario_ring *user)
{
	const struct yaml *y = at(p, "user");

	if (user->prio <= ring->prio)
		yaml_mistake(p->file, y->line, y->column,
			     "key 'vms.resource.user': ring %u of priority %u (expected one of "
			     "higher priority than ring %u's %u)",
			     user->id, user->prio, ring->id, ring->prio);
	check_work(p, ring);
	check_work(p, user);
	check_release(p, "ring", ring);
	check_release(p, "user", user);
}

void scenario_check_resource(const struct scenario_vm *vm, const struct yaml *map,
			     struct yaml_file *f)
{
	const struct scenario_resource *r = &vm->resource;
	const struct yaml *own = yaml_get(map, "resource");
	const struct place p = { .vm = vm, .map = own ? own : map, .file = f };
	const struct scenario_ring *ring, *user;

	if (r->ring < 0 && r->user < 0)
		return;
	if (vm->role != VM_ROLE_CONTROL)
		yaml_mistake(f, p.map->line, p.map->column,
			     "key 'vms.resource': in neighbour '%s' (expected in control VMs only)",
			     vm->name);
	if (!r->lock_us && !r->change_us)
		yaml_mistake(f, at(&p, "change")->line, at(&p, "change")->column,
			     "key 'vms.resource.change': 0s, as 'lock' (expected one of them "
			     "longer)");
	ring = named_ring(&p, "ring", r->ring);
	user = named_ring(&p, "user", r->user);
	if (ring && user)
		check_pair(&p, ring, user);
}

bool scenario_compares_ways(const struct scenario *s)
{
	for (unsigned int i = 0; i < s->vm_count; i++) {
		const struct scenario_resource *r = &s->vms[i].resource;

		if (r->ring >= 0 && r->lock_us && r->change_us)
			return true;
	}
	return false;
}
