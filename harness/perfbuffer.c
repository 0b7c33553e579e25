// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/perfbuffer.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "host/cleanup.h"
#include "host/error.h"

#define COMMON_FLAGS 2 /* their place in every tracepoint's data */
#define IN_INTERRUPT 0x18 /* of these: a hard or a soft one */
#define RECORD_MAX 512 /* bytes; ours have less than 128, longer ones are passed over */

/* Every record ends with, or begins with, who was there and when. */
struct sample_id {
	uint32_t pid, tid;
	uint64_t time;
};

struct switch_record { /* PERF_RECORD_SWITCH_CPU_WIDE */
	struct perf_event_header header;
	uint32_t next_pid, next_tid;
	struct sample_id id;
};

struct lost_record { /* PERF_RECORD_LOST */
	struct perf_event_header header;
	uint64_t event, lost;
	struct sample_id id;
};

struct wakeup_record { /* PERF_RECORD_SAMPLE of a tracepoint */
	struct perf_event_header header;
	struct sample_id id;
	uint32_t size;
	unsigned char data[];
};

static int open_event(struct perf_event_attr *attr, int core)
{
	attr->size = sizeof(*attr);
	attr->sample_id_all = 1;
	attr->use_clockid = 1;
	attr->clockid = CLOCK_MONOTONIC;
	attr->watermark = 1;
	return (int)syscall(SYS_perf_event_open, attr, -1, core, -1, PERF_FLAG_FD_CLOEXEC);
}

static int map(struct perfbuffer *b, int fd, size_t data_size, struct rs_error **err)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE) + data_size;
	void *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (page == MAP_FAILED)
		return rs_fail_errno(err, errno, "mapping %zu KiB of events of core %d",
				     data_size >> 10, b->core);
	b->page = page;
	b->data_size = data_size;
	return 0;
}

int perfbuffer_open_switches(struct perfbuffer *b, int core, size_t data_size,
			     struct rs_error **err)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_DUMMY,
		.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME,
		.wakeup_watermark = (uint32_t)(data_size / 4),
		.context_switch = 1,
	};

	*b = PERFBUFFER_NONE;
	b->core = core;
	b->switches = open_event(&attr, core);
	if (b->switches < 0)
		return rs_fail_errno(err, errno,
				     "perf_event_open of core %d (it needs root, and "
				     "CONFIG_PERF_EVENTS)",
				     core);
	return map(b, b->switches, data_size, err);
}

int perfbuffer_open_wakeups(struct perfbuffer *b, int core, const struct perf_wakeups *format,
			    const char *filter, size_t data_size, struct rs_error **err)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.config = format->id,
		.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_RAW,
		.sample_period = 1,
		.wakeup_watermark = (uint32_t)(data_size / 4),
		.disabled = 1,
	};
	int ret = 0;

	b->core = core;
	b->format = *format;
	b->wakeups = open_event(&attr, core);
	if (b->wakeups < 0)
		return rs_fail_errno(err, errno, "perf_event_open of core %d's wake-ups", core);
	/* Only saves work: what is of no interest is left out by the reader too. */
	ioctl(b->wakeups, PERF_EVENT_IOC_SET_FILTER, filter);
	if (!b->page)
		ret = map(b, b->wakeups, data_size, err);
	else if (ioctl(b->wakeups, PERF_EVENT_IOC_SET_OUTPUT, b->switches) < 0)
		ret = rs_fail_errno(err, errno, "joining the events of core %d", core);
	if (ret == 0 && ioctl(b->wakeups, PERF_EVENT_IOC_ENABLE, 0) < 0)
		ret = rs_fail_errno(err, errno, "enabling core %d's wake-ups", core);
	return ret;
}

int perfbuffer_fd(const struct perfbuffer *b)
{
	return b->switches >= 0 ? b->switches : b->wakeups;
}

/* A record may lie across the ring's end. */
static void copy_out(const struct perfbuffer *b, uint64_t at, void *to, size_t size)
{
	const char *data = (const char *)b->page + b->page->data_offset;
	size_t place = (size_t)(at & (b->data_size - 1));
	size_t first = size < b->data_size - place ? size : b->data_size - place;

	memcpy(to, data + place, first);
	memcpy((char *)to + first, data, size - first);
}

