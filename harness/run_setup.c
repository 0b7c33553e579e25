// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/cell.h"
#include "harness/doctor.h"
#include "harness/domain_xml.h"
#include "harness/folder.h"
#include "harness/jsonread.h"
#include "harness/journal.h"
#include "harness/leftovers.h"
#include "harness/libvirt_conn.h"
#include "harness/progress.h"
#include "harness/run_state.h"
#include "harness/scenario.h"
#include "host/cleanup.h"
#include "host/error.h"
#include "host/sched.h"

/* A UNIX socket's path has 107 bytes at most; what libvirt puts behind its
 * root, "/lib/qemu/domain-1-rs-12345678-1234567/monitor.sock", has 51. */
#define ROOT_MAX (107 - 55)

/* OUT, or results/DATE-SCENARIO; absolute. New or empty. */
static int make_out(struct run_state *run, struct rs_error **err)
{
	cleanup_free char *chosen = NULL;
	const char *out = run->options->out;
	struct stat st;
	char stamp[32];

	if (!out) {
		snprintf(stamp, sizeof(stamp), "%.10s-%.2s%.2s%.2s", run->started,
			 run->started + 11, run->started + 14, run->started + 17);
		chosen = folder_path("results", "%s-%s", stamp, run->scenario->name);
		out = chosen;
	}
	if (!out)
		return rs_fail(err, ENOMEM, "out of memory");
	if (folder_make(out, 0755, err) < 0)
		return rs_fail_wrap(err, "no folder for the results, choose another --out");
	if (stat(out, &st) == 0 && !S_ISDIR(st.st_mode))
		return rs_fail(err, ENOTDIR, "%s is no folder: choose another --out", out);
	if (!folder_is_empty(out))
		return rs_fail(err, ENOTEMPTY,
			       "%s holds something already, and nothing in it is overwritten: "
			       "choose another --out",
			       out);
	run->out = realpath(out, NULL);
	return run->out ? 0 : rs_fail_errno(err, errno, "%s", out);
}

static int begin_journal(struct run_state *run, struct rs_error **err)
{
	const struct scenario *s = run->scenario;
	char cores[64];

	cores_text(s->shared_cores, s->shared_core_count, cores, sizeof(cores));
	run->journal = journal_begin(cores, stderr, err);
	return run->journal ? 0 : -EBUSY;
}

/* Ours to remove: a "machine" group that is not there before we begin. */
static void note_machine(const char *path, void *arg)
{
	struct run_state *run = arg;

	if (access(path, F_OK) < 0)
		journal_add(run->journal, NULL, "cgroup %s", path);
}

/*
 * Below OUT where its path is short enough for sockets, else below the
 * journal's folder with a link in OUT.
 */
static int make_root(struct run_state *run, struct rs_error **err)
{
	run->libvirt_root = folder_path(run->out, "libvirt");
	if (run->libvirt_root && strlen(run->libvirt_root) > ROOT_MAX) {
		run->libvirt_link = run->libvirt_root;
		run->libvirt_root = folder_path(journal_dir(run->journal), "libvirt");
	}
	if (!run->libvirt_root)
		return rs_fail(err, ENOMEM, "out of memory");
	if (run->libvirt_link &&
	    (journal_add(run->journal, err, "file %s", run->libvirt_link) < 0 ||
	     symlink(run->libvirt_root, run->libvirt_link) < 0))
		return rs_fail_errno(err, errno, "making link %s", run->libvirt_link);
	if (journal_add(run->journal, err, "root %s", run->libvirt_root) < 0)
		return -EIO;
	return folder_make(run->libvirt_root, 0700, err);
}

static int connect_libvirt(struct run_state *run, struct rs_error **err)
{
	cleanup_free char *log = folder_path(run->out, "libvirt.log");
	unsigned long version = 0;

	if (!log)
		return rs_fail(err, ENOMEM, "out of memory");
	run->libvirt = libvirt_connect(run->options->uri, run->libvirt_root, log, err);
	if (!run->libvirt)
		return -EIO;
	if (virConnectGetVersion(libvirt_handle(run->libvirt), &version) < 0)
		return libvirt_fail(err, "asking for QEMU's version");
	run->carrier = carrier_find(version, err);
	return run->carrier ? 0 : -ENOTSUP;
}

