// SPDX-License-Identifier: GPL-2.0-or-later
/* The daemon's policies, chosen at the start, for one VM, and while VMs run. */
#include <sched.h>
#include <string.h>

#include "tests/fake/world.h"

static void test_none_leaves_all(void **state)
{
	struct world *w = *state;
	struct frontend *f;

	world_start(w, "none");
	f = world_boot(w, 0, "a", 0, NULL, NULL);
	assert_int_equal(f->config.source, RS_SOURCE_NONE);
	world_notify(f, RS_KIND_START, 1, 50);
	check_sched(f->vm.tid[0], SCHED_OTHER, 0, "START under none");
	check_number(&w->daemon, "a", "boosts", 0);
}

static void test_static_is_always_real_time(void **state)
{
	struct world *w = *state;
	struct frontend *f;
	struct sched_state s;

	world_start(w, "static");
	f = world_boot(w, 0, "a", 70, NULL, NULL);
	assert_int_equal(sched_read(f->vm.tid[0], &s), 0);
	assert_int_equal(s.policy, SCHED_FIFO);
	assert_in_range(s.priority, 1, 70);
	world_notify(f, RS_KIND_START, 1, 10);
	world_notify(f, RS_KIND_END, 1, 10);
	check_sched(f->vm.tid[0], SCHED_FIFO, s.priority, "after a ring");
	ff_disconnect(f);
	check_sched(f->vm.tid[0], SCHED_OTHER, 0, "disconnected");
}

/* P13: low before the VM can execute its first instruction. QEMU runs no
 * guest until the device is realized, and that waits for this answer. */
static void test_ring_boot(void **state)
{
	struct rs_error *err = NULL;
	struct world *w = *state;
	struct frontend *f = &w->vm[0];
	char path[DAEMON_PATH_MAX];
	struct sched_state s;
	uint64_t features;

	world_start(w, "ring_boot");
	check_ok(daemon_add_vm(&w->daemon, "a", 0, NULL, &err), &err);
	daemon_vm_socket(&w->daemon, "a", path);
	check_ok(ff_create(f, NULL, &err), &err);
	check_ok(ff_connect(f, path, &err), &err);
	check_ok(ff_ask_u64(f, FF_GET_FEATURES, &features, &err), &err);
	assert_int_equal(sched_read(f->vm.tid[0], &s), 0);
	assert_int_equal(s.policy, SCHED_IDLE); /* no waiting: it is a promise */
	check_ok(ff_realize(f, &err), &err);
	check_ok(ff_start_queues(f, &err), &err);
	world_notify(f, RS_KIND_ATTACH, 0, 0);
	check_sched(f->vm.tid[0], SCHED_IDLE, 0, "attached");
	world_notify(f, RS_KIND_START, 1, 50);
	check_sched(f->vm.tid[0], SCHED_FIFO, 50, "first START");
	world_notify(f, RS_KIND_END, 1, 50);
	check_sched(f->vm.tid[0], SCHED_OTHER, 0, "after the first ring");
	world_notify(f, RS_KIND_START, 1, 50);
	check_sched(f->vm.tid[0], SCHED_FIFO, 50, "second START");
	ff_disconnect(f);
	check_sched(f->vm.tid[0], SCHED_OTHER, 0, "disconnected");
}

static void test_ring_boot_restores_unlifted(void **state)
{
	const struct sched_state own = { .policy = SCHED_OTHER, .nice = 5 };
	struct world *w = *state;
	struct sched_state s;
	struct frontend *f;

	world_start(w, "ring_boot");
	f = world_boot(w, 0, "a", 0, NULL, &(struct fake_vm_options){ .own = &own });
	check_sched(f->vm.tid[0], SCHED_IDLE, 0, "booting");
	ff_disconnect(f);
	check_sched(f->vm.tid[0], SCHED_OTHER, 0, "disconnected while booting");
	assert_int_equal(sched_read(f->vm.tid[0], &s), 0);
	assert_int_equal(s.nice, 5);
}

