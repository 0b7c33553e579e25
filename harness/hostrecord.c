// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/hostrecord.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "harness/perfbuffer.h"
#include "harness/tracepoint.h"
#include "harness/wait.h"
#include "host/cleanup.h"
#include "host/error.h"

#define SHARED_BYTES (2u << 20) /* of a shared core: 20 s of what is usual */
#define OTHER_BYTES (256u << 10) /* of another, for wake-ups only */
#define LOOK_MS 200 /* a buffer that is not a quarter full is looked at this often */
#define EVENTS_FIRST 65536u
#define FILTER_BYTES (24 * SCENARIO_CORES_MAX)
#define NAMES 8192u /* slots of the table of threads; a power of two */

struct hostrecord {
	struct hosttrace trace;
	size_t room; /* events */
	struct perfbuffer *buffers; /* shared cores first */
	size_t buffer_count;
	uint16_t slots[NAMES]; /* thread id -> 1 + its place in trace.threads */
	char *why_not; /* owned */
	int stop; /* eventfd */
	pthread_t thread;
	bool running;
};

static bool watched(const struct hosttrace *t, int core)
{
	for (unsigned int i = 0; i < t->core_count; i++)
		if (t->cores[i] == core)
			return true;
	return false;
}

/* Its name as soon as it is seen: soon it may be gone. */
static void note_thread(struct hostrecord *r, int32_t tid, int32_t pid)
{
	struct hosttrace *t = &r->trace;
	unsigned int slot = (unsigned int)tid % NAMES;
	struct host_thread *thread;

	if (tid <= 0 || tid == HOSTTRACE_ENDED)
		return;
	while (r->slots[slot] && t->threads[r->slots[slot] - 1].tid != tid)
		slot = (slot + 1) % NAMES;
	if (r->slots[slot] || t->thread_count == HOSTTRACE_THREADS_MAX)
		return;
	thread = &t->threads[t->thread_count++];
	*thread = (struct host_thread){ .tid = tid, .pid = pid, .vcpu = -1 };
	if (proc_comm(thread->pid, tid, thread->name) < 0)
		thread->name[0] = '\0';
	hosttrace_clean(thread->name);
	r->slots[slot] = (uint16_t)t->thread_count;
}

static bool make_room(struct hostrecord *r)
{
	size_t room = r->room ? 2 * r->room : EVENTS_FIRST;
	struct host_event *more;

	if (r->trace.count < r->room)
		return true;
	if (room > HOSTTRACE_EVENTS_MAX)
		room = HOSTTRACE_EVENTS_MAX;
	if (room <= r->room)
		return false;
	more = reallocarray(r->trace.events, room, sizeof(*more));
	if (!more)
		return false;
	r->trace.events = more;
	r->room = room;
	return true;
}

static void take(const struct host_event *e, int32_t pid, void *arg)
{
	struct hostrecord *r = arg;
	struct hosttrace *t = &r->trace;

	if (e->kind == HOST_WAKE && !watched(t, e->core))
		return;
	if (e->kind == HOST_LOST)
		t->lost += (uint64_t)e->from;
	if (t->dropped || !make_room(r)) {
		/* From here on nothing is known. Buffers come one after the other. */
		if (!t->dropped++ || e->ns < t->end)
			t->end = e->ns;
		return;
	}
	t->events[t->count++] = *e;
	if (e->kind == HOST_SLEEP || e->kind == HOST_PREEMPT)
		note_thread(r, e->to, pid);
	else if (e->kind == HOST_WAKE)
		note_thread(r, e->from, pid);
}

static void drain_all(struct hostrecord *r)
{
	for (size_t i = 0; i < r->buffer_count; i++)
		if (r->buffers[i].page)
			perfbuffer_drain(&r->buffers[i], take, r);
}

static void *run(void *arg)
{
	struct hostrecord *r = arg;
	struct pollfd *fds = calloc(r->buffer_count + 1, sizeof(*fds));
	struct timespec used;
	size_t i;

	/* Without memory it looks by the clock alone. */
	for (i = 0; fds && i < r->buffer_count; i++)
		fds[i] = (struct pollfd){ .fd = perfbuffer_fd(&r->buffers[i]), .events = POLLIN };
	if (fds)
		fds[i] = (struct pollfd){ .fd = r->stop, .events = POLLIN };
	do {
		struct pollfd stop = { .fd = r->stop, .events = POLLIN };

		poll(fds ? fds : &stop, fds ? r->buffer_count + 1 : 1, LOOK_MS);
		drain_all(r);
		if (poll(&stop, 1, 0) > 0)
			break;
	} while (true);
	free(fds);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	r->trace.cpu_ns = (uint64_t)used.tv_sec * 1000000000ull + (uint64_t)used.tv_nsec;
	return NULL;
}

static int start_thread(struct hostrecord *r, struct rs_error **err)
{
	sigset_t all, before;
	int ret;

	r->stop = eventfd(0, EFD_CLOEXEC);
	if (r->stop < 0)
		return rs_fail_errno(err, errno, "making an eventfd");
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	ret = pthread_create(&r->thread, NULL, run, r);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (ret != 0)
		return rs_fail_errno(err, ret, "starting the thread that records");
	pthread_setname_np(r->thread, "rs-record");
	r->running = true;
	return 0;
}

static int find_wakeups(struct perf_wakeups *format, struct rs_error **err)
{
	struct tracepoint_field fields[] = { { .name = "pid" }, { .name = "target_cpu" } };
	int ret = tracepoint_find("sched", "sched_waking", &format->id, fields, 2, err);

	format->pid = fields[0].offset;
	format->target = fields[1].offset;
	return ret;
}

