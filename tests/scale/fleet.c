// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/scale/fleet.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/jsonread.h"
#include "host/prng.h"
#include "host/error.h"
#include "host/notify.h"
#include "tests/fake/measuring.h"

#define DRAIN_LIMIT_MS 5000
#define LOOK_LIMIT_MS 5000

static void vm_name(unsigned int index, char name[16])
{
	snprintf(name, 16, "vm%u", index);
}

static int add_vm(struct fleet *f, unsigned int index, struct rs_error **err)
{
	char name[16];

	vm_name(index, name);
	if (measuring_boot(&f->daemon, &f->vm[index], name, err))
		return -EIO;
	f->count++;
	return 0;
}

/* The guest's module tells where its run queues are; the daemon looks at them. */
static int offer_image(struct fleet *f, unsigned int index, struct rs_error **err)
{
	int64_t end = now_ms() + LOOK_LIMIT_MS;
	struct frontend *vm = &f->vm[index];
	struct rs_message message;
	char name[16], state[32];

	if (scan_image_make(&f->image[index], vm->memory + SCAN_IMAGE_OFFSET,
			    FF_GUEST_ADDRESS + SCAN_IMAGE_OFFSET, vm->vm.vcpus, err))
		return -EINVAL;
	message = ff_message(vm, RS_KIND_SCAN, 0, 0);
	scan_image_offer(&f->image[index], &message);
	ff_post(vm, &message, sizeof(message), true);
	vm_name(index, name);
	do {
		if (daemon_text(&f->daemon, name, "scan.state", state, sizeof(state)) &&
		    !strcmp(state, "ready"))
			return 0;
		short_pause();
	} while (now_ms() < end);
	return rs_fail(err, ETIMEDOUT, "%s: its run queues are %s, not ready", name, state);
}

static int bring_up(struct fleet *f, const struct fleet_kind *kind, struct rs_error **err)
{
	struct prng random = { kind->seed };
	char core[16];
	const char *const pinned[] = { "--cpu", core, NULL };
	int ret;

	snprintf(core, sizeof(core), "%d", kind->daemon_core);
	f->vm = calloc(kind->vms, sizeof(*f->vm));
	f->phase_ns = calloc(kind->vms, sizeof(*f->phase_ns));
	if (kind->scanned)
		f->image = calloc(kind->vms, sizeof(*f->image));
	if (!f->vm || !f->phase_ns || (kind->scanned && !f->image))
		return rs_fail(err, ENOMEM, "no memory for %u VMs", kind->vms);
	ret = daemon_start(&f->daemon, kind->policy, pinned, err);
	for (unsigned int i = 0; i < kind->vms && ret == 0; i++) {
		f->phase_ns[i] = prng_next(&random) >> 16;
		ret = add_vm(f, i, err);
		if (ret == 0 && f->image)
			ret = offer_image(f, i, err);
	}
	if (ret)
		return ret;
	f->notify = thread_find(f->daemon.pid, NOTIFY_THREAD);
	return f->notify ? 0 : rs_fail(err, ESRCH, "the daemon has no thread " NOTIFY_THREAD);
}

int fleet_start(struct fleet *f, const struct fleet_kind *kind, struct rs_error **err)
{
	*f = (struct fleet){ .count = 0 };
	if (bring_up(f, kind, err) == 0)
		return 0;
	fleet_stop(f);
	return rs_fail_wrap(err, "%u VMs", kind->vms);
}

void fleet_stop(struct fleet *f)
{
	for (unsigned int i = 0; i < f->count; i++)
		ff_destroy(&f->vm[i]);
	daemon_clean(&f->daemon, false);
	free(f->vm);
	free(f->image);
	free(f->phase_ns);
	*f = (struct fleet){ .count = 0 };
}

int fleet_drained(struct fleet *f, struct rs_error **err)
{
	for (unsigned int i = 0; i < f->count; i++)
		if (!ff_drained(&f->vm[i], RS_QUEUE_NOTIFY, DRAIN_LIMIT_MS))
			return rs_fail(err, ETIMEDOUT, "vm%u: messages were not taken", i);
	return 0;
}

static uint64_t number(struct json_object *o, const char *key)
{
	uint64_t value = 0;

	json_u64(o, key, &value);
	return value;
}

static void add_counts(struct fleet_counts *c, struct json_object *vm)
{
	struct json_object *messages = json_dict(vm, "messages");

	c->kicks += number(vm, "kicks");
	c->coalesced += number(vm, "coalesced");
	c->handled += number(messages, "start") + number(messages, "end");
	c->lost += number(vm, "lost");
	c->changes += number(vm, "changes");
	c->reads += number(vm, "scan_reads");
	c->torn += number(vm, "scan_torn");
	c->outside += number(vm, "scan_outside");
	json_object_object_foreach(json_dict(vm, "rejects"), reason, count) {
		(void)reason;
		c->rejected += json_object_get_uint64(count);
	}
}

int fleet_counts(struct fleet *f, struct fleet_counts *c, struct rs_error **err)
{
	cleanup_json struct json_object *status =
		control_client_command(f->daemon.client, "status", err);
	struct json_object *vms = json_array(status, "vms");

	*c = (struct fleet_counts){ .kicks = 0 };
	if (json_count(vms) != f->count)
		return rs_fail(err, EPROTO, "status shows %lu VMs of %u", json_count(vms),
			       f->count);
	for (unsigned long i = 0; i < json_count(vms); i++)
		add_counts(c, json_row(vms, i));
	return 0;
}

/* Nanoseconds on a core, as the scheduler counts them. */
static int read_run_ns(const struct fleet *f, pid_t tid, uint64_t *ns, struct rs_error **err)
{
	char path[80];
	unsigned long long run;
	FILE *file;
	int found;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/schedstat", (int)f->daemon.pid, (int)tid);
	file = fopen(path, "re");
	if (!file)
		return rs_fail_errno(err, errno, "opening %s", path);
	found = fscanf(file, "%llu", &run);
	fclose(file);
	if (found != 1)
		return rs_fail(err, ENOTSUP, "%s: the kernel needs CONFIG_SCHED_INFO", path);
	*ns = run;
	return 0;
}

static int read_wakeups(const struct fleet *f, uint64_t *wakeups, struct rs_error **err)
{
	unsigned long long value;
	char path[80], line[128];
	int found = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/status", (int)f->daemon.pid, (int)f->notify);
	file = fopen(path, "re");
	if (!file)
		return rs_fail_errno(err, errno, "opening %s", path);
	while (found != 1 && fgets(line, sizeof(line), file))
		found = sscanf(line, "voluntary_ctxt_switches: %llu", &value);
	fclose(file);
	if (found != 1)
		return rs_fail(err, ENOENT, "%s: no voluntary_ctxt_switches", path);
	*wakeups = value;
	return 0;
}

int fleet_use(const struct fleet *f, struct fleet_use *u, struct rs_error **err)
{
	struct timespec used;
	clockid_t clock;
	int ret = clock_getcpuclockid(f->daemon.pid, &clock);

	if (ret == 0 && clock_gettime(clock, &used) < 0)
		ret = errno;
	if (ret)
		return rs_fail_errno(err, ret, "reading the daemon's CPU time");
	u->process_ns = (uint64_t)used.tv_sec * 1000000000ull + (uint64_t)used.tv_nsec;
	ret = read_run_ns(f, f->notify, &u->notify_ns, err);
	if (ret == 0)
		ret = read_run_ns(f, f->daemon.pid, &u->main_ns, err);
	return ret ? ret : read_wakeups(f, &u->wakeups, err);
}
