// SPDX-License-Identifier: GPL-2.0-or-later
/* What each vhost-user request does; those about one queue: vhost_ring.c. The
 * connection itself: vhost_user.c. */
#include "host/vhost_request.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "host/error.h"
#include "host/vm.h"

#define F_VERSION_1 (1ull << 32)
/* QEMU 7.2 aborts on feature bits it does not expect of this device. Neither
 * indirect descriptors (28) nor event indices (29) are of use to it. */
#define FEATURES (VHOST_F_PROTOCOL_FEATURES | F_VERSION_1)

#define PROTOCOL_MQ (1ull << 0)
#define PROTOCOL_CONFIG (1ull << 9)
#define PROTOCOL_FEATURES (PROTOCOL_MQ | VHOST_REPLY_ACK | PROTOCOL_CONFIG)

/* Payloads: all in the machine's own byte order, packed as on the wire. */
struct memory_table {
	uint32_t count;
	uint32_t padding;
	struct memory_wire_region regions[MEMORY_REGIONS_MAX];
};

struct config_space {
	uint32_t offset;
	uint32_t size;
	uint32_t flags;
	uint8_t bytes[sizeof(struct rs_config)];
};

#define CONFIG_HEADER 12u

void vhost_reply_u64(struct vhost_request *rq, uint64_t value)
{
	memcpy(rq->reply, &value, sizeof(value));
	rq->reply_size = sizeof(value);
}

uint64_t vhost_payload_u64(const struct vhost_request *rq)
{
	uint64_t value;

	memcpy(&value, rq->payload, sizeof(value));
	return value;
}

/* ---- handlers; the VM's lock is held ---- */

static int get_features(struct vhost_user *conn, struct vhost_request *rq, struct rs_error **err)
{
	(void)conn;
	(void)err;
	vhost_reply_u64(rq, FEATURES);
	return 0;
}

static int set_features(struct vhost_user *conn, struct vhost_request *rq, struct rs_error **err)
{
	uint64_t features = vhost_payload_u64(rq);

	if (features & ~FEATURES)
		return rs_fail(err, EINVAL, "features %#llx were acknowledged, %#llx offered",
			       (unsigned long long)features, (unsigned long long)FEATURES);
	conn->features = features;
	/* A driver takes the device (again): nothing of a former one counts. */
	vm_rings_clear(conn->vm);
	return 0;
}

static int get_protocol_features(struct vhost_user *conn, struct vhost_request *rq,
				 struct rs_error **err)
{
	(void)conn;
	(void)err;
	vhost_reply_u64(rq, PROTOCOL_FEATURES);
	return 0;
}

static int set_protocol_features(struct vhost_user *conn, struct vhost_request *rq,
				 struct rs_error **err)
{
	uint64_t features = vhost_payload_u64(rq);

	if (features & ~PROTOCOL_FEATURES)
		return rs_fail(err, EINVAL,
			       "protocol features %#llx were acknowledged, %#llx "
			       "offered",
			       (unsigned long long)features, (unsigned long long)PROTOCOL_FEATURES);
	conn->protocol_features = features;
	return 0;
}

static int get_queue_num(struct vhost_user *conn, struct vhost_request *rq, struct rs_error **err)
{
	(void)conn;
	(void)err;
	vhost_reply_u64(rq, RS_QUEUE_COUNT);
	return 0;
}

static int set_owner(struct vhost_user *conn, struct vhost_request *rq, struct rs_error **err)
{
	(void)conn;
	(void)rq;
	(void)err;
	return 0;
}

static int reset_owner(struct vhost_user *conn, struct vhost_request *rq, struct rs_error **err)
{
	(void)rq;
	(void)err;
	for (unsigned int i = 0; i < RS_QUEUE_COUNT; i++)
		vhost_stop_queue(conn, &conn->queues[i]);
	return 0;
}