static void write_filter(const struct hosttrace *t, char filter[FILTER_BYTES])
{
	size_t used = 0;

	for (unsigned int i = 0; i < t->core_count; i++)
		used += (size_t)snprintf(filter + used, FILTER_BYTES - used, "%starget_cpu==%d",
					 i ? "||" : "", t->cores[i]);
}

/* sched_waking and not sched_wakeup: it happens where and when somebody wakes,
 * on any core; the other one may happen later in an interrupt of the core that
 * was woken for, and there is not seen where that was idle. */
static int open_wakeups(struct hostrecord *r, struct rs_error **err)
{
	struct perf_wakeups format;
	char filter[FILTER_BYTES] = "";
	size_t next = r->trace.core_count;
	int ret = find_wakeups(&format, err);

	write_filter(&r->trace, filter);
	for (size_t i = 0; ret == 0 && i < r->trace.core_count; i++)
		ret = perfbuffer_open_wakeups(&r->buffers[i], r->buffers[i].core, &format, filter,
					      SHARED_BYTES, err);
	for (int core = 0; ret == 0 && core < sysconf(_SC_NPROCESSORS_CONF); core++) {
		if (watched(&r->trace, core))
			continue;
		/* A core that is off has no wake-ups. */
		if (perfbuffer_open_wakeups(&r->buffers[next], core, &format, filter, OTHER_BYTES,
					    NULL) == 0)
			next++;
		else
			perfbuffer_close(&r->buffers[next]);
	}
	if (ret == 0) {
		r->buffer_count = next;
		return 0;
	}
	/* Some of them only would be worse than none. */
	for (size_t i = 0; i < r->trace.core_count; i++) {
		if (r->buffers[i].wakeups >= 0)
			close(r->buffers[i].wakeups);
		r->buffers[i].wakeups = -1;
	}
	r->buffer_count = r->trace.core_count;
	return ret;
}

static int open_buffers(struct hostrecord *r, struct rs_error **err)
{
	cleanup_error struct rs_error *missing = NULL;
	size_t cores = (size_t)sysconf(_SC_NPROCESSORS_CONF) + r->trace.core_count;
	int ret = 0;

	r->buffers = calloc(cores, sizeof(*r->buffers));
	if (!r->buffers)
		return rs_fail(err, ENOMEM, "no memory for %zu cores' events", cores);
	for (size_t i = 0; i < cores; i++)
		r->buffers[i] = PERFBUFFER_NONE;
	r->buffer_count = cores;
	for (size_t i = 0; ret == 0 && i < r->trace.core_count; i++)
		ret = perfbuffer_open_switches(&r->buffers[i], r->trace.cores[i], SHARED_BYTES,
					       err);
	if (ret < 0)
		return ret;
	r->trace.wakeups = open_wakeups(r, &missing) == 0;
	if (missing)
		r->why_not = strdup(missing->message);
	return 0;
}

struct hostrecord *hostrecord_start(const int *cores, unsigned int count, struct rs_error **err)
{
	struct hostrecord *r = calloc(1, sizeof(*r));

	if (r)
		r->trace.threads = calloc(HOSTTRACE_THREADS_MAX, sizeof(*r->trace.threads));
	if (!r || !r->trace.threads) {
		rs_fail(err, ENOMEM, "no memory for host events");
		free(r);
		return NULL;
	}
	r->stop = -1;
	memcpy(r->trace.cores, cores, count * sizeof(*cores));
	r->trace.core_count = count;
	r->trace.begin = (uint64_t)wait_now_ns();
	if (open_buffers(r, err) < 0 || start_thread(r, err) < 0) {
		hostrecord_free(r);
		return NULL;
	}
	return r;
}

static int compare_events(const void *a, const void *b)
{
	const struct host_event *x = a, *y = b;

	return (x->ns > y->ns) - (x->ns < y->ns);
}

/* The buffers of several cores into one order. What came in the moment before
 * the begin was noted, or after the end, is of no use. */
static void put_in_order(struct hosttrace *t)
{
	size_t kept = 0;

	if (t->count)
		qsort(t->events, t->count, sizeof(*t->events), compare_events);
	for (size_t i = 0; i < t->count; i++)
		if (t->events[i].ns >= t->begin && t->events[i].ns <= t->end)
			t->events[kept++] = t->events[i];
	t->count = kept;
}

struct hosttrace *hostrecord_stop(struct hostrecord *r)
{
	const uint64_t one = 1, end = (uint64_t)wait_now_ns();

	if (!r->running)
		return &r->trace;
	if (write(r->stop, &one, sizeof(one)) == sizeof(one))
		pthread_join(r->thread, NULL);
	r->running = false;
	if (!r->trace.dropped)
		r->trace.end = end;
	for (size_t i = 0; i < r->buffer_count; i++)
		perfbuffer_close(&r->buffers[i]);
	put_in_order(&r->trace);
	return &r->trace;
}

const char *hostrecord_why_not(const struct hostrecord *r)
{
	return r->why_not;
}

void hostrecord_free(struct hostrecord *r)
{
	if (!r)
		return;
	hostrecord_stop(r);
	for (size_t i = 0; i < r->buffer_count; i++)
		perfbuffer_close(&r->buffers[i]);
	if (r->stop >= 0)
		close(r->stop);
	free(r->buffers);
	free(r->trace.events);
	free(r->trace.threads);
	free(r->why_not);
	free(r);
}
