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

struct cell_plan;
struct json_object;
struct rs_error;
struct run_state;

#define RUN_TIME_ROOM 32 /* UTC, ISO 8601 */

/* RUNNING in a file means: under way, or killed while it was. */
enum run_cell_state { RUN_PLANNED, RUN_RUNNING, RUN_DONE, RUN_FAILED };

struct run_cell { /* texts are owned */
	char *policy;
	unsigned int boot; /* from 1 */
	enum run_cell_state state;
	unsigned int attempts;
	char *version; /* of ringsched in its last attempt; NULL before */
	char *begun, *ended; /* the last attempt, UTC, ISO 8601 */
	char *error; /* why it failed */
};

/* What measures cells: VMs on this machine, or in a test something quicker. */
struct run_bench {
	int (*set_up)(struct run_state *run, struct rs_error **err);
	/* Optional: into OUT, right before the first cell. */
	int (*examine)(struct run_state *run, struct rs_error **err);
	int (*measure)(struct run_state *run, const struct cell_plan *plan, struct rs_error **err);
	void (*tear_down)(struct run_state *run); /* also after a failed set_up */
};

struct run_state {
	const struct run_bench *bench;
	const struct run_options *options;
	struct run_options own_options; /* of a resumed run, from its run.db */
	struct scenario *scenario; /* owned, as all below */
	struct rundb *db;
	struct json_object *command, *environment, *guest_files;
	char *preset_name, *uri, *guests; /* behind own_options */
	uint64_t seed;
	unsigned int boots;
	char *out; /* absolute */
	bool made_out; /* by us: it goes again if nothing comes into it */
	char *libvirt_root, *libvirt_link; /* link in OUT, NULL where none is needed */
	char *emulator;
	struct journal *journal;
	struct libvirt_conn *libvirt;
	const struct carrier *carrier; /* of a static table */
	struct accel accel;
	struct progress *progress;
	struct run_cell *cells;
	unsigned int cell_count;
	int64_t begin_ns; /* of this process's part */
	char started[RUN_TIME_ROOM]; /* the run's */
	bool interrupted;
};

void run_time(char *text); /* now, in RUN_TIME_ROOM bytes */

/* "planned", "running", "done", "failed". */
const char *run_cell_state_name(enum run_cell_state state);
bool run_cell_state_find(const char *name, enum run_cell_state *state);
void run_cells_free(struct run_cell *cells, unsigned int count);

/* run_plan.c: what is to be measured, before anything is touched. */
int run_plan(struct run_state *run, struct rs_error **err);
int run_print_plan(struct run_state *run, struct rs_error **err); /* and no more */
/* Can this machine, as this user, measure it? */
int run_check(const struct run_state *run, struct rs_error **err);

/* run_folder.c: OUT of a new run, and what is kept in it to go on. */
int run_make_out(struct run_state *run, struct rs_error **err);
int run_keep(struct run_state *run, struct rs_error **err);
char *run_read_text(const char *path, struct rs_error **err); /* the caller's */
void run_clear(struct run_state *run);

/* run_resume.c: all that from OUT again, and what may not have changed. */
int run_recall(struct run_state *run, const struct resume_options *o, struct rs_error **err);
int run_same_place(const struct run_state *run, struct rs_error **err);

/* run_cells.c: every cell that is not done yet. */
int run_cells(struct run_state *run, struct rs_error **err);
unsigned int run_count(const struct run_state *run, enum run_cell_state state);

/* run_setup.c: the bench of VMs: journal, libvirt, accelerator; after its end
 * nothing of the run is left outside its folder. */
extern const struct run_bench run_bench_vms;

/* run.c: both ways to run, on any bench. */
int run_new_on(const struct run_bench *bench, const struct run_options *o, struct rs_error **err);
int run_resume_on(const struct run_bench *bench, const struct resume_options *o,
		  struct rs_error **err);

/* runfile.c: run.json, written at the begin and end of every cell; and the
 * command line in it. */
struct json_object *runfile_command(const struct run_options *o);
int runfile_write(const struct run_state *run, struct rs_error **err);

#endif
