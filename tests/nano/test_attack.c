// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A real virtual machine attacks the daemon through its device (attacks.c),
 * while another VM goes on with its rings. Meanwhile and afterwards: the daemon
 * lives and counts it, the attacker has no boost, the other VM gets its own and
 * meets its deadlines on the core that both want; and when the attacker behaves
 * again, so does it. Once gone it has left nothing.
 * ATTACK=NAME tries only that one, SHOW_LOG=1 shows what daemon and QEMU said.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fake/deadlines.h"
#include "tests/fake/holds.h"
#include "tests/fake/world.h"
#include "tests/nano/qemu.h"

/* The firmware alone takes 4 s where KVM itself is emulated. */
#define BOOT_LIMIT_MS 30000
#define ROUNDS 5
#define ANY_REJECT "rejects" /* of which kind is up to chance */

static const struct attack {
	const char *name; /* in tests/nano/attacks.c */
	/* The daemon's counter that must have grown, ANY_REJECT; NULL: it does not
	 * hear of it. */
	const char *counter;
	bool kvm; /* differs with KVM's ioeventfd and vCPU thread */
	bool boosted; /* it starts sound rings as well */
	bool cut_off; /* QEMU ends its connection to the daemon, for good */
} attacks[] = {
	{ .name = "heads", .counter = "rejects.descriptor" },
	{ .name = "chains", .counter = "rejects.descriptor" },
	{ .name = "addresses", .counter = "rejects.address", .kvm = true },
	{ .name = "lengths", .counter = "rejects.length" },
	{ .name = "jumps", .counter = "rejects.descriptor" },
	{ .name = "rewrites", .counter = ANY_REJECT },
	{ .name = "events", .counter = "rejects.descriptor" },
	{ .name = "overlap", .counter = "rejects.descriptor" },
	{ .name = "outside", .cut_off = true },
	{ .name = "odd_size", .counter = "protocol_errors" },
	{ .name = "moves", .counter = "rejects.length", .kvm = true },
	{ .name = "kicks", .counter = "empty_kicks", .kvm = true },
	{ .name = "resets", .counter = "rejects.length", .boosted = true },
};

static const char *accelerator;
static struct world *the_world;
static struct qemu attacker;
static struct holds before;
static bool shares_core;

static struct daemon *the_daemon(void)
{
	return &the_world->daemon;
}

static void start(void **state)
{
	(void)state;
	world_simple(the_world);
	world_serves(&the_world->vm[0], "before any attack");
	before = holds_at_rest(the_daemon()->pid);
}

/* The group has no state of its own: cmocka would give it to every test instead
 * of the test's. */
static int begin(void **state)
{
	int ret = world_setup(state);

	the_world = *state;
	*state = NULL;
	return ret;
}

static int end(void **state)
{
	*state = the_world;
	return world_teardown(state);
}

/* What a failed test left; after one that passed there is no attacker. */
static int end_attacker(void **state)
{
	(void)state;
	if (attacker.pid)
		print_message("the guest said: %s\n", attacker.text);
	qemu_kill(&attacker);
	daemon_command(the_daemon(), "remove-vm", "bad", NULL, NULL);
	return 0;
}

static void expect_says(const char *text, int limit_ms)
{
	if (!qemu_says(&attacker, text, limit_ms))
		fail_msg("the guest did not say \"%s\"", text);
}

static void boot(const struct attack *a)
{
	struct rs_error *err = NULL;
	char path[DAEMON_PATH_MAX], append[64];

	snprintf(append, sizeof(append), "mode=attack attack=%s ring=2 prio=50", a->name);
	check_ok(daemon_add_vm(the_daemon(), "bad", 0, NULL, &err), &err);
	daemon_vm_socket(the_daemon(), "bad", path);
	check_ok(qemu_start(&attacker, accelerator, path, append, the_daemon()->log, &err), &err);
	expect_says("nano: attached", BOOT_LIMIT_MS);
}

