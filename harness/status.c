// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/status.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/journal.h"
#include "harness/jsonread.h"
#include "harness/process.h"
#include "host/cleanup.h"
#include "host/control_client.h"
#include "host/coreset.h"
#include "host/error.h"
#include "host/json_add.h"

#define ANSWER_MS 3000
#define NAMES_MAX 1024 /* bytes of the VMs' names that share a core */

/* ---- finding and asking ---- */

/* From "/run/ringsched/ID/control". */
static void find_run(struct status_daemon *d)
{
	const char *rest = strstr(d->control, JOURNAL_BASE "/");

	if (rest == d->control)
		sscanf(rest + strlen(JOURNAL_BASE "/"), "%15[0-9a-f]/control", d->run);
}

static void ask(struct status_daemon *d)
{
	cleanup_error struct rs_error *err = NULL;
	cleanup_control_client struct control_client *client = NULL;

	if (!d->control) {
		d->why = strdup("its command line names no control socket");
		return;
	}
	find_run(d);
	client = control_client_connect(d->control, ANSWER_MS, &err);
	if (client)
		d->answer = control_client_command(client, "status", &err);
	if (!d->answer)
		d->why = strdup(err ? err->message : "it did not answer");
}

struct finding {
	struct status *status;
	bool no_memory;
};

static void found(const struct process *p, void *arg)
{
	struct finding *f = arg;
	struct status *s = f->status;
	struct status_daemon *more = realloc(s->daemons, (s->count + 1) * sizeof(s->daemons[0]));

	if (!more) {
		f->no_memory = true;
		return;
	}
	s->daemons = more;
	s->daemons[s->count++] = (struct status_daemon){
		.pid = p->pid,
		.start = p->start,
		.control = process_option(p->pid, "control", 'c'),
	};
}

static int by_pid(const void *a, const void *b)
{
	const struct status_daemon *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

static void clear(struct status_daemon *d)
{
	free(d->control);
	free(d->why);
	json_object_put(d->answer);
}

/* Its run goes on to the next cell: nothing to complain of. */
static bool has_ended(const struct status_daemon *d)
{
	const struct process p = { d->pid, d->start };

	return !process_alive(&p);
}

int status_read(struct status *s, struct rs_error **err)
{
	struct finding f = { .status = s };
	size_t kept = 0;

	*s = (struct status){ 0 };
	process_each_called("ringschedd", found, &f);
	if (f.no_memory)
		return rs_fail(err, ENOMEM, "out of memory");
	if (s->count)
		qsort(s->daemons, s->count, sizeof(s->daemons[0]), by_pid);
	for (size_t i = 0; i < s->count; i++) {
		struct status_daemon *d = &s->daemons[i];

		ask(d);
		if (d->why && has_ended(d))
			clear(d);
		else
			s->daemons[kept++] = *d;
	}
	s->count = kept;
	journal_count(&s->runs_alive, &s->runs_dead);
	return 0;
}

void status_clear(struct status *s)
{
	for (size_t i = 0; i < s->count; i++)
		clear(&s->daemons[i]);
	free(s->daemons);
	*s = (struct status){ 0 };
}

/* ---- sharing of cores ---- */

/* May a vCPU of the VM run on this core? */
static bool runs_on(struct json_object *vm, unsigned int core)
{
	struct json_object *vcpus = json_array(vm, "vcpus");

	for (unsigned long i = 0; i < json_count(vcpus); i++) {
		const char *text = json_text(json_row(vcpus, i), "cores");
		struct coreset cores = { 0 };

		if (text && coreset_parse(text, &cores) && coreset_has(&cores, core))
			return true;
	}
	return false;
}

/* Names of the VMs that may run there; how many. */
static unsigned int list_users(const struct status *s, unsigned int core, char names[NAMES_MAX])
{
	unsigned int count = 0;
	size_t used = 0;

	names[0] = '\0';
	for (size_t i = 0; i < s->count; i++) {
		struct json_object *vms = json_array(s->daemons[i].answer, "vms");

		for (unsigned long k = 0; k < json_count(vms); k++) {
			const char *name = json_text(json_row(vms, k), "name");

			if (!name || !runs_on(json_row(vms, k), core) || used >= NAMES_MAX)
				continue;
			used += (size_t)snprintf(names + used, NAMES_MAX - used, "%s%s",
						 count++ ? ", " : "", name);
		}
	}
	return count;
}

void status_each_shared(const struct status *s,
			void (*fn)(const char *cores, const char *vms, void *arg), void *arg)
{
	char before[NAMES_MAX] = "", now[NAMES_MAX] = "", text[CORESET_TEXT_MAX];
	struct coreset cores = { 0 };

	/* One beyond the last tells of the last set. */
	for (unsigned int core = 0; core <= CORESET_MAX; core++) {
		if (core < CORESET_MAX && list_users(s, core, now) < 2)
			continue;
		if (core == CORESET_MAX || strcmp(before, now)) {
			if (*before && coreset_text(&cores, text, sizeof(text)))
				fn(text, before, arg);
			cores = (struct coreset){ 0 };
			strcpy(before, now);
		}
		coreset_add(&cores, core);
	}
}

/* ---- as JSON ---- */

static void add_text(struct json_object *to, const char *key, const char *text)
{
	json_object_object_add(to, key, text && *text ? json_object_new_string(text) : NULL);
}

static void add_shared(const char *cores, const char *vms, void *arg)
{
	struct json_object *o = json_object_new_object(), *list = json_object_new_array();
	cleanup_free char *copy = strdup(vms);
	char *rest = copy, *name;

	while ((name = strsep(&rest, ",")))
		json_object_array_add(list, json_object_new_string(name + (*name == ' ')));
	add_text(o, "cores", cores);
	json_object_object_add(o, "vms", list);
	json_object_array_add(arg, o);
}

struct json_object *status_json(const struct status *s)
{
	struct json_object *root = json_object_new_object(), *list = json_object_new_array();
	struct json_object *shared = json_object_new_array();

	for (size_t i = 0; i < s->count; i++) {
		const struct status_daemon *d = &s->daemons[i];
		struct json_object *o = json_object_new_object();

		json_add_i64(o, "pid", d->pid);
		add_text(o, "control", d->control);
		add_text(o, "run", d->run);
		add_text(o, "error", d->why);
		json_object_object_add(o, "status", json_object_get(d->answer));
		json_object_array_add(list, o);
	}
	status_each_shared(s, add_shared, shared);
	json_object_object_add(root, "daemons", list);
	json_object_object_add(root, "shared_cores", shared);
	json_add_u64(root, "runs_alive", s->runs_alive);
	json_add_u64(root, "runs_dead", s->runs_dead);
	return root;
}
