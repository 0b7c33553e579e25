// SPDX-License-Identifier: GPL-2.0-or-later
/* One boot in numbers: of the judged ring, its VM, and what the daemon counted of it. */
#include <errno.h>
#include <json-c/json.h>
#include <math.h>

#include "harness/delay.h"
#include "harness/jsonread.h"
#include "harness/samples.h"
#include "harness/summary.h"
#include "host/error.h"

/* What the daemon said of that VM. */
static struct json_object *daemon_vm(const struct cell *cell, const char *vm)
{
	return json_named(json_array(json_dict(cell->json, "daemon"), "vms"), vm);
}

static struct spread read_spread(struct json_object *json)
{
	uint64_t count = 0;
	struct spread s = {
		.min = json_double(json, "min"),
		.p50 = json_double(json, "p50"),
		.p90 = json_double(json, "p90"),
		.p99 = json_double(json, "p99"),
		.p999 = json_double(json, "p999"),
		.max = json_double(json, "max"),
	};

	json_u64(json, "count", &count);
	s.count = count;
	return s;
}

static double kicks_per_period(const struct cell *cell, const char *vm)
{
	struct json_object *row = json_dict(json_dict(cell->json, "kicks"), vm);
	double kicks = json_double(row, "kicks"), periods = json_double(row, "periods");

	return periods > 0 ? kicks / periods : NAN;
}

static int measure_phase(struct boot_phase *b, const struct cell *cell,
			 const struct cell_ring *judged, const struct cell_phase *phase,
			 struct rs_error **err)
{
	int ret = measure_add(&b->measure, judged, phase, err);

	for (size_t i = 0; i < cell->ring_count && !ret; i++) {
		struct measure m = { 0 };

		if (!cell->rings[i].control)
			continue;
		ret = measure_add(&m, &cell->rings[i], phase, err);
		b->control_periods += m.periods;
		b->control_missed += m.missed;
		b->control_missed_unstained += m.missed_unstained;
		measure_clear(&m);
	}
	b->wakeup = durations_spread(&b->measure.wakeup);
	b->response = durations_spread(&b->measure.response);
	b->handler = durations_spread(&b->measure.handler);
	b->wait_us_per_period = measure_wait_us(judged, phase, b->measure.periods);
	b->delay = delay_of_phase(cell, phase);
	cost_of_phase(&b->cost, cell, phase);
	return ret;
}

/* Nothing is disturbed by itself: with phase solo judged there is none. */
static double interference(const struct boot_result *b, enum phase judged)
{
	if (judged == PHASE_SOLO)
		return NAN;
	return b->phases[judged].response.p99 / b->phases[PHASE_SOLO].response.p99;
}

int summary_boot(struct boot_result *b, const struct scenario *s, const struct cell *cell,
		 struct rs_error **err)
{
	const struct cell_ring *judged = cell_judged_ring(cell);
	int ret = 0;

	b->cell = cell;
	if (!judged)
		return rs_fail(err, ENODATA, "cell %s: no ring of a control VM", cell->name);
	for (int i = 0; i < PHASE_COUNT && !ret; i++)
		ret = measure_phase(&b->phases[i], cell, judged, &cell->phases[i], err);
	b->interference = interference(b, s->limits.phase);
	b->handler_ratio =
		b->phases[s->limits.phase].handler.p99 / b->phases[PHASE_SOLO].handler.p99;
	b->kicks_per_period = kicks_per_period(cell, judged->vm);
	b->send_us = cost_of_sending(cell, judged->vm);
	b->neighbour_boot_s = json_double(cell->json, "neighbour_boot_s");
	b->handling = read_spread(json_dict(daemon_vm(cell, judged->vm), "handling_us"));
	for (size_t i = 0; i < cell->ring_count; i++) {
		if (!cell->rings[i].control)
			continue;
		b->lost += cell->rings[i].samples->lost;
		b->rejected += cell->rings[i].samples->rejected;
		b->handover_errors += cell->rings[i].samples->handover_errors;
	}
	return ret ? ret : ring_change_measure(&b->ring_change, cell, err);
}

uint64_t boot_counter(const struct boot_result *b, const char *key)
{
	const struct cell_ring *judged = cell_judged_ring(b->cell);
	uint64_t value = 0;

	if (judged)
		json_u64(daemon_vm(b->cell, judged->vm), key, &value);
	return value;
}
