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
	"interference (response p99, @ ÷ solo, median over boots)", "", interference,
	boot_interference, 3
};

const struct quantity quantity_missed = {
	"deadlines missed in @, outside stained windows, all boots", "", missed_unstained,
	boot_missed_unstained, 1
};

const struct quantity quantity_kicks = { "kicks per period", "", kicks, boot_kicks, 3 };

const struct quantity quantity_handling = {
	"handling (kick seen → priority in force), p99, median over boots", " µs", handling_p99,
	boot_handling_p99, 3
};

const struct quantity quantity_neighbour = { "neighbour's boot, median over boots", " s",
					     neighbour_boot, boot_neighbour_boot, 3 };

const struct quantity quantity_longest = { "neighbours' boot, the longest", " s", longest_boot,
					   boot_neighbour_boot, 3 };

const struct quantity quantity_delay = {
	"wait of a lower VM ÷ work of those above, a period, in @, median over boots", "", delay,
	boot_delay, 3
};

const struct quantity quantity_share = {
	"neighbours' CPU time ÷ length of phase @, median over boots", "", share, boot_share, 3
};

const struct quantity quantity_blocking = {
	"the higher ring's longest blocking, ring change ÷ lock, median over boots", "",
	blocking_ratio, boot_blocking_ratio, 3
};

const struct quantity quantity_handler = { "interrupt → handler (p99, @ ÷ solo, median over boots)",
					   "", handler, boot_handler, 3 };
