// SPDX-License-Identifier: GPL-2.0-or-later
/* The sending thread of fleet.h, and the probe of the core's speed. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#include "host/error.h"
#include "host/sched.h"
#include "tests/scale/fleet.h"

/* Below the daemon's thread, above all else: a message is due when it is due. */
#define SENDER_PRIORITY 90
/* END comes this part of a period after START. */
#define ACTIVE_PART 0.4
#define RING_ID 1
#define RING_PRIO 80
#define START_AHEAD_NS 2000000 /* from the thread's begin to time 0 */
#define PROBE_NS 5000000

struct sender {
	struct fleet *fleet;
	const struct fleet_load *load;
	uint64_t sent;
	struct rs_error *err;
};

/* What is due next at one VM; times count from the begin of sending. */
struct due {
	uint64_t at_ns, period_ns;
	bool active; /* START was sent, END is next */
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static void sleep_until(uint64_t ns)
{
	const struct timespec t = { (time_t)(ns / 1000000000), (long)(ns % 1000000000) };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
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

static int send_one(struct sender *s, unsigned int index, struct due *due)
{
	struct frontend *f = &s->fleet->vm[index];
	struct rs_message m =
		ff_message(f, due->active ? RS_KIND_END : RS_KIND_START, RING_ID, RING_PRIO);
	uint64_t active = (uint64_t)((double)due->period_ns * ACTIVE_PART);

	if (queue_full(f))
		return rs_fail(&s->err, ENOSPC,
			       "vm%u: its queue is full, the daemon does not keep up", index);
	ff_post(f, &m, sizeof(m), true);
	s->sent++;
	due->at_ns += due->active ? due->period_ns - active : active;
	due->active = !due->active;
	return 0;
}

/* Every VM ends as it began: without an active ring. */
static int send_all(struct sender *s, struct due *due)
{
	uint64_t begin = clock_ns(CLOCK_MONOTONIC) + START_AHEAD_NS;
	uint64_t end = (uint64_t)(s->load->seconds * 1e9);

	for (;;) {
		unsigned int i = earliest(due, s->fleet->count);
		bool over = due[i].at_ns >= end;

		if (over && !due[i].active) {
			due[i].at_ns = UINT64_MAX; /* and no other comes before it */
			if (due[earliest(due, s->fleet->count)].at_ns == UINT64_MAX)
				break;
			continue;
		}
		sleep_until(begin + due[i].at_ns);
		if (send_one(s, i, &due[i]))
			return -ENOSPC;
	}
	sleep_until(begin + end);
	return 0;
}

static void *run_sender(void *arg)
{
	struct sender *s = arg;
	uint64_t period = (uint64_t)(2e9 / s->load->notifications_per_s);
	struct due *due = calloc(s->fleet->count, sizeof(*due));

	for (unsigned int i = 0; due && i < s->fleet->count; i++)
		due[i] = (struct due){ s->fleet->phase_ns[i] % period, period, false };
	if (!due)
		rs_fail(&s->err, ENOMEM, "no memory for %u VMs", s->fleet->count);
	else if (sched_pin(s->load->core, &s->err) == 0 &&
		 sched_apply_fifo(0, SENDER_PRIORITY, NULL))
		rs_fail(&s->err, EPERM, "the sending thread cannot be real-time: run as root");
	if (!s->err)
		send_all(s, due);
	free(due);
	return NULL;
}

int fleet_send(struct fleet *f, const struct fleet_load *load, uint64_t *sent,
	       struct rs_error **err)
{
	struct sender s = { .fleet = f, .load = load };
	pthread_t thread;
	int ret;

	*sent = 0;
	if (load->notifications_per_s <= 0) {
		sleep_until(clock_ns(CLOCK_MONOTONIC) + (uint64_t)(load->seconds * 1e9));
		return 0;
	}
	ret = pthread_create(&thread, NULL, run_sender, &s);
	if (ret)
		return rs_fail_errno(err, ret, "starting the sending thread");
	pthread_join(thread, NULL);
	*sent = s.sent;
	if (!s.err)
		return 0;
	ret = rs_fail(err, s.err->code, "%s", s.err->message);
	rs_error_free(&s.err);
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
