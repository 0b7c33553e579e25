// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages from the wire: every reason for refusal, and what passes. */
#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "host/message.h"

static struct rs_message good(enum rs_kind kind)
{
	return (struct rs_message){
		.kind = htole16(kind),
		.revision = RS_REVISION,
		.ring_prio = 80,
		.ring_id = htole16(3),
		.vcpu = htole16(1),
		.sequence = htole32(7),
		.guest_ns = htole64(123456789),
		.period_ns = htole64(20000000),
		.next_start_ns = htole64(19000000),
	};
}

static enum reject parse(const struct rs_message *m)
{
	struct message out = { .sequence = 0xdead };
	enum reject reason = message_parse(m, sizeof(*m), &out);

	if (reason != REJECT_NONE) /* nothing of a refused message gets through */
		assert_int_equal(out.sequence, 0xdead);
	return reason;
}

static void test_start_and_end_pass(void **state)
{
	struct rs_message m = good(RS_KIND_START);
	struct message out;

	(void)state;
	assert_int_equal(message_parse(&m, sizeof(m), &out), REJECT_NONE);
	assert_int_equal(out.kind, RS_KIND_START);
	assert_int_equal(out.ring_id, 3);
	assert_int_equal(out.ring_prio, 80);
	assert_int_equal(out.vcpu, 1);
	assert_int_equal(out.sequence, 7);
	assert_int_equal(out.guest_ns, 123456789);
	assert_int_equal(out.period_ns, 20000000);
	assert_int_equal(out.next_start_ns, 19000000);
	m = good(RS_KIND_END);
	assert_int_equal(parse(&m), REJECT_NONE);
}

/* The wire is little-endian and packed: checked byte by byte. */
static void test_layout(void **state)
{
	static const uint8_t bytes[48] = { 2, 0, RS_REVISION, 99, 15, 0, 63, 0, 1, 2, 3, 4 };
	struct message out;

	(void)state;
	assert_int_equal(message_parse(bytes, sizeof(bytes), &out), REJECT_NONE);
	assert_int_equal(out.kind, RS_KIND_START);
	assert_int_equal(out.ring_prio, 99);
	assert_int_equal(out.ring_id, 15);
	assert_int_equal(out.vcpu, 63);
	assert_int_equal(out.sequence, 0x04030201);
}

static void test_length(void **state)
{
	uint8_t bytes[sizeof(struct rs_message) + 1] = { 0 };
	struct rs_message m = good(RS_KIND_START);
	struct message out;

	(void)state;
	memcpy(bytes, &m, sizeof(m));
	assert_int_equal(message_parse(bytes, 0, &out), REJECT_LENGTH);
	assert_int_equal(message_parse(bytes, sizeof(m) - 1, &out), REJECT_LENGTH);
	assert_int_equal(message_parse(bytes, sizeof(m) + 1, &out), REJECT_LENGTH);
}

