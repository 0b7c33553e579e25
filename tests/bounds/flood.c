// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A flood of one VM against the others' handling. The flood comes from the core
 * on which the others' guests are, for VMs share it; the daemon has another.
 */
#include <errno.h>
#include <json-c/json.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/clock.h"
#include "host/error.h"
#include "tests/bounds/bounds.h"
#include "tests/fake/daemon.h"
#include "tests/fake/fake_frontend.h"
#include "tests/fake/measuring.h"

#define OTHERS 4
#define STEP_NS 1250000ull /* START or END of one of them: a period of 10 ms each */
#define PAIRS_MAX 100
#define TAKE_LIMIT_NS 2000000000ull

/* What a flood is made of. */
static const struct flood_kind {
	const char *name;
	bool messages; /* START and END of a ring, as long as its queue has room; else nothing */
} kinds[] = { { "kicks", false }, { "messages", true } };

struct fleet {
	struct daemon daemon;
	struct frontend vm[OTHERS + 1]; /* the last one floods */
};

struct flooder {
	struct frontend *f;
	bool messages, stop;
	uint64_t sent;
	pthread_t thread;
};

struct part { /* what was seen in one stretch */
	double taken_p99_us; /* from the others' kick to the message handled */
	double handling_p99_us; /* the daemon's own figure, the worst of the others */
	double cpu_permille; /* of a core, the whole daemon */
	double sent_per_s; /* kicks of the flood */
	uint64_t held; /* times the flooding VM was */
};

static bool has_room(const struct frontend *f)
{
	const struct ff_queue *q = &f->queue[RS_QUEUE_NOTIFY];

	return (uint16_t)(q->avail->index - __atomic_load_n(&q->used->index, __ATOMIC_ACQUIRE)) <
	       FF_QUEUE_SIZE;
}

static void flood_once(struct flooder *o)
{
	struct rs_message m;

	if (!o->messages || !has_room(o->f)) {
		ff_kick(o->f, RS_QUEUE_NOTIFY);
		return;
	}
	m = ff_message(o->f, o->sent & 1 ? RS_KIND_END : RS_KIND_START, 1, 60);
	ff_post(o->f, &m, sizeof(m), true);
}

static void *flood(void *argument)
{
	const uint64_t step = 1000000000ull / BOUNDS_FLOOD_RATE;
	struct flooder *o = argument;
	uint64_t due = monotonic_ns();

	/* Behind its plan, for the others go first on this core: it catches up. */
	while (!__atomic_load_n(&o->stop, __ATOMIC_RELAXED)) {
		if (monotonic_ns() < due)
			continue;
		flood_once(o);
		o->sent++;
		due += step;
	}
	return NULL;
}

static int flood_begin(struct flooder *o, struct rs_error **err)
{
	const struct sched_param none = { 0 };
	pthread_attr_t attr;
	int ret;

	pthread_attr_init(&attr);
	pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attr, SCHED_OTHER);
	pthread_attr_setschedparam(&attr, &none);
	ret = pthread_create(&o->thread, &attr, flood, o);
	pthread_attr_destroy(&attr);
	return ret ? rs_fail_errno(err, ret, "starting the flood") : 0;
}

/* Waits without pause until all that was posted is handled. */
static bool taken(const struct frontend *f)
{
	const struct ff_queue *q = &f->queue[RS_QUEUE_NOTIFY];
	uint64_t limit = monotonic_ns() + TAKE_LIMIT_NS;

	while (__atomic_load_n(&q->used->index, __ATOMIC_ACQUIRE) != q->avail->index)
		if (monotonic_ns() > limit)
			return false;
	return true;
}

/* The others' rings for so long: what each message took. */
static int work(struct fleet *f, double *taken_us, size_t count, struct rs_error **err)
{
	uint64_t base = monotonic_ns() + STEP_NS;

	for (size_t i = 0; i < count; i++) {
		struct frontend *vm = &f->vm[i / 2 % OTHERS];
		struct rs_message m;
		uint64_t begin;

		measuring_sleep_until(base + i * STEP_NS);
		m = ff_message(vm, i & 1 ? RS_KIND_END : RS_KIND_START, 1, 50);
		m.period_ns = 2 * STEP_NS * OTHERS;
		begin = monotonic_ns();
		ff_post(vm, &m, sizeof(m), true);
		if (!taken(vm))
			return rs_fail(err, ETIMEDOUT, "a message was not taken");
		taken_us[i] = (double)(monotonic_ns() - begin) / 1e3;
	}
	return 0;
}

