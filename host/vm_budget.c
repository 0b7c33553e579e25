// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/vm_budget.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "host/clock.h"
#include "host/error.h"
#include "host/vm.h"

int (*vm_budget_watch)(const struct vm *vm, int timer, struct rs_error **err);

const char *const vm_budget_names[VM_BUDGET_BY_COUNT] = {
	[VM_BUDGET_AUTO] = "auto",
	[VM_BUDGET_KERNEL] = "kernel",
	[VM_BUDGET_DAEMON] = "daemon",
	[VM_BUDGET_NOBODY] = "nobody",
};

/* ns that the VM may use in one window. */
static uint64_t limit(const struct vm_budget *b)
{
	return b->period_ns / 1000 * b->permille;
}

/* CPU time of the thread so far. Where the kernel does not tell: all the time
 * there is, which is never less. */
static uint64_t run_ns(const struct vm_vcpu *v)
{
	char text[32];
	ssize_t n;
	uint64_t ns = 0;

	if (v->schedstat < 0)
		return monotonic_ns();
	n = pread(v->schedstat, text, sizeof(text) - 1, 0);
	if (n <= 0)
		return v->run_ns; /* it is gone */
	for (ssize_t i = 0; i < n && text[i] >= '0' && text[i] <= '9'; i++)
		ns = ns * 10 + (uint64_t)(text[i] - '0');
	return ns;
}

static bool is_realtime(const struct vm_vcpu *v)
{
	return v->present && v->level == VM_LEVEL_REALTIME;
}

static unsigned int count_realtime(const struct vm *vm)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		count += is_realtime(&vm->vcpus[i]);
	return count;
}

static void count_use(struct vm_budget *b, struct vm_vcpu *v)
{
	uint64_t ns = run_ns(v);

	if (ns > v->run_ns)
		b->used_ns += ns - v->run_ns;
	v->run_ns = ns;
}

/* The windows that have ended since pay what was used; called before a boost,
 * which begins a window where none is under way. */
static void roll(struct vm *vm, uint64_t now_ns)
{
	struct vm_budget *b = &vm->budget;
	uint64_t passed, paid;

	if (now_ns < b->window_end)
		return;
	passed = (now_ns - b->window_end) / b->period_ns + 1;
	paid = passed * limit(b);
	b->used_ns = b->used_ns > paid ? b->used_ns - paid : 0;
	if (b->used_ns || count_realtime(vm))
		b->window_end += passed * b->period_ns;
	else
		b->window_end = now_ns + b->period_ns;
	b->cut = b->cut && b->used_ns >= limit(b);
}

/* For the next moment at which something can be due. */
static void arm(const struct vm *vm, uint64_t now_ns)
{
	const struct vm_budget *b = &vm->budget;
	unsigned int running = count_realtime(vm);
	struct itimerspec spec = { 0 };
	uint64_t at = b->window_end, left;

	if (!running && !b->cut)
		return; /* armed or not: nothing is due */
	if (!b->cut) {
		left = b->used_ns < limit(b) ? (limit(b) - b->used_ns) / running : 0;
		if (left < VM_BUDGET_LOOK_NS)
			left = VM_BUDGET_LOOK_NS;
		if (now_ns + left < at)
			at = now_ns + left;
	}
	spec.it_value.tv_sec = (time_t)(at / 1000000000);
	spec.it_value.tv_nsec = (long)(at % 1000000000);
	timerfd_settime(b->timer, TFD_TIMER_ABSTIME, &spec, NULL);
}

static void cut(struct vm *vm, uint64_t now_ns)
{
	vm->budget.cut = true;
	vm_bounds_passed(vm, VM_BOUND_BUDGET, now_ns);
}

void vm_budget_note(struct vm *vm, struct vm_vcpu *v, bool was_realtime)
{
	if (vm->budget.by != VM_BUDGET_DAEMON || was_realtime == is_realtime(v))
		return;
	/* The change made the kernel bring its count up to date. */
	if (was_realtime) {
		count_use(&vm->budget, v);
		return;
	}
	v->run_ns = run_ns(v);
	arm(vm, monotonic_ns());
}

