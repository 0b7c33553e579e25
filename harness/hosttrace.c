// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/hosttrace.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "harness/csvread.h"
#include "harness/format.h"
#include "harness/jsonread.h"
#include "host/cleanup.h"
#include "host/error.h"
#include "host/json_add.h"

#define HEADER "after_ns,core,kind,from,to"
#define FIELDS 5
#define IO_THREAD "IO iothread" /* QEMU's for a disk, as libvirt names them */

/* A line holds the time since the one before: half the file's size. */
int hosttrace_write(const struct hosttrace *t, const char *path, struct rs_error **err)
{
	gzFile to = gzopen(path, "wb");
	uint64_t before = t->begin;
	bool failed;

	if (!to)
		return rs_fail_errno(err, errno, "opening %s", path);
	failed = gzputs(to, HEADER "\n") < 0;
	for (size_t i = 0; !failed && i < t->count; i++) {
		const struct host_event *e = &t->events[i];

		failed = gzprintf(to, "%" PRIu64 ",%u,%u,%d,%d\n", e->ns - before, e->core, e->kind,
				  e->from, e->to) <= 0;
		before = e->ns;
	}
	if (gzclose(to) != Z_OK || failed)
		return rs_fail(err, EIO, "writing %s failed", path);
	return 0;
}

static struct json_object *threads_json(const struct hosttrace *t)
{
	struct json_object *rows = json_object_new_array();

	for (size_t i = 0; i < t->thread_count; i++) {
		const struct host_thread *thread = &t->threads[i];
		struct json_object *row = json_object_new_object();

		json_add_i64(row, "tid", thread->tid);
		json_add_i64(row, "pid", thread->pid);
		json_add_text(row, "name", thread->name);
		if (thread->vm[0])
			json_add_text(row, "vm", thread->vm);
		if (thread->vcpu >= 0)
			json_add_i64(row, "vcpu", thread->vcpu);
		json_object_array_add(rows, row);
	}
	return rows;
}

struct json_object *hosttrace_json(const struct hosttrace *t)
{
	struct json_object *o = json_object_new_object(), *cores = json_object_new_array();

	for (unsigned int i = 0; i < t->core_count; i++)
		json_object_array_add(cores, json_object_new_int(t->cores[i]));
	json_add_text(o, "file", HOSTTRACE_FILE);
	json_add_u64(o, "begin_ns", t->begin);
	json_add_u64(o, "end_ns", t->end);
	json_object_object_add(o, "cores", cores);
	json_add_bool(o, "wakeups", t->wakeups);
	json_add_u64(o, "events", t->count);
	json_add_u64(o, "lost", t->lost);
	json_add_u64(o, "dropped", t->dropped);
	json_add_u64(o, "cpu_ns", t->cpu_ns);
	json_object_object_add(o, "threads", threads_json(t));
	return o;
}

void hosttrace_clean(char *name)
{
	for (; *name; name++)
		if (*name < ' ' || *name > '~' || strchr("|\"\\<>&`", *name))
			*name = '?';
}

static int read_thread(struct json_object *row, struct host_thread *thread)
{
	const char *name = json_text(row, "name"), *vm = json_text(row, "vm");
	uint64_t tid, pid, vcpu;

	if (!name || !json_u64(row, "tid", &tid) || !json_u64(row, "pid", &pid) ||
	    tid > INT32_MAX || pid > INT32_MAX)
		return -EINVAL;
	*thread = (struct host_thread){ .tid = (int32_t)tid, .pid = (int32_t)pid, .vcpu = -1 };
	snprintf(thread->name, sizeof(thread->name), "%s", name);
	hosttrace_clean(thread->name);
	snprintf(thread->vm, sizeof(thread->vm), "%s", vm ? vm : "");
	hosttrace_clean(thread->vm);
	if (json_u64(row, "vcpu", &vcpu) && vcpu < RS_VCPU_MAX)
		thread->vcpu = (int)vcpu;
	return 0;
}

static int read_threads(struct hosttrace *t, struct json_object *rows, struct rs_error **err)
{
	unsigned long count = json_count(rows);

	if (count > HOSTTRACE_THREADS_MAX)
		return rs_fail(err, EFBIG, "%lu threads are more than there can be", count);
	t->threads = calloc(count + 1, sizeof(*t->threads));
	if (!t->threads)
		return rs_fail(err, ENOMEM, "no memory for %lu threads", count);
	for (; t->thread_count < count; t->thread_count++)
		if (read_thread(json_row(rows, t->thread_count), &t->threads[t->thread_count]) < 0)
			return rs_fail(err, EINVAL, "threads[%zu] lacks tid, pid or name",
				       t->thread_count);
	return 0;
}

static int read_head(struct hosttrace *t, struct json_object *json, struct rs_error **err)
{
	struct json_object *cores = json_array(json, "cores");
	unsigned long count = json_count(cores);

	if (!json_u64(json, "begin_ns", &t->begin) || !json_u64(json, "end_ns", &t->end) ||
	    t->end < t->begin || !count || count > SCENARIO_CORES_MAX)
		return rs_fail(err, EINVAL, "begin_ns, end_ns or cores is missing");
	for (; t->core_count < count; t->core_count++)
		t->cores[t->core_count] =
			json_object_get_int(json_object_array_get_idx(cores, t->core_count));
	json_u64(json, "lost", &t->lost);
	json_u64(json, "dropped", &t->dropped);
	t->wakeups = json_true(json, "wakeups");
	return read_threads(t, json_array(json, "threads"), err);
}

