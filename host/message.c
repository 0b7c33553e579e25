// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/message.h"

#include <endian.h>
#include <stdbool.h>
#include <string.h>

const char *const reject_names[REJECT_COUNT] = {
	[REJECT_NONE] = "none",		[REJECT_DESCRIPTOR] = "descriptor",
	[REJECT_ADDRESS] = "address",	[REJECT_LENGTH] = "length",
	[REJECT_REVISION] = "revision", [REJECT_KIND] = "kind",
	[REJECT_RING_ID] = "ring_id",	[REJECT_RING_PRIO] = "ring_prio",
	[REJECT_VCPU] = "vcpu",		[REJECT_ARGUMENT] = "argument",
	[REJECT_PERIOD] = "period",
};

const char *const kind_names[RS_KIND_COUNT] = {
	[KIND_BUDGET] = "BUDGET",    [RS_KIND_ATTACH] = "ATTACH",
	[RS_KIND_START] = "START",   [RS_KIND_END] = "END",
	[RS_KIND_SWITCH] = "SWITCH", [RS_KIND_RING_CHANGE] = "RING_CHANGE",
	[RS_KIND_BYE] = "BYE",	     [RS_KIND_SCAN] = "SCAN",
};

const char *const kind_keys[RS_KIND_COUNT] = {
	[0] = "none",	       [RS_KIND_ATTACH] = "attach", [RS_KIND_START] = "start",
	[RS_KIND_END] = "end", [RS_KIND_SWITCH] = "switch", [RS_KIND_RING_CHANGE] = "ring_change",
	[RS_KIND_BYE] = "bye", [RS_KIND_SCAN] = "scan",
};

/* What a message of each kind must carry. */
static const struct kind_rule {
	bool ring; /* names a ring */
	uint8_t prio_min, prio_max;
	uint32_t arg_min, arg_max; /* both 0: the argument is not looked at */
} rules[RS_KIND_COUNT] = {
	[RS_KIND_ATTACH] = { .arg_min = 1, .arg_max = RS_VCPU_MAX },
	[RS_KIND_START] = { .ring = true,
			    .prio_min = RS_PRIO_MIN,
			    .prio_max = RS_PRIO_MAX,
			    .arg_max = UINT32_MAX },
	[RS_KIND_END] = { .ring = true, .prio_min = RS_PRIO_MIN, .prio_max = RS_PRIO_MAX },
	[RS_KIND_SWITCH] = { .prio_max = RS_PRIO_MAX },
	[RS_KIND_RING_CHANGE] = { .ring = true,
				  .prio_min = RS_PRIO_MIN,
				  .prio_max = RS_PRIO_MAX,
				  .arg_max = RS_RING_MAX - 1 },
	[RS_KIND_BYE] = { 0 },
	[RS_KIND_SCAN] = { .arg_min = sizeof(struct rs_scan), .arg_max = sizeof(struct rs_scan) },
};

static enum reject check(const struct rs_message *wire, struct message *m)
{
	const struct kind_rule *rule;

	if (wire->revision != RS_REVISION)
		return REJECT_REVISION;
	if (m->kind == 0 || m->kind >= RS_KIND_COUNT)
		return REJECT_KIND;
	rule = &rules[m->kind];
	if (!rule->ring)
		m->ring_id = 0;
	if (m->ring_id >= RS_RING_MAX)
		return REJECT_RING_ID;
	if (m->ring_prio < rule->prio_min || m->ring_prio > rule->prio_max)
		return REJECT_RING_PRIO;
	if (m->vcpu >= RS_VCPU_MAX)
		return REJECT_VCPU;
	if (m->kind != RS_KIND_SCAN)
		m->address = 0;
	if (!rule->arg_max)
		m->arg0 = 0;
	else if (m->arg0 < rule->arg_min || m->arg0 > rule->arg_max)
		return REJECT_ARGUMENT;
	if (m->period_ns && (m->period_ns < RS_PERIOD_MIN_NS || m->period_ns > RS_PERIOD_MAX_NS))
		return REJECT_PERIOD;
	/* Only a hint for planning ahead: without sense it is as good as none. */
	if (m->next_start_ns > RS_PERIOD_MAX_NS)
		m->next_start_ns = 0;
	return REJECT_NONE;
}

enum reject message_parse(const void *bytes, size_t length, struct message *msg)
{
	struct rs_message wire;
	struct message m;
	enum reject reason;

	if (length != sizeof(wire))
		return REJECT_LENGTH;
	memcpy(&wire, bytes, sizeof(wire));
	m = (struct message){
		.kind = le16toh(wire.kind),
		.ring_prio = wire.ring_prio,
		.ring_id = le16toh(wire.ring_id),
		.vcpu = le16toh(wire.vcpu),
		.sequence = le32toh(wire.sequence),
		.arg0 = le32toh(wire.arg0),
		.guest_ns = le64toh(wire.guest_ns),
		.period_ns = le64toh(wire.period_ns),
		.next_start_ns = le64toh(wire.next_start_ns),
		.address = le64toh(wire.address),
	};
	reason = check(&wire, &m);
	if (reason == REJECT_NONE)
		*msg = m;
	return reason;
}
