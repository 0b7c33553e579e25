// SPDX-License-Identifier: GPL-2.0-or-later
/* The daemon's trace as it is asked for: docs/control-socket.md. */
#include <json-c/json.h>

#include "host/control.h"
#include "host/json_add.h"
#include "host/sched.h"
#include "host/trace.h"
#include "host/vm.h"

static void add_interrupt(struct json_object *o, const struct trace_event *e)
{
	json_add_u64(o, "interrupt", e->message.arg0);
	json_add_u64(o, "boosted_ns", e->boosted_ns);
	json_add_bool(o, "sent", e->sent);
}

struct json_object *control_trace(void)
{
	struct json_object *list = json_object_new_array();
	struct trace_event e;

	while (trace_take(&e)) {
		struct json_object *o = json_object_new_object();
		const struct vm *vm = vm_slot(e.vm);

		json_add_u64(o, "t", e.t);
		json_add_text(o, "vm", vm ? vm->name : "?");
		json_add_text(o, "kind", e.interrupt ? "INTERRUPT" : kind_names[e.message.kind]);
		json_add_u64(o, "ring_id", e.message.ring_id);
		json_add_u64(o, "ring_prio", e.message.ring_prio);
		json_add_u64(o, "vcpu", e.message.vcpu);
		json_add_u64(o, "sequence", e.message.sequence);
		if (e.interrupt)
			add_interrupt(o, &e);
		else
			json_add_u64(o, "guest_ns", e.message.guest_ns);
		json_add_text(o, "policy", sched_policy_name(e.policy));
		json_add_u64(o, "priority", e.priority);
		json_add_u64(o, "handled_ns", e.handled_ns);
		json_object_array_add(list, o);
	}
	return list;
}
