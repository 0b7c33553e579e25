// SPDX-License-Identifier: GPL-2.0-or-later
/* Attacks on the vhost-user socket: requests that lie. */
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host/cleanup.h"
#include "host/error.h"
#include "tests/fake/attacks.h"

#define REQUESTS 48 /* more than the protocol knows */

static void send_state(struct frontend *f, uint32_t request, uint32_t index, uint32_t num)
{
	struct vhost_vring_state s = { .index = index, .num = num };

	ff_send(f, request, &s, sizeof(s), NULL, 0, NULL);
}

static void send_table(struct frontend *f, const struct ff_memory_table *table, uint32_t size,
		       const int *fds, unsigned int count)
{
	ff_send(f, FF_SET_MEM_TABLE, table, size, fds, count, NULL);
}

static void noise(struct frontend *f)
{
	uint8_t bytes[4096];
	uint32_t x = 12345; /* any fixed seed: a failure must come again */

	for (size_t i = 0; i < sizeof(bytes); i++) {
		x = x * 1103515245u + 12345u;
		bytes[i] = (uint8_t)(x >> 16);
	}
	ff_send_raw(f, bytes, sizeof(bytes), NULL, 0, NULL);
}

static void huge_size(struct frontend *f)
{
	const uint32_t header[3] = { FF_SET_FEATURES, FF_FLAG_VERSION, 0xffffffff };

	ff_send_raw(f, header, sizeof(header), NULL, 0, NULL);
}

static void half_a_header(struct frontend *f)
{
	const uint32_t header[3] = { FF_GET_FEATURES, FF_FLAG_VERSION, 0 };

	ff_send_raw(f, header, 5, NULL, 0, NULL);
}

static void half_a_payload(struct frontend *f)
{
	const uint32_t part[4] = { FF_SET_FEATURES, FF_FLAG_VERSION, 8, 0 };

	ff_send_raw(f, part, sizeof(part), NULL, 0, NULL);
}

static void wrong_version(struct frontend *f)
{
	const uint32_t header[3] = { FF_GET_FEATURES, 2, 0 };

	ff_send_raw(f, header, sizeof(header), NULL, 0, NULL);
}

static void reply_as_request(struct frontend *f)
{
	const uint32_t header[3] = { FF_GET_FEATURES, FF_FLAG_VERSION | FF_FLAG_REPLY, 0 };

	ff_send_raw(f, header, sizeof(header), NULL, 0, NULL);
}

static void all_requests_empty(struct frontend *f)
{
	for (uint32_t r = 0; r < REQUESTS; r++)
		ff_send(f, r, NULL, 0, NULL, 0, NULL);
}

static void all_requests_too_long(struct frontend *f)
{
	uint8_t payload[400];

	memset(payload, 0xff, sizeof(payload));
	for (uint32_t r = 0; r < REQUESTS; r++)
		ff_send(f, r, payload, sizeof(payload), NULL, 0, NULL);
}

/* None of these may stay open in the daemon: the test counts them. */
static void fds_nobody_asked_for(struct frontend *f)
{
	cleanup_close int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	uint64_t features = 1ull << 32;
	int fds[FF_FDS_MAX];

	for (unsigned int i = 0; i < FF_FDS_MAX; i++)
		fds[i] = fd;
	ff_send(f, FF_SET_FEATURES, &features, sizeof(features), fds, FF_FDS_MAX, NULL);
	ff_send(f, FF_SET_OWNER, NULL, 0, fds, 1, NULL);
	ff_send(f, FF_SET_VRING_KICK, &(uint64_t){ 0 }, 8, fds, FF_FDS_MAX, NULL);
}

static void memory_counts(struct frontend *f)
{
	static const uint32_t counts[] = { 0, 9, 100, 0x7fffffff, 0xffffffff };
	struct ff_memory_table t;

	for (unsigned int i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		ff_memory_table(f, &t);
		t.count = counts[i];
		send_table(f, &t, sizeof(t), &f->memory_fd, 1);
	}
}

static void memory_without_fd(struct frontend *f)
{
	struct ff_memory_table t;

	ff_memory_table(f, &t);
	send_table(f, &t, 8 + sizeof(t.region[0]), NULL, 0);
}

static void memory_with_wrong_fds(struct frontend *f)
{
	struct ff_memory_table t;
	int fds[4] = { open("/dev/null", O_RDWR | O_CLOEXEC), eventfd(0, EFD_CLOEXEC),
		       open("/proc/self/stat", O_RDONLY | O_CLOEXEC), f->socket };

	ff_memory_table(f, &t);
	for (int i = 0; i < 4; i++) {
		send_table(f, &t, 8 + sizeof(t.region[0]), &fds[i], 1);
		if (fds[i] != f->socket && fds[i] >= 0)
			close(fds[i]);
	}
}

