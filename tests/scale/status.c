// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/scale/status.h"

#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/jsonread.h"
#include "harness/stats.h"
#include "host/cleanup.h"
#include "host/clock.h"
#include "host/error.h"
#include "host/sched.h"
#include "tests/fake/measuring.h"
#include "tests/scale/plan.h"

#define NOTIFICATIONS_PER_S 100.0 /* of each VM: a ring of 20 ms */
#define ASK_EVERY_NS 20000000 /* far more often than anybody looks */
#define SETTLE_NS 2000000 /* an answered daemon is asleep again by then */

struct answers {
	double *main_us; /* owned; CPU time of the daemon's main thread, of each */
	double *waited_us; /* owned; until the answer was there */
	size_t bytes; /* of the last */
};

static int ask(struct fleet *f, struct answers *a, unsigned int index, struct rs_error **err)
{
	cleanup_json struct json_object *answer = NULL;
	struct fleet_use before, after;
	uint64_t begin;

	if (fleet_use(f, &before, err))
		return -EIO;
	begin = monotonic_ns();
	answer = control_client_command(f->daemon.client, "status", err);
	if (!answer)
		return -EIO;
	a->waited_us[index] = (double)(monotonic_ns() - begin) / 1e3;
	json_object_to_json_string_length(answer, JSON_C_TO_STRING_PLAIN, &a->bytes);
	measuring_sleep_until(monotonic_ns() + SETTLE_NS);
	if (fleet_use(f, &after, err))
		return -EIO;
	a->main_us[index] = (double)(after.main_ns - before.main_ns) / 1e3;
	return 0;
}

static void print_answers(struct answers *a, unsigned int vms, unsigned int count)
{
	stats_sort(a->main_us, count);
	stats_sort(a->waited_us, count);
	printf("%3u VM%s: an answer of %.1f kB costs the main thread %.0f us (median of %u; %.0f "
	       "to %.0f), and takes %.0f us\n",
	       vms, vms == 1 ? "" : "s", (double)a->bytes / 1e3, stats_median(a->main_us, count),
	       count, a->main_us[0], a->main_us[count - 1], stats_median(a->waited_us, count));
}

static int measure_answers(const struct plan *p, unsigned int vms, unsigned int count,
			   struct rs_error **err)
{
	cleanup_free double *main_us = calloc(count, sizeof(*main_us));
	cleanup_free double *waited_us = calloc(count, sizeof(*waited_us));
	const struct fleet_kind kind = {
		.policy = "ring", .vms = vms, .daemon_core = p->daemon_core, .seed = p->seed
	};
	struct answers a = { main_us, waited_us, 0 };
	struct fleet f;
	int ret;

	if (!main_us || !waited_us)
		return rs_fail(err, ENOMEM, "no memory for %u answers", count);
	ret = fleet_start(&f, &kind, err);
	if (ret)
		return ret;
	for (unsigned int i = 0; i < count && !ret; i++)
		ret = ask(&f, &a, i, err);
	fleet_stop(&f);
	if (!ret)
		print_answers(&a, vms, count);
	return ret;
}

/* ---- does it show in the handling? ---- */

struct asker {
	struct fleet *fleet;
	atomic_bool stop;
	struct rs_error *err;
};

static void *run_asker(void *arg)
{
	struct asker *a = arg;

	while (!a->stop && !a->err) {
		uint64_t next = monotonic_ns() + ASK_EVERY_NS;

		json_object_put(control_client_command(a->fleet->daemon.client, "status", &a->err));
		measuring_sleep_until(next);
	}
	return NULL;
}

/* Median over the VMs; NaN where each had too few notifications for a p99. */
static int handling_p99(struct fleet *f, double *us, struct rs_error **err)
{
	cleanup_json struct json_object *status =
		control_client_command(f->daemon.client, "status", err);
	struct json_object *vms = json_array(status, "vms");
	double values[FLEET_MAX];
	size_t count = 0;

	if (!status)
		return -EIO;
	for (unsigned long i = 0; i < json_count(vms) && count < FLEET_MAX; i++) {
		double p99 = json_double(json_dict(json_row(vms, i), "handling_us"), "p99");

		if (isfinite(p99))
			values[count++] = p99;
	}
	stats_sort(values, count);
	*us = stats_median(values, count);
	return 0;
}

static int work(const struct plan *p, struct fleet *f, bool asked, struct rs_error **err)
{
	const struct fleet_load load = { .changes_per_s = NOTIFICATIONS_PER_S,
					 .seconds = p->seconds,
					 .core = p->worker_core };
	struct asker asker = { .fleet = f };
	uint64_t ignored;
	pthread_t thread;
	int ret = asked ? pthread_create(&thread, NULL, run_asker, &asker) : 0;

	if (ret)
		return rs_fail_errno(err, ret, "starting the asking thread");
	ret = fleet_work(f, &load, &ignored, err);
	if (!asked)
		return ret;
	asker.stop = true;
	pthread_join(thread, NULL);
	if (asker.err && !ret)
		ret = rs_fail(err, asker.err->code, "%s", asker.err->message);
	rs_error_free(&asker.err);
	return ret;
}

static int measure_handling(const struct plan *p, unsigned int vms, bool asked, double *us,
			    struct rs_error **err)
{
	const struct fleet_kind kind = {
		.policy = "ring", .vms = vms, .daemon_core = p->daemon_core, .seed = p->seed
	};
	struct fleet f;
	int ret = fleet_start(&f, &kind, err);

	if (ret)
		return ret;
	ret = work(p, &f, asked, err);
	if (!ret)
		ret = fleet_drained(&f, err);
	if (!ret)
		ret = handling_p99(&f, us, err);
	fleet_stop(&f);
	return ret;
}

static void print_us(double us)
{
	if (isnan(us))
		printf("n/a");
	else
		printf("%.1f us", us);
}

static int measure_both(const struct plan *p, unsigned int vms, struct rs_error **err)
{
	double us[2];

	for (int asked = 0; asked < 2; asked++)
		if (measure_handling(p, vms, asked, &us[asked], err))
			return -EIO;
	printf("%3u VM%s: handling p99 ", vms, vms == 1 ? "" : "s");
	print_us(us[0]);
	printf(" without, ");
	print_us(us[1]);
	printf(" with %d answers a second\n", 1000000000 / ASK_EVERY_NS);
	return 0;
}

int status_measure(const struct plan *p, unsigned int answers, struct rs_error **err)
{
	int ret = sched_pin(p->worker_core, err);

	for (size_t i = 0; i < p->size_count && !ret; i++) {
		ret = measure_answers(p, p->vms[i], answers, err);
		if (!ret)
			ret = measure_both(p, p->vms[i], err);
	}
	return ret;
}
