// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `ringsched run` and `ringsched resume` on a bench whose cells take
 * milliseconds: the policies get their messages over the loop transport and
 * change the threads of a child process; periods are those of a synthetic run.
 *     quick run SCENARIO OUT SEED    2 boots a policy, or as QUICK_BOOTS says
 *     quick resume OUT [--retry-failed]
 *     quick world DIR          makes a scenario and guests' files there
 *
 *     QUICK_VERSION=TEXT  the version these programs pretend to be
 *     QUICK_QEMU=TEXT     the QEMU their machine pretends to have
 *     QUICK_FAIL=N        cell N fails
 *     QUICK_GUESTS=DIR    folder of the guests
 *     QUICK_HOLD=N        cell N goes on until a signal comes
 *     QUICK_FILL=N        cell N fills the disk that OUT is on, then writes
 *     QUICK_SHOW=MS       it says what it does, and a cell takes so much longer
 */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <unistd.h>

#include "harness/cell.h"
#include "harness/command.h"
#include "harness/folder.h"
#include "harness/progress.h"
#include "harness/run_state.h"
#include "harness/version.h"
#include "harness/wait.h"
#include "host/cleanup.h"
#include "host/error.h"
#include "tests/resume/over_the_loop.h"
#include "tests/unit/synthetic_run.h"

#define HOLD_S 60 /* the test ends it long before */

static const char *setting(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value ? value : otherwise;
}

/* Stands for harness/version.c. */
const char *version_text(void)
{
	return setting("QUICK_VERSION", "quick-1");
}

static struct synth_period period(const char *policy, unsigned int boot, enum phase phase,
				  unsigned int i)
{
	bool none = !strcmp(policy, "none");
	struct synth_period p = { .wakeup_us = 100 + i % 7, .response_us = 5001 + i + boot };

	if (phase == PHASE_BOOT)
		p.response_us *= none ? 3 : 1.05;
	return p;
}

static uint64_t wait_ns(const char *policy, enum phase phase)
{
	return phase == PHASE_BOOT && !strcmp(policy, "none") ? 2000000000 : 4000000;
}

static const struct synth synth = {
	.periods = { 300, 300, 30 },
	.period = period,
	.wait_ns = wait_ns,
	.stalls = "[]",
	.speed = "[]",
};

static int set_up(struct run_state *run, struct rs_error **err)
{
	(void)err;
	run->accel = (struct accel){ .why = "nothing is emulated" };
	run->environment = json_object_new_object();
	json_object_object_add(run->environment, "qemu",
			       json_object_new_string(setting("QUICK_QEMU", "1.0")));
	return 0;
}

static void tear_down(struct run_state *run)
{
	(void)run;
}

static bool is_number(const struct cell_plan *plan, const char *name)
{
	return plan->order == strtoul(setting(name, "0"), NULL, 10);
}