static double handling_p99(struct json_object *vm)
{
	struct json_object *handling = json_object_object_get(vm, "handling_us");

	return json_object_get_double(json_object_object_get(handling, "p99"));
}

static int read_status(struct fleet *f, struct part *p, uint64_t *cpu_us, struct rs_error **err)
{
	struct json_object *status = control_client_command(f->daemon.client, "status", err);
	struct json_object *vms;

	if (!status)
		return -EIO;
	*cpu_us = json_object_get_uint64(json_object_object_get(status, "cpu_us"));
	vms = json_object_object_get(status, "vms");
	for (size_t i = 0; i < OTHERS; i++) {
		double p99 = handling_p99(json_object_array_get_idx(vms, i));

		p->handling_p99_us = p99 > p->handling_p99_us ? p99 : p->handling_p99_us;
	}
	p->held = json_object_get_uint64(
		json_object_object_get(json_object_array_get_idx(vms, OTHERS), "floods"));
	json_object_put(status);
	return 0;
}

static int reset(struct fleet *f, struct rs_error **err)
{
	struct json_object *answer = control_client_command(f->daemon.client, "reset", err);

	json_object_put(answer);
	return answer ? 0 : -EIO;
}

static int one_part(struct fleet *f, const struct flood_kind *kind, double seconds, struct part *p,
		    struct rs_error **err)
{
	size_t count = (size_t)(seconds * 1e9 / STEP_NS) & ~1ul;
	double *taken_us = calloc(count, sizeof(*taken_us));
	struct flooder o = { .f = &f->vm[OTHERS], .messages = kind && kind->messages };
	uint64_t before_us, after_us;
	struct part ignored = { 0 };
	int ret = taken_us ? reset(f, err) : rs_fail(err, ENOMEM, "no memory");

	if (!ret)
		ret = read_status(f, &ignored, &before_us, err);
	if (!ret && kind)
		ret = flood_begin(&o, err);
	if (!ret) {
		ret = work(f, taken_us, count, err);
		__atomic_store_n(&o.stop, true, __ATOMIC_RELAXED);
		if (kind)
			pthread_join(o.thread, NULL);
	}
	*p = (struct part){ .sent_per_s = (double)o.sent / seconds };
	if (!ret)
		ret = read_status(f, p, &after_us, err);
	if (!ret) {
		p->taken_p99_us = bounds_quantile(taken_us, count, 0.99);
		p->cpu_permille = (double)(after_us - before_us) / seconds / 1e3;
	}
	free(taken_us);
	return ret;
}

/* The median over the parts of one member of struct part. */
static double median(const struct part *parts, unsigned int count, size_t offset)
{
	double values[PAIRS_MAX];

	for (unsigned int i = 0; i < count; i++)
		memcpy(&values[i], (const char *)&parts[i] + offset, sizeof(double));
	return bounds_quantile(values, count, 0.5);
}
#define MEDIAN(parts, count, member) median(parts, count, offsetof(struct part, member))

/* 0 = too few messages to say. */
static double ratio(double with, double without)
{
	return without > 0 ? with / without : 0;
}

static void add_double(struct json_object *o, const char *key, double value)
{
	json_object_object_add(o, key, json_object_new_double(value));
}

