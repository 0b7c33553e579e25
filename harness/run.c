// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/cell.h"
#include "harness/command.h"
#include "harness/folder.h"
#include "harness/preset.h"
#include "harness/progress.h"
#include "harness/report.h"
#include "harness/run_state.h"
#include "harness/scenario.h"
#include "harness/wait.h"
#include "host/cleanup.h"
#include "host/error.h"

static void introduce(const struct run_state *run)
{
	cleanup_free char *can_tell = preset_can_tell(run->boots);
	const struct run_options *o = run->options;

	progress_say(run->progress, "%s: %s", run->scenario->name,
		     run->scenario->question ? run->scenario->question : "");
	progress_say(run->progress, "%u policies, %u boots each, seed %llu, results in %s",
		     run->scenario->policy_count, run->boots, (unsigned long long)run->seed,
		     run->out);
	progress_say(run->progress, "accelerator: %s, because %s", accel_name(&run->accel),
		     run->accel.why);
	progress_say(run->progress, "preset %s: %s", o->preset, can_tell ? can_tell : "");
}

static int measure(struct run_state *run, unsigned int i, struct rs_error **err)
{
	struct run_cell *cell = &run->cells[i];
	cleanup_free char *logs =
		folder_path(run->options->uri ? "/var/log/libvirt" : run->libvirt_root,
			    run->options->uri ? "qemu" : "log/qemu");
	cleanup_free char *dir =
		folder_path(run->out, "cells/%03u-%s-%u", i + 1, cell->policy, cell->boot);
	struct cell_context context = {
		.scenario = run->scenario,
		.accel = &run->accel,
		.carrier = run->carrier,
		.libvirt = run->libvirt,
		.libvirt_logs = logs,
		.journal = run->journal,
		.progress = run->progress,
		.guests = run->options->guests,
		.emulator = run->emulator,
		.daemon = run->options->daemon,
	};
	struct cell_plan plan = {
		.policy = cell->policy,
		.boot = cell->boot,
		.order = i + 1,
		.dir = dir,
	};

	if (!logs || !dir)
		return rs_fail(err, ENOMEM, "out of memory");
	progress_cell(run->progress, i, cell->policy, cell->boot);
	return cell_measure(&context, &plan, err);
}

/* One cell and its mark in run.json. Fails on what ends the run. */
static int measure_and_note(struct run_state *run, unsigned int i, unsigned int *in_a_row,
			    struct rs_error **err)
{
	cleanup_error struct rs_error *failed = NULL;
	struct run_cell *cell = &run->cells[i];

	if (measure(run, i, &failed) == 0) {
		cell->state = RUN_DONE;
		*in_a_row = 0;
		progress_done(run->progress, "done");
		return runfile_write(run, err);
	}
	if (wait_signal()) {
		run->interrupted = true;
		return runfile_write(run, err);
	}
	cell->state = RUN_FAILED;
	cell->error = strdup(failed->message);
	fprintf(stderr, "cell %u (%s, boot %u) failed: %s\n", i + 1, cell->policy, cell->boot,
		failed->message);
	progress_done(run->progress, "failed");
	if (runfile_write(run, err) < 0)
		return -EIO;
	if (++*in_a_row == 2)
		return rs_fail(err, ECANCELED,
			       "two cells in a row failed, so the rest would too; see "
			       "cell-failed.txt in %s/cells",
			       run->out);
	return 0;
}

static int measure_all(struct run_state *run, struct rs_error **err)
{
	unsigned int i, in_a_row = 0;
	int ret = runfile_write(run, err);

	for (i = 0; ret == 0 && i < run->cell_count && !run->interrupted; i++) {
		if (wait_signal())
			run->interrupted = true;
		else
			ret = measure_and_note(run, i, &in_a_row, err);
	}
	return ret;
}

static unsigned int count_cells(const struct run_state *run, enum run_cell_state state)
{
	unsigned int i, count = 0;

	for (i = 0; i < run->cell_count; i++)
		count += run->cells[i].state == state;
	return count;
}

static int report(struct run_state *run, struct rs_error **err)
{
	struct report_verdict verdict;
	unsigned int failed = count_cells(run, RUN_FAILED);
	int ret;

	/* Also of an interrupted run: the report says that it is one. */
	progress_say(run->progress, "drawing the report");
	ret = report_make(run->out, &verdict, err);
	if (ret < 0)
		return ret;
	report_print(&verdict, stdout);
	ret = report_exit_code(verdict.result);
	report_verdict_clear(&verdict);
	if (!failed)
		return ret;
	fprintf(stderr, "%u of %u cells failed: see cell-failed.txt in their folders\n", failed,
		run->cell_count);
	return EXIT_ERROR;
}

static int measure_run(struct run_state *run, struct rs_error **err)
{
	int ret = run_set_up(run, err);

	if (ret < 0)
		return ret;
	introduce(run);
	return measure_all(run, err);
}

/* What is finished is reported; what is not does not count. */
static int end_interrupted(struct run_state *run, struct rs_error **err)
{
	cleanup_error struct rs_error *failed = NULL;
	unsigned int done = count_cells(run, RUN_DONE);

	if (err)
		rs_error_free(err);
	fprintf(stderr, "interrupted by SIG%s: %u of %u cells finished%s%s\n",
		sigabbrev_np(wait_signal()), done, run->cell_count, done ? " in " : "",
		done ? run->out : "");
	if (done && report(run, &failed) < 0)
		fprintf(stderr, "no report: %s\n", failed->message);
	return 128 + wait_signal();
}

int run_scenario(const struct run_options *options, struct rs_error **err)
{
	struct run_state run = { .options = options };
	int ret = wait_catch_signals(err);

	if (ret == 0)
		ret = run_plan(&run, err);
	if (ret == 0)
		ret = measure_run(&run, err);
	/* Before the report, which may take its time or be interrupted. */
	run_tear_down(&run);
	wait_release_signals();
	if (wait_signal())
		ret = end_interrupted(&run, err);
	else if (ret == 0)
		ret = report(&run, err);
	run_clear(&run);
	return ret;
}