/* Not only the vCPUs: the main thread, and what it creates meanwhile. */
static void test_ring_boot_whole_process(void **state)
{
	struct rs_error *err = NULL;
	struct world *w = *state;
	struct frontend *f;
	pid_t late;

	world_start(w, "ring_boot");
	f = world_boot(w, 0, "a", 0, NULL, NULL);
	check_sched(f->vm.pid, SCHED_IDLE, 0, "main thread, booting");
	late = fake_vm_add_vcpu(&f->vm, &err);
	check_ok(late, &err);
	check_sched(late, SCHED_IDLE, 0, "a thread born while booting");
	world_notify(f, RS_KIND_START, 1, 50);
	check_sched(f->vm.tid[0], SCHED_FIFO, 50, "first START");
	check_sched(f->vm.pid, SCHED_OTHER, 0, "main thread, lifted");
	check_sched(late, SCHED_OTHER, 0, "the thread born while booting, lifted");
}

/* ring_boot lifts the VM of the START alone. */
static void test_ring_boot_each_vm(void **state)
{
	struct world *w = *state;
	struct frontend *control, *neighbour;

	world_start(w, "ring_boot");
	control = world_boot(w, 0, "control", 0, NULL, NULL);
	neighbour = world_boot(w, 1, "neighbour", 0, NULL, NULL);
	world_notify(control, RS_KIND_START, 1, 60);
	check_sched(control->vm.tid[0], SCHED_FIFO, 60, "control in its ring");
	check_sched(neighbour->vm.tid[0], SCHED_IDLE, 0, "neighbour boots");
	world_notify(control, RS_KIND_END, 1, 60);
	check_sched(control->vm.tid[0], SCHED_OTHER, 0, "control after its ring");
	check_sched(neighbour->vm.tid[0], SCHED_IDLE, 0, "neighbour still boots");
}

static void expect_source(struct frontend *f, uint32_t source)
{
	struct rs_event e;

	if (!ff_event(f, &e, STEP_LIMIT_MS))
		fail_msg("no event came on queue 1");
	assert_int_equal(e.kind, RS_EVENT_SOURCE);
	assert_int_equal(e.revision, RS_REVISION);
	assert_int_equal(e.arg0, source);
}

static void test_changed_while_connected(void **state)
{
	struct rs_error *err = NULL;
	struct world *w = *state;
	struct frontend *f = world_simple(w);
	char name[32];

	world_notify(f, RS_KIND_START, 1, 50);
	check_sched(f->vm.tid[0], SCHED_FIFO, 50, "ring");
	check_ok(daemon_command(&w->daemon, "policy", "none", NULL, &err), &err);
	check_sched(f->vm.tid[0], SCHED_OTHER, 0, "none");
	expect_source(f, RS_SOURCE_NONE);
	check_ok(daemon_command(&w->daemon, "policy", "ring", NULL, &err), &err);
	expect_source(f, RS_SOURCE_RING);
	assert_true(daemon_text(&w->daemon, "a", "policy", name, sizeof(name)));
	assert_string_equal(name, "ring");
	world_notify(f, RS_KIND_START, 2, 40);
	world_notify(f, RS_KIND_END, 1, 50);
	check_sched(f->vm.tid[0], SCHED_FIFO, 40, "ring again");
	world_notify(f, RS_KIND_END, 2, 40);
	check_sched(f->vm.tid[0], SCHED_OTHER, 0, "no ring");
}

/* QEMU reads the configuration space once. A guest whose policy has changed
 * since must be told all the same, once it can be. */
