// SPDX-License-Identifier: GPL-2.0-or-later
/* The commands of the control socket, one row each. */
#include <errno.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <string.h>

#include "host/control.h"
#include "host/error.h"
#include "host/json_add.h"
#include "host/loop.h"
#include "host/server.h"
#include "host/vmlist.h"

/* Take string `key`; NULL if it is not there, which is a failure if needed. */
static int get_string(struct json_object *request, const char *key, bool needed, const char **value,
		      struct rs_error **err)
{
	struct json_object *o;

	*value = NULL;
	if (!json_object_object_get_ex(request, key, &o))
		return needed ? rs_fail(err, EINVAL, "the request lacks \"%s\"", key) : 0;
	if (!json_object_is_type(o, json_type_string))
		return rs_fail(err, EINVAL, "\"%s\" is %s, not a string", key,
			       json_object_to_json_string(o));
	/* JSON strings may hold a zero byte, C strings end at it. */
	if (strlen(json_object_get_string(o)) != (size_t)json_object_get_string_len(o))
		return rs_fail(err, EINVAL, "\"%s\" holds a zero byte", key);
	*value = json_object_get_string(o);
	return 0;
}

/* Take number `key` into *value, which is left alone where it is not there. */
static int get_number(struct json_object *request, const char *key, unsigned int *value,
		      struct rs_error **err)
{
	struct json_object *o;
	int64_t number;

	if (!json_object_object_get_ex(request, key, &o))
		return 0;
	number = json_object_is_type(o, json_type_int) ? json_object_get_int64(o) : -1;
	if (number < 0 || number > INT32_MAX)
		return rs_fail(err, EINVAL, "\"%s\" is %s, not a whole number from 0", key,
			       json_object_to_json_string(o));
	*value = (unsigned int)number;
	return 0;
}

static int need_number(struct json_object *request, const char *key, unsigned int *value,
		       struct rs_error **err)
{
	if (!json_object_object_get_ex(request, key, NULL))
		return rs_fail(err, EINVAL, "the request lacks \"%s\"", key);
	return get_number(request, key, value, err);
}

static int get_bool(struct json_object *request, const char *key, bool *value,
		    struct rs_error **err)
{
	struct json_object *o;

	if (!json_object_object_get_ex(request, key, &o))
		return 0;
	if (!json_object_is_type(o, json_type_boolean))
		return rs_fail(err, EINVAL, "\"%s\" is %s, not true or false", key,
			       json_object_to_json_string(o));
	*value = json_object_get_boolean(o);
	return 0;
}

static int get_vm(struct json_object *request, const char *key, struct vm **vm,
		  struct rs_error **err)
{
	const char *name;
	int ret = get_string(request, key, true, &name, err);

	if (ret)
		return ret;
	*vm = vm_find(name);
	return *vm ? 0 : rs_fail(err, ENOENT, "there is no VM named %s", name);
}

static int choose_keeper(const char *name, enum vm_budget_by *by, struct rs_error **err)
{
	for (*by = VM_BUDGET_AUTO; *by < VM_BUDGET_NOBODY; ++*by)
		if (!strcmp(name, vm_budget_names[*by]))
			return 0;
	return rs_fail(err, EINVAL, "\"budget_by\" is '%s'; there are auto, kernel and daemon",
		       name);
}

/* Take the array of core numbers `key`, if it is there. */
static int get_cores(struct json_object *request, const char *key, struct coreset *cores,
		     struct rs_error **err)
{
	struct json_object *list;

	if (!json_object_object_get_ex(request, key, &list))
		return 0;
	for (size_t i = 0; json_object_is_type(list, json_type_array); i++) {
		struct json_object *o = json_object_array_get_idx(list, i);
		int64_t core = json_object_is_type(o, json_type_int) ? json_object_get_int64(o) :
								       -1;

		if (i == json_object_array_length(list))
			return 0;
		if (core < 0 || core >= CORESET_MAX || !coreset_add(cores, (unsigned int)core))
			break;
	}
	return rs_fail(err, EINVAL, "\"%s\" is %s, not an array of core numbers below %d", key,
		       json_object_to_json_string(list), CORESET_MAX);
}

/* Take the user whose process alone may be the VM's, if one is named. */
static int get_uid(struct json_object *request, struct vm_config *config, struct rs_error **err)
{
	config->only_uid = json_object_object_get_ex(request, "uid", NULL);
	return get_number(request, "uid", &config->uid, err);
}