static int take_row(struct hosttrace *t, const struct csv_reader *csv, uint64_t *at,
		    struct rs_error **err)
{
	uint64_t value[FIELDS];
	int ret = csv_row(csv, value, FIELDS, err);

	if (ret < 0)
		return ret;
	if (value[0] > t->end - *at || value[1] > UINT16_MAX || value[2] >= HOST_EVENT_KINDS ||
	    value[3] > INT32_MAX || value[4] > INT32_MAX)
		return rs_fail(err, EINVAL, "%s:%u: no event of this recording", csv->path,
			       csv->line);
	*at += value[0];
	t->events[t->count++] = (struct host_event){
		.ns = *at,
		.core = (uint16_t)value[1],
		.kind = (uint8_t)value[2],
		.from = (int32_t)value[3],
		.to = (int32_t)value[4],
	};
	return 0;
}

static int read_events(struct hosttrace *t, uint64_t promised, const char *path,
		       struct rs_error **err)
{
	cleanup_csv struct csv_reader csv = { 0 };
	uint64_t at = t->begin;
	int ret = csv_open(&csv, path, err);

	if (ret == 0)
		ret = csv_next_line(&csv, err);
	if (ret < 0)
		return ret;
	if (ret == 0 || strcmp(csv.text, HEADER))
		return rs_fail(err, EINVAL, "%s:1: no host events (expected the header '%s')", path,
			       HEADER);
	while ((ret = csv_next_line(&csv, err)) > 0) {
		if (t->count == promised)
			return rs_fail(err, EINVAL, "%s: more than the %ju events of cell.json",
				       path, (uintmax_t)promised);
		if (take_row(t, &csv, &at, err) < 0)
			return -EINVAL;
	}
	if (ret == 0 && t->count < promised)
		return rs_fail(err, EINVAL, "%s: %zu of the %ju events of cell.json", path,
			       t->count, (uintmax_t)promised);
	return ret;
}

struct hosttrace *hosttrace_read(struct json_object *json, const char *dir, struct rs_error **err)
{
	cleanup_free char *path = format_text(err, "%s/" HOSTTRACE_FILE, dir);
	cleanup_hosttrace struct hosttrace *t = calloc(1, sizeof(*t));
	uint64_t events;

	if (!path || !t) {
		rs_fail(err, ENOMEM, "no memory for host events");
		return NULL;
	}
	if (!json_u64(json, "events", &events) || events > HOSTTRACE_EVENTS_MAX) {
		rs_fail(err, EINVAL, "host_trace.events is missing or too large");
		return NULL;
	}
	t->events = calloc(events + 1, sizeof(*t->events));
	if (!t->events) {
		rs_fail(err, ENOMEM, "no memory for %ju host events", (uintmax_t)events);
		return NULL;
	}
	if (read_head(t, json, err) < 0) {
		rs_fail_wrap(err, "host_trace");
		return NULL;
	}
	return read_events(t, events, path, err) < 0 ? NULL : steal_pointer(&t);
}

void hosttrace_free(struct hosttrace *t)
{
	if (!t)
		return;
	free(t->events);
	free(t->threads);
	free(t);
}

const struct host_thread *hosttrace_thread(const struct hosttrace *t, int32_t tid)
{
	for (size_t i = 0; i < t->thread_count; i++)
		if (t->threads[i].tid == tid)
			return &t->threads[i];
	return NULL;
}

int32_t hosttrace_vcpu(const struct hosttrace *t, const char *vm, int vcpu)
{
	for (size_t i = 0; i < t->thread_count; i++)
		if (t->threads[i].vcpu == vcpu && vcpu >= 0 && !strcmp(t->threads[i].vm, vm))
			return t->threads[i].tid;
	return 0;
}

void hosttrace_name(const struct hosttrace *t, int32_t tid, char name[HOSTTRACE_NAME_ROOM])
{
	const struct host_thread *thread = tid > 0 ? hosttrace_thread(t, tid) : NULL;

	if (tid <= 0)
		snprintf(name, HOSTTRACE_NAME_ROOM, "%s", tid ? "not known" : "nobody");
	else if (tid == HOSTTRACE_ENDED)
		snprintf(name, HOSTTRACE_NAME_ROOM, "a thread that ended");
	else if (!thread || (!thread->name[0] && !thread->vm[0]))
		snprintf(name, HOSTTRACE_NAME_ROOM, "thread %d", tid);
	else if (thread->vcpu >= 0)
		snprintf(name, HOSTTRACE_NAME_ROOM, "%s, vCPU %d", thread->vm, thread->vcpu);
	else if (thread->vm[0])
		snprintf(name, HOSTTRACE_NAME_ROOM, "%s of %s",
			 strncmp(thread->name, IO_THREAD, strlen(IO_THREAD)) ? "QEMU" :
									       "I/O thread",
			 thread->vm);
	else
		snprintf(name, HOSTTRACE_NAME_ROOM, "%s", thread->name);
}
