// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/witness.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "harness/jsonread.h"
#include "harness/stats.h"
#include "host/cleanup.h"
#include "host/error.h"
#include "host/hist.h"
#include "host/json_add.h"
#include "host/sched.h"

#define STALLS_MAX 65536
#define DEADLINE_RUNTIME_NS 150000 /* of each interval: a probe on a slow core */
#define PROBE_TARGET_NS 50000 /* length of a probe at the speed it begins with */

struct stall {
	int64_t begin, length;
};

struct probe {
	int64_t at, took;
};

/* One mapping, locked: the thread allocates nothing and faults nowhere. */
struct witness {
	pthread_t thread;
	bool running;
	atomic_bool stop;
	atomic_int tid;
	size_t size; /* of this mapping */
	uint64_t iterations; /* of a probe */
	struct hist lateness;
	size_t stall_count, stalls_lost;
	size_t probe_count, probes_max;
	struct stall stalls[STALLS_MAX];
	struct probe probes[];
};

/* A chain of dependent multiplications: all cores do them at clock speed. */
static void work(uint64_t iterations)
{
	uint64_t x = 1;

	while (iterations--) {
		x = x * 6364136223846793005ull + 1442695040888963407ull;
		__asm__ volatile("" : "+r"(x));
	}
}

static int64_t time_work(uint64_t iterations)
{
	int64_t begin = wait_now_ns();

	work(iterations);
	return wait_now_ns() - begin;
}

/* Iterations that take PROBE_TARGET_NS, from the best of some tries. */
static uint64_t choose_iterations(void)
{
	const uint64_t tried = 20000;
	int64_t best = INT64_MAX, took;
	int i;

	for (i = 0; i < 16; i++) {
		took = time_work(tried);
		if (took > 0 && took < best)
			best = took;
	}
	return tried * PROBE_TARGET_NS / (uint64_t)best;
}

static void note_wakeup(struct witness *w, int64_t planned, int64_t now)
{
	int64_t late = now - planned;

	hist_add(&w->lateness, late > 0 ? (uint64_t)late : 0);
	if (late < WITNESS_THRESHOLD_NS)
		return;
	if (w->stall_count == STALLS_MAX) {
		w->stalls_lost++;
		return;
	}
	w->stalls[w->stall_count++] = (struct stall){ .begin = planned, .length = late };
}

static void probe(struct witness *w, int64_t now)
{
	if (w->probe_count < w->probes_max)
		w->probes[w->probe_count++] =
			(struct probe){ .at = now, .took = time_work(w->iterations) };
}

static void sleep_until(int64_t at)
{
	struct timespec ts = { .tv_sec = at / 1000000000, .tv_nsec = at % 1000000000 };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
		;
}

static void *run_witness(void *arg)
{
	struct witness *w = arg;
	int64_t planned, now, next_probe;

	atomic_store(&w->tid, gettid());
	w->iterations = choose_iterations();
	now = wait_now_ns();
	planned = now;
	next_probe = now;
	while (!atomic_load_explicit(&w->stop, memory_order_relaxed)) {
		/* A plan in the past would count one stall many times. */
		planned += WITNESS_INTERVAL_NS;
		if (planned < now)
			planned = now + WITNESS_INTERVAL_NS;
		sleep_until(planned);
		now = wait_now_ns();
		note_wakeup(w, planned, now);
		if (now >= next_probe) {
			probe(w, now);
			now = wait_now_ns();
			next_probe = now + WITNESS_PROBE_NS;
		}
	}
	return NULL;
}

/* The thread is born on its core with its priority: nothing is changed later. */
static int start_thread(struct witness *w, int core, struct rs_error **err)
{
	struct sched_param priority = { .sched_priority = WITNESS_PRIORITY };
	pthread_attr_t attributes;
	sigset_t all, before;
	cpu_set_t cores;
	int ret;

	CPU_ZERO(&cores);
	CPU_SET(core, &cores);
	pthread_attr_init(&attributes);
	pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attributes, SCHED_FIFO);
	pthread_attr_setschedparam(&attributes, &priority);
	pthread_attr_setaffinity_np(&attributes, sizeof(cores), &cores);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	ret = pthread_create(&w->thread, &attributes, run_witness, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	if (ret != 0)
		return rs_fail_errno(err, ret,
				     "starting the witness on core %d as SCHED_FIFO %d (it needs "
				     "root, and real-time budget in its own cgroup)",
				     core, WITNESS_PRIORITY);
	pthread_setname_np(w->thread, WITNESS_THREAD);
	w->running = true;
	return 0;
}