static void expect_counted(const struct attack *a)
{
	int64_t end = now_ms() + STEP_LIMIT_MS;
	bool any = !strcmp(a->counter, ANY_REJECT);

	while ((any ? daemon_rejects(the_daemon(), "bad") :
		      daemon_number(the_daemon(), "bad", a->counter)) < 1) {
		if (now_ms() > end)
			fail_msg("%s was not counted", a->counter);
		short_pause();
	}
}

/* The host has events for the attacker as well, which it changes each time. */
static void watch(const struct attack *a)
{
	struct rs_error *err = NULL;

	for (int i = 0; i < ROUNDS; i++) {
		world_serves(&the_world->vm[0], a->name);
		if (shares_core)
			check_deadlines(&the_world->vm[0], a->name);
		if (!a->boosted)
			check_sched(qemu_vcpu(&attacker, accelerator), SCHED_OTHER, 0, a->name);
		if (a->cut_off)
			check_becomes(the_daemon(), "bad", "connected", 0);
		check_ok(daemon_command(the_daemon(), "policy", i & 1 ? "ring" : "none", "bad",
					&err),
			 &err);
		if (!daemon_alive(the_daemon()))
			fail_msg("the daemon did not survive");
	}
	if (a->counter)
		expect_counted(a);
	check_ok(daemon_command(the_daemon(), "policy", "ring", "bad", &err), &err);
}

static void is_good_again(void)
{
	pid_t tid = qemu_vcpu(&attacker, accelerator);

	qemu_go_on(&attacker);
	expect_says("nano: held", STEP_LIMIT_MS);
	check_sched(tid, SCHED_FIFO, 50, "the attacker, in a proper ring");
	qemu_go_on(&attacker);
	expect_says("nano: ended", STEP_LIMIT_MS);
	check_sched(tid, SCHED_OTHER, 0, "the attacker, after its ring");
	qemu_go_on(&attacker);
	expect_says("nano: ok", STEP_LIMIT_MS);
	assert_int_equal(qemu_exit_code(&attacker, STEP_LIMIT_MS), QEMU_EXIT_OK);
}

static void attack(const struct attack *a)
{
	struct rs_error *err = NULL;

	print_message("  %s\n", a->name);
	boot(a);
	shares_core = deadlines_share_core(&the_world->vm[0], qemu_vcpu(&attacker, accelerator));
	if (!shares_core)
		print_message("  (one core only: no deadlines)\n");
	qemu_go_on(&attacker);
	watch(a);
	if (a->cut_off)
		qemu_kill(&attacker);
	else
		is_good_again();
	check_becomes(the_daemon(), "bad", "connected", 0);
	check_ok(daemon_command(the_daemon(), "remove-vm", "bad", NULL, &err), &err);
	world_serves(&the_world->vm[0], "after the attacker was removed");
	if (!daemon_rests(the_daemon()->pid, STEP_LIMIT_MS))
		fail_msg("a thread of the daemon spins");
	check_holds(the_daemon()->pid, &before);
}

static void test_attack(void **state)
{
	attack(*state);
}

static int run(const char *how, bool all)
{
	struct CMUnitTest tests[1 + sizeof(attacks) / sizeof(attacks[0])] = {
		{ .name = "start", .test_func = start },
	};
	const char *only = getenv("ATTACK");
	size_t count = 1;
	char title[64];

	for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++) {
		if (only ? strcmp(only, attacks[i].name) != 0 : !all && !attacks[i].kvm)
			continue;
		tests[count++] = (struct CMUnitTest){ .name = attacks[i].name,
						      .test_func = test_attack,
						      .teardown_func = end_attacker,
						      .initial_state = (void *)&attacks[i] };
	}
	accelerator = how;
	snprintf(title, sizeof(title), "attacks of a nano guest, %s", how);
	return _cmocka_run_group_tests(title, tests, count, begin, end);
}

int main(void)
{
	char why[128];
	int failed = run("tcg", true);

	if (!qemu_has_kvm(why, sizeof(why)))
		print_message("attacks of a nano guest, KVM: skipped (%s)\n", why);
	else
		failed += run("kvm", false);
	return failed ? 1 : 0;
}
