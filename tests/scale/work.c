// SPDX-License-Identifier: GPL-2.0-or-later
/* The working thread of fleet.h, and the probe of the core's speed. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#include "host/clock.h"
#include "host/error.h"
#include "host/sched.h"
#include "tests/fake/measuring.h"
#include "tests/scale/fleet.h"

/* Below the daemon's thread, above all else: what is due is due now. */
#define WORKER_PRIORITY 90
/* Work ends this part of a period after it began. */
#define ACTIVE_PART 0.4
#define RING_ID 1
#define RING_PRIO 80
#define START_AHEAD_NS 2000000 /* from the thread's begin to time 0 */
#define PROBE_NS 5000000

struct worker {
	struct fleet *fleet;
	const struct fleet_load *load;
	uint64_t changes;
	struct rs_error *err;
};

/* What is due next at one VM; times count from the begin of work. */
struct due {
	uint64_t at_ns, period_ns;
	bool active; /* it has begun, its work's end is next */
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static unsigned int earliest(const struct due *due, unsigned int count)
{
	unsigned int first = 0;

	for (unsigned int i = 1; i < count; i++)
		if (due[i].at_ns < due[first].at_ns)
			first = i;
	return first;
}

static bool queue_full(const struct frontend *f)
{
	const struct ff_queue *q = &f->queue[RS_QUEUE_NOTIFY];
	uint16_t used = __atomic_load_n(&q->used->index, __ATOMIC_ACQUIRE);

	return (uint16_t)(q->avail->index - used) >= FF_QUEUE_SIZE;
}

static int send_one(struct worker *w, unsigned int index, bool active)
{
	struct frontend *f = &w->fleet->vm[index];
	struct rs_message m =
		ff_message(f, active ? RS_KIND_END : RS_KIND_START, RING_ID, RING_PRIO);

	if (queue_full(f))
		return rs_fail(&w->err, ENOSPC,
			       "vm%u: its queue is full, the daemon does not keep up", index);
	ff_post(f, &m, sizeof(m), true);
	return 0;
}

static int change_one(struct worker *w, unsigned int index, struct due *due)
{
	uint64_t active = (uint64_t)((double)due->period_ns * ACTIVE_PART);
	struct scan_image *image = w->fleet->image ? &w->fleet->image[index] : NULL;

	if (image && due->active)
		scan_image_dequeue(image, 0, RING_PRIO);
	else if (image)
		scan_image_enqueue(image, 0, RING_PRIO);
	else if (send_one(w, index, due->active))
		return -ENOSPC;
	w->changes++;
	due->at_ns += due->active ? due->period_ns - active : active;
	due->active = !due->active;
	return 0;
}

/* Every VM ends as it began: without an active ring. */
static int work_all(struct worker *w, struct due *due)
{
	uint64_t begin = monotonic_ns() + START_AHEAD_NS;
	uint64_t end = (uint64_t)(w->load->seconds * 1e9);

	for (;;) {
		unsigned int i = earliest(due, w->fleet->count);
		bool over = due[i].at_ns >= end;

		if (over && !due[i].active) {
			due[i].at_ns = UINT64_MAX; /* and no other comes before it */
			if (due[earliest(due, w->fleet->count)].at_ns == UINT64_MAX)
				break;
			continue;
		}
		measuring_sleep_until(begin + due[i].at_ns);
		if (change_one(w, i, &due[i]))
			return -ENOSPC;
	}
	measuring_sleep_until(begin + end);
	return 0;
}

static void *run_worker(void *arg)
{
	struct worker *w = arg;
	uint64_t period = (uint64_t)(2e9 / w->load->changes_per_s);
	struct due *due = calloc(w->fleet->count, sizeof(*due));

	for (unsigned int i = 0; due && i < w->fleet->count; i++)
		due[i] = (struct due){ w->fleet->phase_ns[i] % period, period, false };
	if (!due)
		rs_fail(&w->err, ENOMEM, "no memory for %u VMs", w->fleet->count);
	else if (sched_pin(w->load->core, &w->err) == 0 &&
		 sched_apply_fifo(0, WORKER_PRIORITY, NULL))
		rs_fail(&w->err, EPERM, "the working thread cannot be real-time: run as root");
	if (!w->err)
		work_all(w, due);
	free(due);
	return NULL;
}

int fleet_work(struct fleet *f, const struct fleet_load *load, uint64_t *changes,
	       struct rs_error **err)
{
	struct worker w = { .fleet = f, .load = load };
	pthread_t thread;
	int ret;

	*changes = 0;
	if (load->changes_per_s <= 0) {
		measuring_sleep_until(monotonic_ns() + (uint64_t)(load->seconds * 1e9));
		return 0;
	}
	ret = pthread_create(&thread, NULL, run_worker, &w);
	if (ret)
		return rs_fail_errno(err, ret, "starting the working thread");
	pthread_join(thread, NULL);
	*changes = w.changes;
	if (!w.err)
		return 0;
	ret = rs_fail(err, w.err->code, "%s", w.err->message);
	rs_error_free(&w.err);
	return ret;
}

struct probe {
	int core;
	double speed;
};

static void *run_probe(void *arg)
{
	struct probe *p = arg;
	volatile uint64_t mix = 1;
	uint64_t begin, now, rounds = 0;

	sched_pin(p->core, NULL);
	begin = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	do {
		for (int i = 0; i < 1000; i++)
			mix = mix * 6364136223846793005ull + 1442695040888963407ull;
		rounds++;
		now = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	} while (now - begin < PROBE_NS);
	p->speed = (double)rounds * 1e6 / (double)(now - begin);
	return NULL;
}

double fleet_core_speed(int core)
{
	/* In a thread of its own, whose affinity ends with it. */
	struct probe p = { .core = core };
	pthread_t thread;

	if (pthread_create(&thread, NULL, run_probe, &p) == 0)
		pthread_join(thread, NULL);
	return p.speed;
}
