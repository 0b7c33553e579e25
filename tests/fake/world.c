// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/fake/world.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int world_setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	*state = w;
	return w ? 0 : -1;
}

int world_teardown(void **state)
{
	struct world *w = *state;
	/* A test that failed leaves its VMs and wants the daemon's side told. */
	bool show_log = getenv("SHOW_LOG") != NULL;

	for (unsigned int i = 0; i < WORLD_VMS; i++)
		ff_destroy(&w->vm[i]);
	daemon_clean(&w->daemon, show_log);
	free(w);
	return 0;
}

void check_ok(int r, struct rs_error **err)
{
	char text[512];

	if (r >= 0)
		return;
	snprintf(text, sizeof(text), "%s", *err ? (*err)->message : "no reason given");
	rs_error_free(err);
	fail_msg("%s", text);
}

void world_start(struct world *w, const char *policy)
{
	struct rs_error *err = NULL;

	check_ok(daemon_start(&w->daemon, policy, NULL, &err), &err);
}

struct frontend *world_boot(struct world *w, unsigned int index, const char *name,
			    unsigned int ceiling, const char *policy,
			    const struct fake_vm_options *options)
{
	struct rs_error *err = NULL;
	char path[DAEMON_PATH_MAX];

	check_ok(daemon_add_vm(&w->daemon, name, ceiling, policy, &err), &err);
	daemon_vm_socket(&w->daemon, name, path);
	check_ok(ff_boot(&w->vm[index], options, path, &err), &err);
	return &w->vm[index];
}

struct frontend *world_simple(struct world *w)
{
	world_start(w, "ring");
	return world_boot(w, 0, "a", 0, NULL, NULL);
}

void world_notify(struct frontend *f, enum rs_kind kind, unsigned int ring_id,
		  unsigned int ring_prio)
{
	if (!ff_notify(f, kind, ring_id, ring_prio))
		fail_msg("a message of kind %d was not taken", kind);
}

void check_sched(pid_t tid, uint32_t policy, uint32_t priority, const char *when)
{
	struct sched_state s;

	if (!thread_wait_sched(tid, policy, priority, STEP_LIMIT_MS, &s))
		fail_msg("%s: thread %d is %s %u, expected %s %u", when, (int)tid,
			 sched_policy_name(s.policy), s.priority, sched_policy_name(policy),
			 priority);
}

void check_number(struct daemon *d, const char *vm, const char *path, int64_t expected)
{
	int64_t value = daemon_number(d, vm, path);

	if (value != expected)
		fail_msg("%s of VM %s is %lld, expected %lld", path, vm, (long long)value,
			 (long long)expected);
}

void check_becomes(struct daemon *d, const char *vm, const char *path, int64_t expected)
{
	int64_t end = now_ms() + STEP_LIMIT_MS;

	while (daemon_number(d, vm, path) != expected && now_ms() < end)
		short_pause();
	check_number(d, vm, path, expected);
}

void world_serves(struct frontend *f, const char *when)
{
	world_notify(f, RS_KIND_START, 1, 60);
	check_sched(f->vm.tid[0], SCHED_FIFO, 60, when);
	world_notify(f, RS_KIND_END, 1, 60);
	check_sched(f->vm.tid[0], SCHED_OTHER, 0, when);
}
