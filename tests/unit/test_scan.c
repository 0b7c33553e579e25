// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading run queues out of memory that stands for a guest's. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/error.h"
#include "host/memory.h"
#include "host/scan.h"
#include "tests/fake/scan_fuzz.h"
#include "tests/fake/scan_image.h"

#define ADDRESS 0x100000ull /* of the memory, guest-physical */
#define VCPUS 3

static _Alignas(8) uint8_t bytes[SCAN_IMAGE_SIZE];
static struct scan_image image;
static struct scan_map map;
static const struct memory memory = {
	.count = 1,
	.regions[0] = { .guest_address = ADDRESS, .size = sizeof(bytes), .base = bytes },
};

static int set_up(void **state)
{
	(void)state;
	memset(bytes, 0, sizeof(bytes));
	if (scan_image_make(&image, bytes, ADDRESS, VCPUS, NULL))
		return -1;
	return scan_map_read(&map, &memory, ADDRESS, NULL);
}

/* ---- the map ---- */

static void refused(int code, const char *why)
{
	struct rs_error *err = NULL;

	assert_int_equal(scan_map_read(&map, &memory, ADDRESS, &err), -code);
	if (!strstr(err->message, why))
		fail_msg("'%s' does not say '%s'", err->message, why);
	rs_error_free(&err);
}

static void test_kernels_that_differ(void **state)
{
	static const struct {
		enum image_fault fault;
		const char *why; /* NULL = none: it is understood */
	} cases[] = {
		{ IMAGE_SOUND, NULL },
		{ IMAGE_NO_THROTTLE, NULL },
		{ IMAGE_NO_RQ, "no struct rq" },
		{ IMAGE_NO_FIELD, "has no field rt.rt_queued" },
		{ IMAGE_OTHER_SIZE, "rt.active.bitmap of its struct rq has 24 bytes, not 16" },
		{ IMAGE_TOO_FAR, "into a struct rq of 48" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(scan_image_spoil(&image, cases[i].fault, NULL), 0);
		if (cases[i].why)
			refused(EINVAL, cases[i].why);
		else
			assert_int_equal(scan_map_read(&map, &memory, ADDRESS, NULL), 0);
	}
}

static void test_layout_is_the_kernels(void **state)
{
	(void)state;
	assert_int_equal(map.layout.rq_size, sizeof(struct image_rq));
	assert_int_equal(map.layout.offset[SCAN_CPU], offsetof(struct image_rq, cpu));
	assert_int_equal(map.layout.offset[SCAN_RT_HIGHEST], offsetof(struct image_rq, rt.highest));
	assert_int_equal(map.layout.offset[SCAN_NR_RUNNING], offsetof(struct image_rq, nr_running));
	scan_image_spoil(&image, IMAGE_NO_THROTTLE, NULL);
	assert_int_equal(scan_map_read(&map, &memory, ADDRESS, NULL), 0);
	assert_int_equal(map.layout.offset[SCAN_RT_THROTTLED], SCAN_ABSENT);
}

static void test_obstacles_are_told(void **state)
{
	(void)state;
	image.scan->obstacle = RS_SCAN_NO_BTF;
	refused(EOPNOTSUPP, "CONFIG_DEBUG_INFO_BTF");
	image.scan->obstacle = RS_SCAN_NO_SYMBOLS;
	refused(EOPNOTSUPP, "CONFIG_KPROBES");
	image.scan->obstacle = RS_SCAN_SCATTERED;
	refused(EOPNOTSUPP, "one piece");
	image.scan->obstacle = RS_SCAN_OBSTACLES;
	refused(EINVAL, "no description of revision");
}

static void test_descriptions_that_lie(void **state)
{
	static const uint64_t wild[] = { 1, ADDRESS - 1, ADDRESS + sizeof(bytes) - 8, 1ull << 52,
					 UINT64_MAX - 7 };
	struct rs_scan good = *image.scan;

	(void)state;
	for (size_t i = 0; i < sizeof(wild) / sizeof(wild[0]); i++) {
		image.scan->rq_address[1] = wild[i];
		refused(EFAULT, "the run queue of vCPU 1");
		*image.scan = good;
		image.scan->btf_address = wild[i];
		refused(EFAULT, "type information at");
		*image.scan = good;
		assert_int_equal(scan_map_read(&map, &memory, wild[i], NULL), -EFAULT);
	}
	image.scan->rq_address[1] = image.scan->rq_address[0];
	refused(EINVAL, "vCPU 1 says it is 0's");
	*image.scan = good;
	image.scan->btf_size = UINT32_MAX;
	refused(EINVAL, "type information has 4294967295 bytes");
	image.scan->btf_size = 0;
	refused(EINVAL, "type information has 0 bytes");
	*image.scan = good;
	image.scan->vcpus = RS_VCPU_MAX + 1;
	refused(EINVAL, "describes 65 vCPUs");
	image.scan->vcpus = 0;
	refused(EINVAL, "describes 0 vCPUs");
	*image.scan = good;
	image.scan->revision++;
	refused(EINVAL, "no description of revision");
}

/* A vCPU that is not there now has no run queue, the others do. */
static void test_vcpu_without_queue(void **state)
{
	(void)state;
	image.scan->rq_address[1] = 0;
	assert_int_equal(scan_map_read(&map, &memory, ADDRESS, NULL), 0);
	assert_int_equal(scan_read(&map, &memory, 1), -EFAULT);
	assert_int_equal(scan_read(&map, &memory, 2), 0);
	assert_int_equal(scan_read(&map, &memory, VCPUS), -EFAULT);
}

/* ---- one reading ---- */

static void test_highest_task(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < VCPUS; i++)
		assert_int_equal(scan_read(&map, &memory, i), 0);
	scan_image_other(&image, 1, 4);
	assert_int_equal(scan_read(&map, &memory, 1), 0);
	for (unsigned int prio = 1; prio <= 99; prio++) {
		scan_image_enqueue(&image, 1, prio);
		assert_int_equal(scan_read(&map, &memory, 1), prio);
		assert_int_equal(scan_read(&map, &memory, 0), 0);
	}
	scan_image_enqueue(&image, 1, 60);
	for (unsigned int prio = 99; prio > 60; prio--)
		scan_image_dequeue(&image, 1, prio);
	assert_int_equal(scan_read(&map, &memory, 1), 60);
	scan_image_dequeue(&image, 1, 60); /* two have this priority */
	assert_int_equal(scan_read(&map, &memory, 1), 60);
	scan_image_dequeue(&image, 1, 60);
	assert_int_equal(scan_read(&map, &memory, 1), 59);
}