/* The trial boots what the run's first control VM boots. */
static int choose_accel(struct run_state *run, struct rs_error **err)
{
	const char *guests = run->options->guests;
	const char *flavour = "rt";
	cleanup_free char *kernel = NULL, *initrd = NULL;
	struct accel_trial trial;
	unsigned int i;

	for (i = 0; i < run->scenario->vm_count; i++)
		if (run->scenario->vms[i].role == VM_ROLE_CONTROL)
			flavour = run->scenario->vms[i].kernel == VM_KERNEL_RT ? "rt" : "standard";
	kernel = folder_path(guests, "%s/vmlinux", flavour);
	initrd = folder_path(guests, "control-%s.cpio.gz", flavour);
	if (!kernel || !initrd)
		return rs_fail(err, ENOMEM, "out of memory");
	trial = (struct accel_trial){
		.emulator = run->emulator,
		.kernel = kernel,
		.initrd = initrd,
		.cmdline = "console=ttyS0 tsc=reliable quiet rs.load=0",
		.dir = journal_dir(run->journal),
	};
	return accel_choose(run->options->accel, &trial, &run->accel, err);
}

static int write_scenario(struct run_state *run, struct rs_error **err)
{
	cleanup_free char *path = folder_path(run->out, "scenario.yaml");
	cleanup_file FILE *to = path ? fopen(path, "we") : NULL;

	cleanup_scenario struct scenario *again = NULL;

	if (!to)
		return rs_fail_errno(err, errno, "making %s/scenario.yaml", run->out);
	if (scenario_write(run->scenario, to, err) < 0)
		return -EIO;
	/* The report will read it: better to know now than after the measuring. */
	again = scenario_load(path, err);
	return again ? 0 : rs_fail_wrap(err, "the scenario as resolved");
}

/* What of this host will show in the numbers goes with the numbers. */
static int write_doctor(struct run_state *run, struct rs_error **err)
{
	cleanup_free char *path = folder_path(run->out, "doctor.json");
	cleanup_json struct json_object *json = NULL;
	struct doctor d = {
		.root = "",
		.scenario = run->scenario,
		.guests = run->options->guests,
		.out = run->out,
		.emulator = run->emulator,
		.accel = &run->accel,
	};
	struct doctor_report r;

	doctor_watch(&d, DOCTOR_WATCH_S);
	doctor_examine(&d, &r);
	json = doctor_json(&r, err);
	fprintf(stderr,
		"doctor: %zu passed, %zu warned, %zu failed (`ringsched doctor` says more)\n",
		r.count[DOCTOR_PASS], r.count[DOCTOR_WARN], r.count[DOCTOR_FAIL]);
	doctor_report_clear(&r);
	if (!path || !json)
		return rs_fail(err, ENOMEM, "out of memory");
	return json_write(json, path, err);
}

int run_set_up(struct run_state *run, struct rs_error **err)
{
	int ret = begin_journal(run, err);

	if (ret == 0)
		ret = make_out(run, err);
	/* All threads and processes from here on inherit the core. */
	if (ret == 0)
		ret = sched_pin(run->scenario->housekeeping_cores[0], err);
	if (ret == 0)
		leftovers_each_machine(note_machine, run);
	if (ret == 0)
		ret = make_root(run, err);
	if (ret == 0)
		ret = (run->emulator = accel_emulator(err)) ? 0 : -ENOENT;
	if (ret == 0)
		ret = connect_libvirt(run, err);
	if (ret == 0)
		ret = choose_accel(run, err);
	/* First of what stays: a run that fails before leaves DIR free. */
	if (ret == 0)
		ret = write_scenario(run, err);
	if (ret == 0)
		ret = write_doctor(run, err);
	if (ret < 0)
		return ret;
	run->progress =
		progress_begin(run->cell_count, cell_guess_s(run->scenario), run->options->quiet);
	return run->progress ? 0 : rs_fail(err, ENOMEM, "out of memory");
}

void run_tear_down(struct run_state *run)
{
	libvirt_disconnect(run->libvirt);
	run->libvirt = NULL;
	if (run->libvirt_link)
		unlink(run->libvirt_link);
	journal_end(run->journal, stderr);
	run->journal = NULL;
	/* Nothing came of it: then leave no empty folder behind either. */
	if (run->out)
		rmdir(run->out);
}

void run_clear(struct run_state *run)
{
	unsigned int i;

	progress_end(run->progress);
	for (i = 0; run->cells && i < run->cell_count; i++)
		free(run->cells[i].error);
	free(run->cells);
	free(run->out);
	free(run->libvirt_root);
	free(run->libvirt_link);
	free(run->emulator);
	scenario_free(run->scenario);
}
