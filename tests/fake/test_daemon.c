// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The real daemon driven by fake VMs: what a guest reports, and what it does
 * to real threads, each time read back from the kernel.
 */
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/fake/world.h"

#define OFFERED_AT_MOST (1ull << 28 | 1ull << 29 | 1ull << 30 | 1ull << 32)

static void test_handshake(void **state)
{
	struct world *w = *state;
	struct frontend *f = world_simple(w);
	struct vhost_vring_addr addr;

	/* Any further feature would make QEMU's device promise it to the guest. */
	assert_int_equal(f->features & ~OFFERED_AT_MOST, 0);
	assert_true(f->features >> 32 & 1); /* VERSION_1 */
	assert_true(f->protocol_features >> FF_PROTOCOL_F_CONFIG & 1);
	assert_int_equal(f->config.zero, 0);
	assert_int_equal(f->config.magic, RS_MAGIC);
	assert_int_equal(f->config.revision, RS_REVISION);
	assert_int_equal(f->config.source, RS_SOURCE_RING);
	check_number(&w->daemon, "a", "connected", 1);
	check_number(&w->daemon, "a", "pid", f->vm.pid);
	check_number(&w->daemon, "a", "messages.attach", 1);
	check_number(&w->daemon, "a", "vcpus.0.index", 0);
	check_number(&w->daemon, "a", "vcpus.0.tid", f->vm.tid[0]);
	check_number(&w->daemon, "a", "vcpus.1.tid", INT64_MIN);
	/* The VM's identity (P10): where its notification vring lies. */
	ff_vring_addr(f, RS_QUEUE_NOTIFY, &addr);
	check_number(&w->daemon, "a", "vring.user_address", (int64_t)addr.desc_user_addr);
	check_number(&w->daemon, "a", "vring.guest_address",
		     (int64_t)(addr.desc_user_addr - f->user_address + FF_GUEST_ADDRESS));
	check_number(&w->daemon, "a", "vring.size", FF_QUEUE_SIZE);
}

static void test_boost_and_restore(void **state)
{
	struct world *w = *state;
	struct frontend *f = world_simple(w);
	int64_t kicks = daemon_number(&w->daemon, "a", "kicks");

	check_sched(f->vm.tid[0], SCHED_OTHER, 0, "attached");
	for (unsigned int i = 1; i <= 3; i++) {
		world_notify(f, RS_KIND_START, 1, 50);
		check_sched(f->vm.tid[0], SCHED_FIFO, 50, "in the ring");
		check_number(&w->daemon, "a", "vcpus.0.priority", 50);
		check_number(&w->daemon, "a", "active_rings.0.ring_prio", 50);
		world_notify(f, RS_KIND_END, 1, 50);
		check_sched(f->vm.tid[0], SCHED_OTHER, 0, "after the ring");
		check_number(&w->daemon, "a", "active_rings.0.ring_id", INT64_MIN);
		check_number(&w->daemon, "a", "boosts", i);
		check_number(&w->daemon, "a", "demotions", i);
	}
	check_number(&w->daemon, "a", "messages.start", 3);
	check_number(&w->daemon, "a", "messages.end", 3);
	check_number(&w->daemon, "a", "kicks", kicks + 6);
	check_number(&w->daemon, "a", "lost", 0);
	check_number(&w->daemon, "a", "apply_failed", 0);
	check_number(&w->daemon, "a", "readback_mismatch", 0);
}

/* Not only the class: the nice value, and SCHED_BATCH instead of SCHED_OTHER. */
static void test_restores_what_was(void **state)
{
	const struct sched_state own = { .policy = SCHED_BATCH, .nice = 7 };
	struct world *w = *state;
	struct sched_state s;
	struct frontend *f;

	world_start(w, "ring");
	f = world_boot(w, 0, "a", 0, NULL, &(struct fake_vm_options){ .own = &own });
	world_notify(f, RS_KIND_START, 1, 30);
	check_sched(f->vm.tid[0], SCHED_FIFO, 30, "in the ring");
	world_notify(f, RS_KIND_END, 1, 30);
	check_sched(f->vm.tid[0], SCHED_BATCH, 0, "after the ring");
	assert_int_equal(sched_read(f->vm.tid[0], &s), 0);
	assert_int_equal(s.nice, 7);
}

static void test_highest_ring_wins(void **state)
{
	struct frontend *f = world_simple(*state);

	world_notify(f, RS_KIND_START, 1, 30);
	world_notify(f, RS_KIND_START, 2, 60);
	check_sched(f->vm.tid[0], SCHED_FIFO, 60, "30 and 60");
	world_notify(f, RS_KIND_START, 3, 45);
	check_sched(f->vm.tid[0], SCHED_FIFO, 60, "30, 60 and 45");
	world_notify(f, RS_KIND_END, 2, 60);
	check_sched(f->vm.tid[0], SCHED_FIFO, 45, "30 and 45");
	world_notify(f, RS_KIND_END, 1, 30);
	check_sched(f->vm.tid[0], SCHED_FIFO, 45, "45");
	world_notify(f, RS_KIND_END, 3, 45);
	check_sched(f->vm.tid[0], SCHED_OTHER, 0, "none");
}

