/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the wire to a checked notification in native byte order, and the
 * reasons for which bytes from a guest are refused.
 */
#ifndef RINGSCHED_MESSAGE_H
#define RINGSCHED_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "guest/uapi/ringsched.h"

/* Every field is within the bounds of guest/uapi/ringsched.h. */
struct message {
	enum rs_kind kind;
	uint8_t ring_prio; /* 1 to 99; 0 to 99 of SWITCH; else 0 */
	uint16_t ring_id; /* 0 to RS_RING_MAX - 1; 0 where no ring is meant */
	uint16_t vcpu; /* 0 to RS_VCPU_MAX - 1: the VM may have fewer */
	uint32_t sequence;
	uint32_t arg0; /* ATTACH: vCPUs, 1 to 64; START: event; RING_CHANGE: home ring; SCAN: size; else 0 */
	uint64_t guest_ns;
	uint64_t period_ns; /* 0 = not periodic or not known */
	uint64_t next_start_ns; /* 0 = unknown, also where it was no sane value */
	uint64_t address; /* SCAN: any number, of a struct rs_scan; else 0 */
};

enum reject {
	REJECT_NONE = 0,
	REJECT_DESCRIPTOR, /* index out of the table, chained, indirect or writable */
	REJECT_ADDRESS, /* not within guest memory */
	REJECT_LENGTH, /* not the size of one message */
	REJECT_REVISION,
	REJECT_KIND,
	REJECT_RING_ID,
	REJECT_RING_PRIO,
	REJECT_VCPU, /* beyond RS_VCPU_MAX, or a vCPU the VM does not have */
	REJECT_ARGUMENT,
	REJECT_PERIOD,
	REJECT_COUNT
};

/* As in the answer to `status`. Index: enum reject. */
extern const char *const reject_names[REJECT_COUNT];

/* Of a trace event only: no message, a budget's end or renewal. */
#define KIND_BUDGET 0

/* "ATTACH", "START", ...; lower-case in kind_keys. Index: enum rs_kind. */
extern const char *const kind_names[RS_KIND_COUNT];
extern const char *const kind_keys[RS_KIND_COUNT];

/* Check `length` bytes that are ours alone (the guest can no longer change
 * them); *msg is filled only with REJECT_NONE. */
enum reject message_parse(const void *bytes, size_t length, struct message *msg);

#endif
