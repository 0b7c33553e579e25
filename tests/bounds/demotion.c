// SPDX-License-Identifier: GPL-2.0-or-later
/* From START of a ring that is never ended to the thread's own scheduling. */
#include <errno.h>
#include <json-c/json.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "host/clock.h"
#include "host/error.h"
#include "tests/bounds/bounds.h"
#include "tests/fake/daemon.h"
#include "tests/fake/fake_frontend.h"
#include "tests/fake/measuring.h"

#define RING 1
#define PRIO 50
#define BOUND_NS 1000000 /* past the period */
#define LOOK_AHEAD_NS 1000000
#define LIMIT_NS 1000000000ull /* then it is not demoted at all */

static const unsigned int periods_ms[] = { 5, 20, 100 };

/* Looks without pause; false where it does not become so. */
static bool becomes(pid_t tid, uint32_t policy, uint64_t limit_ns)
{
	struct sched_state now;

	while (!sched_read(tid, &now) && now.policy != policy)
		if (monotonic_ns() > limit_ns)
			return false;
	return now.policy == policy;
}

/* One boost: *past_us = its end, after START and one period. */
static int one_round(struct frontend *f, uint64_t period_ns, double *past_us, struct rs_error **err)
{
	struct rs_message start = ff_message(f, RS_KIND_START, RING, PRIO);
	uint64_t begin;

	start.period_ns = period_ns;
	begin = monotonic_ns();
	ff_post(f, &start, sizeof(start), true);
	if (!becomes(f->vm.tid[0], SCHED_FIFO, begin + LIMIT_NS))
		return rs_fail(err, ETIMEDOUT, "START brought no boost");
	measuring_sleep_until(begin + period_ns - LOOK_AHEAD_NS);
	becomes(f->vm.tid[0], SCHED_OTHER, begin + period_ns + LIMIT_NS);
	*past_us = ((double)monotonic_ns() - (double)(begin + period_ns)) / 1e3;
	if (!ff_notify(f, RS_KIND_END, RING, PRIO))
		return rs_fail(err, ETIMEDOUT, "END was not taken");
	return 0;
}

static void add_row(struct json_object *rows, unsigned int period_ms, double *past_us,
		    unsigned int rounds, bool *holds)
{
	double p50 = bounds_quantile(past_us, rounds, 0.5), max = past_us[rounds - 1];
	struct json_object *row = json_object_new_object();
	bool kept = max <= BOUND_NS / 1e3;

	json_object_object_add(row, "period_ms", json_object_new_int((int)period_ms));
	json_object_object_add(row, "rounds", json_object_new_int((int)rounds));
	json_object_object_add(row, "past_period_p50_us", json_object_new_double(p50));
	json_object_object_add(row, "past_period_max_us", json_object_new_double(max));
	json_object_object_add(row, "bound_us", json_object_new_double(BOUND_NS / 1e3));
	json_object_object_add(row, "holds", json_object_new_boolean(kept));
	json_object_array_add(rows, row);
	*holds &= kept;
	printf("a ring of %u ms that never ends: demoted %.0f us past its period (median of %u), "
	       "%.0f at most: %s\n",
	       period_ms, p50, rounds, max, kept ? "holds" : "does not hold");
}

static int measure(struct frontend *f, unsigned int rounds, struct json_object *rows, bool *holds,
		   struct rs_error **err)
{
	double *past_us = calloc(rounds, sizeof(*past_us));
	int ret = past_us ? 0 : rs_fail(err, ENOMEM, "no memory for %u rounds", rounds);

	for (size_t p = 0; !ret && p < sizeof(periods_ms) / sizeof(periods_ms[0]); p++) {
		for (unsigned int i = 0; !ret && i < rounds; i++)
			ret = one_round(f, periods_ms[p] * 1000000ull, &past_us[i], err);
		if (!ret)
			add_row(rows, periods_ms[p], past_us, rounds, holds);
	}
	free(past_us);
	return ret;
}

int bounds_demotion(unsigned int rounds, struct json_object *result, bool *holds,
		    struct rs_error **err)
{
	const char *const pinned[] = { "--cpu", BOUNDS_DAEMON_CORE, NULL };
	struct json_object *rows = json_object_new_array();
	struct daemon d = { 0 };
	struct frontend f = { 0 };
	char path[DAEMON_PATH_MAX];
	struct sched_state own;
	int ret;

	json_object_object_add(result, "demotion", rows);
	ret = daemon_start(&d, "ring", pinned, err);
	if (!ret)
		ret = daemon_add_vm(&d, "rogue", 0, NULL, err);
	daemon_vm_socket(&d, "rogue", path);
	if (!ret)
		ret = ff_boot(&f, NULL, path, err);
	if (!ret)
		ret = bounds_take_core(&own, err);
	if (!ret) {
		ret = measure(&f, rounds, rows, holds, err);
		sched_restore(0, &own, NULL);
	}
	ff_destroy(&f);
	daemon_clean(&d, false);
	return ret;
}