/* Regions that are no regions, each followed by queues that would lie there. */
static void memory_bounds(struct frontend *f)
{
	const uint64_t top = ~0ull;
	static const struct ff_region regions[] = {
		{ .guest_address = 0, .size = 0, .user_address = 0, .mmap_offset = 0 },
		{ .guest_address = 0, .size = ~0ull, .user_address = 0, .mmap_offset = 0 },
		{ .guest_address = ~0ull - 4095, .size = 1 << 20, .user_address = 0 },
		{ .guest_address = 0, .size = 1 << 20, .user_address = ~0ull - 4095 },
		{ .guest_address = 0, .size = 1 << 20, .mmap_offset = 1 },
		{ .guest_address = 0, .size = 1 << 20, .mmap_offset = ~0ull },
		{ .guest_address = 0, .size = 1ull << 46, .mmap_offset = 0 },
		{ .guest_address = 0, .size = 4096, .mmap_offset = 1ull << 40 },
	};

	for (unsigned int i = 0; i < sizeof(regions) / sizeof(regions[0]); i++) {
		struct ff_memory_table t = { .count = 1, .region[0] = regions[i] };
		struct vhost_vring_addr a = { .desc_user_addr = top - 15,
					      .avail_user_addr = top - 15,
					      .used_user_addr = top - 15 };

		send_table(f, &t, 8 + sizeof(t.region[0]), &f->memory_fd, 1);
		ff_send(f, FF_SET_VRING_ADDR, &a, sizeof(a), NULL, 0, NULL);
		ff_kick(f, RS_QUEUE_NOTIFY);
	}
}

static void overlapping_memory(struct frontend *f)
{
	int fds[FF_REGIONS_MAX];
	struct ff_memory_table t;

	ff_memory_table(f, &t);
	for (unsigned int i = 0; i < FF_REGIONS_MAX; i++) {
		t.region[i] = t.region[0];
		t.region[i].size -= i * 4096ul;
		fds[i] = f->memory_fd;
	}
	t.count = FF_REGIONS_MAX;
	send_table(f, &t, sizeof(t), fds, FF_REGIONS_MAX);
	ff_kick(f, RS_QUEUE_NOTIFY);
}

static void queue_numbers(struct frontend *f)
{
	static const uint32_t numbers[] = { 2, 3, 255, 256, 0x7fffffff, 0xffffffff };

	for (unsigned int i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct vhost_vring_addr a;
		uint64_t n = numbers[i];

		ff_vring_addr(f, 0, &a);
		a.index = numbers[i];
		send_state(f, FF_SET_VRING_NUM, numbers[i], 256);
		send_state(f, FF_SET_VRING_BASE, numbers[i], 0);
		send_state(f, FF_SET_VRING_ENABLE, numbers[i], 1);
		send_state(f, FF_GET_VRING_BASE, numbers[i], 0);
		ff_send(f, FF_SET_VRING_ADDR, &a, sizeof(a), NULL, 0, NULL);
		ff_send(f, FF_SET_VRING_KICK, &n, sizeof(n), &f->queue[0].kick, 1, NULL);
		ff_send(f, FF_SET_VRING_CALL, &n, sizeof(n), &f->queue[0].call, 1, NULL);
	}
}

static void queue_sizes(struct frontend *f)
{
	static const uint32_t sizes[] = { 0, 3, 255, 65535, 65536, 0x80000000, 0xffffffff };

	for (unsigned int i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		send_state(f, FF_SET_VRING_NUM, 0, sizes[i]);
		send_state(f, FF_SET_VRING_BASE, 0, 0xffffffff);
		ff_kick(f, RS_QUEUE_NOTIFY);
	}
}

static void queue_addresses(struct frontend *f)
{
	const uint64_t last = f->user_address + FF_MEMORY_SIZE;
	const uint64_t places[] = { 0,
				    1,
				    last,
				    last - 16,
				    last - 1,
				    f->user_address - 1,
				    ~0ull,
				    ~0ull - 4095,
				    f->user_address + 1 };

	for (unsigned int i = 0; i < 3 * sizeof(places) / sizeof(places[0]); i++) {
		struct vhost_vring_addr a;

		ff_vring_addr(f, 0, &a);
		if (i % 3 == 0)
			a.desc_user_addr = places[i / 3];
		else if (i % 3 == 1)
			a.avail_user_addr = places[i / 3];
		else
			a.used_user_addr = places[i / 3];
		ff_send(f, FF_SET_VRING_ADDR, &a, sizeof(a), NULL, 0, NULL);
		ff_kick(f, RS_QUEUE_NOTIFY);
	}
}

static void kick_before_memory(struct frontend *f)
{
	struct vhost_vring_addr a;
	uint64_t n = 0;

	ff_vring_addr(f, 0, &a);
	ff_send(f, FF_SET_VRING_KICK, &n, sizeof(n), &f->queue[0].kick, 1, NULL);
	send_state(f, FF_SET_VRING_ENABLE, 0, 1);
	ff_kick(f, RS_QUEUE_NOTIFY);
	ff_send(f, FF_SET_VRING_ADDR, &a, sizeof(a), NULL, 0, NULL);
	ff_kick(f, RS_QUEUE_NOTIFY);
}