static int add_vm(struct json_object *request, struct json_object *answer, struct rs_error **err)
{
	struct vm_config config = {
		.ceiling = VM_CEILING_DEFAULT,
		.budget_permille = VM_BUDGET_DEFAULT,
	};
	const char *policy, *role, *by;

	(void)answer;
	if (get_string(request, "name", true, &config.name, err) ||
	    get_string(request, "socket", true, &config.socket, err) ||
	    get_number(request, "ceiling", &config.ceiling, err) ||
	    get_number(request, "rt_budget_permille", &config.budget_permille, err) ||
	    get_number(request, "rt_budget_period_us", &config.budget_period_us, err) ||
	    get_string(request, "budget_by", false, &by, err) ||
	    get_number(request, "longest_boost_us", &config.longest_boost_us, err) ||
	    get_number(request, "notify_rate", &config.notify_rate, err) ||
	    get_number(request, "scan_interval_us", &config.scan_interval_us, err) ||
	    get_bool(request, "io_boost", &config.io_boost, err) ||
	    get_string(request, "disk", false, &config.disk, err) ||
	    get_uid(request, &config, err) ||
	    get_cores(request, "other_cores", &config.other_cores, err) ||
	    get_number(request, "deadline_runtime_us", &config.deadline_runtime_us, err) ||
	    get_number(request, "deadline_period_us", &config.deadline_period_us, err) ||
	    get_string(request, "role", false, &role, err) ||
	    get_string(request, "policy", false, &policy, err))
		return -EINVAL;
	if (role && strcmp(role, "control") && strcmp(role, "neighbour"))
		return rs_fail(err, EINVAL, "the role is '%s'; there are control and neighbour",
			       role);
	if (by && choose_keeper(by, &config.budget_by, err))
		return -EINVAL;
	config.role = role && *role == 'n' ? VM_ROLE_NEIGHBOUR : VM_ROLE_CONTROL;
	if (policy && !(config.policy = policy_find(policy, err)))
		return -EINVAL;
	if (!server_add_vm(&config, err))
		return -EINVAL;
	vmlist_put(config.name, request);
	return 0;
}

static int remove_vm(struct json_object *request, struct json_object *answer, struct rs_error **err)
{
	const char *name;
	int ret = get_string(request, "name", true, &name, err);

	(void)answer;
	if (!ret)
		ret = server_remove_vm(name, err);
	if (!ret)
		vmlist_drop(name);
	return ret;
}

static int policy(struct json_object *request, struct json_object *answer, struct rs_error **err)
{
	const struct policy *chosen;
	const char *name;
	struct vm *vm = NULL;

	(void)answer;
	if (get_string(request, "name", true, &name, err))
		return -EINVAL;
	if (json_object_object_get_ex(request, "vm", NULL) && get_vm(request, "vm", &vm, err))
		return -EINVAL;
	chosen = policy_find(name, err);
	if (!chosen)
		return -EINVAL;
	if (vm)
		vmlist_policy(vm->name, name);
	return server_choose_policy(vm, chosen, err);
}

static int get_distribution(struct json_object *request, unsigned int *value, struct rs_error **err)
{
	const char *name;
	int ret = get_string(request, "distribution", false, &name, err);

	*value = INTERRUPT_PERIODIC;
	if (ret || !name)
		return ret;
	for (*value = 0; interrupt_distributions[*value]; ++*value)
		if (!strcmp(interrupt_distributions[*value], name))
			return 0;
	return rs_fail(err, EINVAL,
		       "the distribution is '%s'; there are periodic, uniform and exponential",
		       name);
}

static int add_interrupt(struct json_object *request, struct json_object *answer,
			 struct rs_error **err)
{
	struct interrupt_config c = { .confirm_us = INTERRUPT_CONFIRM_DEFAULT_US };
	struct vm *vm;

