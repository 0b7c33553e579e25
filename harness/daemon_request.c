// SPDX-License-Identifier: GPL-2.0-or-later
/* What a run asks of its daemon: docs/control-socket.md. */
#include <errno.h>
#include <json-c/json.h>

#include "harness/daemon.h"
#include "host/control_client.h"
#include "host/error.h"
#include "host/json_add.h"

/* Takes the request over. The answer is the caller's; NULL with *err set. */
static struct json_object *ask(struct daemon *d, struct json_object *request, struct rs_error **err)
{
	struct json_object *answer = control_client_request(daemon_client(d), request, err);

	json_object_put(request);
	return answer;
}

/* The same where the answer says no more than that it was done. */
static bool done(struct daemon *d, struct json_object *request, struct rs_error **err)
{
	struct json_object *answer = ask(d, request, err);

	if (!answer)
		return false;
	json_object_put(answer);
	return true;
}

static struct json_object *cores_json(const struct placement *p)
{
	struct json_object *list = json_object_new_array();

	for (unsigned int i = 0; i < p->count; i++)
		json_object_array_add(list, json_object_new_int(p->cores[i]));
	return list;
}

int daemon_add_vm(struct daemon *d, const struct daemon_vm *vm, struct rs_error **err)
{
	struct json_object *request = json_object_new_object();

	json_add_text(request, "command", "add-vm");
	json_add_text(request, "name", vm->name);
	json_add_text(request, "role", vm->role);
	json_add_text(request, "socket", vm->notify_socket);
	json_add_u64(request, "ceiling", vm->ceiling);
	json_add_u64(request, "rt_budget_permille", vm->rt_budget_permille);
	if (vm->rt_budget_period_us)
		json_add_u64(request, "rt_budget_period_us", vm->rt_budget_period_us);
	json_add_text(request, "budget_by", vm->budget_by);
	json_add_u64(request, "longest_boost_us", vm->longest_boost_us);
	json_add_u64(request, "notify_rate", vm->notify_rate);
	json_add_u64(request, "scan_interval_us", vm->scan_interval_us);
	json_add_bool(request, "io_boost", vm->io_boost);
	json_object_object_add(request, "other_cores", cores_json(&vm->elsewhere));
	json_add_u64(request, "deadline_runtime_us", vm->deadline_runtime_us);
	json_add_u64(request, "deadline_period_us", vm->deadline_period_us);
	if (vm->disk)
		json_add_text(request, "disk", vm->disk);
	if (vm->policy)
		json_add_text(request, "policy", vm->policy);
	if (!done(d, request, err))
		return rs_fail_wrap(err, "ringschedd: add-vm %s", vm->name);
	return 0;
}

int daemon_add_interrupt(struct daemon *d, const struct daemon_interrupt *i, struct rs_error **err)
{
	struct json_object *request = json_object_new_object();

	json_add_text(request, "command", "add-interrupt");
	json_add_text(request, "vm", i->vm);
	json_add_text(request, "source", i->source);
	json_add_text(request, "distribution", i->distribution);
	if (i->path)
		json_add_text(request, "path", i->path);
	json_add_u64(request, "number", i->number);
	json_add_u64(request, "ring", i->ring);
	json_add_u64(request, "priority", i->priority);
	json_add_u64(request, "vcpu", i->vcpu);
	json_add_u64(request, "confirm_us", i->confirm_us);
	json_add_u64(request, "interval_us", i->interval_us);
	json_add_u64(request, "seed", i->seed);
	json_add_u64(request, "port", i->port);
	return done(d, request, err) ? 0 : rs_fail_wrap(err, "ringschedd");
}

int daemon_remove_interrupt(struct daemon *d, const char *vm, unsigned int number,
			    struct rs_error **err)
{
	struct json_object *request = json_object_new_object();

	json_add_text(request, "command", "remove-interrupt");
	json_add_text(request, "vm", vm);
	json_add_u64(request, "number", number);
	return done(d, request, err) ? 0 : rs_fail_wrap(err, "ringschedd");
}

int daemon_choose_policy(struct daemon *d, const char *vm, const char *policy,
			 struct rs_error **err)
{
	struct json_object *request = json_object_new_object();

	json_add_text(request, "command", "policy");
	json_add_text(request, "name", policy);
	json_add_text(request, "vm", vm);
	if (!done(d, request, err))
		return rs_fail_wrap(err, "ringschedd: policy %s", policy);
	return 0;
}

struct json_object *daemon_settle(struct daemon *d, const char *vm, pid_t pid,
				  struct rs_error **err)
{
	struct json_object *request = json_object_new_object(), *answer;

	json_add_text(request, "command", "settle");
	json_add_text(request, "name", vm);
	json_add_i64(request, "pid", pid);
	answer = ask(d, request, err);
	if (!answer)
		rs_fail_wrap(err, "ringschedd: settle %s", vm);
	return answer;
}

struct json_object *daemon_status(struct daemon *d, struct rs_error **err)
{
	struct json_object *answer = control_client_command(daemon_client(d), "status", err);

	if (!answer)
		rs_fail_wrap(err, "ringschedd: status");
	return answer;
}

struct json_object *daemon_trace(struct daemon *d, struct rs_error **err)
{
	struct json_object *answer = control_client_command(daemon_client(d), "trace", err);
	struct json_object *events = NULL;

	if (!answer) {
		rs_fail_wrap(err, "ringschedd: trace");
		return NULL;
	}
	if (!json_object_object_get_ex(answer, "events", &events) ||
	    !json_object_is_type(events, json_type_array)) {
		rs_fail(err, EPROTO, "ringschedd: trace: the answer has no array \"events\"");
		events = NULL;
	}
	json_object_get(events);
	json_object_put(answer);
	return events;
}