/* A descriptor that is always readable would spin the notification thread. */
static void wrong_kicks(struct frontend *f)
{
	int ends[2] = { -1, -1 };
	int fds[5];

	if (pipe2(ends, O_CLOEXEC) || write(ends[1], "x", 1) != 1)
		return;
	fds[0] = open("/dev/zero", O_RDWR | O_CLOEXEC);
	fds[1] = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	fds[2] = ends[0];
	fds[3] = eventfd(1000000, EFD_CLOEXEC | EFD_SEMAPHORE);
	fds[4] = f->socket;
	for (int i = 0; i < 5; i++) {
		uint64_t n = 0;

		ff_send(f, FF_SET_VRING_KICK, &n, sizeof(n), &fds[i], 1, NULL);
		if (fds[i] != f->socket)
			close(fds[i]);
	}
	close(ends[1]); /* the pipe is at its end: readable for ever */
}

static void kick_without_fd(struct frontend *f)
{
	ff_send_u64(f, FF_SET_VRING_KICK, 0, NULL);
	ff_send_u64(f, FF_SET_VRING_KICK, FF_VRING_NO_FD, NULL);
	ff_send_u64(f, FF_SET_VRING_CALL, FF_VRING_NO_FD, NULL);
	ff_kick(f, RS_QUEUE_NOTIFY);
}

static void config_bounds(struct frontend *f)
{
	static const struct ff_config configs[] = {
		{ .offset = 0, .size = 0 },	     { .offset = 0, .size = 256 },
		{ .offset = 8, .size = 8 },	     { .offset = 0xffffffff, .size = 8 },
		{ .offset = 0, .size = 0xffffffff }, { .offset = 4, .size = 0xfffffffc },
	};

	for (unsigned int i = 0; i < sizeof(configs) / sizeof(configs[0]); i++) {
		ff_send(f, FF_GET_CONFIG, &configs[i], sizeof(configs[i]), NULL, 0, NULL);
		ff_send(f, FF_GET_CONFIG, &configs[i], 12, NULL, 0, NULL);
		ff_send(f, FF_SET_CONFIG, &configs[i], sizeof(configs[i]), NULL, 0, NULL);
	}
}

/* Replies that are never read fill the socket: the daemon must not wait. */
static void never_reads(struct frontend *f)
{
	for (int i = 0; i < 20000; i++) {
		const uint32_t header[3] = { FF_GET_FEATURES, FF_FLAG_VERSION, 0 };

		if (ff_send_raw(f, header, sizeof(header), NULL, 0, NULL))
			return;
	}
}

const struct attack protocol_attacks[] = {
	{ "noise", ATTACK_CONNECTED, noise, NULL },
	{ "a size of 4 GiB", ATTACK_CONNECTED, huge_size, NULL },
	{ "half a header, then silence", ATTACK_CONNECTED, half_a_header, NULL },
	{ "half a payload, then silence", ATTACK_CONNECTED, half_a_payload, NULL },
	{ "another version", ATTACK_CONNECTED, wrong_version, NULL },
	{ "a reply as request", ATTACK_CONNECTED, reply_as_request, NULL },
	{ "every request without payload", ATTACK_CONNECTED, all_requests_empty, NULL },
	{ "every request without payload, started", ATTACK_STARTED, all_requests_empty, NULL },
	{ "every request too long", ATTACK_CONNECTED, all_requests_too_long, NULL },
	{ "every request too long, started", ATTACK_STARTED, all_requests_too_long, NULL },
	{ "fds nobody asked for", ATTACK_REALIZED, fds_nobody_asked_for, NULL },
	{ "memory: numbers of regions", ATTACK_REALIZED, memory_counts, NULL },
	{ "memory: no fd", ATTACK_REALIZED, memory_without_fd, NULL },
	{ "memory: wrong fds", ATTACK_REALIZED, memory_with_wrong_fds, NULL },
	{ "memory: bounds", ATTACK_REALIZED, memory_bounds, NULL },
	{ "memory: bounds, started", ATTACK_STARTED, memory_bounds, NULL },
	{ "memory: overlapping", ATTACK_STARTED, overlapping_memory, NULL },
	{ "queue numbers", ATTACK_STARTED, queue_numbers, NULL },
	{ "queue sizes", ATTACK_STARTED, queue_sizes, NULL },
	{ "queue addresses", ATTACK_STARTED, queue_addresses, NULL },
	{ "a kick before there is memory", ATTACK_REALIZED, kick_before_memory, NULL },
	{ "kicks: wrong fds", ATTACK_STARTED, wrong_kicks, NULL },
	{ "kicks: no fd", ATTACK_STARTED, kick_without_fd, NULL },
	{ "configuration space: bounds", ATTACK_REALIZED, config_bounds, NULL },
	{ "replies are never read", ATTACK_CONNECTED, never_reads, NULL },
	{ 0 },
};
