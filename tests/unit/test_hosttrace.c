// SPDX-License-Identifier: GPL-2.0-or-later
/* The trace of the shared cores: the kernel's records, its tracepoints'
 * formats, the file and what is wrong with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <json-c/json.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/folder.h"
#include "harness/hosttrace.h"
#include "harness/jsonread.h"
#include "harness/perfbuffer.h"
#include "harness/tracepoint.h"
#include "host/cleanup.h"
#include "host/error.h"

/* ---- the kernel's ring of records ---- */

#define RING 512u /* bytes; small, so that records lie across its end */

struct kernel { /* our stand-in for it */
	struct perfbuffer b;
	char memory[4096 + RING];
};

static void put(struct kernel *k, const void *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		k->memory[4096 + (k->b.page->data_head + i) % RING] = ((const char *)bytes)[i];
	k->b.page->data_head += size;
}

struct record {
	struct perf_event_header header;
	unsigned char body[64];
};

/* A record of 32-bit words and, where it is wanted, a 64-bit time at the end. */
static void put_record(struct kernel *k, uint32_t type, uint16_t misc, const uint32_t *words,
		       size_t count)
{
	struct record r = { .header = { .type = type, .misc = misc } };

	r.header.size = (uint16_t)(sizeof(r.header) + 4 * count);
	memcpy(r.body, words, 4 * count);
	put(k, &r, r.header.size);
}

static void put_switch(struct kernel *k, uint16_t misc, uint32_t tid, uint32_t next, uint32_t ns)
{
	const uint32_t words[] = { next + 1000, next, tid + 1000, tid, ns, 0 };

	put_record(k, PERF_RECORD_SWITCH_CPU_WIDE, misc, words, 6);
}

static void make_kernel(struct kernel *k)
{
	memset(k, 0, sizeof(*k));
	k->b = PERFBUFFER_NONE;
	k->b.core = 3;
	k->b.format = (struct perf_wakeups){ .pid = 4, .target = 8 };
	k->b.page = (struct perf_event_mmap_page *)(void *)k->memory;
	k->b.page->data_offset = 4096;
	k->b.data_size = RING;
}

struct taken {
	struct host_event events[64];
	int32_t pids[64];
	size_t count;
};

static void take(const struct host_event *e, int32_t pid, void *arg)
{
	struct taken *t = arg;

	assert_true(t->count < 64);
	t->pids[t->count] = pid;
	t->events[t->count++] = *e;
}

static void expect(const struct host_event *e, enum host_event_kind kind, int from, int to,
		   unsigned int core, uint64_t ns)
{
	assert_int_equal(e->kind, kind);
	assert_int_equal(e->from, from);
	assert_int_equal(e->to, to);
	assert_int_equal(e->core, core);
	assert_int_equal(e->ns, ns);
}

static void records_become_events(void **state)
{
	const uint32_t lost[] = { 1, 0, 17, 0, 9, 9, 400, 0 };
	const uint32_t woken[] = { 1007, 7, 500, 0, 12, 0xffe7ffff, 42, 1 };
	const uint16_t out = PERF_RECORD_MISC_SWITCH_OUT;
	struct taken t = { .count = 0 };
	_Alignas(8) struct kernel k;

	(void)state;
	make_kernel(&k);
	put_switch(&k, out, 10, 20, 100);
	put_switch(&k, 0, 20, 10, 101); /* the same, told by who comes */
	put_switch(&k, out | PERF_RECORD_MISC_SWITCH_OUT_PREEMPT, 20, 0, 200);
	put_switch(&k, 0, 25, 0, 250); /* from idle, which tells nothing itself */
	put_switch(&k, out, UINT32_MAX, 30, 300);
	put_record(&k, PERF_RECORD_LOST, 0, lost, 8);
	put_record(&k, PERF_RECORD_SAMPLE, 0, woken, 8);
	perfbuffer_drain(&k.b, take, &t);
	assert_int_equal(t.count, 6);
	expect(&t.events[0], HOST_SLEEP, 10, 20, 3, 100);
	assert_int_equal(t.pids[0], 1020);
	expect(&t.events[1], HOST_PREEMPT, 20, 0, 3, 200);
	expect(&t.events[2], HOST_SLEEP, 0, 25, 3, 250);
	assert_int_equal(t.pids[2], 1025);
	expect(&t.events[3], HOST_SLEEP, HOSTTRACE_ENDED, 30, 3, 300);
	expect(&t.events[4], HOST_LOST, 17, 0, 3, 400);
	expect(&t.events[5], HOST_WAKE, 7, 42, 1, 500);
	assert_int_equal(t.pids[5], 1007);
	assert_int_equal(k.b.page->data_tail, k.b.page->data_head);
}

