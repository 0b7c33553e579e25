// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Policy rq_scan in the real daemon: fake VMs whose memory holds run queues
 * made by hand, sound ones and all kinds of others.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host/cleanup.h"
#include "host/record.h"
#include "tests/fake/scan_image.h"
#include "tests/fake/world.h"

#define ADDRESS (FF_GUEST_ADDRESS + SCAN_IMAGE_OFFSET)

static struct scan_image image;

/* A message that offers what lies at `address`. */
static void offer_at(struct frontend *f, uint64_t address)
{
	struct rs_message m = ff_message(f, RS_KIND_SCAN, 0, 0);

	scan_image_offer(&image, &m);
	m.address = address;
	ff_post(f, &m, sizeof(m), true);
	assert_true(ff_drained(f, RS_QUEUE_NOTIFY, STEP_LIMIT_MS));
}

static void make(struct frontend *f)
{
	struct rs_error *err = NULL;

	check_ok(scan_image_make(&image, f->memory + SCAN_IMAGE_OFFSET, ADDRESS, f->vm.vcpus, &err),
		 &err);
}

static struct frontend *boot(struct world *w, unsigned int vcpus)
{
	const struct fake_vm_options options = { .vcpus = vcpus };
	struct frontend *f;

	world_start(w, "rq_scan");
	f = world_boot(w, 0, "a", 70, NULL, &options);
	make(f);
	return f;
}

static void check_state(struct world *w, const char *wanted)
{
	int64_t end = now_ms() + STEP_LIMIT_MS;
	char is[32] = "";

	do
		assert_true(daemon_text(&w->daemon, "a", "scan.state", is, sizeof(is)));
	while (strcmp(is, wanted) && now_ms() < end);
	assert_string_equal(is, wanted);
}

static void test_follows_run_queues(void **state)
{
	struct world *w = *state;
	struct frontend *f = boot(w, 2);

	assert_int_equal(f->config.source, RS_SOURCE_SCAN);
	check_state(w, "off");
	offer_at(f, ADDRESS);
	check_state(w, "ready");
	scan_image_enqueue(&image, 1, 33);
	check_sched(f->vm.tid[1], SCHED_FIFO, 33, "a task on vCPU 1");
	check_sched(f->vm.tid[0], SCHED_OTHER, 0, "vCPU 0");
	scan_image_enqueue(&image, 0, 99);
	check_sched(f->vm.tid[0], SCHED_FIFO, 70, "at the ceiling");
	scan_image_dequeue(&image, 1, 33);
	check_sched(f->vm.tid[1], SCHED_OTHER, 0, "the task's end");
	world_notify(f, RS_KIND_BYE, 0, 0);
	check_sched(f->vm.tid[0], SCHED_OTHER, 0, "BYE");
	assert_true(daemon_number(&w->daemon, "a", "scan_reads") > 0);
	assert_true(daemon_number(&w->daemon, "a", "scan_ns") > 0);
	check_number(&w->daemon, "a", "scan_refused", 0);
}

static void end_of_the_daemon(struct world *w, int number_of_signal)
{
	struct rs_error *err = NULL;
	struct frontend *f = boot(w, 1);
	unsigned int count;

	offer_at(f, ADDRESS);
	scan_image_enqueue(&image, 0, 50);
	check_sched(f->vm.tid[0], SCHED_FIFO, 50, "a task");
	check_ok(daemon_end(&w->daemon, number_of_signal, &err), &err);
	if (number_of_signal == SIGKILL) {
		check_sched(f->vm.tid[0], SCHED_FIFO, 50, "after SIGKILL");
		check_ok(record_restore(w->daemon.record, &count, &err), &err);
	}
	check_sched(f->vm.tid[0], SCHED_OTHER, 0, "after the daemon");
}

static void test_daemon_ends(void **state)
{
	end_of_the_daemon(*state, SIGTERM);
}

static void test_daemon_is_killed(void **state)
{
	end_of_the_daemon(*state, SIGKILL);
}

