// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * seeds DIR: writes the seed corpus of the targets whose inputs are made by code,
 * into DIR/TARGET/. It uses the wire header and the tests' own encoders, so the
 * seeds follow a change of a layout. Files of other tools and scenarios are seeds
 * as they are: scripts/fuzz.
 */
#include <endian.h>
#include <errno.h>
#include <sys/stat.h>

#include "host/cleanup.h"
#include "host/error.h"
#include "tests/fake/fake_frontend.h"
#include "tests/fake/scan_image.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/program.h"

#define SEED_MAX 65536u

static struct {
	uint8_t bytes[SEED_MAX];
	size_t size;
} seed;

static const char *root;

static void put(const void *bytes, size_t size)
{
	FUZZ_CHECK(size <= SEED_MAX - seed.size);
	if (size)
		memcpy(seed.bytes + seed.size, bytes, size);
	seed.size += size;
}

static void put_u8(unsigned int value)
{
	put(&(uint8_t){ (uint8_t)value }, 1);
}

static void put_u16(unsigned int value)
{
	put(&(uint16_t){ htole16((uint16_t)value) }, 2);
}

/* The seed so far becomes DIR/TARGET/NAME; the next one begins. */
static void save(const char *target, const char *name)
{
	cleanup_file FILE *to = NULL;
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", root, target);
	FUZZ_CHECK(!mkdir(path, 0755) || errno == EEXIST);
	snprintf(path, sizeof(path), "%s/%s/%s", root, target, name);
	to = fopen(path, "we");
	FUZZ_CHECK(to && fwrite(seed.bytes, 1, seed.size, to) == seed.size);
	seed.size = 0;
}

/* ---- messages ---- */

static struct rs_message message(enum rs_kind kind, uint32_t sequence)
{
	struct rs_message m = {
		.kind = htole16((uint16_t)kind),
		.revision = RS_REVISION,
		.ring_prio = 80,
		.ring_id = htole16(1),
		.sequence = htole32(sequence),
		.guest_ns = htole64(1000000),
		.period_ns = htole64(20000000),
		.next_start_ns = htole64(19000000),
	};

	if (kind == RS_KIND_ATTACH || kind == RS_KIND_BYE || kind == RS_KIND_SCAN)
		m.ring_prio = 0;
	if (kind == RS_KIND_ATTACH)
		m.arg0 = htole32(1);
	if (kind == RS_KIND_SCAN)
		m.arg0 = htole32(sizeof(struct rs_scan));
	return m;
}

static void seed_messages(void)
{
	struct rs_message m;
	char name[32];

	for (int kind = RS_KIND_ATTACH; kind < RS_KIND_COUNT; kind++) {
		m = message((enum rs_kind)kind, 7);
		put(&m, sizeof(m));
		snprintf(name, sizeof(name), "kind-%d", kind);
		save("message", name);
	}
	for (int kind = RS_KIND_ATTACH; kind < RS_KIND_COUNT; kind++) {
		m = message((enum rs_kind)kind, (uint32_t)kind);
		put(&m, sizeof(m));
	}
	save("message", "all");
}

/* ---- a queue in memory ---- */

#define ENTRIES 16u
#define AVAILABLE 0x100u /* descriptors are at 0 */
#define USED 0x180u
#define BUFFERS 0x800u

/* Writes a queue of ENTRIES whose first `count` descriptors are offered. */
static void make_queue(uint8_t *queue, uint64_t buffers, unsigned int count, uint16_t flags)
{
	struct vring_desc *descriptors = (struct vring_desc *)queue;
	struct vring_avail *available = (struct vring_avail *)(queue + AVAILABLE);

	for (unsigned int i = 0; i < ENTRIES; i++)
		descriptors[i] = (struct vring_desc){
			.addr = htole64(buffers + 64 * i),
			.len = htole32(flags ? 64 : sizeof(struct rs_message)),
			.flags = htole16(flags),
		};
	for (unsigned int i = 0; i < count; i++)
		available->ring[i % ENTRIES] = htole16((uint16_t)(i % ENTRIES));
	available->idx = htole16((uint16_t)count);
}

static void seed_vring(const char *name, uint16_t flags, unsigned int flips, unsigned int count)
{
	static _Alignas(16) uint8_t memory[0x1000];

	memset(memory, 0, sizeof(memory));
	make_queue(memory, 0x1000 + BUFFERS, count, flags);
	put_u8(4); /* 16 entries */
	put_u8(flags != 0);
	put_u8(flips);
	put_u16(0);
	put_u8(0);
	put_u8(AVAILABLE / 64);
	put_u8(USED / 64);
	put(memory, sizeof(memory));
	save("vring", name);
}

