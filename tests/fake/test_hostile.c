// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One VM attacks, another goes on with its rings. After each attack: the
 * daemon lives, the attacker got no boost, the other VM gets its own, and the
 * daemon holds no descriptor and no memory of the attacker any more.
 */
#include <sched.h>

#include "tests/fake/attacks.h"
#include "tests/fake/holds.h"
#include "tests/fake/world.h"

static void behave_until(struct frontend *f, enum attack_stage stage, const char *path)
{
	struct rs_error *err = NULL;

	check_ok(ff_create(f, NULL, &err), &err);
	check_ok(ff_connect(f, path, &err), &err);
	if (stage >= ATTACK_REALIZED)
		check_ok(ff_realize(f, &err), &err);
	if (stage < ATTACK_STARTED)
		return;
	check_ok(ff_start_queues(f, &err), &err);
	ff_offer_events(f, 4);
	world_notify(f, RS_KIND_ATTACH, 0, 0);
}

static void attack(struct world *w, const struct attack *a)
{
	struct frontend *good = &w->vm[0], *bad = &w->vm[1];
	struct rs_error *err = NULL;
	char path[DAEMON_PATH_MAX];

	print_message("  %s\n", a->name);
	check_ok(daemon_add_vm(&w->daemon, "bad", 0, NULL, &err), &err);
	daemon_vm_socket(&w->daemon, "bad", path);
	behave_until(bad, a->stage, path);
	a->run(bad);
	world_serves(good, a->name);
	if (!daemon_alive(&w->daemon))
		fail_msg("the daemon did not survive");
	if (a->counter && !daemon_wait_number(&w->daemon, "bad", a->counter, 1, STEP_LIMIT_MS))
		fail_msg("%s was not counted", a->counter);
	check_sched(bad->vm.tid[0], SCHED_OTHER, 0, "the attacker");
	if (!daemon_rests(w->daemon.pid, STEP_LIMIT_MS))
		fail_msg("a thread of the daemon spins");
	/* An event for everyone, the attacker's broken queue included. */
	check_ok(daemon_command(&w->daemon, "policy", "none", "bad", &err), &err);
	check_ok(daemon_command(&w->daemon, "remove-vm", "bad", NULL, &err), &err);
	ff_destroy(bad);
	world_serves(good, "after the attacker was removed");
}

static void all_attacks(struct world *w, const struct attack *a)
{
	struct holds before;

	world_simple(w);
	world_serves(&w->vm[0], "before");
	before = holds_at_rest(w->daemon.pid);
	assert_true(before.mappings > 0);
	for (; a->name; a++) {
		attack(w, a);
		check_holds(w->daemon.pid, &before);
	}
}

static void test_protocol_attacks(void **state)
{
	all_attacks(*state, protocol_attacks);
}

static void test_ring_attacks(void **state)
{
	all_attacks(*state, ring_attacks);
}

/* A second front end on the same socket: the first one keeps its VM. */
static void test_second_connection(void **state)
{
	struct rs_error *err = NULL;
	struct world *w = *state;
	struct frontend *f = world_simple(w), *second = &w->vm[1];
	char path[DAEMON_PATH_MAX];

	daemon_vm_socket(&w->daemon, "a", path);
	check_ok(ff_create(second, NULL, &err), &err);
	if (ff_connect(second, path, &err)) /* refused at once: as good */
		rs_error_free(&err);
	else
		ff_send(second, FF_GET_FEATURES, NULL, 0, NULL, 0, NULL);
	world_serves(f, "with a second connection");
	check_number(&w->daemon, "a", "pid", f->vm.pid);
	check_sched(second->vm.tid[0], SCHED_OTHER, 0, "the second process");
}

/* A process that has no vCPU threads is no VM; nothing of it is touched. */
static void test_no_vcpu_threads(void **state)
{
	struct rs_error *err = NULL;
	struct world *w = *state;
	struct frontend *f = &w->vm[0];
	char path[DAEMON_PATH_MAX];

	world_start(w, "ring");
	check_ok(daemon_add_vm(&w->daemon, "a", 0, NULL, &err), &err);
	daemon_vm_socket(&w->daemon, "a", path);
	check_ok(ff_create(f, &(struct fake_vm_options){ .accelerator = "xyz" }, &err), &err);
	check_ok(ff_connect(f, path, &err), &err);
	if (!ff_realize(f, &err) && !ff_start_queues(f, &err))
		ff_notify(f, RS_KIND_START, 1, 50);
	rs_error_free(&err);
	check_sched(f->vm.tid[0], SCHED_OTHER, 0, "a thread that is no vCPU");
	assert_true(daemon_alive(&w->daemon));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_protocol_attacks),
		WORLD_TEST(test_ring_attacks),
		WORLD_TEST(test_second_connection),
		WORLD_TEST(test_no_vcpu_threads),
	};

	return cmocka_run_group_tests_name("hostile VMs", tests, NULL, NULL) ? 1 : 0;
}