static void test_ceiling(void **state)
{
	struct world *w = *state;
	struct frontend *low, *usual;

	world_start(w, "ring");
	low = world_boot(w, 0, "low", 20, NULL, NULL);
	usual = world_boot(w, 1, "usual", 0, NULL, NULL);
	check_number(&w->daemon, "low", "ceiling", 20);
	check_number(&w->daemon, "usual", "ceiling", 80);
	world_notify(low, RS_KIND_START, 1, 99);
	check_sched(low->vm.tid[0], SCHED_FIFO, 20, "99 under a ceiling of 20");
	world_notify(usual, RS_KIND_START, 1, 99);
	check_sched(usual->vm.tid[0], SCHED_FIFO, 80, "99 under a ceiling of 80");
	world_notify(low, RS_KIND_START, 2, 10);
	world_notify(low, RS_KIND_END, 1, 99);
	check_sched(low->vm.tid[0], SCHED_FIFO, 10, "10 under a ceiling of 20");
}

static void test_vms_do_not_mix(void **state)
{
	struct world *w = *state;
	struct frontend *a, *b;

	world_start(w, "ring");
	a = world_boot(w, 0, "a", 0, NULL, NULL);
	b = world_boot(w, 1, "b", 0, NULL, NULL);
	world_notify(a, RS_KIND_START, 1, 40);
	check_sched(a->vm.tid[0], SCHED_FIFO, 40, "a in its ring");
	check_sched(b->vm.tid[0], SCHED_OTHER, 0, "b beside it");
	world_notify(b, RS_KIND_END, 1, 40);
	check_sched(a->vm.tid[0], SCHED_FIFO, 40, "b ended a ring of the same number");
	world_notify(b, RS_KIND_START, 1, 70);
	world_notify(a, RS_KIND_END, 1, 40);
	check_sched(b->vm.tid[0], SCHED_FIFO, 70, "b in its ring");
	check_sched(a->vm.tid[0], SCHED_OTHER, 0, "a after its ring");
}

static void test_bye_ends_all_rings(void **state)
{
	struct world *w = *state;
	struct frontend *f = world_simple(w);

	world_notify(f, RS_KIND_START, 1, 30);
	world_notify(f, RS_KIND_START, 2, 60);
	check_sched(f->vm.tid[0], SCHED_FIFO, 60, "two rings");
	world_notify(f, RS_KIND_BYE, 0, 0);
	check_sched(f->vm.tid[0], SCHED_OTHER, 0, "after BYE");
	check_number(&w->daemon, "a", "active_rings.0.ring_id", INT64_MIN);
}

static void test_lost_sequence_is_counted(void **state)
{
	struct world *w = *state;
	struct frontend *f = world_simple(w);

	f->sequence += 3;
	world_notify(f, RS_KIND_START, 1, 30);
	check_number(&w->daemon, "a", "lost", 3);
	world_notify(f, RS_KIND_END, 1, 30);
	check_number(&w->daemon, "a", "lost", 3);
	check_sched(f->vm.tid[0], SCHED_OTHER, 0, "after the ring");
}

/* Three messages for one kick: all are handled, in order. */
static void test_coalesced_kick(void **state)
{
	struct world *w = *state;
	struct frontend *f = world_simple(w);
	int64_t kicks = daemon_number(&w->daemon, "a", "kicks");
	struct rs_message m[3];

	m[0] = ff_message(f, RS_KIND_START, 1, 30);
	m[1] = ff_message(f, RS_KIND_END, 1, 30);
	m[2] = ff_message(f, RS_KIND_START, 2, 40);
	for (int i = 0; i < 3; i++)
		ff_post(f, &m[i], sizeof(m[i]), i == 2);
	assert_true(ff_drained(f, RS_QUEUE_NOTIFY, STEP_LIMIT_MS));
	check_sched(f->vm.tid[0], SCHED_FIFO, 40, "after three messages");
	check_number(&w->daemon, "a", "kicks", kicks + 1);
	check_number(&w->daemon, "a", "messages.start", 2);
	check_number(&w->daemon, "a", "messages.end", 1);
}

