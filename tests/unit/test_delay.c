// SPDX-License-Identifier: GPL-2.0-or-later
/* The delay of lower control VMs, of a cell made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "harness/delay.h"

#define PERIODS_MAX 100

/* Three control VMs and, last, a ring of a neighbour; one ring each. */
static struct period periods[4][PERIODS_MAX];
static struct cell_ring rings[5];
static struct cell cell;

static void add_ring(int vm, bool control, unsigned int prio, size_t count)
{
	struct cell_ring *r = &rings[cell.ring_count++];

	*r = (struct cell_ring){
		.vm_index = vm,
		.control = control,
		.prio = prio,
		.periods = periods[vm],
		.period_count = count,
	};
	for (size_t i = 0; i < count; i++)
		periods[vm][i].release = 1000 + i;
}

static int make_cell(void **state)
{
	struct cell_phase *p = &cell.phases[PHASE_SOLO];

	(void)state;
	memset(&cell, 0, sizeof(cell));
	cell.rings = rings;
	*p = (struct cell_phase){ .present = true, .begin = 1000, .end = 2000 };
	add_ring(0, true, 80, 100);
	add_ring(1, true, 60, 50);
	add_ring(2, true, 40, 20);
	add_ring(3, false, 90, 10); /* above all, but not a control VM's */
	/* Work a period: 1, 2, 5 ms. Wait a period: 0.5, 0.4, 3.6 ms. */
	p->vms[0] = (struct cell_vcpu){ true, 100000000, 50000000 };
	p->vms[1] = (struct cell_vcpu){ true, 100000000, 20000000 };
	p->vms[2] = (struct cell_vcpu){ true, 100000000, 72000000 };
	p->vms[3] = (struct cell_vcpu){ true, 900000000, 900000000 };
	return 0;
}

/* 0.4 / 1 of the second, 3.6 / (1 + 2) of the third; the first has none above. */
static void test_largest_counts(void **state)
{
	(void)state;
	assert_true(fabs(delay_of_phase(&cell, &cell.phases[PHASE_SOLO]) - 1.2) < 1e-9);
	cell.phases[PHASE_SOLO].vms[2].wait_ns = 0;
	assert_true(fabs(delay_of_phase(&cell, &cell.phases[PHASE_SOLO]) - 0.4) < 1e-9);
}

/* Its lower rings make a VM no lower. */
static void test_highest_ring_ranks(void **state)
{
	(void)state;
	add_ring(3, true, 10, 5);
	rings[4].vm_index = 0;
	assert_true(fabs(delay_of_phase(&cell, &cell.phases[PHASE_SOLO]) - 1.2) < 1e-9);
}

static void test_not_known(void **state)
{
	struct cell_phase *p = &cell.phases[PHASE_SOLO];

	(void)state;
	assert_true(isnan(delay_of_phase(&cell, &cell.phases[PHASE_BOOT])));
	p->vms[0].known = false; /* above both others */
	assert_true(isnan(delay_of_phase(&cell, p)));
	p->vms[0].known = true;
	cell.ring_count = 1;
	assert_true(isnan(delay_of_phase(&cell, p)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_largest_counts, make_cell),
		cmocka_unit_test_setup(test_highest_ring_ranks, make_cell),
		cmocka_unit_test_setup(test_not_known, make_cell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
