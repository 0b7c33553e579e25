// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a guest cannot pass (docs/bounds.md), against the daemon as it runs: its
 * timers, its kicks, its log. The rules themselves are tests/unit's, to the ns.
 */
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "host/cleanup.h"
#include "host/coreset.h"
#include "tests/fake/world.h"

#define PERIOD_NS 20000000ull
#define SLOWEST_RATE 100 /* a second: 64 at once, then 330 ms held */
#define BURST 65
#define SHARE 500 /* two of them are more than --rt-budget-total's default */
#define SHARE_PERIOD_US 1000000
#define VISITS 10

static struct frontend *boot_bounded(struct world *w, unsigned int index, const char *name,
				     unsigned int longest_us, unsigned int rate)
{
	struct rs_error *err = NULL;
	char path[DAEMON_PATH_MAX];

	check_ok(daemon_add_vm_bounded(&w->daemon, name, longest_us, rate, &err), &err);
	daemon_vm_socket(&w->daemon, name, path);
	check_ok(ff_boot(&w->vm[index], NULL, path, &err), &err);
	return &w->vm[index];
}

static void post(struct frontend *f, struct rs_message m)
{
	ff_post(f, &m, sizeof(m), true);
	assert_true(ff_drained(f, RS_QUEUE_NOTIFY, STEP_LIMIT_MS));
}

static void start_with_period(struct frontend *f, uint64_t period_ns)
{
	struct rs_message m = ff_message(f, RS_KIND_START, 1, 50);

	m.period_ns = period_ns;
	post(f, m);
}

static void test_a_ring_that_never_ends(void **state)
{
	struct world *w = *state;
	struct frontend *f;

	world_start(w, "ring");
	f = boot_bounded(w, 0, "a", 0, 0);
	start_with_period(f, PERIOD_NS);
	check_sched(f->vm.tid[0], SCHED_OTHER, 0, "its period is over");
	check_number(&w->daemon, "a", "boosts", 1);
	check_number(&w->daemon, "a", "boosts_cut", 1);
	check_number(&w->daemon, "a", "active_rings.0.cut", 1);
	start_with_period(f, PERIOD_NS);
	check_sched(f->vm.tid[0], SCHED_OTHER, 0, "another START");
	check_number(&w->daemon, "a", "boosts", 1);
	world_notify(f, RS_KIND_END, 1, 50);
	start_with_period(f, PERIOD_NS);
	check_becomes(&w->daemon, "a", "boosts", 2);
	check_becomes(&w->daemon, "a", "boosts_cut", 2);
	check_sched(f->vm.tid[0], SCHED_OTHER, 0, "cut again");
}

static void test_without_a_period(void **state)
{
	struct world *w = *state;
	struct frontend *f;

	world_start(w, "ring");
	f = boot_bounded(w, 0, "a", 10000, 0);
	check_number(&w->daemon, "a", "bounds.longest_boost_us", 10000);
	world_notify(f, RS_KIND_START, 1, 50);
	check_becomes(&w->daemon, "a", "boosts_cut", 1);
	check_sched(f->vm.tid[0], SCHED_OTHER, 0, "its longest boost is over");
}

/* Each is refused by its name, and changes nothing. */
static void test_out_of_range(void **state)
{
	struct world *w = *state;
	struct frontend *f = world_simple(w);
	struct rs_message m;

	m = ff_message(f, RS_KIND_START, RS_RING_MAX, 50);
	post(f, m);
	m = ff_message(f, RS_KIND_END, 0xffff, 50);
	post(f, m);
	check_number(&w->daemon, "a", "rejects.ring_id", 2);
	m = ff_message(f, RS_KIND_START, 1, RS_PRIO_MAX + 1);
	post(f, m);
	m = ff_message(f, RS_KIND_START, 1, 0);
	post(f, m);
	check_number(&w->daemon, "a", "rejects.ring_prio", 2);
	m = ff_message(f, RS_KIND_START, 1, 50);
	m.period_ns = RS_PERIOD_MAX_NS + 1;
	post(f, m);
	check_number(&w->daemon, "a", "rejects.period", 1);
	check_number(&w->daemon, "a", "changes", 0);
	world_notify(f, RS_KIND_START, 1, 50);
	check_number(&w->daemon, "a", "lost", 5); /* nothing of theirs was believed */
	check_sched(f->vm.tid[0], SCHED_FIFO, 50, "a START that is right");
}

static void kicks(struct frontend *f, unsigned int count)
{
	int64_t end = now_ms() + STEP_LIMIT_MS;

	/* One at a time, else some are seen as one. */
	while (count-- && now_ms() < end) {
		struct timespec pause = { .tv_nsec = 100000 };

		ff_kick(f, RS_QUEUE_NOTIFY);
		nanosleep(&pause, NULL);
	}
}

