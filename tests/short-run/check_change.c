// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Looks into a run of change.yaml (folder in SHORT_RUN): the inversion is
 * there while both rings lock the resource, and gone while the higher one
 * changes its ring; counted by the guest and by the daemon.
 */
#include <stdio.h>

#include "tests/short-run/look.h"

#define CELL "cells/001-ring-1/"

/* A "key value" line of the guest's statistics. */
static uint64_t guest_count(const char *key)
{
	cleanup_free char *path = folder_path(getenv("SHORT_RUN"), CELL "guest-stats-control.txt");
	static char text[65536];
	char line[128];
	const char *at;

	assert_non_null(path);
	assert_true(folder_read(path, text, sizeof(text), NULL) >= 0);
	snprintf(line, sizeof(line), "\n%s ", key);
	at = strstr(text, line);
	if (!at)
		fail_msg("the guest does not count %s", key);
	return strtoull(at + strlen(line), NULL, 10);
}

static struct json_object *way(struct json_object *summary, const char *name)
{
	struct json_object *ring = json_dict(json_dict(summary, "policies"), "ring");

	return json_dict(json_dict(ring, "ring_change"), name);
}

static void both_ways_were_taken(void **state)
{
	(void)state;
	assert_true(guest_count("agent_resource_locked") > 5);
	assert_true(guest_count("agent_resource_waits") > 0);
	assert_true(guest_count("agent_resource_visited") > 5);
	assert_int_equal(guest_count("agent_ring1_changes_refused"), 0);
	assert_int_equal(guest_count("agent_ring1_visits"), guest_count("agent_resource_visited"));
}

/* With changes there is no lock: it is the order of turns that keeps them apart. */
static void never_two_at_once(void **state)
{
	(void)state;
	assert_true(guest_count("agent_resource_holds") > 30);
	assert_int_equal(guest_count("agent_resource_collisions"), 0);
}

/* One more message a visit; START and END stay two a period. */
static void the_host_was_told(void **state)
{
	cleanup_json struct json_object *cell = open_json(CELL "cell.json");
	struct json_object *messages = json_dict(vm_status(cell, "control"), "messages");
	struct json_object *kicks = json_dict(json_dict(cell, "kicks"), "control");
	double a_period = (double)number(kicks, "kicks") / (double)number(kicks, "periods");

	(void)state;
	assert_int_equal(number(messages, "ring_change"), guest_count("visits"));
	assert_true(a_period > 1.995 && a_period < 2.005);
}

/*
 * Half of the periods with a lock wait for most of 24 ms of work in between;
 * with changes nothing waits. Generous, the machine may be disturbed.
 */
static void the_inversion_is_there_and_gone(void **state)
{
	cleanup_json struct json_object *summary = open_json("summary.json");
	struct json_object *lock = way(summary, "lock"), *change = way(summary, "change");
	double blocked = json_double(json_dict(lock, "blocking_us"), "p90");
	double free = json_double(json_dict(change, "blocking_us"), "p50");

	(void)state;
	assert_true(number(lock, "periods") > 15);
	assert_true(number(change, "periods") > 15);
	assert_true(number(lock, "waits") > 0);
	assert_int_equal(number(change, "waits"), 0);
	if (!(blocked > 2 * free))
		fail_msg("blocking: p90 with a lock %.0f us, p50 with changes %.0f us", blocked,
			 free);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways_were_taken),
		cmocka_unit_test(never_two_at_once),
		cmocka_unit_test(the_host_was_told),
		cmocka_unit_test(the_inversion_is_there_and_gone),
	};

	if (!getenv("SHORT_RUN")) {
		fprintf(stderr, "SHORT_RUN names the run's folder\n");
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