struct witness *witness_start(int core, double seconds, struct rs_error **err)
{
	size_t probes = (size_t)(seconds * 1e9 / WITNESS_PROBE_NS) + 100;
	size_t size = sizeof(struct witness) + probes * sizeof(struct probe);
	struct witness *w = mmap(NULL, size, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (w == MAP_FAILED || mlock(w, size) < 0) {
		rs_fail_errno(err, errno, "reserving memory for the witness");
		if (w != MAP_FAILED)
			munmap(w, size);
		return NULL;
	}
	w->size = size;
	w->probes_max = probes;
	hist_init(&w->lateness);
	if (start_thread(w, core, err) < 0) {
		munmap(w, size);
		return NULL;
	}
	return w;
}

int witness_outrank(struct witness *w, struct rs_error **err)
{
	pid_t tid = atomic_load(&w->tid);
	int ret = sched_apply_deadline(tid, DEADLINE_RUNTIME_NS, WITNESS_INTERVAL_NS, NULL);

	if (ret == 0)
		return 0;
	sched_explain(err, -ret, getpid(), tid, SCHED_DEADLINE, 0);
	return rs_fail_wrap(err, "the witness");
}

void witness_stop(struct witness *w)
{
	if (!w->running)
		return;
	atomic_store(&w->stop, true);
	pthread_join(w->thread, NULL);
	w->running = false;
}

void witness_free(struct witness *w)
{
	if (!w)
		return;
	witness_stop(w);
	munmap(w, w->size);
}

static struct json_object *quantile_us(const struct hist *h, double q)
{
	uint64_t ns;

	return hist_quantile(h, q, &ns) ? json_number((double)ns / 1000) : NULL;
}

static struct json_object *lateness_json(const struct hist *h)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "p50", quantile_us(h, 0.5));
	json_object_object_add(o, "p99", quantile_us(h, 0.99));
	json_object_object_add(o, "max", h->count ? json_number((double)h->max / 1000) : NULL);
	return o;
}

static struct json_object *pair(int64_t a, int64_t b)
{
	struct json_object *o = json_object_new_array_ext(2);

	json_object_array_add(o, json_object_new_int64(a));
	json_object_array_add(o, json_object_new_int64(b));
	return o;
}

static double median_probe(const struct witness *w)
{
	cleanup_free double *took = calloc(w->probe_count + 1, sizeof(*took));
	size_t i;

	for (i = 0; took && i < w->probe_count; i++)
		took[i] = (double)w->probes[i].took;
	if (!took || !w->probe_count)
		return 0;
	stats_sort(took, w->probe_count);
	return stats_median(took, w->probe_count);
}

struct json_object *witness_json(const struct witness *w)
{
	struct json_object *o = json_object_new_object();
	struct json_object *stalls = json_object_new_array();
	struct json_object *speed = json_object_new_array();
	double median = median_probe(w);
	size_t i;

	for (i = 0; i < w->stall_count; i++)
		json_object_array_add(stalls, pair(w->stalls[i].begin, w->stalls[i].length));
	for (i = 0; i < w->probe_count; i++)
		json_object_array_add(speed,
				      pair(w->probes[i].at,
					   (int64_t)(median / (double)w->probes[i].took * 1000)));
	json_add_i64(o, "interval_ns", WITNESS_INTERVAL_NS);
	json_add_i64(o, "stall_threshold_ns", WITNESS_THRESHOLD_NS);
	json_add_u64(o, "wakeups", w->lateness.count);
	json_object_object_add(o, "lateness_us", lateness_json(&w->lateness));
	json_object_object_add(o, "stalls", stalls);
	json_add_u64(o, "stalls_lost", w->stalls_lost);
	json_object_object_add(o, "speed", speed);
	return o;
}