/* Real-time tasks that have used up their class's share cannot run. */
static void test_throttled(void **state)
{
	(void)state;
	scan_image_enqueue(&image, 0, 50);
	scan_image_throttle(&image, 0, 1);
	assert_int_equal(scan_read(&map, &memory, 0), 0);
	scan_image_throttle(&image, 0, 0);
	assert_int_equal(scan_read(&map, &memory, 0), 50);
}

static void test_nonsense_is_torn(void **state)
{
	struct image_rq *rq = &image.rq[0], good;

	(void)state;
	scan_image_enqueue(&image, 0, 50);
	scan_image_enqueue(&image, 0, 30);
	good = *rq;
#define TORN(change)                                                    \
	do {                                                            \
		change;                                                 \
		assert_int_equal(scan_read(&map, &memory, 0), -EAGAIN); \
		*rq = good;                                             \
	} while (0)
	TORN(rq->rt.bitmap[1] = 0);
	TORN(rq->rt.bitmap[1] |= 1ull << 63);
	TORN(rq->rt.bitmap[0] |= 1);
	TORN(rq->rt.bitmap[0] = 0);
	TORN(rq->rt.rt_nr_running = 1);
	TORN(rq->rt.rt_nr_running = 0);
	TORN(rq->rt.highest = 20);
	TORN(rq->rt.highest = -1);
	TORN(rq->rt.queued = 0); /* but not throttled */
	TORN(rq->rt.queued = 2);
	TORN(rq->rt.throttled = -1);
	TORN(rq->nr_running = 1);
	TORN(rq->cpu = 1);
	TORN(memset(rq, 0, sizeof(*rq)));
	TORN(memset(rq, 0xff, sizeof(*rq)));
	assert_int_equal(scan_read(&map, &memory, 0), 50);
	scan_image_dequeue(&image, 0, 50);
	scan_image_dequeue(&image, 0, 30);
	good = *rq;
	TORN(rq->rt.rt_nr_running = 1);
	TORN(rq->rt.queued = 1);
	TORN(rq->rt.highest = 49);
}

