/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a run of a scenario would do, for a person, on standard output. */
#ifndef RINGSCHED_PLAN_H
#define RINGSCHED_PLAN_H

struct preset;
struct rs_error;
struct scenario;

/*
 * With so many boots as the scenario says, else as the preset does. The line
 * "expected" gives the length of the run as far as it is known before:
 * (N s) at its end is for programs.
 */
int plan_print(const struct scenario *s, const struct preset *p, struct rs_error **err);

#endif
