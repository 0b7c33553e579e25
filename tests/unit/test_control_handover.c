// SPDX-License-Identifier: GPL-2.0-or-later
/* Shared data handed over in a ring: what must be accepted, what found out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "guest/control/handover.c"

/* A turn that nobody came into. */
static void pass(struct rsc_handover *page, uint64_t sequence, uint32_t slot)
{
	assert_true(rsc_handover_pass(page, page->turns, sequence, slot));
}

static int fresh(void **state)
{
	static struct rsc_handover page;

	rsc_handover_init(&page);
	*state = &page;
	return 0;
}

static void orderly_turns_are_good(void **state)
{
	struct rsc_handover *page = *state;

	for (uint64_t sequence = 0; sequence < 50; sequence++) {
		for (uint32_t slot = 0; slot < 4; slot++) {
			assert_int_equal(rsc_handover_check(page, sequence, slot),
					 RSC_HANDOVER_GOOD);
			pass(page, sequence, slot);
		}
	}
	assert_int_equal(page->turns, 200);
}

/* One flipped bit anywhere, the checksum itself included. */
static void every_flipped_bit_is_found(void **state)
{
	struct rsc_handover *page = *state;
	unsigned char *byte = (unsigned char *)page;

	pass(page, 7, 0);
	for (size_t i = 0; i < sizeof(*page); i++) {
		byte[i] ^= 1u << (i % 8);
		assert_int_equal(rsc_handover_check(page, 7, 1), RSC_HANDOVER_BAD);
		byte[i] ^= 1u << (i % 8);
	}
	assert_int_equal(rsc_handover_check(page, 7, 1), RSC_HANDOVER_GOOD);
}

static void turns_that_changed_places_are_found(void **state)
{
	struct rsc_handover *page = *state;

	pass(page, 3, 2);
	assert_int_equal(rsc_handover_check(page, 3, 1), RSC_HANDOVER_BAD);
	assert_int_equal(rsc_handover_check(page, 3, 2), RSC_HANDOVER_BAD);
	assert_int_equal(rsc_handover_check(page, 2, 3), RSC_HANDOVER_BAD);
	assert_int_equal(rsc_handover_check(page, 3, 3), RSC_HANDOVER_GOOD);
}

static void a_missing_turn_is_a_gap(void **state)
{
	struct rsc_handover *page = *state;

	assert_int_equal(rsc_handover_check(page, 0, 2), RSC_HANDOVER_GAP);
	pass(page, 5, 0);
	assert_int_equal(rsc_handover_check(page, 5, 2), RSC_HANDOVER_GAP);
	assert_int_equal(rsc_handover_check(page, 6, 1), RSC_HANDOVER_GAP);
	/* Skipped periods are no gap: the first process begins anew. */
	assert_int_equal(rsc_handover_check(page, 9, 0), RSC_HANDOVER_GOOD);
}

/* Cut off in its turn, a process must not undo what the next one wrote. */
static void a_late_writer_is_refused(void **state)
{
	struct rsc_handover *page = *state;
	uint64_t turns;

	pass(page, 4, 0);
	turns = page->turns;
	pass(page, 4, 2);
	assert_false(rsc_handover_pass(page, turns, 4, 1));
	assert_int_equal(rsc_handover_check(page, 4, 3), RSC_HANDOVER_GOOD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(orderly_turns_are_good, fresh),
		cmocka_unit_test_setup(every_flipped_bit_is_found, fresh),
		cmocka_unit_test_setup(turns_that_changed_places_are_found, fresh),
		cmocka_unit_test_setup(a_missing_turn_is_a_gap, fresh),
		cmocka_unit_test_setup(a_late_writer_is_refused, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
