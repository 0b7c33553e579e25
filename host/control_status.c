// SPDX-License-Identifier: GPL-2.0-or-later
/* What the daemon tells about itself and its VMs. */
#include <json-c/json.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "host/budget.h"
#include "host/control.h"
#include "host/guardian.h"
#include "host/json_add.h"
#include "host/rootdomain.h"
#include "host/server.h"
#include "host/trace.h"

static void add_cores(struct json_object *to, pid_t tid)
{
	char text[CORESET_TEXT_MAX];
	struct coreset cores;

	if (!sched_read_cores(tid, &cores) && coreset_text(&cores, text, sizeof(text)))
		json_add_text(to, "cores", text);
}

/* Read back when asked: what the kernel says, not what we set. */
struct json_object *control_vcpus(struct vm *vm)
{
	struct json_object *list = json_object_new_array();

	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		struct json_object *v;
		struct sched_state now;

		if (!vm->vcpus[i].present || !thread_ref_alive(&vm->vcpus[i].ref) ||
		    sched_read(vm->vcpus[i].ref.tid, &now))
			continue;
		v = json_object_new_object();
		json_add_u64(v, "index", i);
		json_add_u64(v, "tid", (uint64_t)vm->vcpus[i].ref.tid);
		json_add_text(v, "policy", sched_policy_name(now.policy));
		json_add_u64(v, "priority", now.priority);
		add_cores(v, vm->vcpus[i].ref.tid);
		json_object_array_add(list, v);
	}
	return list;
}

static void add_grant(const char *path, long long wanted, long long value, void *arg)
{
	struct json_object *grant = json_object_new_object();

	json_add_text(grant, "path", path);
	json_add_i64(grant, "wanted", wanted);
	json_add_i64(grant, "value", value);
	json_object_array_add(arg, grant);
}

struct json_object *control_grants(struct vm *vm)
{
	struct json_object *list = json_object_new_array();

	budget_each(vm, add_grant, list);
	return list;
}

struct json_object *control_budget(struct vm *vm)
{
	struct json_object *o = json_object_new_object();
	struct vm_budget b;
	bool needed;

	pthread_mutex_lock(&vm->lock);
	b = vm->budget;
	needed = vm->wants_realtime;
	pthread_mutex_unlock(&vm->lock);
	json_add_text(o, "by", vm_budget_names[b.by]);
	json_add_bool(o, "needed", needed);
	json_add_bool(o, "admitted", !vm->share.refused);
	json_add_u64(o, "permille", b.permille);
	json_add_u64(o, "period_us", b.period_ns / 1000);
	if (b.by == VM_BUDGET_DAEMON) {
		json_add_u64(o, "used_us", b.used_ns / 1000);
		json_add_bool(o, "cut", b.cut);
	}
	return o;
}

static struct json_object *io_threads(const struct vm *vm)
{
	struct json_object *list = json_object_new_array();

	for (unsigned int i = 0; i < vm->io.count; i++) {
		int value = ioprio_read(vm->io.threads[i].tid);
		struct json_object *o;

		if (!thread_ref_alive(&vm->io.threads[i]) || value < 0)
			continue;
		o = json_object_new_object();
		json_add_u64(o, "tid", (uint64_t)vm->io.threads[i].tid);
		json_add_u64(o, "class", (uint64_t)value >> 13);
		json_add_u64(o, "level", (uint64_t)value & 7);
		json_object_array_add(list, o);
	}
	return list;
}

/* Main alone writes the list of threads. */
struct json_object *control_io_boost(const struct vm *vm)
{
	struct json_object *o = json_object_new_object();
	const struct vm_io *io = &vm->io;

	json_add_bool(o, "wanted", io->wanted);
	json_add_bool(o, "able", io->able);
	if (!io->wanted)
		return o;
	json_add_text(o, "device", io->device.name);
	json_add_text(o, "scheduler", io->device.scheduler);
	json_add_text(o, "why_not", io->why);
	json_add_bool(o, "boosted", io->boosted);
	json_object_object_add(o, "threads", io_threads(vm));
	return o;
}