/* Whoever ran when an interrupt woke somebody has nothing to do with it. */
static void woken_by_an_interrupt(void **state)
{
	const uint32_t flags[] = { 0x00080000, 0x00100000 };
	struct taken t = { .count = 0 };
	_Alignas(8) struct kernel k;

	(void)state;
	make_kernel(&k);
	for (int i = 0; i < 2; i++) {
		const uint32_t woken[] = { 1007, 7, 500, 0, 12, flags[i], 42, 1 };

		put_record(&k, PERF_RECORD_SAMPLE, 0, woken, 8);
	}
	perfbuffer_drain(&k.b, take, &t);
	assert_int_equal(t.count, 2);
	expect(&t.events[0], HOST_WAKE, 0, 42, 1, 500);
	expect(&t.events[1], HOST_WAKE, 0, 42, 1, 500);
}

/* Round and round: every sixteenth lies across the ring's end. */
static void records_across_the_end(void **state)
{
	_Alignas(8) struct kernel k;

	(void)state;
	make_kernel(&k);
	k.b.page->data_head = k.b.page->data_tail = 24;
	for (uint32_t i = 1; i <= 100; i++) {
		struct taken t = { .count = 0 };

		put_switch(&k, PERF_RECORD_MISC_SWITCH_OUT, i, i + 1, 1000 + i);
		put_switch(&k, PERF_RECORD_MISC_SWITCH_OUT, i + 1, i, 2000 + i);
		perfbuffer_drain(&k.b, take, &t);
		assert_int_equal(t.count, 2);
		expect(&t.events[0], HOST_SLEEP, (int)i, (int)i + 1, 3, 1000 + i);
		expect(&t.events[1], HOST_SLEEP, (int)i + 1, (int)i, 3, 2000 + i);
	}
}

/* Shorter than they should be, of other kinds, or of no size at all. */
static void strange_records_are_passed_over(void **state)
{
	const uint32_t words[16] = { 1, 2, 3, 4, 60 };
	struct taken t = { .count = 0 };
	_Alignas(8) struct kernel k;

	(void)state;
	make_kernel(&k);
	put_record(&k, PERF_RECORD_SWITCH_CPU_WIDE, PERF_RECORD_MISC_SWITCH_OUT, words, 2);
	put_record(&k, PERF_RECORD_LOST, 0, words, 4);
	put_record(&k, PERF_RECORD_SAMPLE, 0, words, 6); /* promises 60 bytes, has 4 */
	put_record(&k, PERF_RECORD_COMM, 0, words, 8);
	put_switch(&k, PERF_RECORD_MISC_SWITCH_OUT, 1, 2, 3);
	put_record(&k, 0, 0, words, 0);
	((struct perf_event_header *)(void *)&k.memory[4096 + (k.b.page->data_head - 8) % RING])
		->size = 0;
	perfbuffer_drain(&k.b, take, &t);
	assert_int_equal(t.count, 1);
	assert_int_equal(k.b.page->data_tail, k.b.page->data_head);
}

/* ---- tracepoints ---- */

static const char format[] = "name: sched_wakeup\nID: 123\nformat:\n"
			     "\tfield:char comm[16];\toffset:8;\tsize:16;\tsigned:0;\n"
			     "\tfield:pid_t pid;\toffset:24;\tsize:4;\tsigned:1;\n"
			     "\tfield:int prio;\toffset:28;\tsize:4;\tsigned:1;\n"
			     "\tfield:int target_cpu;\toffset:32;\tsize:4;\tsigned:1;\n";

