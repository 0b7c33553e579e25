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
#include "harness/environment.h"
#include "harness/folder.h"
#include "harness/jsonread.h"
#include "harness/journal.h"
#include "harness/leftovers.h"
#include "harness/libvirt_conn.h"
#include "harness/run_state.h"
#include "harness/scenario.h"
#include "host/cleanup.h"
#include "host/error.h"
#include "host/sched.h"

/* A UNIX socket's path has 107 bytes at most; what libvirt puts behind its
 * root, "/lib/qemu/domain-1-rs-12345678-1234567/monitor.sock", has 51. */
#define ROOT_MAX (107 - 55)

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

/* doctor.json; of a resumed run doctor-2.json and so on beside it. */
static char *doctor_path(const struct run_state *run)
{
	char *path = folder_path(run->out, "doctor.json");
	unsigned int i;

	for (i = 2; path && access(path, F_OK) == 0; i++) {
		free(path);
		path = folder_path(run->out, "doctor-%u.json", i);
	}
	return path;
}

/* What of this host will show in the numbers goes with the numbers. */
static int examine(struct run_state *run, struct rs_error **err)
{
	cleanup_free char *path = doctor_path(run);
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

static int set_up(struct run_state *run, struct rs_error **err)
{
	int ret = begin_journal(run, err);

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
	if (ret == 0)
		run->environment = environment_json(run->libvirt);
	return ret;
}

static int measure(struct run_state *run, const struct cell_plan *plan, struct rs_error **err)
{
	cleanup_free char *logs =
		folder_path(run->options->uri ? "/var/log/libvirt" : run->libvirt_root,
			    run->options->uri ? "qemu" : "log/qemu");
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

	if (!logs)
		return rs_fail(err, ENOMEM, "out of memory");
	return cell_measure(&context, plan, err);
}

static void tear_down(struct run_state *run)
{
	libvirt_disconnect(run->libvirt);
	run->libvirt = NULL;
	if (run->libvirt_link)
		unlink(run->libvirt_link);
	journal_end(run->journal, stderr);
	run->journal = NULL;
	free(steal_pointer(&run->libvirt_root));
	free(steal_pointer(&run->libvirt_link));
	free(steal_pointer(&run->emulator));
}

const struct run_bench run_bench_vms = {
	.set_up = set_up,
	.examine = examine,
	.measure = measure,
	.tear_down = tear_down,
};