static void check(struct vm *vm, uint64_t now_ns)
{
	struct vm_budget *b = &vm->budget;

	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		if (is_realtime(&vm->vcpus[i]))
			count_use(b, &vm->vcpus[i]);
	roll(vm, now_ns);
	if (!b->cut && b->used_ns >= limit(b) && count_realtime(vm))
		cut(vm, now_ns);
	vm_apply_wishes(vm);
	arm(vm, now_ns);
}

bool vm_budget_left(struct vm *vm)
{
	struct vm_budget *b = &vm->budget;
	uint64_t now_ns;

	if (b->by != VM_BUDGET_DAEMON)
		return true;
	now_ns = monotonic_ns();
	if (now_ns >= b->window_end) {
		if (b->cut)
			check(vm, now_ns); /* the timer is on its way */
		else
			roll(vm, now_ns);
	}
	if (!b->cut && b->used_ns >= limit(b)) {
		cut(vm, now_ns);
		arm(vm, now_ns);
	}
	return !b->cut;
}

void vm_budget_expired(struct vm *vm, uint64_t now_ns)
{
	uint64_t before = vm->counters.boosts + vm->counters.demotions;
	uint64_t expirations;

	if (vm->budget.by != VM_BUDGET_DAEMON ||
	    (read(vm->budget.timer, &expirations, sizeof(expirations)) < 0 && errno != EAGAIN))
		return;
	check(vm, now_ns);
	vm_io_follow(vm);
	if (vm->counters.boosts + vm->counters.demotions == before)
		return;
	vm_trace_vcpus(vm, now_ns);
}

/* ---- main thread ---- */

static void open_schedstat(struct vm *vm, struct vm_vcpu *v)
{
	char path[64];

	if (v->schedstat >= 0)
		return;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/schedstat", vm->pid, v->ref.tid);
	v->schedstat = open(path, O_RDONLY | O_CLOEXEC);
	vm->counters.budget_by_wall += v->schedstat < 0;
	v->run_ns = run_ns(v);
}

static int make_timer(struct vm *vm, struct rs_error **err)
{
	int ret;

	vm->budget.timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (vm->budget.timer < 0)
		return rs_fail_errno(err, errno, "VM %s: a timer for its real-time budget",
				     vm->name);
	ret = vm_budget_watch ? vm_budget_watch(vm, vm->budget.timer, err) : 0;
	if (ret) {
		close(vm->budget.timer);
		vm->budget.timer = -1;
	}
	return ret;
}

int vm_budget_begin(struct vm *vm, enum vm_budget_by by, struct rs_error **err)
{
	struct vm_budget *b = &vm->budget;
	int ret = 0;

	if (by == VM_BUDGET_DAEMON && b->timer < 0)
		ret = make_timer(vm, err);
	b->by = ret ? VM_BUDGET_NOBODY : by;
	if (b->by != VM_BUDGET_DAEMON) {
		b->cut = false;
		return ret;
	}
	if (!b->period_ns)
		b->period_ns = VM_BUDGET_PERIOD_US * 1000ull;
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		if (vm->vcpus[i].present)
			open_schedstat(vm, &vm->vcpus[i]);
	roll(vm, monotonic_ns());
	arm(vm, monotonic_ns());
	return 0;
}

/* What was used stays used: whoever connects next under this name, the same
 * process or another, has no budget of its own in the same window. */
void vm_budget_end(struct vm *vm)
{
	struct vm_budget *b = &vm->budget;

	if (b->timer >= 0)
		close(b->timer);
	b->timer = -1;
	b->by = VM_BUDGET_NOBODY;
	b->cut = false;
}

void vm_budget_forget(struct vm_vcpu *v)
{
	if (v->schedstat >= 0)
		close(v->schedstat);
	v->schedstat = -1;
}