static void a_format_is_read(void **state)
{
	struct tracepoint_field fields[] = { { .name = "pid" }, { .name = "target_cpu" } };
	struct tracepoint_field missing[] = { { .name = "success" } };
	struct tracepoint_field wide[] = { { .name = "comm[16]" } };
	cleanup_error struct rs_error *err = NULL, *too_wide = NULL;
	uint64_t id;

	(void)state;
	assert_int_equal(tracepoint_parse(format, &id, fields, 2, NULL), 0);
	assert_int_equal(id, 123);
	assert_int_equal(fields[0].offset, 24);
	assert_int_equal(fields[1].offset, 32);
	assert_int_equal(tracepoint_parse(format, &id, missing, 1, &err), -ENOTSUP);
	assert_string_equal(err->message, "it has no 32-bit field 'success'");
	assert_int_equal(tracepoint_parse(format, &id, wide, 1, &too_wide), -ENOTSUP);
	assert_int_equal(tracepoint_parse("name: x\n", &id, fields, 2, NULL), -ENOTSUP);
}

/* ---- the file ---- */

static struct host_event some_events[] = {
	{ 1000, 10, 20, 1, HOST_SLEEP },
	{ 1500, 20, HOSTTRACE_ENDED, 1, HOST_PREEMPT },
	{ 1500, 7, 10, 1, HOST_WAKE },
	{ 2500, 3, 0, 1, HOST_LOST },
};

static struct host_thread some_threads[] = {
	{ .tid = 10, .pid = 9, .name = "CPU 0/TCG", .vm = "control", .vcpu = 0 },
	{ .tid = 9, .pid = 9, .name = "qemu", .vm = "control", .vcpu = -1 },
	{ .tid = 20, .pid = 20, .name = "kworker/1:1", .vcpu = -1 },
	{ .tid = 8, .pid = 9, .name = "IO iothread1", .vm = "control", .vcpu = -1 },
};

static struct hosttrace some_trace(void)
{
	return (struct hosttrace){
		.events = some_events,
		.count = 4,
		.threads = some_threads,
		.thread_count = 4,
		.cores = { 1, 3 },
		.core_count = 2,
		.wakeups = true,
		.begin = 900,
		.end = 3000,
		.lost = 3,
		.dropped = 2,
	};
}

static int make_folder(void **state)
{
	*state = strdup("/tmp/ringsched-test-XXXXXX");
	return *state && mkdtemp(*state) ? 0 : -1;
}

static int remove_folder(void **state)
{
	int ret = folder_remove(*state, NULL);

	free(*state);
	return ret;
}

static void written_and_read_back(void **state)
{
	cleanup_free char *path = folder_path(*state, HOSTTRACE_FILE);
	struct hosttrace t = some_trace();
	cleanup_json struct json_object *json = hosttrace_json(&t);
	cleanup_hosttrace struct hosttrace *back = NULL;
	char name[HOSTTRACE_NAME_ROOM];

	assert_int_equal(hosttrace_write(&t, path, NULL), 0);
	back = hosttrace_read(json, *state, NULL);
	assert_non_null(back);
	assert_int_equal(back->count, 4);
	for (size_t i = 0; i < 4; i++)
		assert_memory_equal(&back->events[i], &some_events[i], sizeof(some_events[i]));
	assert_int_equal(back->core_count, 2);
	assert_int_equal(back->cores[1], 3);
	assert_true(back->wakeups);
	assert_int_equal(back->lost, 3);
	assert_int_equal(back->dropped, 2);
	assert_int_equal(hosttrace_vcpu(back, "control", 0), 10);
	assert_int_equal(hosttrace_vcpu(back, "control", 1), 0);
	assert_int_equal(hosttrace_vcpu(back, "control", -1), 0);
	hosttrace_name(back, 10, name);
	assert_string_equal(name, "control, vCPU 0");
	hosttrace_name(back, 9, name);
	assert_string_equal(name, "QEMU of control");
	hosttrace_name(back, 8, name);
	assert_string_equal(name, "I/O thread of control");
	hosttrace_name(back, 20, name);
	assert_string_equal(name, "kworker/1:1");
	hosttrace_name(back, 0, name);
	assert_string_equal(name, "nobody");
	hosttrace_name(back, 77, name);
	assert_string_equal(name, "thread 77");
}

