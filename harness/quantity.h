/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The numbers that a verdict is made of. */
#ifndef RINGSCHED_QUANTITY_H
#define RINGSCHED_QUANTITY_H

#include "harness/summary.h"

/*
 * One measured thing of one policy in the judged phase: its number for the
 * bound, its number a boot for the range that is printed beside it, and its
 * unit. The number of a `median` is the median of those of the boots.
 */
struct quantity {
	const char *what; /* '@' = the phase's name */
	const char *unit;
	double (*of)(const struct policy_result *p, enum phase phase);
	double (*of_boot)(const struct boot_result *b, enum phase phase);
	int digits;
	bool median;
};

extern const struct quantity quantity_interference, quantity_missed, quantity_kicks,
	quantity_handling, quantity_neighbour, quantity_longest, quantity_delay, quantity_share,
	quantity_blocking, quantity_handler;

#endif
