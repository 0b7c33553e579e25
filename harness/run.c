// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run.h"

#include <errno.h>
#include <json-c/json_object.h>
#include <stdio.h>
#include <string.h>

#include "harness/cell.h"
#include "harness/command.h"
#include "harness/preset.h"
#include "harness/progress.h"
#include "harness/report.h"
#include "harness/run_state.h"
#include "harness/scenario.h"
#include "harness/wait.h"
#include "harness/worst.h"
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

/* Before the report, which shows them. Without them it is as good as before. */
static void explain_worst(struct run_state *run)
{
	cleanup_error struct rs_error *err = NULL;

	if (run->scenario->trace && worst_make(run->out, &err) < 0)
		progress_say(run->progress, "worst periods not explained: %s", err->message);
}

static int report(struct run_state *run, struct rs_error **err)
{
	struct report_verdict verdict;
	unsigned int failed = run_count(run, RUN_FAILED);
	int ret;

	/* Also of an interrupted run: the report says that it is one. */
	progress_say(run->progress, "drawing the report");
	explain_worst(run);
	ret = report_make(run->out, &verdict, err);
	if (ret < 0)
		return ret;
	report_print(&verdict, stdout);
	ret = report_exit_code(verdict.result);
	report_verdict_clear(&verdict);
	if (!failed)
		return ret;
	fprintf(stderr,
		"%u of %u cells failed: see cell-failed.txt in their folders; `ringsched resume "
		"--retry-failed %s` measures them once more\n",
		failed, run->cell_count, run->out);
	return EXIT_ERROR;
}

static int examine(struct run_state *run, struct rs_error **err)
{
	return run->bench->examine ? run->bench->examine(run, err) : 0;
}

static int begin_progress(struct run_state *run, struct rs_error **err)
{
	const struct progress_plan plan = {
		.cells = run->cell_count,
		.cell_s = cell_guess_s(run->scenario),
		.quiet = run->options->quiet,
		.policies = run->scenario->policies,
		.policy_count = run->scenario->policy_count,
		.boots = run->boots,
		.phase = phase_names[run->scenario->limits.phase],
	};

	run->progress = progress_begin(&plan);
	return run->progress ? 0 : rs_fail(err, ENOMEM, "out of memory");
}

static int measure_new(struct run_state *run, struct rs_error **err)
{
	int ret = run_make_out(run, err);

	if (ret == 0)
		ret = run->bench->set_up(run, err);
	/* First of what stays: a run that fails before leaves DIR free. */
	if (ret == 0)
		ret = run_keep(run, err);
	if (ret == 0)
		ret = examine(run, err);
	if (ret == 0)
		ret = begin_progress(run, err);
	if (ret < 0)
		return ret;
	introduce(run);
	return run_cells(run, err);
}

static int measure_rest(struct run_state *run, struct rs_error **err)
{
	struct accel found = run->accel;
	int ret = run_check(run, err);

	/* Of now; run_same_place() compares it with what run.db has. */
	json_object_put(steal_pointer(&run->environment));
	if (ret == 0)
		ret = run->bench->set_up(run, err);
	if (ret == 0)
		ret = run_same_place(run, err);
	if (ret == 0)
		ret = examine(run, err);
	if (ret < 0)
		return ret;
	run->accel = found; /* with the reason it was chosen for */
	progress_say(run->progress, "%u of %u cells are measured already", run_count(run, RUN_DONE),
		     run->cell_count);
	introduce(run);
	return run_cells(run, err);
}

/* What is finished is reported; what is not does not count. */
static int end_interrupted(struct run_state *run, struct rs_error **err)
{
	cleanup_error struct rs_error *failed = NULL;
	unsigned int done = run_count(run, RUN_DONE);

	if (err)
		rs_error_free(err);
	fprintf(stderr, "interrupted by SIG%s: %u of %u cells finished%s%s\n",
		sigabbrev_np(wait_signal()), done, run->cell_count, done ? " in " : "",
		done ? run->out : "");
	if (run->db)
		fprintf(stderr, "`ringsched resume %s` goes on from here\n", run->out);
	if (done && report(run, &failed) < 0)
		fprintf(stderr, "no report: %s\n", failed->message);
	return 128 + wait_signal();
}

/* How every run ends: `ret` is what its measuring came to. */
static int finish(struct run_state *run, int ret, struct rs_error **err)
{
	/* Before the report, which may take its time or be interrupted. */
	run->bench->tear_down(run);
	wait_release_signals();
	if (wait_signal())
		ret = end_interrupted(run, err);
	else if (ret == 0)
		ret = report(run, err);
	run_clear(run);
	return ret;
}

int run_new_on(const struct run_bench *bench, const struct run_options *o, struct rs_error **err)
{
	struct run_state run = { .bench = bench, .options = o };
	int ret = wait_catch_signals(err);

	if (ret == 0)
		ret = run_plan(&run, err);
	if (ret == 0)
		ret = measure_new(&run, err);
	return finish(&run, ret, err);
}

int run_resume_on(const struct run_bench *bench, const struct resume_options *o,
		  struct rs_error **err)
{
	struct run_state run = { .bench = bench };
	int ret = wait_catch_signals(err);

	if (ret == 0)
		ret = run_recall(&run, o, err);
	if (ret == 0)
		ret = begin_progress(&run, err);
	if (ret == 0 && run_count(&run, RUN_PLANNED)) {
		ret = measure_rest(&run, err);
	} else if (ret == 0) {
		progress_say(run.progress, "%s is finished: nothing is left to measure", run.out);
		ret = runfile_write(&run, err);
	}
	return finish(&run, ret, err);
}

int run_scenario(const struct run_options *options, struct rs_error **err)
{
	if (options->dry_run) {
		struct run_state run = { .options = options };
		int ret = run_print_plan(&run, err);

		run_clear(&run);
		return ret;
	}
	return run_new_on(&run_bench_vms, options, err);
}

int run_resume(const struct resume_options *options, struct rs_error **err)
{
	return run_resume_on(&run_bench_vms, options, err);
}