/* ---- run queues ---- */

static void seed_scan(const char *name, enum image_fault fault, unsigned int flips)
{
	static _Alignas(8) uint8_t memory[SCAN_IMAGE_SIZE];
	struct scan_image image;

	memset(memory, 0, sizeof(memory));
	FUZZ_CHECK(!scan_image_make(&image, memory, 0, 2, NULL));
	scan_image_enqueue(&image, 0, 50);
	scan_image_enqueue(&image, 1, 99);
	FUZZ_CHECK(!scan_image_spoil(&image, fault, NULL));
	put_u8(flips);
	put(memory, (size_t)((uint8_t *)(image.rq + 2) - memory));
	save("scan", name);
}

/* ---- sessions ---- */

static void request(enum ff_request number, const void *payload, unsigned int size,
		    unsigned int files, enum file_kind kind)
{
	put_u8(STEP_REQUEST);
	put_u8(number);
	put_u8(FF_FLAG_VERSION | FF_FLAG_NEED_REPLY);
	put_u8(files);
	for (unsigned int i = 0; i < files; i++)
		put_u8(kind);
	put_u16(size);
	put(payload, size);
}

static void request_u64(enum ff_request number, uint64_t value)
{
	request(number, &value, sizeof(value), 0, FILE_MEMORY);
}

static void request_state(enum ff_request number, uint32_t queue, uint32_t value)
{
	const uint32_t state[2] = { queue, value };

	request(number, state, sizeof(state), 0, FILE_MEMORY);
}

static void write_memory(uint16_t offset, const void *bytes, size_t size)
{
	for (size_t done = 0; done < size; done += 255) {
		size_t part = size - done < 255 ? size - done : 255;

		put_u8(STEP_WRITE);
		put_u16(offset + (unsigned int)done);
		put_u8((unsigned int)part);
		put((const uint8_t *)bytes + done, part);
	}
}

static void set_memory(enum file_kind kind)
{
	struct ff_memory_table t = {
		.count = 1,
		.region[0] = { .guest_address = PROGRAM_GUEST,
			       .size = kind == FILE_SEALED ? 4096 : PROGRAM_MEMORY,
			       .user_address = PROGRAM_USER },
	};

	request(FF_SET_MEM_TABLE, &t, 8 + sizeof(t.region[0]), 1, kind);
}

static void realize(void)
{
	const struct ff_config config = { .size = sizeof(struct rs_config) };

	request(FF_GET_FEATURES, NULL, 0, 0, FILE_MEMORY);
	request_u64(FF_SET_FEATURES, 1ull << 30 | 1ull << 32);
	request(FF_GET_PROTOCOL_FEATURES, NULL, 0, 0, FILE_MEMORY);
	request_u64(FF_SET_PROTOCOL_FEATURES, 1 << 0 | 1 << 3 | 1 << 9);
	request(FF_GET_QUEUE_NUM, NULL, 0, 0, FILE_MEMORY);
	request(FF_SET_OWNER, NULL, 0, 0, FILE_MEMORY);
	request(FF_GET_CONFIG, &config, sizeof(config), 0, FILE_MEMORY);
}

#define QUEUE_AT(queue) (0x400u * (queue))

static void start_queue(uint32_t queue)
{
	const uint64_t at = PROGRAM_USER + QUEUE_AT(queue), number = queue;
	const struct vhost_vring_addr a = { .index = queue,
					    .desc_user_addr = at,
					    .avail_user_addr = at + AVAILABLE,
					    .used_user_addr = at + USED };

	request_state(FF_SET_VRING_NUM, queue, ENTRIES);
	request_state(FF_SET_VRING_BASE, queue, 0);
	request(FF_SET_VRING_ADDR, &a, sizeof(a), 0, FILE_MEMORY);
	request(FF_SET_VRING_KICK, &number, sizeof(number), 1, FILE_EVENT);
	request(FF_SET_VRING_CALL, &number, sizeof(number), 1, FILE_EVENT);
	request_state(FF_SET_VRING_ENABLE, queue, 1);
}