/* Chosen while the guest runs: it is asked, and asked again. */
static void test_policy_is_chosen_later(void **state)
{
	struct rs_error *err = NULL;
	struct world *w = *state;
	struct frontend *f;
	struct rs_event e;

	world_start(w, "ring");
	f = world_boot(w, 0, "a", 0, NULL, NULL);
	make(f);
	ff_offer_events(f, 4);
	scan_image_enqueue(&image, 0, 50);
	for (int i = 0; i < 2; i++) {
		check_ok(daemon_command(&w->daemon, "policy", "rq_scan", "a", &err), &err);
		assert_true(ff_event(f, &e, STEP_LIMIT_MS));
		assert_int_equal(e.arg0, RS_SOURCE_SCAN);
		offer_at(f, ADDRESS);
		check_sched(f->vm.tid[0], SCHED_FIFO, 50, "the run queue's task");
		check_ok(daemon_command(&w->daemon, "policy", "ring", "a", &err), &err);
		assert_true(ff_event(f, &e, STEP_LIMIT_MS));
		assert_int_equal(e.arg0, RS_SOURCE_RING);
		check_sched(f->vm.tid[0], SCHED_OTHER, 0, "under ring");
	}
}

static void test_interval_has_bounds(void **state)
{
	static const unsigned int bad[] = { 1, 99, 1000001 };
	struct world *w = *state;

	world_start(w, "rq_scan");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cleanup_error struct rs_error *err = NULL;

		assert_true(daemon_add_vm_scanned(&w->daemon, "b", bad[i], &err) < 0);
		assert_non_null(strstr(err->message, "scan_interval_us"));
	}
}

/* ---- what a guest may say ---- */

static void check_refused(struct world *w, struct frontend *f, uint64_t address, const char *why)
{
	int64_t before = daemon_number(&w->daemon, "a", "scan_refused");
	char reason[256];

	offer_at(f, address);
	check_becomes(&w->daemon, "a", "scan_refused", before + 1);
	check_state(w, "refused");
	assert_true(daemon_text(&w->daemon, "a", "scan.reason", reason, sizeof(reason)));
	if (!strstr(reason, why))
		fail_msg("'%s' does not say '%s'", reason, why);
}

static void test_refusals(void **state)
{
	struct world *w = *state;
	struct frontend *f = boot(w, 1);
	struct rs_error *err = NULL;

	scan_image_enqueue(&image, 0, 50);
	check_refused(w, f, 0, "not in its memory");
	check_refused(w, f, UINT64_MAX - 3, "not in its memory");
	check_refused(w, f, ADDRESS + 1, "no description");
	check_ok(scan_image_spoil(&image, IMAGE_NO_FIELD, &err), &err);
	check_refused(w, f, ADDRESS, "rt.rt_queued");
	image.scan->btf_size = (uint32_t)image.btf_size / 2;
	check_refused(w, f, ADDRESS, "cut short");
	image.scan->obstacle = RS_SCAN_NO_BTF;
	check_refused(w, f, ADDRESS, "CONFIG_DEBUG_INFO_BTF");
	check_sched(f->vm.tid[0], SCHED_OTHER, 0, "after refusals");
	check_number(&w->daemon, "a", "scan_reads", 0);
	make(f); /* as after another module was loaded */
	scan_image_enqueue(&image, 0, 50);
	offer_at(f, ADDRESS);
	check_sched(f->vm.tid[0], SCHED_FIFO, 50, "a sound description");
}

/* Any bytes in the run queue: counted, no boost that lasts, no crash. */
static void test_random_run_queue(void **state)
{
	struct world *w = *state;
	struct frontend *f = boot(w, 2);
	int64_t end = now_ms() + 300;

	offer_at(f, ADDRESS);
	check_state(w, "ready");
	srand(7);
	while (now_ms() < end)
		for (size_t i = 0; i < 2 * sizeof(*image.rq); i++)
			((uint8_t *)image.rq)[i] = (uint8_t)rand();
	assert_true(daemon_number(&w->daemon, "a", "scan_torn") > 0);
	make(f);
	check_sched(f->vm.tid[0], SCHED_OTHER, 0, "a sound queue again");
	scan_image_enqueue(&image, 1, 44);
	check_sched(f->vm.tid[1], SCHED_FIFO, 44, "its task");
}