/* Past the end of the ring and round the 16-bit index several times. */
static void test_many_messages(void **state)
{
	struct world *w = *state;
	struct frontend *f = world_simple(w);
	const int rounds = 70000 / 100;

	for (int r = 0; r < rounds; r++) {
		for (int i = 0; i < 100; i++) {
			struct rs_message m =
				ff_message(f, i & 1 ? RS_KIND_END : RS_KIND_START, 1, 30);

			ff_post(f, &m, sizeof(m), i == 99);
		}
		if (!ff_drained(f, RS_QUEUE_NOTIFY, STEP_LIMIT_MS))
			fail_msg("round %d was not taken", r);
	}
	check_number(&w->daemon, "a", "messages.start", rounds * 50);
	check_number(&w->daemon, "a", "messages.end", rounds * 50);
	check_number(&w->daemon, "a", "lost", 0);
	check_sched(f->vm.tid[0], SCHED_OTHER, 0, "after the last END");
}

/* Each field of a message out of its bounds, and the counter that says so. */
static const struct {
	const char *reason; /* path below the VM's status */
	struct rs_message bad;
} bad_messages[] = {
	{ "rejects.revision",
	  { .kind = RS_KIND_START, .revision = RS_REVISION + 1, .ring_prio = 50 } },
	{ "rejects.kind", { .kind = 0, .revision = RS_REVISION, .ring_prio = 50 } },
	{ "rejects.kind", { .kind = RS_KIND_COUNT, .revision = RS_REVISION, .ring_prio = 50 } },
	{ "rejects.ring_id",
	  { .kind = RS_KIND_START,
	    .revision = RS_REVISION,
	    .ring_prio = 50,
	    .ring_id = RS_RING_MAX } },
	{ "rejects.ring_prio", { .kind = RS_KIND_START, .revision = RS_REVISION } },
	{ "rejects.ring_prio",
	  { .kind = RS_KIND_START, .revision = RS_REVISION, .ring_prio = RS_PRIO_MAX + 1 } },
	{ "rejects.vcpu",
	  { .kind = RS_KIND_START, .revision = RS_REVISION, .ring_prio = 50, .vcpu = RS_VCPU_MAX } },
	{ "rejects.vcpu",
	  { .kind = RS_KIND_START,
	    .revision = RS_REVISION,
	    .ring_prio = 50,
	    .vcpu = 1 } }, /* within bounds, but the VM has one */
	{ "rejects.argument", { .kind = RS_KIND_ATTACH, .revision = RS_REVISION } },
	{ "rejects.period",
	  { .kind = RS_KIND_START,
	    .revision = RS_REVISION,
	    .ring_prio = 50,
	    .period_ns = RS_PERIOD_MIN_NS - 1 } },
	{ "rejects.period",
	  { .kind = RS_KIND_START,
	    .revision = RS_REVISION,
	    .ring_prio = 50,
	    .period_ns = RS_PERIOD_MAX_NS + 1 } },
};

static void test_bad_messages_are_counted(void **state)
{
	struct world *w = *state;
	struct frontend *f = world_simple(w);

	for (size_t i = 0; i < sizeof(bad_messages) / sizeof(bad_messages[0]); i++) {
		struct rs_message m = bad_messages[i].bad;
		int64_t before = daemon_number(&w->daemon, "a", bad_messages[i].reason);

		m.sequence = ++f->sequence;
		ff_post(f, &m, sizeof(m), true);
		assert_true(ff_drained(f, RS_QUEUE_NOTIFY, STEP_LIMIT_MS));
		check_number(&w->daemon, "a", bad_messages[i].reason,
			     (before < 0 ? 0 : before) + 1);
		check_sched(f->vm.tid[0], SCHED_OTHER, 0, bad_messages[i].reason);
	}
	world_notify(f, RS_KIND_START, 1, 50);
	check_sched(f->vm.tid[0], SCHED_FIFO, 50, "a good message after them");
	check_number(&w->daemon, "a", "messages.start", 1);
}

static void test_message_of_wrong_length(void **state)
{
	const uint32_t lengths[] = { 0, 1, sizeof(struct rs_message) - 1,
				     sizeof(struct rs_message) + 1, 200 };
	struct world *w = *state;
	struct frontend *f = world_simple(w);

	for (unsigned int i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		uint8_t bytes[256] = "";
		struct rs_message m = ff_message(f, RS_KIND_START, 1, 50);

		memcpy(bytes, &m, sizeof(m));
		ff_post(f, bytes, lengths[i], true);
		assert_true(ff_drained(f, RS_QUEUE_NOTIFY, STEP_LIMIT_MS));
		check_number(&w->daemon, "a", "rejects.length", i + 1);
	}
	check_sched(f->vm.tid[0], SCHED_OTHER, 0, "after wrong lengths");
}