/* The guest's memory with both queues, and the session up to the first kick. */
static void start(unsigned int settings, const enum rs_kind *kinds, unsigned int count)
{
	static _Alignas(16) uint8_t memory[0x1000];

	put_u8(settings);
	memset(memory, 0, sizeof(memory));
	make_queue(memory, PROGRAM_GUEST + BUFFERS, count, 0);
	make_queue(memory + QUEUE_AT(1), PROGRAM_GUEST + 0xc00, ENTRIES, VRING_DESC_F_WRITE);
	for (unsigned int i = 0; i < count; i++) {
		struct rs_message m = message(kinds[i], i + 1);

		if (kinds[i] == RS_KIND_SCAN)
			m.address = htole64(PROGRAM_GUEST + 0x2000);
		memcpy(memory + BUFFERS + 64 * i, &m, sizeof(m));
	}
	write_memory(0, memory, sizeof(memory));
	realize();
	set_memory(FILE_MEMORY);
	start_queue(RS_QUEUE_NOTIFY);
	start_queue(RS_QUEUE_EVENT);
	put_u8(STEP_KICK);
	put_u8(RS_QUEUE_NOTIFY);
}

static const enum rs_kind turns[] = { RS_KIND_ATTACH, RS_KIND_START,	   RS_KIND_END,
				      RS_KIND_SWITCH, RS_KIND_RING_CHANGE, RS_KIND_START,
				      RS_KIND_BYE };
#define TURNS (sizeof(turns) / sizeof(turns[0]))

static void seed_session(const char *name, unsigned int settings, void (*then)(void))
{
	start(settings, turns, TURNS);
	if (then)
		then();
	request_state(FF_GET_VRING_BASE, RS_QUEUE_NOTIFY, 0);
	request_state(FF_GET_VRING_BASE, RS_QUEUE_EVENT, 0);
	save("vhost", name);
}

static void kick_again(void)
{
	put_u8(STEP_KICK);
	put_u8(RS_QUEUE_NOTIFY);
	put_u8(STEP_KICK);
	put_u8(RS_QUEUE_EVENT);
}

static void raise_and_tell(void)
{
	put_u8(STEP_RAISE);
	put_u8(1);
	put_u8(STEP_TELL);
	kick_again();
}

static void shrink(void)
{
	put_u8(STEP_RESIZE);
	put_u8(0);
	kick_again();
	raise_and_tell();
	put_u8(STEP_RESIZE);
	put_u8(16);
	kick_again();
}

static void replace(void)
{
	set_memory(FILE_SEALED);
	kick_again();
	set_memory(FILE_MEMORY);
	raise_and_tell();
	request(FF_SET_MEM_TABLE, &(uint64_t){ 0 }, 8, 0, FILE_MEMORY);
	raise_and_tell();
}

static void wrong_files(void)
{
	const uint64_t number = RS_QUEUE_NOTIFY;

	for (int kind = FILE_NULL; kind < FILE_KINDS; kind++) {
		set_memory((enum file_kind)kind);
		request(FF_SET_VRING_KICK, &number, sizeof(number), 1, (enum file_kind)kind);
		request(FF_SET_VRING_CALL, &number, sizeof(number), 1, (enum file_kind)kind);
		raise_and_tell();
	}
}

/* Over its rate, then within it again. */
static void flood(void)
{
	for (unsigned int i = 0; i < PROGRAM_BURST; i++)
		kick_again();
	put_u8(STEP_PASS);
	put_u8(255);
	raise_and_tell();
}

static void connect_again(void)
{
	put_u8(STEP_RECONNECT);
	realize();
	set_memory(FILE_MEMORY);
	start_queue(RS_QUEUE_NOTIFY);
	kick_again();
}

static void seed_scanned(const char *name, unsigned int settings)
{
	static const enum rs_kind kinds[] = { RS_KIND_ATTACH, RS_KIND_SCAN };
	static _Alignas(8) uint8_t memory[SCAN_IMAGE_SIZE];
	struct scan_image image;

	memset(memory, 0, sizeof(memory));
	FUZZ_CHECK(!scan_image_make(&image, memory, PROGRAM_GUEST + 0x2000, 1, NULL));
	scan_image_enqueue(&image, 0, 50);
	start(settings, kinds, 2);
	write_memory(0x2000, memory, (size_t)((uint8_t *)(image.rq + 1) - memory));
	put_u8(STEP_FINISH);
	put_u8(STEP_SCAN);
	put_u8(STEP_RESIZE);
	put_u8(1);
	put_u8(STEP_SCAN);
	save("vhost", name);
}

/* ---- the control socket ---- */