static void test_random_descriptions(void **state)
{
	struct world *w = *state;
	struct frontend *f = boot(w, 1);

	srand(8);
	for (int i = 0; i < 50; i++) {
		int64_t before = daemon_number(&w->daemon, "a", "messages.scan");

		make(f);
		for (int n = 1 + i % 20; n; n--)
			f->memory[SCAN_IMAGE_OFFSET + (size_t)rand() % (sizeof(struct rs_scan) +
									900)] = (uint8_t)rand();
		offer_at(f, ADDRESS);
		check_becomes(&w->daemon, "a", "messages.scan", before + 1);
	}
	assert_true(daemon_alive(&w->daemon));
	make(f);
	offer_at(f, ADDRESS);
	scan_image_enqueue(&image, 0, 45);
	check_sched(f->vm.tid[0], SCHED_FIFO, 45, "after all of it");
}

/* ---- memory that changes under the daemon ---- */

static void set_memory(struct frontend *f, unsigned int count, const int *fd, uint64_t offset)
{
	struct ff_memory_table t;

	ff_memory_table(f, &t);
	t.count = count;
	t.region[0].mmap_offset = offset;
	ff_send(f, FF_SET_MEM_TABLE, &t, 8 + count * (uint32_t)sizeof(t.region[0]), fd, count,
		NULL);
	/* An answer says that it was handled. */
	assert_int_equal(ff_ask_u64(f, FF_GET_FEATURES, &f->features, NULL), 0);
}

static void test_memory_is_taken_away(void **state)
{
	struct world *w = *state;
	struct frontend *f = boot(w, 1);

	offer_at(f, ADDRESS);
	scan_image_enqueue(&image, 0, 50);
	check_sched(f->vm.tid[0], SCHED_FIFO, 50, "a task");
	set_memory(f, 0, NULL, 0);
	check_sched(f->vm.tid[0], SCHED_OTHER, 0, "without memory");
	assert_true(daemon_number(&w->daemon, "a", "scan_outside") > 0);
	set_memory(f, 1, &f->memory_fd, 0x10000);
	check_sched(f->vm.tid[0], SCHED_FIFO, 50, "with memory again");
}

/* Again and again, while the notification thread reads in it. */
static void test_memory_is_mapped_anew(void **state)
{
	struct world *w = *state;
	struct frontend *f = boot(w, 1);

	offer_at(f, ADDRESS);
	scan_image_enqueue(&image, 0, 50);
	for (int i = 0; i < 300; i++)
		set_memory(f, 1, &f->memory_fd, 0x10000);
	check_sched(f->vm.tid[0], SCHED_FIFO, 50, "after all maps");
	assert_true(daemon_alive(&w->daemon));
}

/* The file becomes shorter than what is mapped: reading is SIGBUS. */
static void test_memory_is_cut(void **state)
{
	cleanup_close int fd = memfd_create("guest", MFD_CLOEXEC);
	struct world *w = *state;
	struct frontend *f = boot(w, 1);

	assert_int_equal(ftruncate(fd, FF_MEMORY_SIZE), 0);
	scan_image_enqueue(&image, 0, 50);
	assert_int_equal(pwrite(fd, f->memory, FF_MEMORY_SIZE, 0), FF_MEMORY_SIZE);
	offer_at(f, ADDRESS);
	check_sched(f->vm.tid[0], SCHED_FIFO, 50, "a task");
	set_memory(f, 1, &fd, 0);
	assert_int_equal(ftruncate(fd, 0), 0);
	check_sched(f->vm.tid[0], SCHED_OTHER, 0, "in cut memory");
	assert_true(daemon_number(&w->daemon, "a", "scan_torn") > 0);
	assert_true(daemon_alive(&w->daemon));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_follows_run_queues),   WORLD_TEST(test_daemon_ends),
		WORLD_TEST(test_daemon_is_killed),     WORLD_TEST(test_policy_is_chosen_later),
		WORLD_TEST(test_interval_has_bounds),  WORLD_TEST(test_refusals),
		WORLD_TEST(test_random_run_queue),     WORLD_TEST(test_random_descriptions),
		WORLD_TEST(test_memory_is_taken_away), WORLD_TEST(test_memory_is_mapped_anew),
		WORLD_TEST(test_memory_is_cut),
	};

	return cmocka_run_group_tests_name("run queues of fake VMs", tests, NULL, NULL) ? 1 : 0;
}
