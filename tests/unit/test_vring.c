// SPDX-License-Identifier: GPL-2.0-or-later
/* The split ring reader and guest memory, with a guest that lies. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/error.h"
#include "host/memory.h"
#include "host/vring.h"

#define SIZE 8u
#define GUEST 0x100000ull /* guest address of the memory */
#define USER 0x7f0000000000ull
#define BYTES 65536u

/* The guest's view, written by hand: virtio 1.2, 2.7. */
struct desc {
	uint64_t address;
	uint32_t length;
	uint16_t flags, next;
};

struct guest {
	struct desc desc[SIZE];
	uint16_t avail_flags, avail_index, avail_ring[SIZE], avail_event;
	uint16_t pad[1]; /* the used ring is 4-aligned */
	uint16_t used_flags, used_index;
	struct {
		uint32_t id, length;
	} used_ring[SIZE];
	uint16_t used_event;
	char buffer[SIZE][64];
};

struct world {
	struct memory memory;
	struct vring ring;
	struct guest *guest;
	int fd;
};

static struct world w;

static int set_up(void **state)
{
	struct memory_wire_region region = { GUEST, BYTES, USER, 0 };
	unsigned int unsealed;

	(void)state;
	memset(&w, 0, sizeof(w));
	w.fd = memfd_create("guest", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_int_equal(ftruncate(w.fd, BYTES), 0);
	assert_int_equal(memory_set(&w.memory, &region, &w.fd, 1, &unsealed, NULL), 0);
	w.guest = memory_from_guest(&w.memory, GUEST, sizeof(*w.guest));
	assert_non_null(w.guest);
	w.ring.size = SIZE;
	assert_true(
		vring_attach(&w.ring, w.guest->desc, &w.guest->avail_flags, &w.guest->used_flags));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	memory_clear(&w.memory);
	close(w.fd);
	return 0;
}

/* The guest offers descriptor `head` as its next buffer. */
static void offer(uint16_t head)
{
	w.guest->avail_ring[w.guest->avail_index % SIZE] = head;
	__atomic_store_n(&w.guest->avail_index, w.guest->avail_index + 1, __ATOMIC_RELEASE);
}

static void describe(uint16_t i, uint16_t flags)
{
	w.guest->desc[i] = (struct desc){
		.address = GUEST + offsetof(struct guest, buffer) + i * sizeof(w.guest->buffer[0]),
		.length = sizeof(w.guest->buffer[0]),
		.flags = flags,
	};
}

static void test_reads_and_pushes(void **state)
{
	struct vring_buffer b;

	(void)state;
	assert_false(vring_next(&w.ring, &w.memory, false, &b));
	/* Three times around, so that indices and slots part ways. */
	for (unsigned int i = 0; i < 3 * SIZE; i++) {
		uint16_t head = (uint16_t)(i * 5 % SIZE);

		describe(head, 0);
		offer(head);
		assert_true(vring_next(&w.ring, &w.memory, false, &b));
		assert_int_equal(b.reason, REJECT_NONE);
		assert_ptr_equal(b.data, w.guest->buffer[head]);
		assert_int_equal(b.length, 64);
		vring_push(&w.ring, b.head, i);
		assert_int_equal(w.guest->used_index, i + 1);
		assert_int_equal(w.guest->used_ring[i % SIZE].id, head);
		assert_int_equal(w.guest->used_ring[i % SIZE].length, i);
		assert_false(vring_next(&w.ring, &w.memory, false, &b));
	}
}

static void test_index_wraps(void **state)
{
	struct vring_buffer b;

	(void)state;
	w.guest->avail_index = w.ring.last_available = 0xfffe;
	for (int i = 0; i < 4; i++) {
		describe(1, 0);
		offer(1);
		assert_true(vring_next(&w.ring, &w.memory, false, &b));
		assert_int_equal(b.reason, REJECT_NONE);
	}
	assert_int_equal(w.ring.last_available, 2);
}

static void test_index_jumps(void **state)
{
	struct vring_buffer b;

	(void)state;
	w.guest->avail_index = SIZE + 1; /* more buffers than descriptors exist */
	assert_true(vring_next(&w.ring, &w.memory, false, &b));
	assert_int_equal(b.reason, REJECT_DESCRIPTOR);
	assert_false(b.push);
	assert_null(b.data);
	/* Broken for good: a hostile index costs one visit, not 65,000. */
	w.guest->avail_index = 1;
	assert_false(vring_next(&w.ring, &w.memory, false, &b));
}

static void test_head_out_of_range(void **state)
{
	static const uint16_t heads[] = { SIZE, SIZE + 1, 0xffff };
	struct vring_buffer b;

	(void)state;
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		offer(heads[i]);
		assert_true(vring_next(&w.ring, &w.memory, false, &b));
		assert_int_equal(b.reason, REJECT_DESCRIPTOR);
		assert_false(b.push);
	}
	describe(2, 0); /* the ring goes on */
	offer(2);
	assert_true(vring_next(&w.ring, &w.memory, false, &b));
	assert_int_equal(b.reason, REJECT_NONE);
}

