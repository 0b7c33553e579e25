/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A run in numbers: per boot first, then per policy (docs/results.md gives
 * every number's definition, docs/statistics.md the rules). The unit is one
 * boot of the neighbour; what pools the samples of several boots is
 * descriptive and never judged.
 */
#ifndef RINGSCHED_SUMMARY_H
#define RINGSCHED_SUMMARY_H

#include "harness/blocking.h"
#include "harness/cellread.h"
#include "harness/cost.h"
#include "harness/measure.h"

#define SUMMARY_SCHEMA 1

struct json_object;
struct rs_error;

struct boot_phase {
	struct measure measure; /* of the judged ring; owned */
	struct spread wakeup, response; /* us */
	struct spread handler; /* us; of a ring that an interrupt releases */
	double wait_us_per_period; /* of the judged ring's VM; NaN where not known */
	double delay; /* of lower control VMs by higher ones; see delay.h */
	struct cost cost;
	size_t control_periods, control_missed, control_missed_unstained; /* all control rings */
};

struct boot_result {
	const struct cell *cell;
	struct boot_phase phases[PHASE_COUNT];
	double interference; /* response p99 judged phase / solo; NaN: too few periods */
	double handler_ratio; /* interrupt to handler, p99 judged phase / solo; NaN: none */
	double kicks_per_period, neighbour_boot_s;
	double send_us; /* one notification, in the guest; see cost.h */
	struct spread handling; /* us; kick seen to priority read back */
	uint64_t lost, rejected, handover_errors; /* of control rings' samples */
	struct ring_change ring_change; /* owned */
};

struct policy_result {
	const char *name; /* the scenario's or a cell's */
	struct boot_result *boots; /* owned, by order */
	size_t boot_count;
	struct measure pooled[PHASE_COUNT]; /* owned; judged ring, all boots */
	struct spread wakeup[PHASE_COUNT], response[PHASE_COUNT]; /* pooled, us */
	/* Of a ring that interrupts release: medians, but min, max and count over all. */
	struct spread handler[PHASE_COUNT], end[PHASE_COUNT];
	double handler_ratio;
	/* Medians over boots; NaN where no boot has the number. */
	double interference, kicks_per_period, neighbour_boot_s, response_p99[PHASE_COUNT];
	double wait_us_per_period[PHASE_COUNT];
	double delay[PHASE_COUNT];
	double neighbour_boot_longest_s, send_us;
	struct cost cost[PHASE_COUNT];
	double guest_extra_us_per_period[PHASE_COUNT]; /* more than with `none` */
	struct spread handling; /* medians, but min, max and count over all */
	double blocking_ratio, longest_blocking_us[WAY_COUNT]; /* ring_change's; likewise */
	size_t interference_excluded; /* boots without the number */
	size_t control_missed_unstained[PHASE_COUNT]; /* sums over boots */
	uint64_t lost, rejected, handover_errors;
};

struct comparison {
	const char *metric;
	const char *baseline, *policy;
	size_t baseline_boots, policy_boots;
	double p, p_holm, smallest_p, shift; /* NaN where it cannot be tested */
};

struct summary {
	const struct run *run;
	struct policy_result *policies; /* scenario's order; those with a boot */
	size_t policy_count;
	struct comparison *comparisons;
	size_t comparison_count;
};

/* The phase that the scenario's limits, tables and figures are about. */
static inline enum phase summary_phase(const struct summary *s)
{
	return s->run->scenario->limits.phase;
}

/* Is the judged ring released by an external interrupt? */
bool summary_has_interrupts(const struct summary *s);

/* The judged ring's. */
double summary_deadline_ms(const struct summary *s);

/* Sum of boot_counter() over a policy's boots. */
uint64_t policy_counter(const struct policy_result *p, const char *key);

static inline bool summary_has_neighbour(const struct summary *s)
{
	return scenario_count_role(s->run->scenario, VM_ROLE_NEIGHBOUR) != 0;
}

/* The run must outlive the result, which is the caller's. */
struct summary *summary_make(const struct run *run, struct rs_error **err);
void summary_free(struct summary *s);

/* Fill in a boot (summary_boot.c), zeroed to begin with. The cell must outlive it. */
int summary_boot(struct boot_result *b, const struct scenario *s, const struct cell *cell,
		 struct rs_error **err);

/* A counter of the judged ring's VM, the daemon's; 0 where it is not known. */
uint64_t boot_counter(const struct boot_result *b, const char *key);

/* NULL where it did not run. */
const struct policy_result *summary_policy(const struct summary *s, const char *name);

/* summary.json; the caller owns it. */
struct json_object *summary_json(const struct summary *s, struct rs_error **err);

/* Its object "witness" alone (summary_witness.c); the caller owns it. */
struct json_object *summary_witness(const struct run *run, struct rs_error **err);

/* Notifications a period of the ring that is like this one, over all boots; NaN
 * for boots that were measured before it was counted. */
double summary_notifications(const struct policy_result *p, const struct cell_ring *like,
			     double *changes_per_period);

/* Its object "versions": cells by the version of ringsched that measured them;
 * the caller owns it. */
struct json_object *summary_versions(const struct run *run);

/* A spread as an object; the caller owns it. */
struct json_object *summary_spread(const struct spread *s);

/* A boot's object "ring_change" (summary_change.c), and that of a policy over
 * its boots; NULL where no ring uses a resource. The caller owns it. */
struct json_object *boot_change_json(const struct boot_result *b);
struct json_object *policy_change_json(const struct policy_result *p);

/* histograms.csv: policy,phase,metric,upper_us,count (host/hist.h buckets). */
int summary_histograms(const struct summary *s, const char *path, struct rs_error **err);

struct ring_pool { /* one ring in one phase, all boots of a policy */
	struct measure measure; /* owned */
	struct spread wakeup, response;
	double wait_us_per_period; /* of its VM, per period of this ring */
};

/* Add up, in *pool (zeroed to begin with), the rings of that VM and id. */
int summary_pool_ring(const struct policy_result *p, const struct cell_ring *like, enum phase phase,
		      struct ring_pool *pool, struct rs_error **err);

/* Fill s->comparisons (summary_compare.c): every policy with the first one. */
int summary_compare(struct summary *s, struct rs_error **err);

/* The boot whose interference is the median one (the lower of two); else the
 * first; NULL where there is none. */
const struct boot_result *policy_median_boot(const struct policy_result *p);

/* Sum of a policy's planned boots still to run: run.json's boots - boots. */
size_t policy_boots_missing(const struct summary *s, const struct policy_result *p);

static inline void summary_freep(struct summary **s)
{
	summary_free(*s);
}
#define cleanup_summary __attribute__((cleanup(summary_freep)))

#endif
