// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/cost.h"

#include <json-c/json.h>
#include <math.h>

#include "harness/jsonread.h"
#include "harness/samples.h"

const char *const cost_names[COST_COUNT] = {
	[COST_NOTIFICATIONS] = "notifications_per_period",
	[COST_READS] = "reads_per_period",
	[COST_DAEMON_US_S] = "daemon_cpu_us_per_s",
	[COST_DAEMON_US] = "daemon_cpu_us_per_period",
	[COST_NOTIFY_US_S] = "notify_cpu_us_per_s",
	[COST_NOTIFY_US] = "notify_cpu_us_per_period",
	[COST_GUEST_US] = "guest_cpu_us_per_period",
	[COST_OVERHEAD_US] = "guest_overhead_us_per_period",
	[COST_CONTROL_SHARE] = "control_cpu_share",
	[COST_NEIGHBOUR_SHARE] = "neighbour_cpu_share",
	[COST_CHANGES_S] = "priority_changes_per_s",
};

/* Periods of the phase that ran: those that did not took no one's time. */
static double periods_run(const struct cell *cell, const struct cell_phase *phase, bool all)
{
	size_t first, last, count = 0;

	for (size_t i = 0; i < cell->ring_count; i++) {
		const struct cell_ring *r = &cell->rings[i];

		if (!all && !r->control)
			continue;
		ring_phase(r, phase, &first, &last);
		for (; first < last; first++)
			count += !r->periods[first].skipped;
	}
	return (double)count;
}

/* How long the control rings' processes had their turns, in us. */
static double turns_us(const struct cell *cell, const struct cell_phase *phase)
{
	size_t first, last;
	uint64_t ns = 0;

	for (size_t i = 0; i < cell->ring_count; i++) {
		const struct cell_ring *r = &cell->rings[i];

		ring_phase(r, phase, &first, &last);
		for (; r->control && first < last; first++) {
			size_t row = r->periods[first].row;

			if (r->periods[first].skipped)
				continue;
			for (unsigned int k = 0; k < r->samples->processes; k++)
				if (r->samples->end_ns[k][row])
					ns += r->samples->end_ns[k][row] -
					      r->samples->start_ns[k][row];
		}
	}
	return (double)ns / 1e3;
}

/* One counter over all VMs; what a VM did not gain is not in the file. */
static double counted(struct json_object *counters, const char *group, const char *key)
{
	double sum = 0;

	json_object_object_foreach(counters, vm, gained) {
		double value = json_double(group ? json_dict(gained, group) : gained, key);

		(void)vm;
		sum += isfinite(value) ? value : 0;
	}
	return sum;
}

static double notifications(struct json_object *counters)
{
	static const char *const kinds[] = { "start", "end", "switch", "ring_change" };
	double sum = 0;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		sum += counted(counters, "messages", kinds[i]);
	return sum;
}

/* A quotient without anything to divide by is not known. */
static double per(double value, double what)
{
	return what > 0 ? value / what : NAN;
}

static void cost_of_daemon(struct cost *c, struct json_object *daemon, double seconds,
			   double periods)
{
	struct json_object *counters = json_dict(daemon, "counters");
	double cpu = json_double(daemon, "cpu_ns") / 1e3;
	double notify = json_double(daemon, "notify_cpu_ns") / 1e3;

	c->value[COST_DAEMON_US_S] = per(cpu, seconds);
	c->value[COST_DAEMON_US] = per(cpu, periods);
	c->value[COST_NOTIFY_US_S] = per(notify, seconds);
	c->value[COST_NOTIFY_US] = per(notify, periods);
	if (!counters)
		return;
	c->value[COST_NOTIFICATIONS] = per(notifications(counters), periods);
	c->value[COST_READS] = per(counted(counters, NULL, "scan_reads"), periods);
	c->value[COST_CHANGES_S] = per(counted(counters, NULL, "changes"), seconds);
}

static void cost_of_control(struct cost *c, const struct cell *cell, const struct cell_phase *phase,
			    double seconds)
{
	double run = (double)phase->control.run_ns / 1e3;
	double wait = (double)phase->control.wait_ns / 1e3;
	double periods = periods_run(cell, phase, false);

	c->value[COST_GUEST_US] = per(run, periods);
	c->value[COST_CONTROL_SHARE] = per(run / 1e6, seconds);
	/* A turn's length holds what its vCPU had to wait in it. In solo that is
	 * little, and hardly any lies outside of the turns. */
	if (phase == &cell->phases[PHASE_SOLO])
		c->value[COST_OVERHEAD_US] = per(run + wait - turns_us(cell, phase), periods);
}

void cost_of_phase(struct cost *c, const struct cell *cell, const struct cell_phase *phase)
{
	double seconds = phase->present ? (double)(phase->end - phase->begin) / 1e9 : 0;

	for (size_t i = 0; i < COST_COUNT; i++)
		c->value[i] = NAN;
	if (!phase->present)
		return;
	cost_of_daemon(c, json_dict(phase->json, "daemon"), seconds,
		       periods_run(cell, phase, true));
	if (phase->control.known)
		cost_of_control(c, cell, phase, seconds);
	if (phase->neighbour.known)
		c->value[COST_NEIGHBOUR_SHARE] =
			per((double)phase->neighbour.run_ns / 1e9, seconds);
}

double cost_of_sending(const struct cell *cell, const char *vm)
{
	struct json_object *send = json_dict(json_dict(json_dict(cell->json, "kicks"), vm), "send");
	double queue = json_double(json_dict(send, "queue"), "p50_ns");
	double kick = json_double(json_dict(send, "kick"), "p50_ns");

	return (queue + kick) / 1e3;
}