static void test_flags(void **state)
{
	static const struct {
		uint16_t flags;
		bool writable;
		enum reject expected;
	} rows[] = {
		{ 0, false, REJECT_NONE },	 { 2, true, REJECT_NONE },
		{ 0, true, REJECT_DESCRIPTOR },	 { 2, false, REJECT_DESCRIPTOR },
		{ 1, false, REJECT_DESCRIPTOR }, { 4, false, REJECT_DESCRIPTOR },
		{ 3, true, REJECT_DESCRIPTOR },	 { 6, true, REJECT_DESCRIPTOR },
	};
	struct vring_buffer b;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		describe(3, rows[i].flags);
		offer(3);
		assert_true(vring_next(&w.ring, &w.memory, rows[i].writable, &b));
		assert_int_equal(b.reason, rows[i].expected);
		assert_true(b.push); /* the guest gets its buffer back all the same */
	}
}

static void test_addresses(void **state)
{
	static const struct {
		uint64_t address;
		uint32_t length;
		bool good;
	} rows[] = {
		{ GUEST, 48, true },
		{ GUEST + BYTES - 48, 48, true },
		{ GUEST + BYTES - 47, 48, false },
		{ GUEST + BYTES, 1, false },
		{ GUEST - 1, 48, false },
		{ 0, 48, false },
		{ UINT64_MAX, 48, false },
		{ UINT64_MAX - 47, 48, false },
		{ GUEST, UINT32_MAX, false },
		{ USER, 48, false },
	};
	struct vring_buffer b;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		w.guest->desc[0] =
			(struct desc){ .address = rows[i].address, .length = rows[i].length };
		offer(0);
		assert_true(vring_next(&w.ring, &w.memory, false, &b));
		assert_int_equal(b.reason, rows[i].good ? REJECT_NONE : REJECT_ADDRESS);
		assert_int_equal(b.data != NULL, rows[i].good);
	}
}

static void test_interrupt_flag(void **state)
{
	(void)state;
	assert_true(vring_wants_call(&w.ring));
	w.guest->avail_flags = 1;
	assert_false(vring_wants_call(&w.ring));
}

static void test_misaligned_areas(void **state)
{
	char *base = (char *)w.guest;

	(void)state;
	assert_false(vring_attach(&w.ring, base + 8, base + 512, base + 1024));
	assert_false(vring_attach(&w.ring, base, base + 513, base + 1024));
	assert_false(vring_attach(&w.ring, base, base + 512, base + 1026));
	assert_false(vring_attach(&w.ring, NULL, base + 512, base + 1024));
}

static int set(const struct memory_wire_region *regions, unsigned int count, int fd,
	       unsigned int *unsealed)
{
	const int fds[MEMORY_REGIONS_MAX + 1] = { fd, fd, fd, fd, fd, fd, fd, fd, fd };

	return memory_set(&w.memory, regions, fds, count, unsealed, NULL);
}