static void good_vm_is_served(struct frontend *good, const char *when)
{
	world_notify(good, RS_KIND_START, 1, 60);
	check_sched(good->vm.tid[0], SCHED_FIFO, 60, when);
	world_notify(good, RS_KIND_END, 1, 60);
	check_sched(good->vm.tid[0], SCHED_OTHER, 0, when);
}

/* Held: demoted, not listened to, the others are. Then all is as it asks for. */
static void test_a_flood(void **state)
{
	struct world *w = *state;
	struct frontend *good, *bad;
	struct rs_message end;

	world_start(w, "ring");
	good = boot_bounded(w, 0, "good", 0, 0);
	bad = boot_bounded(w, 1, "bad", 60000000, SLOWEST_RATE);
	world_notify(bad, RS_KIND_START, 1, 50);
	check_sched(bad->vm.tid[0], SCHED_FIFO, 50, "before its flood");
	for (int i = 0; i < 3 && !daemon_number(&w->daemon, "bad", "floods"); i++)
		kicks(bad, BURST);
	check_sched(bad->vm.tid[0], SCHED_OTHER, 0, "held");
	good_vm_is_served(good, "beside a VM that is held");
	check_becomes(&w->daemon, "bad", "bounds.held", 0);
	check_sched(bad->vm.tid[0], SCHED_FIFO, 50, "held no more");
	end = ff_message(bad, RS_KIND_END, 1, 50);
	post(bad, end);
	check_sched(bad->vm.tid[0], SCHED_OTHER, 0, "its ring has ended");
}

/* What was sent meanwhile waits in the queue and is handled afterwards; a reset
 * of the device does not shorten it. */
static void test_held_through_a_reset(void **state)
{
	struct rs_error *err = NULL;
	struct world *w = *state;
	struct frontend *f;
	int64_t kicked, begin;

	world_start(w, "ring");
	f = boot_bounded(w, 0, "a", 60000000, SLOWEST_RATE);
	for (int i = 0; i < 3 && !daemon_number(&w->daemon, "a", "floods"); i++)
		kicks(f, BURST);
	begin = now_ms();
	assert_int_equal(daemon_number(&w->daemon, "a", "bounds.held"), 1);
	check_ok(ff_stop_queues(f, &err), &err);
	check_ok(ff_start_queues(f, &err), &err);
	kicked = daemon_number(&w->daemon, "a", "kicks");
	post(f, ff_message(f, RS_KIND_ATTACH, 0, 0));
	assert_true(now_ms() - begin > 50); /* of 330 */
	assert_true(daemon_number(&w->daemon, "a", "kicks") > kicked);
	check_number(&w->daemon, "a", "floods", 1);
	world_notify(f, RS_KIND_START, 1, 50);
	check_sched(f->vm.tid[0], SCHED_FIFO, 50, "after all");
}

static unsigned int lines_with(const struct daemon *d, const char *words)
{
	cleanup_file FILE *f = fopen(d->log, "re");
	unsigned int n = 0;
	char line[512];

	while (f && fgets(line, sizeof(line), f))
		n += strstr(line, words) != NULL;
	return n;
}

/* However often it happens: one line at once, one when the VM goes. */
static void test_told_once(void **state)
{
	struct rs_error *err = NULL;
	struct world *w = *state;
	struct frontend *f;

	world_start(w, "ring");
	f = boot_bounded(w, 0, "a", 0, 0);
	for (int i = 1; i <= 20; i++) {
		start_with_period(f, RS_PERIOD_MIN_NS);
		check_becomes(&w->daemon, "a", "boosts_cut", i);
		world_notify(f, RS_KIND_END, 1, 50);
	}
	assert_int_equal(lines_with(&w->daemon, "over its bounds"), 1);
	check_ok(daemon_command(&w->daemon, "remove-vm", "a", NULL, &err), &err);
	assert_int_equal(lines_with(&w->daemon, "over its bounds"), 2);
}

/* ---- all VMs together ---- */

static void pin_to(const struct frontend *f, const struct coreset *cores)
{
	for (unsigned int i = 0; i < f->vm.vcpus; i++)
		assert_int_equal(sched_apply_cores(f->vm.tid[i], cores), 0);
}

static struct frontend *boot_with_share(struct world *w, unsigned int index, const char *name)
{
	struct rs_error *err = NULL;
	struct coreset all, one = { 0 };
	char path[DAEMON_PATH_MAX];
	unsigned int core = 0;