static void test_changed_before_the_driver(void **state)
{
	struct rs_error *err = NULL;
	struct world *w = *state;
	struct frontend *f = &w->vm[0];
	char path[DAEMON_PATH_MAX];

	world_start(w, "none");
	check_ok(daemon_add_vm(&w->daemon, "a", 0, NULL, &err), &err);
	daemon_vm_socket(&w->daemon, "a", path);
	check_ok(ff_create(f, NULL, &err), &err);
	check_ok(ff_connect(f, path, &err), &err);
	check_ok(ff_realize(f, &err), &err);
	assert_int_equal(f->config.source, RS_SOURCE_NONE);
	check_ok(daemon_command(&w->daemon, "policy", "ring", NULL, &err), &err);
	check_ok(ff_start_queues(f, &err), &err);
	ff_offer_events(f, 4);
	world_notify(f, RS_KIND_ATTACH, 0, 0);
	expect_source(f, RS_SOURCE_RING);
}

static void test_events_are_numbered(void **state)
{
	const char *const names[] = { "none", "ring", "none", "ring" };
	struct rs_error *err = NULL;
	struct world *w = *state;
	struct frontend *f = world_simple(w);
	uint32_t last = 0;

	for (unsigned int i = 0; i < 4; i++) {
		struct rs_event e;

		check_ok(daemon_command(&w->daemon, "policy", names[i], NULL, &err), &err);
		assert_true(ff_event(f, &e, STEP_LIMIT_MS));
		if (i)
			assert_int_equal(e.sequence, last + 1);
		last = e.sequence;
	}
}

static void test_of_one_vm(void **state)
{
	struct rs_error *err = NULL;
	struct world *w = *state;
	struct frontend *a, *b;

	world_start(w, "ring");
	a = world_boot(w, 0, "a", 0, NULL, NULL);
	b = world_boot(w, 1, "b", 0, "none", NULL);
	world_notify(a, RS_KIND_START, 1, 50);
	world_notify(b, RS_KIND_START, 1, 50);
	check_sched(a->vm.tid[0], SCHED_FIFO, 50, "a under ring");
	check_sched(b->vm.tid[0], SCHED_OTHER, 0, "b under none");
	check_ok(daemon_command(&w->daemon, "policy", "none", "a", &err), &err);
	check_sched(a->vm.tid[0], SCHED_OTHER, 0, "a under none");
	check_ok(daemon_command(&w->daemon, "policy", "ring", "b", &err), &err);
	world_notify(b, RS_KIND_START, 2, 40);
	world_notify(b, RS_KIND_END, 1, 50);
	check_sched(b->vm.tid[0], SCHED_FIFO, 40, "b under ring");
}

/* Every policy to every other, with a ring active: none leaves its traces. */
static void test_all_changes_restore(void **state)
{
	static const char *const names[] = { "none", "static", "ring", "ring_boot" };
	struct rs_error *err = NULL;
	struct world *w = *state;
	struct frontend *f = world_simple(w);

	for (unsigned int from = 0; from < 4; from++) {
		for (unsigned int to = 0; to < 4; to++) {
			check_ok(daemon_command(&w->daemon, "policy", names[from], NULL, &err),
				 &err);
			world_notify(f, RS_KIND_START, 1, 50);
			check_ok(daemon_command(&w->daemon, "policy", names[to], NULL, &err), &err);
			world_notify(f, RS_KIND_END, 1, 50);
			check_ok(daemon_command(&w->daemon, "policy", "none", NULL, &err), &err);
			check_sched(f->vm.tid[0], SCHED_OTHER, 0, names[to]);
		}
	}
	check_number(&w->daemon, "a", "apply_failed", 0);
	check_number(&w->daemon, "a", "readback_mismatch", 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_none_leaves_all),
		WORLD_TEST(test_static_is_always_real_time),
		WORLD_TEST(test_ring_boot),
		WORLD_TEST(test_ring_boot_restores_unlifted),
		WORLD_TEST(test_ring_boot_whole_process),
		WORLD_TEST(test_ring_boot_each_vm),
		WORLD_TEST(test_changed_while_connected),
		WORLD_TEST(test_changed_before_the_driver),
		WORLD_TEST(test_events_are_numbered),
		WORLD_TEST(test_of_one_vm),
		WORLD_TEST(test_all_changes_restore),
	};

	return cmocka_run_group_tests_name("policies with fake VMs", tests, NULL, NULL) ? 1 : 0;
}