static const char *const requests[] = {
	"{\"command\":\"status\"}\n{\"command\":\"reset\"}\n{\"command\":\"trace\"}\n",
	"{\"command\":\"add-vm\",\"name\":\"a\",\"socket\":\"/s\",\"role\":\"control\",\"ceiling\":80,"
	"\"policy\":\"ring\",\"rt_budget_permille\":400,\"rt_budget_period_us\":100000,"
	"\"budget_by\":\"auto\",\"scan_interval_us\":1000,\"io_boost\":true,\"other_cores\":[0,1],"
	"\"deadline_runtime_us\":1000,\"deadline_period_us\":10000}\n"
	"{\"command\":\"status\"}\n{\"command\":\"remove-vm\",\"name\":\"a\"}\n",
	"{\"command\":\"add-vm\",\"name\":\"a\",\"socket\":\"/s\"}\n"
	"{\"command\":\"add-interrupt\",\"vm\":\"a\",\"number\":1,\"ring\":1,\"priority\":80,"
	"\"vcpu\":0,\"confirm_us\":10000,\"source\":\"generator\",\"interval_us\":1000,"
	"\"distribution\":\"exponential\",\"seed\":1,\"count\":5}\n"
	"{\"command\":\"remove-interrupt\",\"vm\":\"a\",\"number\":1}\n",
	"{\"command\":\"add-vm\",\"name\":\"a\",\"socket\":\"/s\"}\n"
	"{\"command\":\"add-interrupt\",\"vm\":\"a\",\"number\":2,\"ring\":2,\"priority\":9,"
	"\"source\":\"unix\",\"path\":\"/i\"}\n{\"command\":\"settle\",\"name\":\"a\"}\n",
	"{\"command\":\"policy\",\"name\":\"rq_scan\"}\n"
	"{\"command\":\"policy\",\"name\":\"none\",\"vm\":\"b\"}\n"
	"{\"command\":\"shutdown\"}\n",
};

static void seed_requests(void)
{
	char name[32];

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		put(requests[i], strlen(requests[i]));
		snprintf(name, sizeof(name), "requests-%zu", i);
		save("control", name);
	}
}

/* ---- the agent's port ---- */

static void put_text(const char *text)
{
	put(text, strlen(text));
}

static void seed_agent(void)
{
	put_text("HELLO revision=1 role=control kernel=6.1.0 vcpus=1 module=1 uptime_us=5\n"
		 "OK ns=7 other=3\nDATA bytes=5\nabcdeOK\n");
	for (unsigned int i = 0; i < 20; i++)
		put_text("OK ns=1000000\n");
	put_text("OK ns=9\nDATA bytes=0\nOK\n");
	save("agent", "talk");
	put_text("HELLO revision=1 role=control kernel=6.1.0 vcpus=1 module=1 uptime_us=5\n"
		 "ERR it has no ring\n");
	save("agent", "refusal");
}

static void seed_samples(void)
{
	put_text("sequence,release_ns,flags,start0_ns,end0_ns,start1_ns,end1_ns\n"
		 "0,100,0,110,120,130,140\n1,200,1,210,0,0,0\n3,400,0,410,420,430,440\n"
		 "# handover errors 2\n# lost 5\n");
	save("samples", "two-processes");
	put_text("sequence,release_ns,flags,raised_ns,start0_ns,end0_ns\n0,100,0,90,110,120\n"
		 "1,200,0,190,210,220\n");
	save("samples", "by-interrupt");
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: seeds DIR\n");
		return 2;
	}
	root = argv[1];
	seed_messages();
	seed_vring("to-read", 0, 0, 7);
	seed_vring("to-read-flips", 0, 0xff, 7);
	seed_vring("to-write", VRING_DESC_F_WRITE, 0, ENTRIES);
	seed_vring("to-write-flips", VRING_DESC_F_WRITE, 1, ENTRIES);
	seed_vring("index-jumps", 0, 0, ENTRIES + 1);
	seed_scan("sound", IMAGE_SOUND, 0);
	seed_scan("sound-flips", IMAGE_SOUND, 1);
	seed_scan("no-throttle", IMAGE_NO_THROTTLE, 0);
	seed_scan("no-field", IMAGE_NO_FIELD, 0);
	seed_scan("too-far", IMAGE_TOO_FAR, 0);
	seed_session("session", 0, NULL);
	seed_session("session-flips", PROGRAM_FLIPS, raise_and_tell);
	seed_session("events", 0, raise_and_tell);
	seed_session("memory-shrinks", 0, shrink);
	seed_session("memory-replaced", 0, replace);
	seed_session("wrong-files", 0, wrong_files);
	seed_session("connects-again", 0, connect_again);
	seed_session("floods", 0, flood);
	seed_scanned("scanned", PROGRAM_SCANS);
	seed_scanned("scanned-flips", PROGRAM_SCANS | PROGRAM_FLIPS);
	seed_requests();
	seed_agent();
	seed_samples();
	return 0;
}
