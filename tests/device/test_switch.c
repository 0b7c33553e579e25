// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The host's side of switch.sh: per_switch with the real module (P3). What the
 * daemon was told, by which vCPU, and what the kernel said of that vCPU's thread
 * then; after that the policy is changed all the time. Started by
 * tests/device/run.
 */
#include "tests/device/agent.h"
#include "tests/device/stage.h"

#define TOKEN "RINGSCHED-SWITCH-PASSED"
#define RELOADS 3
#define CHANGE_MS 350
/*
 * QEMU 7.2's TCG with a thread a vCPU can keep the translation of a breakpoint
 * that another vCPU has taken out of the kernel's code since: the guest then
 * traps at an ordinary instruction for ever, interrupts off. Each coming and
 * going of the probe patches sched_switch, so about one machine in a hundred
 * stands still here. Tried again once; a hang of our own would hang again.
 */
#define TRIES 2

/* Once the module was loaded for the last time. */
static void change_policy(void)
{
	static const char *const names[] = { "ring", "per_switch", "none", "per_switch" };
	static unsigned int changes;
	static int64_t next;
	struct rs_error *err = NULL;

	if (now_ms() < next)
		return;
	next = now_ms() + CHANGE_MS;
	if (daemon_number(&d, "a", "messages.attach") <= RELOADS)
		return;
	if (!trace)
		stage_take_trace();
	if (daemon_command(&d, "policy", names[changes++ % 4], "a", &err))
		puts(err ? err->message : "no change of policy"); /* the machine has ended */
	rs_error_free(&err);
}

static int set_up(void **state)
{
	bool ended = false;

	(void)state;
	for (int tries = 0; !ended && tries < (getenv("ACCEL") ? 1 : TRIES); tries++) {
		stage_end(false);
		if (stage_start("per_switch", "65536"))
			return -1;
		ended = stage_run("switch.sh", change_policy) == 0;
	}
	return ended && trace ? 0 : -1;
}

static void test_guest_passed(void **state)
{
	(void)state;
	assert_true(stage_guest_said(TOKEN));
}

/* In force when the kernel was asked, within the ceiling. */
static void check_event(struct json_object *e)
{
	int prio = (int)number(e, "ring_prio"), ceiling = (int)daemon_number(&d, "a", "ceiling");

	assert_string_equal(text(e, "policy"), prio ? "SCHED_FIFO" : "SCHED_OTHER");
	assert_int_equal(number(e, "priority"), prio < ceiling ? prio : ceiling);
}

static void test_each_vcpu_follows_its_task(void **state)
{
	static const int sleeper[] = { PRIO_SLEEPER_0, PRIO_SLEEPER_1 };
	struct json_object *events = json_object_object_get(trace, "events");
	int seen[2] = { 0 }, none[2] = { 0 };

	(void)state;
	for (size_t i = 0; i < json_object_array_length(events); i++) {
		struct json_object *e = json_object_array_get_idx(events, i);
		int vcpu = (int)number(e, "vcpu");

		if (strcmp(text(e, "kind"), "SWITCH"))
			continue;
		assert_in_range(vcpu, 0, 1);
		assert_int_not_equal(number(e, "ring_prio"), sleeper[1 - vcpu]);
		seen[vcpu] += number(e, "ring_prio") == sleeper[vcpu];
		none[vcpu] += number(e, "ring_prio") == 0;
		check_event(e);
	}
	for (int vcpu = 0; vcpu < 2; vcpu++) {
		assert_true(seen[vcpu] > 300);
		assert_true(none[vcpu] > 300);
	}
}

static void test_counts(void **state)
{
	static const char *const zero[] = { "lost", "reordered", "apply_failed", "policy_errors",
					    "stray_ends" };

	(void)state;
	assert_int_equal(daemon_number(&d, "a", "messages.attach"), RELOADS + 1);
	assert_int_equal(daemon_number(&d, "a", "messages.bye"), RELOADS + 1);
	for (size_t i = 0; i < sizeof(zero) / sizeof(zero[0]); i++)
		check_number(&d, "a", zero[i], 0);
	assert_int_equal(daemon_rejects(&d, "a"), 0);
	assert_true(daemon_number(&d, "a", "switches_by_priority.44") > 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_guest_passed),
		cmocka_unit_test(test_each_vcpu_follows_its_task),
		cmocka_unit_test(test_counts),
	};

	return cmocka_run_group_tests(tests, set_up, stage_tear_down);
}