static void test_memory_regions(void **state)
{
	static const struct {
		struct memory_wire_region r[2];
		unsigned int count;
		int expected;
	} rows[] = {
		{ { { 0, 4096, USER, 0 }, { 4096, 4096, USER + 4096, 4096 } }, 2, 0 },
		{ { { 0, 0, USER, 0 } }, 1, -EINVAL },
		{ { { 0, BYTES + 1, USER, 0 } }, 1, -EINVAL },
		{ { { 0, BYTES, USER, 4096 } }, 1, -EINVAL },
		{ { { 0, 4096, USER, UINT64_MAX - 4095 } }, 1, -EINVAL },
		{ { { UINT64_MAX, 4096, USER, 0 } }, 1, -EINVAL },
		{ { { 0, 4096, UINT64_MAX, 0 } }, 1, -EINVAL },
		{ { { 0, 8192, USER, 0 }, { 4096, 4096, USER + 8192, 0 } }, 2, -EINVAL },
		{ { { 0, 4096, USER, 0 }, { 4096, 4096, USER, 0 } }, 2, -EINVAL },
	};
	unsigned int unsealed;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(set(rows[i].r, rows[i].count, w.fd, &unsealed), rows[i].expected);
		assert_int_equal(w.memory.count, rows[i].expected ? 0 : rows[i].count);
	}
	assert_int_equal(set(rows[0].r, MEMORY_REGIONS_MAX + 1, w.fd, &unsealed), -EINVAL);
}