/* One field of a good message, set to a value at or past its bound. */
static const struct {
	enum rs_kind kind;
	size_t offset, size;
	uint64_t value;
	enum reject expected;
} fields[] = {
#define FIELD(kind, field, value, expected)                                                        \
	{                                                                                          \
		kind, offsetof(struct rs_message, field), sizeof(((struct rs_message *)0)->field), \
			value, expected                                                            \
	}
	FIELD(RS_KIND_START, revision, 0, REJECT_REVISION),
	FIELD(RS_KIND_START, revision, RS_REVISION + 1, REJECT_REVISION),
	FIELD(RS_KIND_START, kind, 0, REJECT_KIND),
	FIELD(RS_KIND_START, kind, RS_KIND_COUNT, REJECT_KIND),
	FIELD(RS_KIND_START, kind, 0xffff, REJECT_KIND),
	FIELD(RS_KIND_START, ring_id, RS_RING_MAX - 1, REJECT_NONE),
	FIELD(RS_KIND_START, ring_id, RS_RING_MAX, REJECT_RING_ID),
	FIELD(RS_KIND_END, ring_id, 0xffff, REJECT_RING_ID),
	FIELD(RS_KIND_BYE, ring_id, 0xffff, REJECT_RING_PRIO), /* the id means nothing there */
	FIELD(RS_KIND_START, ring_prio, 0, REJECT_RING_PRIO),
	FIELD(RS_KIND_START, ring_prio, 1, REJECT_NONE),
	FIELD(RS_KIND_START, ring_prio, 99, REJECT_NONE),
	FIELD(RS_KIND_START, ring_prio, 100, REJECT_RING_PRIO),
	FIELD(RS_KIND_END, ring_prio, 255, REJECT_RING_PRIO),
	FIELD(RS_KIND_SWITCH, ring_prio, 0, REJECT_NONE),
	FIELD(RS_KIND_SWITCH, ring_prio, 100, REJECT_RING_PRIO),
	FIELD(RS_KIND_BYE, ring_prio, 0, REJECT_NONE),
	FIELD(RS_KIND_BYE, ring_prio, 1, REJECT_RING_PRIO),
	FIELD(RS_KIND_START, vcpu, RS_VCPU_MAX - 1, REJECT_NONE),
	FIELD(RS_KIND_START, vcpu, RS_VCPU_MAX, REJECT_VCPU),
	FIELD(RS_KIND_START, vcpu, 0xffff, REJECT_VCPU),
	FIELD(RS_KIND_RING_CHANGE, arg0, RS_RING_MAX - 1, REJECT_NONE),
	FIELD(RS_KIND_RING_CHANGE, arg0, RS_RING_MAX, REJECT_ARGUMENT),
	FIELD(RS_KIND_START, period_ns, 0, REJECT_NONE),
	FIELD(RS_KIND_START, period_ns, RS_PERIOD_MIN_NS, REJECT_NONE),
	FIELD(RS_KIND_START, period_ns, RS_PERIOD_MIN_NS - 1, REJECT_PERIOD),
	FIELD(RS_KIND_START, period_ns, RS_PERIOD_MAX_NS, REJECT_NONE),
	FIELD(RS_KIND_START, period_ns, RS_PERIOD_MAX_NS + 1, REJECT_PERIOD),
	FIELD(RS_KIND_START, period_ns, UINT64_MAX, REJECT_PERIOD),
	FIELD(RS_KIND_START, address, UINT64_MAX, REJECT_NONE), /* receivers ignore it */
};

static void test_fields(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		struct rs_message m = good(fields[i].kind);
		uint64_t value = htole64(fields[i].value);

		memcpy((char *)&m + fields[i].offset, &value, fields[i].size);
		if (parse(&m) != fields[i].expected)
			fail_msg("row %zu: %s, expected %s", i, reject_names[parse(&m)],
				 reject_names[fields[i].expected]);
	}
}

static void test_attach(void **state)
{
	static const struct {
		uint32_t vcpus;
		enum reject expected;
	} rows[] = { { 0, REJECT_ARGUMENT },
		     { 1, REJECT_NONE },
		     { RS_VCPU_MAX, REJECT_NONE },
		     { RS_VCPU_MAX + 1, REJECT_ARGUMENT },
		     { UINT32_MAX, REJECT_ARGUMENT } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rs_message m = good(RS_KIND_ATTACH);

		m.ring_prio = 0;
		m.arg0 = htole32(rows[i].vcpus);
		assert_int_equal(parse(&m), rows[i].expected);
	}
}

/* A hint without sense is dropped, the message is not. */
static void test_next_start_is_a_hint(void **state)
{
	struct rs_message m = good(RS_KIND_START);
	struct message out;

	(void)state;
	m.next_start_ns = htole64(UINT64_MAX);
	assert_int_equal(message_parse(&m, sizeof(m), &out), REJECT_NONE);
	assert_int_equal(out.next_start_ns, 0);
}

static void test_names_are_complete(void **state)
{
	(void)state;
	for (int i = 0; i < REJECT_COUNT; i++)
		assert_non_null(reject_names[i]);
	for (int i = 0; i < RS_KIND_COUNT; i++) {
		assert_non_null(kind_names[i]);
		assert_non_null(kind_keys[i]);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_start_and_end_pass),
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_attach),
		cmocka_unit_test(test_next_start_is_a_hint),
		cmocka_unit_test(test_names_are_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
