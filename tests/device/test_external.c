// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The host's side of external.c: ring_irq with the real module (P11, P14c).
 * Interrupts that no ring of the guest is bound to must have their boosts taken
 * back; of those that release its ring, every boost must have been in force
 * before, until END. Started by tests/device/run.
 */
#include "tests/device/agent.h"
#include "tests/device/stage.h"

#define TOKEN "RINGSCHED-EXTERNAL-PASSED"

static bool guest_done;
static char unbound[32], bound[32]; /* what vCPU 0's thread was between the two */
/* On a busy machine one may come while the boost of the one before still waits
 * for its START: it has none of its own then. Of the unbound ones: */
static int64_t unbound_shared;

static void add_generator(unsigned int interrupt, unsigned int ring, unsigned int priority,
			  unsigned int confirm_us, unsigned int count)
{
	struct rs_error *err = NULL;
	struct json_object *request, *answer;
	char line[256];

	snprintf(line, sizeof(line),
		 "{\"command\":\"add-interrupt\",\"vm\":\"a\",\"number\":%u,\"ring\":%u,"
		 "\"priority\":%u,\"confirm_us\":%u,\"source\":\"generator\","
		 "\"interval_us\":50000,\"distribution\":\"uniform\",\"count\":%u}",
		 interrupt, ring, priority, confirm_us, count);
	request = json_tokener_parse(line);
	answer = control_client_request(d.client, request, &err);
	if (!answer)
		puts(err ? err->message : "no answer");
	rs_error_free(&err);
	json_object_put(answer);
	json_object_put(request);
}

static int64_t counted(const char *key)
{
	return daemon_number(&d, "a", key);
}

static int64_t bound_shared(void)
{
	return counted("irq_coalesced") - unbound_shared;
}

/* First those without a ring, when the guest is ready; then those of its ring. */
static void raise_interrupts(void)
{
	static int stage;

	if (stage == 0 && counted("messages.start") > 0) {
		add_generator(INTERRUPT_UNBOUND, RING_NOBODY, PRIO_NOBODY, 5000, UNBOUND_COUNT);
		stage++;
	} else if (stage == 1 &&
		   counted("irq_unconfirmed") + counted("irq_coalesced") == UNBOUND_COUNT) {
		unbound_shared = counted("irq_coalesced");
		daemon_text(&d, "a", "vcpus.0.policy", unbound, sizeof(unbound));
		add_generator(INTERRUPT_BOUND, RING_EXTERNAL, PRIO_EXTERNAL, 5000000,
			      EXTERNAL_COUNT);
		stage++;
	} else if (stage == 2 && counted("irq_confirmed") + bound_shared() == EXTERNAL_COUNT &&
		   counted("messages.end") == EXTERNAL_COUNT + 1) {
		guest_done = daemon_text(&d, "a", "vcpus.0.policy", bound, sizeof(bound));
		stage++;
	}
}

static int set_up(void **state)
{
	(void)state;
	return stage_start("ring_irq", "8192") || stage_run("external.sh", raise_interrupts) ?
		       -1 :
		       stage_take_trace();
}

static void test_guest_passed(void **state)
{
	(void)state;
	assert_true(stage_guest_said(TOKEN));
}

/* Read back before the guest got the event: FIFO, at the ring's priority. */
static void test_boosted_before_each_interrupt(void **state)
{
	struct json_object *events = json_object_object_get(trace, "events");
	unsigned int of_ring = 0, of_nobody = 0;

	(void)state;
	for (size_t i = 0; i < json_object_array_length(events); i++) {
		struct json_object *e = json_object_array_get_idx(events, i);
		bool mine;

		if (strcmp(text(e, "kind"), "INTERRUPT"))
			continue;
		mine = number(e, "interrupt") == INTERRUPT_BOUND;
		assert_true(json_object_get_boolean(json_object_object_get(e, "sent")));
		assert_string_equal(text(e, "policy"), "SCHED_FIFO");
		assert_int_equal(number(e, "priority"), mine ? PRIO_EXTERNAL : PRIO_NOBODY);
		assert_true(number(e, "boosted_ns") <= number(e, "handled_ns"));
		of_ring += mine;
		of_nobody += !mine;
	}
	assert_int_equal(of_ring, EXTERNAL_COUNT);
	assert_int_equal(of_nobody, UNBOUND_COUNT);
}

static void test_boosts_end(void **state)
{
	(void)state;
	assert_string_equal(unbound, "SCHED_OTHER"); /* taken back */
	assert_true(guest_done);
	assert_string_equal(bound, "SCHED_OTHER"); /* by END */
}

static void test_counts(void **state)
{
	static const struct {
		const char *key;
		int64_t value;
	} counts[] = {
		{ "irq_raised", EXTERNAL_COUNT + UNBOUND_COUNT },
		{ "irq_lost", 0 },
		{ "messages.start", EXTERNAL_COUNT + 1 },
		{ "messages.end", EXTERNAL_COUNT + 1 },
		{ "lost", 0 },
		{ "apply_failed", 0 },
		{ "policy_errors", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		check_number(&d, "a", counts[i].key, counts[i].value);
	check_number(&d, "a", "irq_confirmed", EXTERNAL_COUNT - bound_shared());
	check_number(&d, "a", "irq_unconfirmed", UNBOUND_COUNT - unbound_shared);
	assert_in_range(bound_shared(), 0, EXTERNAL_COUNT / 2);
	print_message("%jd came under the boost of another\n", (intmax_t)counted("irq_coalesced"));
	assert_int_equal(daemon_rejects(&d, "a"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_guest_passed),
		cmocka_unit_test(test_boosted_before_each_interrupt),
		cmocka_unit_test(test_boosts_end),
		cmocka_unit_test(test_counts),
	};

	return cmocka_run_group_tests_name("external interrupts", tests, set_up, stage_tear_down);
}
