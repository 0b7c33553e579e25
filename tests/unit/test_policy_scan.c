// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Policy rq_scan over the loop transport: a run queue in memory that stands for
 * the guest's, and what the kernel says of real threads.
 */
#include <time.h>

#include "host/memory.h"
#include "host/tick.h"
#include "tests/fake/scan_image.h"
#include "tests/unit/policy_world.h"

#define ADDRESS 0x40000000ull

static _Alignas(8) uint8_t bytes[SCAN_IMAGE_SIZE];
static struct scan_image image;
static struct memory memory;
static uint64_t now_ns;

static void offer(void)
{
	struct rs_message wire = { 0 };
	struct message m = { .kind = RS_KIND_SCAN };

	sequence++;
	scan_image_offer(&image, &wire);
	m.address = wire.address;
	m.sequence = sequence;
	pthread_mutex_lock(&vm->lock);
	vm_message(vm, &m, 0);
	pthread_mutex_unlock(&vm->lock);
	while (vm_finish(vm))
		;
}

static void make_guest(void)
{
	memset(bytes, 0, sizeof(bytes));
	memory = (struct memory){
		.count = 1,
		.regions[0] = { .guest_address = ADDRESS, .size = sizeof(bytes), .base = bytes },
	};
	assert_int_equal(scan_image_make(&image, bytes, ADDRESS, 2, NULL), 0);
	connect_vm("rq_scan", VM_ROLE_CONTROL);
	vm->memory = &memory;
	now_ns = 1000000000;
	send(RS_KIND_ATTACH, 0, 0);
}

static void tick(void)
{
	now_ns += 1000000;
	assert_true(tick_run(now_ns) > now_ns);
}

static void test_follows_the_run_queue(void **state)
{
	(void)state;
	make_guest();
	scan_image_enqueue(&image, 0, 50);
	tick();
	assert_all_normal(); /* not told yet where it is */
	assert_int_equal(vm->counters.scan_reads, 0);
	offer();
	assert_int_equal(vm->scan.state, VM_SCAN_READY);
	tick();
	assert_sched(p.vcpu[0], SCHED_FIFO, 50);
	assert_sched(p.vcpu[1], SCHED_OTHER, 0);
	scan_image_enqueue(&image, 0, 40);
	scan_image_enqueue(&image, 1, 99);
	scan_image_dequeue(&image, 0, 50);
	tick();
	assert_sched(p.vcpu[0], SCHED_FIFO, 40);
	assert_sched(p.vcpu[1], SCHED_FIFO, CEILING);
	scan_image_dequeue(&image, 0, 40);
	scan_image_dequeue(&image, 1, 99);
	tick();
	assert_all_normal();
	assert_int_equal(vm->counters.scan_reads, 6);
	assert_int_equal(vm->counters.scan_torn, 0);
	assert_true(vm->counters.scan_ns > 0);
}

/* A change that stands still half way leaves the priority; but not for ever. */
static void test_torn(void **state)
{
	(void)state;
	make_guest();
	scan_image_enqueue(&image, 0, 50);
	offer();
	tick();
	image.rq[0].rt.highest = 0;
	for (int i = 0; i < 99; i++)
		tick();
	assert_sched(p.vcpu[0], SCHED_FIFO, 50);
	assert_int_equal(vm->counters.scan_torn, 99);
	tick();
	assert_all_normal();
	image.rq[0].rt.highest = 49;
	tick();
	assert_sched(p.vcpu[0], SCHED_FIFO, 50);
}

static void test_memory_goes(void **state)
{
	(void)state;
	make_guest();
	scan_image_enqueue(&image, 0, 50);
	offer();
	tick();
	assert_sched(p.vcpu[0], SCHED_FIFO, 50);
	memory.count = 0;
	tick();
	assert_all_normal();
	assert_int_equal(vm->counters.scan_outside, 2);
	memory.count = 1;
	tick();
	assert_sched(p.vcpu[0], SCHED_FIFO, 50);
}

static void test_refused(void **state)
{
	(void)state;
	make_guest();
	scan_image_enqueue(&image, 0, 50);
	scan_image_spoil(&image, IMAGE_NO_FIELD, NULL);
	offer();
	tick();
	assert_all_normal();
	assert_int_equal(vm->scan.state, VM_SCAN_REFUSED);
	assert_non_null(strstr(vm->scan.reason, "rt.rt_queued"));
	assert_int_equal(vm->counters.scan_refused, 1);
	assert_int_equal(vm->counters.scan_reads, 0);
	scan_image_spoil(&image, IMAGE_SOUND, NULL); /* another module, another try */
	offer();
	tick();
	assert_sched(p.vcpu[0], SCHED_FIFO, 50);
}

static void test_driver_goes(void **state)
{
	static const enum rs_kind ends[] = { RS_KIND_BYE, RS_KIND_ATTACH };

	(void)state;
	make_guest();
	scan_image_enqueue(&image, 0, 50);
	for (size_t i = 0; i < 2; i++) {
		offer();
		tick();
		assert_sched(p.vcpu[0], SCHED_FIFO, 50);
		send(ends[i], 0, 0);
		assert_all_normal();
		tick();
		assert_all_normal();
	}
	offer();
	tick();
	pthread_mutex_lock(&vm->lock);
	vm_rings_clear(vm); /* the device is reset */
	pthread_mutex_unlock(&vm->lock);
	assert_all_normal();
}

static void test_other_policies(void **state)
{
	(void)state;
	make_guest();
	scan_image_enqueue(&image, 0, 50);
	offer();
	tick();
	choose("rq_scan"); /* the guest is not told, and what it said still holds */
	tick();
	assert_sched(p.vcpu[0], SCHED_FIFO, 50);
	choose("ring");
	assert_all_normal();
	offer(); /* one that is late means nothing */
	assert_int_equal(vm->scan.state, VM_SCAN_OFF);
	choose("rq_scan");
	tick();
	assert_all_normal();
	offer();
	tick();
	assert_sched(p.vcpu[0], SCHED_FIFO, 50);
	vm_disconnect(vm);
	assert_all_normal();
}

/* A guest can ask for a look at any moment; the look is not at any moment. */
static void test_looks_are_rare(void **state)
{
	struct message m = { .kind = RS_KIND_SCAN };

	(void)state;
	make_guest();
	vm->scan.next_look_ns = UINT64_MAX;
	pthread_mutex_lock(&vm->lock);
	vm_message(vm, &m, 0);
	pthread_mutex_unlock(&vm->lock);
	assert_true(vm_finish(vm));
	assert_int_equal(vm->counters.scan_refused, 0);
	vm->scan.next_look_ns = 0;
	assert_false(vm_finish(vm));
	assert_int_equal(vm->counters.scan_refused, 1);
	assert_true(vm->scan.next_look_ns > 0);
}

static void test_interval(void **state)
{
	(void)state;
	make_guest();
	vm->scan_interval_us = 250;
	offer();
	now_ns += 1000000;
	assert_int_equal(tick_run(now_ns), now_ns + 250000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_follows_the_run_queue), T(test_torn),
		T(test_memory_goes),	       T(test_refused),
		T(test_driver_goes),	       T(test_other_policies),
		T(test_looks_are_rare),	       T(test_interval),
	};

	if (!realtime_permitted())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
