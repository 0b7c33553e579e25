// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/quantity.h"

#include <math.h>

static double interference(const struct policy_result *p, enum phase phase)
{
	(void)phase; /* made for it already */
	return p->interference;
}

static double boot_interference(const struct boot_result *b, enum phase phase)
{
	(void)phase;
	return b->interference;
}

/* Periods whose samples were lost cannot be said to have met the deadline. */
static double missed_unstained(const struct policy_result *p, enum phase phase)
{
	if (p->lost || !p->pooled[phase].periods)
		return NAN;
	return (double)p->control_missed_unstained[phase];
}

static double boot_missed_unstained(const struct boot_result *b, enum phase phase)
{
	return (double)b->phases[phase].control_missed_unstained;
}

static double kicks(const struct policy_result *p, enum phase phase)
{
	(void)phase; /* of the whole cell, as is the handling */
	return p->kicks_per_period;
}

static double boot_kicks(const struct boot_result *b, enum phase phase)
{
	(void)phase;
	return b->kicks_per_period;
}

static double handling_p99(const struct policy_result *p, enum phase phase)
{
	(void)phase;
	return p->handling.p99;
}

static double boot_handling_p99(const struct boot_result *b, enum phase phase)
{
	(void)phase;
	return b->handling.p99;
}

static double neighbour_boot(const struct policy_result *p, enum phase phase)
{
	(void)phase;
	return p->neighbour_boot_s;
}

static double longest_boot(const struct policy_result *p, enum phase phase)
{
	(void)phase;
	return p->neighbour_boot_longest_s;
}

static double boot_neighbour_boot(const struct boot_result *b, enum phase phase)
{
	(void)phase;
	return b->neighbour_boot_s;
}

static double share(const struct policy_result *p, enum phase phase)
{
	return p->cost[phase].value[COST_NEIGHBOUR_SHARE];
}

static double boot_share(const struct boot_result *b, enum phase phase)
{
	return b->phases[phase].cost.value[COST_NEIGHBOUR_SHARE];
}

static double blocking_ratio(const struct policy_result *p, enum phase phase)
{
	(void)phase;
	return p->blocking_ratio;
}

static double boot_blocking_ratio(const struct boot_result *b, enum phase phase)
{
	(void)phase;
	return b->ring_change.ratio;
}

static double delay(const struct policy_result *p, enum phase phase)
{
	return p->delay[phase];
}

static double boot_delay(const struct boot_result *b, enum phase phase)
{
	return b->phases[phase].delay;
}

static double handler(const struct policy_result *p, enum phase phase)
{
	(void)phase; /* made for it already */
	return p->handler_ratio;
}

static double boot_handler(const struct boot_result *b, enum phase phase)
{
	(void)phase;
	return b->handler_ratio;
}

const struct quantity quantity_interference = {
	.what = "interference (response p99, @ ÷ solo, median over boots)",
	.unit = "",
	.of = interference,
	.of_boot = boot_interference,
	.digits = 3,
	.median = true,
};

const struct quantity quantity_missed = {
	.what = "deadlines missed in @, outside stained windows, all boots",
	.unit = "",
	.of = missed_unstained,
	.of_boot = boot_missed_unstained,
	.digits = 1,
};

const struct quantity quantity_kicks = {
	.what = "kicks per period",
	.unit = "",
	.of = kicks,
	.of_boot = boot_kicks,
	.digits = 3,
};

const struct quantity quantity_handling = {
	.what = "handling (kick seen → priority in force), p99, median over boots",
	.unit = " µs",
	.of = handling_p99,
	.of_boot = boot_handling_p99,
	.digits = 3,
	.median = true,
};

const struct quantity quantity_neighbour = {
	.what = "neighbour's boot, median over boots",
	.unit = " s",
	.of = neighbour_boot,
	.of_boot = boot_neighbour_boot,
	.digits = 3,
	.median = true,
};

const struct quantity quantity_longest = {
	.what = "neighbours' boot, the longest",
	.unit = " s",
	.of = longest_boot,
	.of_boot = boot_neighbour_boot,
	.digits = 3,
};

const struct quantity quantity_delay = {
	.what = "wait of a lower VM ÷ work of those above, a period, in @, median over boots",
	.unit = "",
	.of = delay,
	.of_boot = boot_delay,
	.digits = 3,
	.median = true,
};

const struct quantity quantity_share = {
	.what = "neighbours' CPU time ÷ length of phase @, median over boots",
	.unit = "",
	.of = share,
	.of_boot = boot_share,
	.digits = 3,
	.median = true,
};

const struct quantity quantity_blocking = {
	.what = "the higher ring's longest blocking, ring change ÷ lock, median over boots",
	.unit = "",
	.of = blocking_ratio,
	.of_boot = boot_blocking_ratio,
	.digits = 3,
	.median = true,
};

const struct quantity quantity_handler = {
	.what = "interrupt → handler (p99, @ ÷ solo, median over boots)",
	.unit = "",
	.of = handler,
	.of_boot = boot_handler,
	.digits = 3,
	.median = true,
};