	check_ok(daemon_add_vm_budget(&w->daemon, name, SHARE, SHARE_PERIOD_US, &err), &err);
	daemon_vm_socket(&w->daemon, name, path);
	check_ok(ff_boot(&w->vm[index], NULL, path, &err), &err);
	assert_int_equal(sched_read_cores(0, &all), 0);
	while (!coreset_has(&all, core))
		core++;
	coreset_add(&one, core);
	pin_to(&w->vm[index], &one);
	return &w->vm[index];
}

static void start_daemon_with(struct world *w, const char *total)
{
	const char *const extra[] = { "--rt-budget-total", total, NULL };
	struct rs_error *err = NULL;

	check_ok(daemon_start(&w->daemon, "ring", total ? extra : NULL, &err), &err);
}

/* Two budgets that are more than a core: the second waits for the first to go. */
static void test_no_room(void **state)
{
	struct rs_error *err = NULL;
	struct world *w = *state;
	struct frontend *a, *b;

	start_daemon_with(w, NULL);
	a = boot_with_share(w, 0, "a");
	check_ok(daemon_command(&w->daemon, "settle", "a", NULL, &err), &err);
	b = boot_with_share(w, 1, "b");
	assert_true(daemon_command(&w->daemon, "settle", "b", NULL, &err) < 0);
	if (!strstr(err->message, "a (500)") || !strstr(err->message, "--rt-budget-total"))
		fail_msg("'%s' does not say who is there, and what to do", err->message);
	rs_error_free(&err);
	check_number(&w->daemon, "a", "budget.admitted", 1);
	check_number(&w->daemon, "b", "budget.admitted", 0);
	check_number(&w->daemon, "b", "not_admitted", 1);
	world_notify(b, RS_KIND_START, 1, 50);
	check_sched(b->vm.tid[0], SCHED_OTHER, 0, "without a share");
	check_number(&w->daemon, "b", "boosts", 0);
	world_serves(a, "who was there before");
	check_ok(daemon_command(&w->daemon, "remove-vm", "a", NULL, &err), &err);
	check_sched(b->vm.tid[0], SCHED_FIFO, 50, "the other is gone");
	check_number(&w->daemon, "b", "budget.admitted", 1);
	world_notify(b, RS_KIND_END, 1, 50);
	check_sched(b->vm.tid[0], SCHED_OTHER, 0, "its ring has ended");
}

static void test_greater_total(void **state)
{
	struct rs_error *err = NULL;
	struct world *w = *state;
	struct frontend *f;

	start_daemon_with(w, "1000");
	boot_with_share(w, 0, "a");
	check_ok(daemon_command(&w->daemon, "settle", "a", NULL, &err), &err);
	f = boot_with_share(w, 1, "b");
	check_ok(daemon_command(&w->daemon, "settle", "b", NULL, &err), &err);
	world_serves(f, "beside another");
}

/* ---- a peer that connects and goes, again and again ---- */

static void test_comes_and_goes(void **state)
{
	struct rs_error *err = NULL;
	struct world *w = *state;
	char path[DAEMON_PATH_MAX];
	struct frontend *f;

	world_start(w, "ring");
	f = boot_bounded(w, 0, "a", 0, 0);
	daemon_vm_socket(&w->daemon, "a", path);
	for (int i = 0; i < VISITS; i++) {
		ff_disconnect(f);
		check_becomes(&w->daemon, "a", "connected", 0);
		check_ok(ff_connect(f, path, &err), &err);
		check_becomes(&w->daemon, "a", "connected", 1);
	}
	check_number(&w->daemon, "a", "connections", VISITS + 1);
	/* The first of each was told. */
	check_number(&w->daemon, "a", "log_withheld", 2 * VISITS - 1);
	assert_int_equal(lines_with(&w->daemon, "is connected"), 1);
	assert_int_equal(lines_with(&w->daemon, "is disconnected"), 1);
	check_ok(daemon_command(&w->daemon, "remove-vm", "a", NULL, &err), &err);
	assert_int_equal(lines_with(&w->daemon, "10 more were connected and 10 disconnected"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_a_ring_that_never_ends),
		WORLD_TEST(test_without_a_period),
		WORLD_TEST(test_out_of_range),
		WORLD_TEST(test_a_flood),
		WORLD_TEST(test_held_through_a_reset),
		WORLD_TEST(test_told_once),
		WORLD_TEST(test_no_room),
		WORLD_TEST(test_greater_total),
		WORLD_TEST(test_comes_and_goes),
	};

	return cmocka_run_group_tests_name("bounds of a guest", tests, NULL, NULL) ? 1 : 0;
}