static struct json_object *rings_of(const struct vm *vm)
{
	struct json_object *list = json_object_new_array();

	for (unsigned int i = 0; i < RS_RING_MAX; i++) {
		struct json_object *ring;

		if (!vm->rings[i].active)
			continue;
		ring = json_object_new_object();
		json_add_u64(ring, "ring_id", i);
		json_add_u64(ring, "ring_prio", vm->rings[i].ring_prio);
		json_add_u64(ring, "vcpu", vm->rings[i].vcpu);
		json_add_bool(ring, "cut", vm->rings[i].boost.cut);
		json_object_array_add(list, ring);
	}
	return list;
}

static struct json_object *handling_of(const struct hist *h)
{
	static const struct {
		const char *key;
		double q;
	} quantiles[] = { { "p50", 0.5 }, { "p90", 0.9 }, { "p99", 0.99 }, { "p999", 0.999 } };
	struct json_object *o = json_object_new_object();
	uint64_t ns;

	json_add_u64(o, "count", h->count);
	json_object_object_add(o, "min",
			       h->count ? json_object_new_double((double)h->min / 1e3) : NULL);
	for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++)
		json_object_object_add(o, quantiles[i].key,
				       hist_quantile(h, quantiles[i].q, &ns) ?
					       json_object_new_double((double)ns / 1e3) :
					       NULL);
	json_object_object_add(o, "max",
			       h->count ? json_object_new_double((double)h->max / 1e3) : NULL);
	return o;
}

/* What is bound, and to what: docs/control-socket.md. */
static struct json_object *interrupts_of(const struct vm *vm)
{
	struct json_object *list = json_object_new_array();

