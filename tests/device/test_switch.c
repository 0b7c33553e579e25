// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The host's side of switch.sh: per_switch with the real module (P3). What the
 * daemon was told, by which vCPU, and what the kernel said of that vCPU's thread
 * then; after that the policy is changed all the time. Started by
 * tests/device/run.
 */
#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/error.h"
#include "tests/device/agent.h"
#include "tests/device/machine.h"
#include "tests/fake/daemon.h"

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

static struct daemon d;
static struct json_object *status, *trace;

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
		trace = control_client_command(d.client, "trace", &err);
	if (daemon_command(&d, "policy", names[changes++ % 4], "a", &err))
		puts(err ? err->message : "no change of policy"); /* the machine has ended */
	rs_error_free(&err);
}

/* 0; -1 where the daemon does not start, 1 where the machine does not end. */
static int run_machine(void)
{
	static const char *const extra[] = { "--trace", "65536", NULL };
	struct rs_error *err = NULL;

	if (daemon_start(&d, "per_switch", extra, &err) || daemon_add_vm(&d, "a", 0, NULL, &err) ||
	    daemon_add_vm(&d, "b", 0, NULL, &err)) {
		fprintf(stderr, "%s\n", err ? err->message : "the daemon does not start");
		rs_error_free(&err);
		return -1;
	}
	return machine_run(&d, "switch.sh", change_policy) ? 1 : 0;
}

static int set_up(void **state)
{
	struct rs_error *err = NULL;
	int ret = run_machine();

	(void)state;
	for (int tries = 1; ret == 1 && tries < TRIES && !getenv("ACCEL"); tries++) {
		daemon_clean(&d, false);
		json_object_put(trace);
		trace = NULL;
		ret = run_machine();
	}
	if (ret)
		return -1;
	status = control_client_command(d.client, "status", &err);
	rs_error_free(&err);
	return trace && status ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	json_object_put(trace);
	json_object_put(status);
	daemon_clean(&d, getenv("SHOW_LOG") != NULL);
	return 0;
}

static const char *text(struct json_object *event, const char *key)
{
	return json_object_get_string(json_object_object_get(event, key));
}

static int number(struct json_object *event, const char *key)
{
	return json_object_get_int(json_object_object_get(event, key));
}

static void test_guest_passed(void **state)
{
	(void)state;
	assert_true(machine_said(TOKEN));
}

/* In force when the kernel was asked, within the ceiling. */
static void check_event(struct json_object *e)
{
	int prio = number(e, "ring_prio"), ceiling = (int)daemon_number(&d, "a", "ceiling");

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
		int vcpu = number(e, "vcpu");

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
		if (daemon_number(&d, "a", zero[i]))
			fail_msg("%s is %lld", zero[i], (long long)daemon_number(&d, "a", zero[i]));
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

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
