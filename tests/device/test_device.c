// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The host's side: boots the machine with two VMs' devices, a and b, and checks
 * what the daemon was told, by which vCPU, and what the kernel said of that
 * vCPU's thread then. Started by tests/device/run.
 */
#include "tests/device/agent.h"
#include "tests/device/stage.h"

#define TOKEN "RINGSCHED-DEVICE-PASSED"

static int set_up(void **state)
{
	(void)state;
	return stage_start("ring", "8192") || stage_run("device.sh", NULL) ? -1 :
									     stage_take_trace();
}

static void check_event(struct json_object *e, int vcpu, int prio)
{
	bool start = !strcmp(text(e, "kind"), "START");

	assert_int_equal(number(e, "vcpu"), vcpu);
	assert_int_equal(number(e, "ring_prio"), prio);
	assert_string_equal(text(e, "policy"), start ? "SCHED_FIFO" : "SCHED_OTHER");
	assert_int_equal(number(e, "priority"), start ? prio : 0);
}

/* Every START and END of the ring: from that vCPU, in force, given back. */
static int check_ring(const char *vm, int ring, int vcpu, int prio)
{
	struct json_object *events = json_object_object_get(trace, "events");
	int found = 0;

	for (size_t i = 0; i < json_object_array_length(events); i++) {
		struct json_object *e = json_object_array_get_idx(events, i);

		if (number(e, "ring_id") != ring || strcmp(text(e, "vm"), vm) ||
		    (strcmp(text(e, "kind"), "START") && strcmp(text(e, "kind"), "END")))
			continue;
		check_event(e, vcpu, prio);
		found++;
	}
	return found;
}

static void test_guest_passed(void **state)
{
	(void)state;
	assert_true(stage_guest_said(TOKEN));
}

static void test_calls_name_the_vcpu(void **state)
{
	(void)state;
	assert_int_equal(check_ring("a", RING_LIBRARY, 0, PRIO_LIBRARY), 40);
	assert_int_equal(check_ring("a", RING_LIBRARY_1, 1, PRIO_LIBRARY_1), 42);
	assert_int_equal(check_ring("a", RING_KERNEL, 1, PRIO_KERNEL), 6);
}

static void test_ring_engine_on_both_devices(void **state)
{
	(void)state;
	assert_true(check_ring("a", RING_ENGINE, 1, PRIO_ENGINE) >= 30);
	assert_true(check_ring("b", RING_ENGINE, 1, PRIO_ENGINE) >= 15);
}

static void test_counts(void **state)
{
	/* a: bound at boot, again after b, three reloads; each ends with BYE. */
	static const struct {
		const char *vm, *path;
		int64_t wanted;
	} counts[] = {
		{ "a", "messages.attach", 5 },
		{ "a", "messages.bye", 5 },
		{ "a", "lost", 0 },
		{ "b", "messages.attach", 1 },
		{ "b", "messages.bye", 1 },
		{ "b", "lost", 0 },
		{ "a", "apply_failed", 0 },
		{ "b", "apply_failed", 0 },
		{ "a", "reordered", 0 },
		{ "a", "policy_errors", 0 },
		{ "b", "policy_errors", 0 },
		{ "a", "stray_ends", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		check_number(&d, counts[i].vm, counts[i].path, counts[i].wanted);
	assert_int_equal(daemon_rejects(&d, "a"), 0);
	assert_int_equal(daemon_rejects(&d, "b"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_guest_passed),
		cmocka_unit_test(test_calls_name_the_vcpu),
		cmocka_unit_test(test_ring_engine_on_both_devices),
		cmocka_unit_test(test_counts),
	};

	return cmocka_run_group_tests(tests, set_up, stage_tear_down);
}