/* The kernel allows any bytes in a thread's name. */
static void names_are_harmless(void **state)
{
	char name[] = "a|b\"c\\d\x01\xff<e";

	(void)state;
	hosttrace_clean(name);
	assert_string_equal(name, "a?b?c?d???e");
}

static void refuse(void **state, const char *text, int64_t events, const char *why)
{
	cleanup_free char *path = folder_path(*state, HOSTTRACE_FILE);
	cleanup_error struct rs_error *err = NULL;
	struct hosttrace t = some_trace();
	cleanup_json struct json_object *json = hosttrace_json(&t);

	assert_int_equal(folder_write_gz(path, text, strlen(text), NULL), 0);
	json_object_object_add(json, "events", json_object_new_int64(events));
	assert_null(hosttrace_read(json, *state, &err));
	if (!strstr(err->message, why))
		fail_msg("'%s' does not say '%s'", err->message, why);
}

#define HEAD "after_ns,core,kind,from,to\n"

static void wrong_files_are_refused(void **state)
{
	refuse(state, "", 0, "no host events");
	refuse(state, "after_ns,core\n", 0, "no host events");
	refuse(state, HEAD "1,1,0,2,3\n", 2, "1 of the 2 events");
	refuse(state, HEAD "1,1,0,2,3\n1,1,0,3,2\n", 1, "more than the 1 events");
	refuse(state, HEAD "1,1,4,2,3\n", 1, "no event");
	refuse(state, HEAD "1,70000,0,2,3\n", 1, "no event");
	refuse(state, HEAD "1,1,0,2,2147483648\n", 1, "no event");
	refuse(state, HEAD "2101,1,0,2,3\n", 1, "no event"); /* after the end */
	refuse(state, HEAD "18446744073709551615,1,0,2,3\n", 1, "no event");
	refuse(state, HEAD "1,1,0,2\n", 1, "field 4");
	refuse(state, HEAD "1,1,0,2,-1\n", 1, "field");
	refuse(state, HEAD, HOSTTRACE_EVENTS_MAX + 1ll, "too large");
}

static void wrong_heads_are_refused(void **state)
{
	static const char *const heads[] = {
		"{}",
		"{\"events\":0}",
		"{\"events\":0,\"begin_ns\":5,\"end_ns\":4,\"cores\":[1]}",
		"{\"events\":0,\"begin_ns\":1,\"end_ns\":4,\"cores\":[]}",
		"{\"events\":0,\"begin_ns\":1,\"end_ns\":4,\"cores\":[1],\"threads\":[{}]}",
		"{\"events\":0,\"begin_ns\":1,\"end_ns\":4,\"cores\":[1],\"threads\":[7]}",
	};

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		cleanup_json struct json_object *json = json_tokener_parse(heads[i]);
		cleanup_error struct rs_error *err = NULL;

		assert_non_null(json);
		assert_null(hosttrace_read(json, *state, &err));
		assert_non_null(err);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_become_events),
		cmocka_unit_test(woken_by_an_interrupt),
		cmocka_unit_test(records_across_the_end),
		cmocka_unit_test(strange_records_are_passed_over),
		cmocka_unit_test(a_format_is_read),
		cmocka_unit_test_setup_teardown(written_and_read_back, make_folder, remove_folder),
		cmocka_unit_test(names_are_harmless),
		cmocka_unit_test_setup_teardown(wrong_files_are_refused, make_folder,
						remove_folder),
		cmocka_unit_test_setup_teardown(wrong_heads_are_refused, make_folder,
						remove_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
