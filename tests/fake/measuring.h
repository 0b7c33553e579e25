/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the programs share that measure the real daemon with fake VMs
 * (tests/bounds, tests/scale). */
#ifndef FAKE_MEASURING_H
#define FAKE_MEASURING_H

#include <stdbool.h>
#include <stdint.h>

struct argp_state;
struct daemon;
struct frontend;
struct rs_error;

/* An option's value; one that is no number from min to max ends the program with its usage. */
double measuring_number(const char *text, double min, double max, struct argp_state *state);

/* Until CLOCK_MONOTONIC, ns, is at_ns. */
void measuring_sleep_until(uint64_t at_ns);

/*
 * A fake VM of the daemon that has sent ATTACH. As a guest's driver it does not
 * want to be told what was taken. *f must be zero; ff_destroy() it also after a
 * failure.
 */
int measuring_boot(struct daemon *d, struct frontend *f, const char *name, struct rs_error **err);

/*
 * The exit code: 0 it was measured and every limit holds, 2 one does not, 1 it
 * could not be measured (error != 0), which is said on stderr. Frees err.
 */
int measuring_exit_code(const char *program, int error, bool holds, struct rs_error *err);

#endif