/* A START twice, an END of no ring: nothing gets stuck. */
static void test_unbalanced(void **state)
{
	struct frontend *f = world_simple(*state);

	world_notify(f, RS_KIND_END, 5, 50);
	check_sched(f->vm.tid[0], SCHED_OTHER, 0, "END without START");
	world_notify(f, RS_KIND_START, 5, 50);
	world_notify(f, RS_KIND_START, 5, 50);
	check_sched(f->vm.tid[0], SCHED_FIFO, 50, "START twice");
	world_notify(f, RS_KIND_END, 5, 50);
	check_sched(f->vm.tid[0], SCHED_OTHER, 0, "one END after two STARTs");
}

/* A ring that is started on one vCPU and seen again, or ended, on another. */
static void test_ring_moves_to_another_vcpu(void **state)
{
	struct world *w = *state;
	struct frontend *f;
	struct rs_message m;

	world_start(w, "ring");
	f = world_boot(w, 0, "a", 0, NULL, &(struct fake_vm_options){ .vcpus = 2 });
	world_notify(f, RS_KIND_START, 1, 50);
	check_sched(f->vm.tid[0], SCHED_FIFO, 50, "started on vCPU 0");
	m = ff_message(f, RS_KIND_START, 1, 50);
	m.vcpu = 1;
	ff_post(f, &m, sizeof(m), true);
	assert_true(ff_drained(f, RS_QUEUE_NOTIFY, STEP_LIMIT_MS));
	check_sched(f->vm.tid[1], SCHED_FIFO, 50, "started again on vCPU 1");
	check_sched(f->vm.tid[0], SCHED_OTHER, 0, "vCPU 0, which it left");
	world_notify(f, RS_KIND_END, 1, 50);
	check_sched(f->vm.tid[1], SCHED_OTHER, 0, "ended on vCPU 0");
}

/* The driver may be faster than the last requests of the front end. */
static void test_kick_before_enable(void **state)
{
	struct rs_error *err = NULL;
	struct world *w = *state;
	struct frontend *f = &w->vm[0];
	char path[DAEMON_PATH_MAX];
	struct rs_message m;

	world_start(w, "ring");
	check_ok(daemon_add_vm(&w->daemon, "a", 0, NULL, &err), &err);
	daemon_vm_socket(&w->daemon, "a", path);
	check_ok(ff_create(f, NULL, &err), &err);
	check_ok(ff_connect(f, path, &err), &err);
	check_ok(ff_realize(f, &err), &err);
	m = ff_message(f, RS_KIND_ATTACH, 0, 0);
	ff_post(f, &m, sizeof(m), true);
	check_ok(ff_start_queues(f, &err), &err);
	assert_true(ff_drained(f, RS_QUEUE_NOTIFY, STEP_LIMIT_MS));
	check_number(&w->daemon, "a", "messages.attach", 1);
}

/* The message names a vCPU; only that one is in the ring. */
static void test_two_vcpus(void **state)
{
	struct world *w = *state;
	struct frontend *f;
	struct rs_message m;

	world_start(w, "ring");
	f = world_boot(w, 0, "a", 0, NULL, &(struct fake_vm_options){ .vcpus = 2 });
	check_number(&w->daemon, "a", "vcpus.1.tid", f->vm.tid[1]);
	m = ff_message(f, RS_KIND_START, 1, 50);
	m.vcpu = 1;
	ff_post(f, &m, sizeof(m), true);
	assert_true(ff_drained(f, RS_QUEUE_NOTIFY, STEP_LIMIT_MS));
	check_sched(f->vm.tid[1], SCHED_FIFO, 50, "the vCPU of the ring");
	check_number(&w->daemon, "a", "active_rings.0.vcpu", 1);
	m = ff_message(f, RS_KIND_END, 1, 50);
	m.vcpu = 1;
	ff_post(f, &m, sizeof(m), true);
	assert_true(ff_drained(f, RS_QUEUE_NOTIFY, STEP_LIMIT_MS));
	check_sched(f->vm.tid[1], SCHED_OTHER, 0, "after the ring");
	check_sched(f->vm.tid[0], SCHED_OTHER, 0, "the other vCPU");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_handshake),
		WORLD_TEST(test_boost_and_restore),
		WORLD_TEST(test_restores_what_was),
		WORLD_TEST(test_highest_ring_wins),
		WORLD_TEST(test_ceiling),
		WORLD_TEST(test_vms_do_not_mix),
		WORLD_TEST(test_bye_ends_all_rings),
		WORLD_TEST(test_lost_sequence_is_counted),
		WORLD_TEST(test_coalesced_kick),
		WORLD_TEST(test_many_messages),
		WORLD_TEST(test_bad_messages_are_counted),
		WORLD_TEST(test_message_of_wrong_length),
		WORLD_TEST(test_unbalanced),
		WORLD_TEST(test_two_vcpus),
		WORLD_TEST(test_ring_moves_to_another_vcpu),
		WORLD_TEST(test_kick_before_enable),
	};

	return cmocka_run_group_tests_name("daemon with fake VMs", tests, NULL, NULL) ? 1 : 0;
}
