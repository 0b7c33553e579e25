// SPDX-License-Identifier: GPL-2.0-or-later
/* What the daemon counts of a VM, under the keys of docs/control-socket.md. */
#include <json-c/json.h>
#include <stddef.h>
#include <stdio.h>

#include "host/control.h"
#include "host/json_add.h"
#include "host/message.h"
#include "host/vm.h"

#define COUNTER(field)                                      \
	{                                                   \
#field, offsetof(struct vm_counters, field) \
	}

/* One a line, so that two new ones do not meet in one line. */
/* clang-format off */
static const struct {
	const char *key;
	size_t offset;
} counters[] = {
	COUNTER(kicks),
	COUNTER(coalesced),
	COUNTER(empty_kicks),
	COUNTER(lost),
	COUNTER(reordered),
	COUNTER(restarts),
	COUNTER(stray_ends),
	COUNTER(boosts),
	COUNTER(demotions),
	COUNTER(changes),
	COUNTER(starts_deferred),
	COUNTER(switch_same_priority),
	COUNTER(apply_failed),
	COUNTER(readback_mismatch),
	COUNTER(threads_gone),
	COUNTER(thread_retries),
	COUNTER(record_full),
	COUNTER(record_kept),
	COUNTER(grant_failed),
	COUNTER(not_admitted),
	COUNTER(budget_cuts),
	COUNTER(budget_by_wall),
	COUNTER(over_ceiling),
	COUNTER(boosts_cut),
	COUNTER(floods),
	COUNTER(stamps_ahead),
	COUNTER(io_boosts),
	COUNTER(io_failed),
	COUNTER(io_threads_over),
	COUNTER(low_failed),
	COUNTER(place_failed),
	COUNTER(policy_errors),
	COUNTER(ticks_late),
	COUNTER(scan_reads),
	COUNTER(scan_torn),
	COUNTER(scan_outside),
	COUNTER(scan_refused),
	COUNTER(scan_ns),
	COUNTER(events_sent),
	COUNTER(events_lost),
	COUNTER(irq_raised),
	COUNTER(irq_lost),
	COUNTER(irq_coalesced),
	COUNTER(irq_confirmed),
	COUNTER(irq_unconfirmed),
	COUNTER(protocol_errors),
	COUNTER(protocol_unknown),
	COUNTER(memory_unsealed),
	COUNTER(connections),
	COUNTER(connections_refused),
	COUNTER(peers_refused),
	COUNTER(log_withheld),
};
/* clang-format on */

/* The priorities that were seen; their numbers are the keys. */
static struct json_object *switches_of(const struct vm_counters *c)
{
	struct json_object *o = json_object_new_object();
	char key[8];

	for (unsigned int i = 0; i <= RS_PRIO_MAX; i++) {
		snprintf(key, sizeof(key), "%u", i);
		if (c->switches_by_priority[i])
			json_add_u64(o, key, c->switches_by_priority[i]);
	}
	return o;
}

void control_counters(struct json_object *to, const struct vm_counters *c)
{
	struct json_object *messages = json_object_new_object();
	struct json_object *rejects = json_object_new_object();

	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
		json_add_u64(to, counters[i].key,
			     *(const uint64_t *)((const char *)c + counters[i].offset));
	for (unsigned int i = 1; i < RS_KIND_COUNT; i++)
		json_add_u64(messages, kind_keys[i], c->messages[i]);
	for (unsigned int i = 1; i < REJECT_COUNT; i++)
		json_add_u64(rejects, reject_names[i], c->rejects[i]);
	json_object_object_add(to, "messages", messages);
	json_object_object_add(to, "rejects", rejects);
	json_object_object_add(to, "switches_by_priority", switches_of(c));
}