static void test_seal_is_seen(void **state)
{
	struct memory_wire_region r = { GUEST, BYTES, USER, 0 };
	unsigned int unsealed = 0;
	int null_fd = open("/dev/zero", O_RDWR | O_CLOEXEC);

	(void)state;
	assert_int_equal(set(&r, 1, w.fd, &unsealed), 0);
	assert_int_equal(unsealed, 1);
	memory_clear(&w.memory);
	assert_int_equal(fcntl(w.fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	assert_int_equal(set(&r, 1, w.fd, &unsealed), 0);
	assert_int_equal(unsealed, 0);
	assert_int_equal(set(&r, 1, null_fd, &unsealed), -EINVAL); /* no regular file */
	close(null_fd);
}

static void on_bus(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	if (!memory_mend(info->si_addr))
		_exit(9);
}

/* The file is shortened while the queue is in use. */
static void test_memory_vanishes(void **state)
{
	struct sigaction action = { .sa_sigaction = on_bus, .sa_flags = SA_SIGINFO }, before;
	struct vring_buffer b;
	char own;

	(void)state;
	assert_int_equal(sigaction(SIGBUS, &action, &before), 0);
	describe(0, 0);
	offer(0);
	assert_int_equal(ftruncate(w.fd, 0), 0);
	assert_false(vring_next(&w.ring, &w.memory, false, &b)); /* it reads zeros now */
	vring_push(&w.ring, 0, 0);
	assert_int_equal(sigaction(SIGBUS, &before, NULL), 0);
	assert_false(memory_mend(&own)); /* what is no guest's stays a fault */
}

/* Pages of other sizes: what was mapped goes as a whole, and can be mended. */
static void test_huge_pages(void **state)
{
	const struct memory_wire_region parts[] = {
		{ GUEST, 4096, USER, 0 }, { GUEST + 4096, 8192, USER + 4096, (2 << 20) + 4096 }
	};
	struct sigaction action = { .sa_sigaction = on_bus, .sa_flags = SA_SIGINFO }, before;
	int fd = memfd_create("huge", MFD_CLOEXEC | MFD_HUGETLB | 21u << 26 /* of 2 MiB */);
	const int fds[] = { fd, fd };
	unsigned int unsealed;
	const uint8_t *byte;
	void *map;

	(void)state;
	if (fd < 0 || ftruncate(fd, 4 << 20)) {
		close(fd);
		skip(); /* a kernel without them */
	}
	assert_int_equal(memory_set(&w.memory, parts, fds, 2, &unsealed, NULL), 0);
	assert_int_equal(w.memory.regions[1].map_size, 2 << 20);
	/* There are no such pages, or they go: either is a fault. */
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(sigaction(SIGBUS, &action, &before), 0);
	byte = memory_from_guest(&w.memory, GUEST + 4096, 1);
	assert_int_equal(*(const volatile uint8_t *)byte, 0);
	assert_int_equal(sigaction(SIGBUS, &before, NULL), 0);
	map = w.memory.regions[0].map;
	memory_clear(&w.memory);
	assert_int_equal(msync(map, 4096, MS_ASYNC), -1); /* nothing is mapped there */
	close(fd);
}

/* A file that does not live in memory could keep us waiting for its pages. */
static void test_file_not_in_memory(void **state)
{
	const struct memory_wire_region r = { GUEST, 4096, USER, 0 };
	int fd = open("/proc/version", O_RDONLY | O_CLOEXEC);
	struct rs_error *err = NULL;
	unsigned int unsealed;

	(void)state;
	assert_int_equal(memory_set(&w.memory, &r, &fd, 1, &unsealed, &err), -EINVAL);
	assert_non_null(strstr(err->message, "memory-backend-memfd"));
	rs_error_free(&err);
	close(fd);
}

#define MENDS 2000

static void *mend_again_and_again(void *address)
{
	bool mended = true;

	for (int i = 0; i < MENDS; i++)
		mended &= memory_mend(address);
	return mended ? address : NULL;
}

/* A fault is mended in one VM's memory while another's is mapped again and again,
 * in other sizes, at the place that is looked at first: neither loses its own. */
static void test_mended_meanwhile(void **state)
{
	struct memory_wire_region r = { GUEST, BYTES, USER, 0 };
	const uint8_t mark = 0x5a;
	struct memory other = { 0 };
	unsigned int unsealed;
	pthread_t thread;
	void *result;
	int fd = memfd_create("other", MFD_CLOEXEC);

	(void)state;
	assert_int_equal(ftruncate(fd, BYTES), 0);
	assert_int_equal(pwrite(fd, &mark, 1, 0), 1);
	memory_clear(&w.memory);
	assert_int_equal(memory_set(&other, &r, &fd, 1, &unsealed, NULL), 0);
	assert_int_equal(memory_set(&w.memory, &r, &w.fd, 1, &unsealed, NULL), 0);
	assert_int_equal(pthread_create(&thread, NULL, mend_again_and_again,
					w.memory.regions[0].base + 4096),
			 0);
	for (int i = 0; i < MENDS; i++) {
		r.size = i % 2 ? BYTES : 4096;
		assert_int_equal(memory_set(&other, &r, &fd, 1, &unsealed, NULL), 0);
		assert_int_equal(*other.regions[0].base, mark);
	}
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_non_null(result);
	memory_clear(&other);
	close(fd);
}

static void test_translation(void **state)
{
	(void)state;
	assert_ptr_equal(memory_from_user(&w.memory, USER + 100, 1), (char *)w.guest + 100);
	assert_null(memory_from_user(&w.memory, USER + BYTES - 1, 2));
	assert_null(memory_from_user(&w.memory, USER, UINT64_MAX));
	assert_int_equal(memory_guest_of_user(&w.memory, USER + 100), GUEST + 100);
	assert_int_equal(memory_guest_of_user(&w.memory, USER - 1), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		T(test_reads_and_pushes),
		T(test_index_wraps),
		T(test_index_jumps),
		T(test_head_out_of_range),
		T(test_flags),
		T(test_addresses),
		T(test_interrupt_flag),
		T(test_misaligned_areas),
		T(test_memory_regions),
		T(test_seal_is_seen),
		T(test_memory_vanishes),
		T(test_huge_pages),
		T(test_file_not_in_memory),
		T(test_mended_meanwhile),
		T(test_translation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
