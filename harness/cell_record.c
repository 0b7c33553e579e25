// SPDX-License-Identifier: GPL-2.0-or-later
/* What the host's scheduler did on the shared cores, where the scenario asks. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "harness/cell_state.h"
#include "harness/folder.h"
#include "harness/hostrecord.h"
#include "harness/progress.h"
#include "host/cleanup.h"
#include "host/error.h"
#include "host/json_add.h"

static void add_why_not(struct json_object *o, const char *why)
{
	json_add_text(o, "why_not", why);
}

/* A kernel that refuses costs the explanation of the worst case, not the cell. */
void cell_record_begin(struct cell_state *cell)
{
	const struct scenario *s = cell->context->scenario;
	cleanup_error struct rs_error *why = NULL;

	if (!s->trace)
		return;
	cell->record = hostrecord_start(s->shared_cores, s->shared_core_count, &why);
	if (cell->record)
		return;
	cell->host_trace = json_object_new_object();
	add_why_not(cell->host_trace, why->message);
	progress_say(cell->context->progress, "no trace of the shared cores: %s", why->message);
}

void cell_record_stop(struct cell_state *cell)
{
	if (cell->record)
		hostrecord_stop(cell->record);
}

/* Threads of a VM's QEMU by its process, its vCPUs by their thread ids. */
static void name_threads(const struct cell_state *cell, struct hosttrace *t)
{
	for (size_t i = 0; i < t->thread_count; i++) {
		struct host_thread *thread = &t->threads[i];

		for (unsigned int k = 0; k < cell->vm_count; k++) {
			const struct cell_vm *v = &cell->vms[k];

			if (!v->domain.qemu.pid || v->domain.qemu.pid != thread->pid)
				continue;
			snprintf(thread->vm, sizeof(thread->vm), "%s", v->vm->name);
			for (unsigned int n = 0; n < v->vm->vcpus; n++)
				if (v->vcpus[n] == thread->tid)
					thread->vcpu = (int)n;
		}
	}
}

int cell_record_write(struct cell_state *cell, struct rs_error **err)
{
	cleanup_free char *path = folder_path(cell->plan->dir, HOSTTRACE_FILE);
	struct hosttrace *t;
	int ret;

	if (!cell->record)
		return 0;
	t = hostrecord_stop(cell->record);
	name_threads(cell, t);
	ret = path ? hosttrace_write(t, path, err) : rs_fail(err, ENOMEM, "out of memory");
	if (ret < 0)
		return ret;
	cell->host_trace = hosttrace_json(t);
	if (hostrecord_why_not(cell->record))
		add_why_not(cell->host_trace, hostrecord_why_not(cell->record));
	return 0;
}