	for (unsigned int n = 0; n < RS_INTERRUPT_MAX; n++) {
		const struct interrupt *i = &vm->interrupts[n];
		struct json_object *o;

		if (!i->used)
			continue;
		o = json_object_new_object();
		json_add_u64(o, "number", n);
		json_add_text(o, "source", interrupt_source_name(i));
		json_add_u64(o, "ring_id", i->ring_id);
		json_add_u64(o, "ring_prio", i->ring_prio);
		json_add_u64(o, "vcpu", i->vcpu);
		json_add_u64(o, "confirm_us", i->confirm_ns / 1000);
		json_add_bool(o, "boosted", i->ahead);
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *bounds_of(const struct vm *vm)
{
	struct json_object *o = json_object_new_object();

	json_add_u64(o, "longest_boost_us", vm->bounds.longest_ns / 1000);
	json_add_u64(o, "notify_rate", vm->bounds.notify_rate);
	json_add_bool(o, "held", vm_bounds_held(vm));
	return o;
}

/* NULL: it was given none. */
static struct json_object *deadline_of(const struct vm *vm)
{
	struct json_object *o;

	if (!vm->deadline_runtime_us)
		return NULL;
	o = json_object_new_object();
	json_add_u64(o, "runtime_us", vm->deadline_runtime_us);
	json_add_u64(o, "period_us", vm->deadline_period_us);
	json_add_u64(o, "waiting", vm_deadline_waiting(vm));
	return o;
}

static struct json_object *vring_of(const struct vm *vm)
{
	struct json_object *vring = json_object_new_object();

	json_add_u64(vring, "guest_address", vm->vring_guest_address);
	json_add_u64(vring, "user_address", vm->vring_user_address);
	json_add_u64(vring, "size", vm->vring_size);
	return vring;
}

static struct json_object *scan_of(const struct vm *vm)
{
	static const char *const states[] = {
		[VM_SCAN_OFF] = "off",
		[VM_SCAN_OFFERED] = "offered",
		[VM_SCAN_READY] = "ready",
		[VM_SCAN_REFUSED] = "refused",
	};
	struct json_object *scan = json_object_new_object();

	json_add_text(scan, "state", states[vm->scan.state]);
	if (vm->scan.state == VM_SCAN_REFUSED)
		json_add_text(scan, "reason", vm->scan.reason);
	return scan;
}

static struct json_object *vm_status(struct vm *vm)
{
	struct json_object *o = json_object_new_object();
	struct vm_counters counted;
	struct json_object *rings, *deadline, *interrupts, *scan, *bounds;
	struct hist *handling = malloc(sizeof(*handling));

	/* Copies, so that the lock is held for microseconds only. */
	pthread_mutex_lock(&vm->lock);
	counted = vm->counters;
	if (handling)
		*handling = vm->handling;
	rings = rings_of(vm);
	deadline = deadline_of(vm);
	interrupts = interrupts_of(vm);
	scan = scan_of(vm);
	bounds = bounds_of(vm);
	pthread_mutex_unlock(&vm->lock);

	json_add_text(o, "name", vm->name);
	json_add_bool(o, "connected", vm->connected);
	json_add_u64(o, "pid", (uint64_t)vm->pid);
	json_add_text(o, "role", vm->role == VM_ROLE_CONTROL ? "control" : "neighbour");
	json_add_text(o, "policy", vm->policy->name);
	json_add_u64(o, "ceiling", vm->ceiling);
	json_add_bool(o, "low", vm->process_low);
	json_add_bool(o, "settled", vm->settled);
	json_object_object_add(o, "vring", vring_of(vm));
	json_object_object_add(o, "deadline", deadline);
	json_object_object_add(o, "vcpus", control_vcpus(vm));
	json_object_object_add(o, "active_rings", rings);
	json_object_object_add(o, "interrupts", interrupts);
	json_object_object_add(o, "scan", scan);
	json_object_object_add(o, "bounds", bounds);
	control_counters(o, &counted);
	if (handling)
		json_object_object_add(o, "handling_us", handling_of(handling));
	free(handling);
	json_object_object_add(o, "grants", control_grants(vm));
	json_object_object_add(o, "budget", control_budget(vm));
	json_object_object_add(o, "io_boost", control_io_boost(vm));
	return o;
}

static void add_unbalanced(const char *path, const char *value, void *arg)
{
	struct json_object *group = json_object_new_object();

	json_add_text(group, "path", path);
	json_add_text(group, "value", value);
	json_object_array_add(arg, group);
}

static void add_share(unsigned int core, unsigned int permille, void *arg)
{
	struct json_object *share = json_object_new_object();

	json_add_u64(share, "core", core);
	json_add_u64(share, "permille", permille);
	json_object_array_add(arg, share);
}

struct json_object *control_status(void)
{
	struct json_object *unbalanced = json_object_new_array();
	struct json_object *shares = json_object_new_array();
	struct json_object *o = json_object_new_object(), *vms = json_object_new_array();
	struct timespec cpu = { 0 };

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
	json_add_u64(o, "revision", RS_REVISION);
	json_add_text(o, "policy", server_policy()->name);
	json_add_u64(o, "cpu_us", (uint64_t)cpu.tv_sec * 1000000 + (uint64_t)cpu.tv_nsec / 1000);
	json_add_u64(o, "trace_dropped", trace_dropped());
	json_add_u64(o, "guardian", (uint64_t)guardian_pid());
	json_add_u64(o, "requests_refused", control_refused());
	json_object_object_add(o, "confinement", control_confinement());
	for (struct vm *vm = vm_next(NULL); vm; vm = vm_next(vm))
		json_object_array_add(vms, vm_status(vm));
	json_object_object_add(o, "vms", vms);
	rootdomain_each(add_unbalanced, unbalanced);
	json_object_object_add(o, "unbalanced", unbalanced);
	json_add_u64(o, "rt_budget_total", vm_share_total());
	vm_share_each(add_share, shares);
	json_object_object_add(o, "rt_shares", shares);
	return o;
}
