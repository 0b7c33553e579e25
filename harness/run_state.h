/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A run while it goes on: shared by the files run*.c only.
 */
#ifndef RINGSCHED_RUN_STATE_H
#define RINGSCHED_RUN_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/accel.h"
#include "harness/run.h"

struct rs_error;

enum run_cell_state { RUN_PLANNED, RUN_DONE, RUN_FAILED };

struct run_cell {
	const char *policy; /* the scenario's */
	unsigned int boot; /* from 1 */
	enum run_cell_state state;
	char *error; /* owned; why it failed */
};

struct run_state {
	const struct run_options *options;
	struct scenario *scenario; /* owned, as all below */
	uint64_t seed;
	unsigned int boots;
	char *out; /* absolute */
	char *libvirt_root, *libvirt_link; /* link in OUT, NULL where none is needed */
	char *emulator;
	struct journal *journal;
	struct libvirt_conn *libvirt;
	const struct carrier *carrier; /* of a static table */
	struct accel accel;
	struct progress *progress;
	struct run_cell *cells;
	unsigned int cell_count;
	int64_t begin_ns;
	char started[32]; /* UTC, ISO 8601 */
	bool interrupted;
};

/* run_plan.c: what is to be measured, before anything is touched. */
int run_plan(struct run_state *run, struct rs_error **err);

/* run_setup.c: journal, folder, libvirt, accelerator; and their end, after
 * which nothing of the run is left outside its folder. */
int run_set_up(struct run_state *run, struct rs_error **err);
void run_tear_down(struct run_state *run);
void run_clear(struct run_state *run);

/* runfile.c: run.json, written after every cell. */
int runfile_write(const struct run_state *run, struct rs_error **err);

#endif
