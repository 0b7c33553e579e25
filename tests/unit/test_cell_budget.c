// SPDX-License-Identifier: GPL-2.0-or-later
/* Real-time budgets of a scenario's VMs: the kernel takes them only together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glob.h>
#include <string.h>

#include "harness/cell_state.h"
#include "host/error.h"
#include "host/vm_share.h"

static void add_vm(struct scenario *s, unsigned int permille_of_work, unsigned int own)
{
	struct scenario_vm *vm = &s->vms[s->vm_count++];

	vm->rt_budget_permille = own;
	vm->resource.ring = -1; /* none */
	if (!permille_of_work)
		return;
	vm->ring_count = 1;
	vm->rings[0].processes = 1;
	vm->rings[0].period_us = 1000000;
	vm->rings[0].work_us[0] = permille_of_work * 1000;
}

static unsigned int sum(const struct scenario *s)
{
	unsigned int all = 0, i;

	for (i = 0; i < s->vm_count; i++)
		all += cell_vm_budget(s, &s->vms[i]);
	return all;
}

/* Four at 20 % each beside a neighbour without rings: nearly all of it, and
 * each more than its work. */
static void test_consolidation(void **state)
{
	struct scenario s = { 0 };
	unsigned int i;

	(void)state;
	for (i = 0; i < 4; i++)
		add_vm(&s, 200, 0);
	add_vm(&s, 0, 0);
	assert_in_range(sum(&s), SCENARIO_RT_BUDGET_ALL - 5, SCENARIO_RT_BUDGET_ALL);
	for (i = 0; i < 4; i++)
		assert_in_range(cell_vm_budget(&s, &s.vms[i]), 225, 235);
	assert_int_equal(cell_vm_budget(&s, &s.vms[4]), SCENARIO_RT_BUDGET_MIN);
}

/* As many VMs as there can be, one of them with nearly all the work. */
static void test_never_too_much(void **state)
{
	struct scenario s = { 0 };

	(void)state;
	add_vm(&s, 900, 0);
	while (s.vm_count < SCENARIO_VMS_MAX)
		add_vm(&s, 1, 0);
	assert_in_range(sum(&s), 1, SCENARIO_RT_BUDGET_ALL);
	s.vms[1].rt_budget_permille = 500;
	assert_in_range(sum(&s), 500, SCENARIO_RT_BUDGET_ALL);
	assert_int_equal(cell_vm_budget(&s, &s.vms[1]), 500);
	assert_true(cell_vm_budget(&s, &s.vms[2]) >= SCENARIO_RT_BUDGET_MIN);
}

/* The daemon's default serves usual rings; fast ones have four times their need. */
static void test_notify_rate(void **state)
{
	struct scenario s = { 0 };

	(void)state;
	add_vm(&s, 200, 0);
	add_vm(&s, 0, 0);
	assert_int_equal(cell_vm_notify_rate(&s.vms[0]), 5000);
	assert_int_equal(cell_vm_notify_rate(&s.vms[1]), 5000);
	s.vms[0].rings[0].period_us = 500;
	s.vms[0].rings[0].processes = 3;
	assert_int_equal(cell_vm_notify_rate(&s.vms[0]), 4 * 8 * 2000);
	s.vms[0].rings[0].processes = 32;
	s.vms[0].rings[0].period_us = 100;
	assert_int_equal(cell_vm_notify_rate(&s.vms[0]), 1000000);
	s.vms[0].notify_rate = 100;
	assert_int_equal(cell_vm_notify_rate(&s.vms[0]), 100);
}

/* The permille of one core that the daemon would count, under either kind of
 * policy: no more than it admits. */
static void check_admitted(const char *path)
{
	struct rs_error *err = NULL;
	struct scenario *s = scenario_load(path, &err);
	unsigned int budgets = 0, deadlines = 0;

	if (!s)
		fail_msg("%s: %s", path, err->message);
	for (unsigned int i = 0; i < s->vm_count; i++) {
		const struct scenario_vm *vm = &s->vms[i];
		uint64_t runtime_us, period_us;

		budgets += cell_vm_budget(s, vm);
		cell_deadline_budget(s, vm, &runtime_us, &period_us);
		if (runtime_us)
			deadlines +=
				(unsigned int)((runtime_us * 1000 + period_us - 1) / period_us) *
				vm->vcpus;
	}
	if (!budgets || budgets > VM_SHARE_TOTAL_DEFAULT || deadlines > VM_SHARE_TOTAL_DEFAULT)
		fail_msg("%s: budgets %u, deadlines %u permille", path, budgets, deadlines);
	print_message("  %s: budgets %u, deadlines %u permille\n", path, budgets, deadlines);
	scenario_free(s);
}

static void test_daemon_admits_all(void **state)
{
	glob_t found;

	(void)state;
	assert_int_equal(glob("scenarios/*.yaml", 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++)
		check_admitted(found.gl_pathv[i]);
	globfree(&found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_consolidation),
		cmocka_unit_test(test_never_too_much),
		cmocka_unit_test(test_notify_rate),
		cmocka_unit_test(test_daemon_admits_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