static bool writing;

static void *write_on(void *arg)
{
	(void)arg;
	while (__atomic_load_n(&writing, __ATOMIC_RELAXED)) {
		scan_image_enqueue(&image, 0, 60);
		scan_image_enqueue(&image, 0, 35);
		scan_image_dequeue(&image, 0, 60);
		scan_image_dequeue(&image, 0, 35);
	}
	return NULL;
}

/* While the queue changes, what is read is one of the states it was in: 20 has
 * been there all the time. */
static void test_never_a_wrong_answer(void **state)
{
	unsigned int answers[100] = { 0 }, torn = 0;
	pthread_t writer;

	(void)state;
	scan_image_enqueue(&image, 0, 20);
	writing = true;
	assert_int_equal(pthread_create(&writer, NULL, write_on, NULL), 0);
	for (int i = 0; i < 300000; i++) {
		int found = scan_read(&map, &memory, 0);

		if (found < 0)
			torn++;
		else
			answers[found]++;
	}
	__atomic_store_n(&writing, false, __ATOMIC_RELAXED);
	pthread_join(writer, NULL);
	assert_int_equal(answers[20] + answers[35] + answers[60] + torn, 300000);
	assert_int_equal(scan_read(&map, &memory, 0), 20);
}

/* ---- garbage ---- */

static void test_types_cut_short(void **state)
{
	struct scan_layout layout;

	(void)state;
	for (size_t size = 0; size < image.btf_size; size++) {
		/* Of exactly this size, so that a checker of memory sees an access beyond. */
		uint8_t *copy = malloc(size + !size);

		memcpy(copy, image.btf, size);
		assert_int_equal(scan_layout_parse(&layout, copy, size, NULL), -EINVAL);
		free(copy);
	}
	assert_int_equal(scan_layout_parse(&layout, image.btf, image.btf_size, NULL), 0);
}

/* The same bytes each time; no failure but a crash. */
static void test_any_bytes(void **state)
{
	uint8_t *copy = malloc(sizeof(bytes));

	(void)state;
	srand(1);
	for (int i = 0; i < 20000; i++) {
		int changes = 1 + rand() % 8;

		memcpy(copy, bytes, sizeof(bytes));
		while (changes--)
			copy[(size_t)rand() % sizeof(bytes)] = (uint8_t)rand();
		/* Its addresses are relative to 0 here. */
		((struct rs_scan *)copy)->btf_address -= ADDRESS;
		for (int v = 0; v < VCPUS; v++)
			((struct rs_scan *)copy)->rq_address[v] -= ADDRESS;
		scan_fuzz(copy, sizeof(bytes) - (rand() % 3 ? 0 : (size_t)rand() % sizeof(bytes)));
	}
	for (int i = 0; i < 2000; i++) {
		for (size_t j = 0; j < 4096; j++)
			copy[j] = (uint8_t)rand();
		scan_fuzz(copy, 4096);
	}
	free(copy);
}

#define T(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_kernels_that_differ),
		T(test_layout_is_the_kernels),
		T(test_obstacles_are_told),
		T(test_descriptions_that_lie),
		T(test_vcpu_without_queue),
		T(test_highest_task),
		T(test_throttled),
		T(test_nonsense_is_torn),
		T(test_never_a_wrong_answer),
		T(test_types_cut_short),
		T(test_any_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
