/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A run: all cells of a scenario, in blocks of one boot of each policy, in
 * random order within a block, and the report of them.
 */
#ifndef RINGSCHED_RUN_H
#define RINGSCHED_RUN_H

#include <stdbool.h>
#include <stdint.h>

struct rs_error;

struct run_options { /* all borrowed */
	int argc; /* the command line, for run.json */
	char **argv;
	const char *scenario; /* path */
	const char *policies; /* "a,b" instead of the scenario's; NULL = its own */
	unsigned int boots; /* a policy; 0 = the scenario's, else the preset's */
	const char *preset; /* its name */
	uint64_t seed;
	bool seed_given;
	const char *out; /* folder, new or empty; NULL = one below results/ */
	const char *accel; /* auto, tcg or kvm */
	const char *uri; /* libvirt's; NULL = embedded */
	const char *guests; /* folder of the guests */
	const char *daemon; /* path of ringschedd */
	const char *kernel; /* of control VMs instead of the scenario's; NULL = its own */
	bool trace; /* record who had the shared cores, whatever the scenario says */
	bool quiet;
	bool dry_run; /* print the plan only: needs no root, touches nothing */
};

/*
 * Returns an exit code (harness/command.h), 128 + the signal's number where
 * one ended the run; negative with *err set where nothing could be measured.
 */
int run_scenario(const struct run_options *options, struct rs_error **err);

struct resume_options { /* all borrowed */
	const char *dir; /* folder of the run */
	const char *guests; /* NULL = where the run had them */
	const char *daemon;
	bool retry_failed; /* measure failed cells once more */
	bool quiet;
};

/*
 * Measure what a run that was interrupted, or killed at any moment, has not
 * measured yet. Returns as run_scenario(); where nothing is left to measure,
 * the report is made again. Refused where the scenario, the guests or the
 * machine are no longer those of the cells that are there.
 */
int run_resume(const struct resume_options *options, struct rs_error **err);

#endif