	(void)answer;
	if (get_vm(request, "vm", &vm, err) || need_number(request, "number", &c.number, err) ||
	    need_number(request, "ring", &c.ring_id, err) ||
	    need_number(request, "priority", &c.ring_prio, err) ||
	    get_number(request, "vcpu", &c.vcpu, err) ||
	    get_number(request, "confirm_us", &c.confirm_us, err) ||
	    get_string(request, "source", true, &c.source, err) ||
	    get_number(request, "interval_us", &c.interval_us, err) ||
	    get_distribution(request, &c.distribution, err) ||
	    get_number(request, "seed", &c.seed, err) ||
	    get_number(request, "count", &c.count, err) ||
	    get_string(request, "path", false, &c.path, err) ||
	    get_number(request, "port", &c.port, err))
		return -EINVAL;
	return interrupt_add(vm, &c, err);
}

static int remove_interrupt(struct json_object *request, struct json_object *answer,
			    struct rs_error **err)
{
	unsigned int number;
	struct vm *vm;

	(void)answer;
	if (get_vm(request, "vm", &vm, err) || need_number(request, "number", &number, err))
		return -EINVAL;
	return interrupt_remove(vm, number, err);
}

/* Whoever asks may know the VM's process from elsewhere: then another one that
 * came first to the socket is not taken for it. */
static int check_pid(struct json_object *request, struct vm *vm, struct rs_error **err)
{
	unsigned int pid = 0;
	int ret = get_number(request, "pid", &pid, err);

	if (ret || !pid || !vm->connected || vm->pid == (pid_t)pid)
		return ret;
	vm->counters.peers_refused++;
	return rs_fail(err, EACCES, "VM %s: process %d is connected, not process %u", vm->name,
		       vm->pid, pid);
}

static int settle(struct json_object *request, struct json_object *answer, struct rs_error **err)
{
	char path[512], value[32];
	struct vm *vm;
	int ret = get_vm(request, "name", &vm, err);

	if (!ret)
		ret = check_pid(request, vm, err);
	if (!ret)
		ret = vm_settle(vm, err);
	if (ret)
		return ret;
	json_add_bool(answer, "low", vm->process_low);
	json_object_object_add(answer, "vcpus", control_vcpus(vm));
	json_object_object_add(answer, "grants", control_grants(vm));
	json_object_object_add(answer, "budget", control_budget(vm));
	json_object_object_add(answer, "io_boost", control_io_boost(vm));
	if (lowgroup_read(&vm->lowgroup, path, sizeof(path), value, sizeof(value))) {
		struct json_object *group = json_object_new_object();

		json_add_text(group, "path", path);
		json_add_text(group, "value", value);
		json_object_object_add(answer, "low_group", group);
	}
	return 0;
}

static int status(struct json_object *request, struct json_object *answer, struct rs_error **err)
{
	struct json_object *s = control_status();

	(void)request;
	(void)err;
	json_object_object_foreach(s, key, value)
		json_object_object_add(answer, key, json_object_get(value));
	json_object_put(s);
	return 0;
}

static int reset(struct json_object *request, struct json_object *answer, struct rs_error **err)
{
	(void)request;
	(void)answer;
	(void)err;
	for (struct vm *vm = vm_next(NULL); vm; vm = vm_next(vm)) {
		pthread_mutex_lock(&vm->lock);
		vm_counters_reset(vm);
		pthread_mutex_unlock(&vm->lock);
	}
	return 0;
}

static int trace(struct json_object *request, struct json_object *answer, struct rs_error **err)
{
	(void)request;
	(void)err;
	json_object_object_add(answer, "events", control_trace());
	return 0;
}

static int shutdown_daemon(struct json_object *request, struct json_object *answer,
			   struct rs_error **err)
{
	(void)request;
	(void)answer;
	(void)err;
	loop_quit();
	return 0;
}

static const struct command {
	const char *name;
	int (*run)(struct json_object *request, struct json_object *answer, struct rs_error **err);
} commands[] = {
	{ "add-vm", add_vm },
	{ "remove-vm", remove_vm },
	{ "policy", policy },
	{ "settle", settle },
	{ "add-interrupt", add_interrupt },
	{ "remove-interrupt", remove_interrupt },
	{ "status", status },
	{ "reset", reset },
	{ "trace", trace },
	{ "shutdown", shutdown_daemon },
};

int control_handle(struct json_object *request, struct json_object *answer, struct rs_error **err)
{
	const char *name;
	int ret = get_string(request, "command", true, &name, err);

	if (ret)
		return ret;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(commands[i].name, name))
			return commands[i].run(request, answer, err);
	return rs_fail(err, EINVAL, "there is no command '%s'", name);
}