/* Until nothing goes any more; then as a cell writes its samples. */
static int fill_disk(const struct run_state *run, const char *dir, struct rs_error **err)
{
	cleanup_free char *filler = folder_path(run->out, "../filler");
	cleanup_free char *samples = folder_path(dir, "samples-control-1.csv.gz");
	cleanup_close int fd = open(filler, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	char block[4096];
	uint64_t noise = 1;

	if (fd < 0)
		return rs_fail_errno(err, errno, "%s", filler);
	for (size_t i = 0; i < sizeof(block); i++) /* that zlib cannot make small */
		block[i] = (char)((noise = noise * 6364136223846793005ull + 1) >> 56);
	while (write(fd, block, sizeof(block)) > 0)
		;
	return folder_write_gz(samples, block, sizeof(block), err);
}

static int show(struct run_state *run, struct rs_error **err)
{
	double s = strtod(setting("QUICK_SHOW", "0"), NULL) / 1000;

	progress_phase(run->progress, "boot");
	return wait_until(wait_deadline(s), err);
}

static int measure(struct run_state *run, const struct cell_plan *plan, struct rs_error **err)
{
	cleanup_free char *loop = folder_path(plan->dir, "loop.txt");
	struct synth of_now = synth;
	int ret = folder_make(plan->dir, 0755, err);

	if (ret == 0)
		ret = show(run, err);
	if (ret == 0)
		ret = over_the_loop(plan->policy, loop, err);
	if (ret == 0 && is_number(plan, "QUICK_HOLD"))
		ret = wait_until(wait_deadline(HOLD_S), err);
	if (ret == 0 && is_number(plan, "QUICK_FAIL"))
		ret = rs_fail(err, EIO, "told to fail");
	if (ret == 0 && is_number(plan, "QUICK_FILL"))
		ret = fill_disk(run, plan->dir, err);
	if (ret < 0)
		return ret;
	of_now.version = version_text();
	/* Its cell.json comes last; written in pieces, not renamed as a real one. */
	synth_cell(&of_now, run->out, plan->policy, plan->boot, plan->order);
	return 0;
}

static const struct run_bench quick_bench = {
	.set_up = set_up,
	.measure = measure,
	.tear_down = tear_down,
};

static int run_new(int argc, char **argv, struct rs_error **err)
{
	const struct run_options o = {
		.argc = argc,
		.argv = argv,
		.scenario = argv[2],
		.boots = (unsigned int)strtoul(setting("QUICK_BOOTS", "2"), NULL, 10),
		.preset = "demo",
		.seed = strtoull(argv[4], NULL, 10),
		.seed_given = true,
		.out = argv[3],
		.accel = "auto",
		.guests = setting("QUICK_GUESTS", "."),
		.daemon = "/bin/true",
		.quiet = !getenv("QUICK_SHOW"),
	};

	return run_new_on(&quick_bench, &o, err);
}

static int resume(char **argv, struct rs_error **err)
{
	const struct resume_options o = {
		.dir = argv[2],
		.guests = getenv("QUICK_GUESTS"),
		.daemon = "/bin/true",
		.retry_failed = argv[3] && !strcmp(argv[3], "--retry-failed"),
	};

	return run_resume_on(&quick_bench, &o, err);
}

static int make_world(const char *dir, struct rs_error **err)
{
	static const char *const policies[] = { "none", "static", "ring", "ring_boot", NULL };
	static const char *const files[] = { "rt/vmlinux",	   "standard/vmlinux",
					     "control-rt.cpio.gz", "control-standard.cpio.gz",
					     "neighbour.img",	   "neighbour-initrd.cpio.gz" };
	const struct synth of_scenario = { .policies = policies };
	cleanup_free char *from = folder_path(dir, "scenario.yaml");
	cleanup_free char *to = folder_path(dir, "boot-interference.yaml");
	cleanup_free char *rt = folder_path(dir, "guests/rt");
	cleanup_free char *standard = folder_path(dir, "guests/standard");
	int ret = folder_make(rt, 0755, err);

	if (ret == 0)
		ret = folder_make(standard, 0755, err);
	for (size_t i = 0; ret == 0 && i < sizeof(files) / sizeof(files[0]); i++) {
		cleanup_free char *path = folder_path(dir, "guests/%s", files[i]);

		ret = folder_write(path, "a guest's file", err);
	}
	if (ret < 0)
		return ret;
	synth_scenario(&of_scenario, dir);
	return rename(from, to) ? rs_fail_errno(err, errno, "renaming %s", from) : 0;
}

int main(int argc, char **argv)
{
	cleanup_error struct rs_error *err = NULL;
	int ret = -EINVAL;

	if (argc == 5 && !strcmp(argv[1], "run"))
		ret = run_new(argc, argv, &err);
	else if (argc >= 3 && !strcmp(argv[1], "resume"))
		ret = resume(argv, &err);
	else if (argc == 3 && !strcmp(argv[1], "world"))
		ret = make_world(argv[2], &err);
	return ret < 0 ? command_fail("quick", err) : ret;
}