static void add_row(struct json_object *rows, const char *name, const struct part *without,
		    const struct part *with, unsigned int pairs, bool *holds)
{
	struct json_object *row = json_object_new_object();
	double taken =
		ratio(MEDIAN(with, pairs, taken_p99_us), MEDIAN(without, pairs, taken_p99_us));
	double handling = ratio(MEDIAN(with, pairs, handling_p99_us),
				MEDIAN(without, pairs, handling_p99_us));
	double cpu = MEDIAN(with, pairs, cpu_permille);
	bool kept = taken <= BOUNDS_FLOOD_RATIO && handling <= BOUNDS_FLOOD_RATIO &&
		    cpu <= BOUNDS_CPU_PERMILLE;
	uint64_t held = 0;

	for (unsigned int i = 0; i < pairs; i++)
		held += with[i].held;
	json_object_object_add(row, "flood_of", json_object_new_string(name));
	json_object_object_add(row, "pairs", json_object_new_int((int)pairs));
	add_double(row, "kicks_per_s", MEDIAN(with, pairs, sent_per_s));
	json_object_object_add(row, "held", json_object_new_uint64(held));
	add_double(row, "taken_p99_us_without", MEDIAN(without, pairs, taken_p99_us));
	add_double(row, "taken_p99_us_with", MEDIAN(with, pairs, taken_p99_us));
	add_double(row, "taken_p99_ratio", taken);
	add_double(row, "handling_p99_us_without", MEDIAN(without, pairs, handling_p99_us));
	add_double(row, "handling_p99_us_with", MEDIAN(with, pairs, handling_p99_us));
	add_double(row, "handling_p99_ratio", handling);
	add_double(row, "ratio_limit", BOUNDS_FLOOD_RATIO);
	add_double(row, "daemon_cpu_permille_without", MEDIAN(without, pairs, cpu_permille));
	add_double(row, "daemon_cpu_permille_with", cpu);
	add_double(row, "daemon_cpu_permille_limit", BOUNDS_CPU_PERMILLE);
	json_object_object_add(row, "holds", json_object_new_boolean(kept));
	json_object_array_add(rows, row);
	*holds &= kept;
	printf("%.0f %s a second by one VM: the others' p99 from kick to handled %.1f us, %.1f "
	       "without (%.2f times), handling p99 %.1f, %.1f without (%.2f times), daemon %.0f "
	       "permille of a core, %.0f without: %s\n",
	       MEDIAN(with, pairs, sent_per_s), name, MEDIAN(with, pairs, taken_p99_us),
	       MEDIAN(without, pairs, taken_p99_us), taken, MEDIAN(with, pairs, handling_p99_us),
	       MEDIAN(without, pairs, handling_p99_us), handling, cpu,
	       MEDIAN(without, pairs, cpu_permille), kept ? "holds" : "does not hold");
}

static int measure(struct fleet *f, unsigned int pairs, double seconds, struct json_object *rows,
		   bool *holds, struct rs_error **err)
{
	struct part without[PAIRS_MAX], with[PAIRS_MAX], ignored;
	int ret = one_part(f, NULL, 0.25, &ignored, err); /* warm */

	for (size_t k = 0; !ret && k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		for (unsigned int i = 0; !ret && i < pairs; i++) {
			ret = one_part(f, NULL, seconds, &without[i], err);
			if (!ret)
				ret = one_part(f, &kinds[k], seconds, &with[i], err);
		}
		if (!ret)
			add_row(rows, kinds[k].name, without, with, pairs, holds);
	}
	return ret;
}

static int bring_up(struct fleet *f, struct rs_error **err)
{
	const char *const pinned[] = { "--cpu", BOUNDS_DAEMON_CORE, NULL };
	int ret = daemon_start(&f->daemon, "ring", pinned, err);

	for (unsigned int i = 0; !ret && i <= OTHERS; i++) {
		char name[16];

		snprintf(name, sizeof(name), "vm%u", i);
		ret = measuring_boot(&f->daemon, &f->vm[i], name, err);
	}
	return ret;
}

int bounds_flood(unsigned int pairs, double seconds, struct json_object *result, bool *holds,
		 struct rs_error **err)
{
	struct json_object *rows = json_object_new_array();
	struct sched_state own;
	struct fleet *f = calloc(1, sizeof(*f));
	int ret;

	json_object_object_add(result, "flood", rows);
	if (!f)
		return rs_fail(err, ENOMEM, "no memory");
	ret = bring_up(f, err);
	if (!ret)
		ret = bounds_take_core(&own, err);
	if (!ret) {
		ret = measure(f, pairs < PAIRS_MAX ? pairs : PAIRS_MAX, seconds, rows, holds, err);
		sched_restore(0, &own, NULL);
	}
	for (unsigned int i = 0; i <= OTHERS; i++)
		ff_destroy(&f->vm[i]);
	daemon_clean(&f->daemon, false);
	free(f);
	return ret;
}
