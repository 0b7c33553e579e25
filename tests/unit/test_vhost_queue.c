// SPDX-License-Identifier: GPL-2.0-or-later
/* The daemon's side of the two queues, with a guest that would keep it busy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/vhost_user.h"
#include "host/vm.h"

#define SIZE 256u
#define GUEST 0x10000ull
#define BUFFER 64u /* bytes for each descriptor */
#define VISIT 64u /* buffers that one visit may look at */

/* virtio 1.2, 2.7, with room for what the descriptors name. */
static struct {
	struct {
		uint64_t address;
		uint32_t length;
		uint16_t flags, next;
	} desc[SIZE];
	uint16_t avail_flags, avail_index, avail_ring[SIZE], avail_event;
	_Alignas(4) uint16_t used_flags;
	uint16_t used_index;
	struct {
		uint32_t id, length;
	} used_ring[SIZE];
	uint16_t used_event;
	uint8_t buffer[SIZE][BUFFER];
} guest __attribute__((aligned(16)));

static struct vhost_user conn;
static struct vm *vm;

static int set_up(void **state)
{
	const struct vm_config config = {
		.name = "queue",
		.socket = "/nowhere",
		.ceiling = VM_CEILING_DEFAULT,
		.policy = policy_find("none", NULL),
	};

	(void)state;
	memset(&guest, 0, sizeof(guest));
	memset(&conn, 0, sizeof(conn));
	vm = vm_add(&config, NULL);
	assert_non_null(vm);
	vm->transport = &conn;
	conn.vm = vm;
	conn.memory = (struct memory){
		.count = 1,
		.regions[0] = { .guest_address = GUEST,
				.size = sizeof(guest),
				.base = (uint8_t *)&guest },
	};
	for (unsigned int i = 0; i < RS_QUEUE_COUNT; i++) {
		struct vhost_queue *q = &conn.queues[i];

		q->kick = q->call = -1;
		q->ring.size = SIZE;
		q->enabled = q->mapped =
			vring_attach(&q->ring, guest.desc, &guest.avail_flags, &guest.used_flags);
		assert_true(q->mapped);
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	vm->transport = NULL;
	vm_remove(vm);
	return 0;
}

/* All descriptors are offered, each with a buffer to write into. */
static void offer_all(uint32_t length)
{
	for (unsigned int i = 0; i < SIZE; i++) {
		guest.desc[i].address =
			GUEST + (uint64_t)((uint8_t *)guest.buffer[i] - (uint8_t *)&guest);
		guest.desc[i].length = length;
		guest.desc[i].flags = 2; /* for the device to write */
		guest.avail_ring[i] = (uint16_t)i;
	}
	guest.avail_index += SIZE;
}

static void test_event_is_written(void **state)
{
	struct rs_event event;
	uint32_t number = 0;

	(void)state;
	offer_all(BUFFER);
	assert_true(vhost_queue_raise(vm, 3, 7, &number));
	assert_int_equal(number, 1);
	memcpy(&event, guest.buffer[0], sizeof(event));
	assert_int_equal(event.kind, RS_EVENT_INTERRUPT);
	assert_int_equal(event.arg0, 3);
	assert_int_equal(guest.used_index, 1);
	assert_int_equal(guest.used_ring[0].length, sizeof(event));
	assert_int_equal(vm->counters.events_sent, 1);
}

/* A guest can offer buffers that do not fit as fast as they are given back: the
 * notification thread must not go on with them for ever. */
static void test_unfit_buffers_have_an_end(void **state)
{
	uint32_t number = 0;

	(void)state;
	offer_all(sizeof(struct rs_event) - 1);
	assert_false(vhost_queue_raise(vm, 0, 1, &number));
	assert_int_equal(vm->counters.rejects[REJECT_LENGTH], VISIT);
	assert_int_equal(guest.used_index, VISIT);
	assert_int_equal(vm->counters.events_lost, 1);
	/* The others have their turn, and one that fits is found behind them. */
	for (unsigned int i = 1; i < SIZE / VISIT; i++)
		assert_false(vhost_queue_raise(vm, 0, 1, &number));
	assert_int_equal(guest.used_index, SIZE);
	offer_all(BUFFER);
	assert_true(vhost_queue_raise(vm, 0, 1, &number));
	assert_int_equal(number, 1); /* no number was given to what was lost */
}

/* Looking for threads in vain, and slowly, is not repeated for each request. */
static void test_looks_are_rare(void **state)
{
	static const uint32_t get_features[3] = { 1, 1, 0 };
	struct vhost_user *other;
	int ends[2];

	(void)state;
	vm->transport = NULL;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	other = vhost_user_open(vm, ends[0], NULL);
	assert_non_null(other);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(write(ends[1], get_features, sizeof(get_features)),
				 sizeof(get_features));
		assert_int_equal(vhost_user_read(other, NULL), 0);
		assert_int_equal(vm->counters.thread_retries, i < 2 ? i + 1 : 2);
		if (i)
			vm->next_look_ns = UINT64_MAX; /* as after a look that took long */
	}
	vhost_user_close(other);
	close(ends[1]);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		T(test_event_is_written),
		T(test_unfit_buffers_have_an_end),
		T(test_looks_are_rare),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