static int set_mem_table(struct vhost_user *conn, struct vhost_request *rq, struct rs_error **err)
{
	struct memory_table table = { 0 };
	unsigned int unsealed = 0;
	int ret;

	memcpy(&table, rq->payload, rq->size < sizeof(table) ? rq->size : sizeof(table));
	if (table.count > MEMORY_REGIONS_MAX || table.count != rq->fd_count ||
	    rq->size < 8 + table.count * sizeof(table.regions[0]))
		return rs_fail(err, EINVAL,
			       "a memory table of %u regions with %u files in %u "
			       "bytes",
			       table.count, rq->fd_count, rq->size);
	ret = memory_set(&conn->memory, table.regions, rq->fds, table.count, &unsealed, err);
	conn->vm->counters.memory_unsealed += unsealed;
	for (unsigned int i = 0; i < RS_QUEUE_COUNT; i++)
		vhost_map_queue(conn, &conn->queues[i]);
	return ret;
}

static int get_config(struct vhost_user *conn, struct vhost_request *rq, struct rs_error **err)
{
	const struct rs_config config = {
		.revision = RS_REVISION,
		.source = (uint8_t)conn->vm->policy->needs,
		.magic = htole32(RS_MAGIC),
	};
	struct config_space c = { 0 };

	memcpy(&c, rq->payload, CONFIG_HEADER);
	if (c.offset > sizeof(config) || c.size > sizeof(config) - c.offset) {
		/* The protocol's way to say no: an answer without payload. */
		rq->reply_size = 0;
		return rs_fail(err, EINVAL, "%u bytes at %u of a configuration of %zu", c.size,
			       c.offset, sizeof(config));
	}
	conn->config_source = conn->vm->policy->needs;
	memcpy(c.bytes, (const uint8_t *)&config + c.offset, c.size);
	memcpy(rq->reply, &c, CONFIG_HEADER + c.size);
	rq->reply_size = CONFIG_HEADER + c.size;
	return 0;
}

static int set_config(struct vhost_user *conn, struct vhost_request *rq, struct rs_error **err)
{
	(void)conn;
	(void)rq;
	return rs_fail(err, EROFS, "the configuration space is read-only");
}

/* By the protocol's request number. A row without handler is not known here. */
static const struct vhost_rule rules[] = {
	[1] = { "GET_FEATURES", get_features, 0, true },
	[2] = { "SET_FEATURES", set_features, 8, false },
	[3] = { "SET_OWNER", set_owner, 0, false },
	[4] = { "RESET_OWNER", reset_owner, 0, false },
	[5] = { "SET_MEM_TABLE", set_mem_table, 8, false },
	[8] = { "SET_VRING_NUM", vhost_set_vring_num, 8, false },
	[9] = { "SET_VRING_ADDR", vhost_set_vring_addr, VHOST_VRING_ADDRESSES_SIZE, false },
	[10] = { "SET_VRING_BASE", vhost_set_vring_base, 8, false },
	[11] = { "GET_VRING_BASE", vhost_get_vring_base, 8, true },
	[12] = { "SET_VRING_KICK", vhost_set_vring_kick, 8, false },
	[13] = { "SET_VRING_CALL", vhost_set_vring_call, 8, false },
	[14] = { "SET_VRING_ERR", vhost_set_vring_err, 8, false },
	[15] = { "GET_PROTOCOL_FEATURES", get_protocol_features, 0, true },
	[16] = { "SET_PROTOCOL_FEATURES", set_protocol_features, 8, false },
	[17] = { "GET_QUEUE_NUM", get_queue_num, 0, true },
	[18] = { "SET_VRING_ENABLE", vhost_set_vring_enable, 8, false },
	[24] = { "GET_CONFIG", get_config, CONFIG_HEADER, true },
	[25] = { "SET_CONFIG", set_config, CONFIG_HEADER, false },
};

const struct vhost_rule *vhost_rule_of(uint32_t request)
{
	if (request >= sizeof(rules) / sizeof(rules[0]) || !rules[request].handle)
		return NULL;
	return &rules[request];
}