/* The kernel has -1 for a thread that is about to be gone. */
static int32_t thread_id(uint32_t tid)
{
	return tid <= INT32_MAX ? (int32_t)tid : HOSTTRACE_ENDED;
}

/*
 * Each switch is recorded twice, by who leaves and by who comes. The idle thread
 * records nothing (seen on Linux 6.18), so of a core that was idle only who
 * comes tells. Where it does record, the same is told twice, which is harmless.
 */
static bool take_switch(const struct switch_record *r, struct host_event *e, int32_t *pid)
{
	bool leaves = r->header.misc & PERF_RECORD_MISC_SWITCH_OUT;
	bool runnable = r->header.misc & PERF_RECORD_MISC_SWITCH_OUT_PREEMPT;

	if (r->header.size < sizeof(*r) || (!leaves && r->next_tid))
		return false;
	e->ns = r->id.time;
	e->kind = leaves && runnable ? HOST_PREEMPT : HOST_SLEEP;
	e->from = leaves ? thread_id(r->id.tid) : 0;
	e->to = thread_id(leaves ? r->next_tid : r->id.tid);
	*pid = (int32_t)(leaves ? r->next_pid : r->id.pid);
	return true;
}

static bool take_lost(const struct lost_record *r, struct host_event *e)
{
	if (r->header.size < sizeof(*r))
		return false;
	e->ns = r->id.time;
	e->kind = HOST_LOST;
	e->from = r->lost > INT32_MAX ? INT32_MAX : (int32_t)r->lost;
	return true;
}

static bool take_wakeup(const struct perfbuffer *b, const struct wakeup_record *r,
			struct host_event *e, int32_t *pid)
{
	size_t head = offsetof(struct wakeup_record, data);
	uint32_t woken, target;

	if (r->header.size < head || r->size > r->header.size - head || r->size <= COMMON_FLAGS ||
	    b->format.pid + sizeof(woken) > r->size || b->format.target + sizeof(target) > r->size)
		return false;
	memcpy(&woken, r->data + b->format.pid, sizeof(woken));
	memcpy(&target, r->data + b->format.target, sizeof(target));
	e->ns = r->id.time;
	e->kind = HOST_WAKE;
	e->core = (uint16_t)target;
	/* Whoever was interrupted has nothing to do with it. */
	e->from = r->data[COMMON_FLAGS] & IN_INTERRUPT ? 0 : thread_id(r->id.tid);
	e->to = thread_id(woken);
	*pid = (int32_t)r->id.pid;
	return true;
}

static bool take(const struct perfbuffer *b, const void *record, struct host_event *e, int32_t *pid)
{
	const struct perf_event_header *header = record;

	*e = (struct host_event){ .core = (uint16_t)b->core };
	*pid = 0;
	switch (header->type) {
	case PERF_RECORD_SWITCH_CPU_WIDE:
		return take_switch(record, e, pid);
	case PERF_RECORD_LOST:
		return take_lost(record, e);
	case PERF_RECORD_SAMPLE:
		return take_wakeup(b, record, e, pid);
	default:
		return false;
	}
}

void perfbuffer_drain(struct perfbuffer *b,
		      void (*each)(const struct host_event *e, int32_t pid, void *arg), void *arg)
{
	/* Acquire: the records are there before head says so. */
	uint64_t head = __atomic_load_n(&b->page->data_head, __ATOMIC_ACQUIRE);
	uint64_t tail = b->page->data_tail;
	_Alignas(8) unsigned char record[RECORD_MAX];

	while (tail < head) {
		struct perf_event_header header;
		struct host_event e;
		int32_t pid;

		copy_out(b, tail, &header, sizeof(header));
		if (header.size < sizeof(header))
			break; /* no record: never seen, and without end if it were */
		if (header.size <= RECORD_MAX) {
			copy_out(b, tail, record, header.size);
			if (take(b, record, &e, &pid))
				each(&e, pid, arg);
		}
		tail += header.size;
	}
	/* Release: we are done with the records before their room is free. */
	__atomic_store_n(&b->page->data_tail, head, __ATOMIC_RELEASE);
}

void perfbuffer_close(struct perfbuffer *b)
{
	if (b->page)
		munmap(b->page, (size_t)sysconf(_SC_PAGESIZE) + b->data_size);
	if (b->wakeups >= 0)
		close(b->wakeups);
	if (b->switches >= 0)
		close(b->switches);
	*b = PERFBUFFER_NONE;
}
