// SPDX-License-Identifier: GPL-2.0-or-later
/* `ringsched doctor`: what of this host will show in a run's numbers. */
#include <argp.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/accel.h"
#include "harness/command.h"
#include "harness/doctor.h"
#include "harness/folder.h"
#include "harness/jsonread.h"
#include "harness/scenario.h"
#include "host/cleanup.h"
#include "host/error.h"

#define SCENARIO_DEFAULT "scenarios/boot-interference.yaml"

enum { OPT_FIX = 256, OPT_UNDO, OPT_JSON, OPT_QUICK, OPT_JOURNAL, OPT_GUESTS, OPT_ROOT };

struct options {
	const char *scenario, *json, *journal, *guests, *out, *root;
	bool fix, undo, quick, all;
};

static const struct argp_option option_table[] = {
	{ "all", 'a', NULL, 0, "print what passed or was skipped too", 0 },
	{ "fix", OPT_FIX, NULL, 0, "apply the reversible changes that were found", 0 },
	{ "undo", OPT_UNDO, NULL, 0, "take back what --fix changed, and end", 0 },
	{ "json", OPT_JSON, "FILE", 0, "write the findings as JSON too", 0 },
	{ "quick", OPT_QUICK, NULL, 0, "start no trial guest and watch for no second", 0 },
	{ "out", 'o', "DIR", 0, "folder that results would go to (default: .)", 0 },
	{ "guests", OPT_GUESTS, "DIR", 0, "kernels and images (default: guest/ beside ringsched)",
	  0 },
	{ "journal", OPT_JOURNAL, "FILE", 0,
	  "where --fix notes what it changes (default: " DOCTOR_JOURNAL ")", 0 },
	{ "root", OPT_ROOT, "DIR", 0, "look at /proc, /sys and /dev below DIR: another machine's",
	  0 },
	{ 0 },
};

static error_t take_option(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'a':
		o->all = true;
		return 0;
	case 'o':
		o->out = arg;
		return 0;
	case OPT_FIX:
		o->fix = true;
		return 0;
	case OPT_UNDO:
		o->undo = true;
		return 0;
	case OPT_JSON:
		o->json = arg;
		return 0;
	case OPT_QUICK:
		o->quick = true;
		return 0;
	case OPT_JOURNAL:
		o->journal = arg;
		return 0;
	case OPT_GUESTS:
		o->guests = arg;
		return 0;
	case OPT_ROOT:
		o->root = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (o->scenario)
			argp_error(state, "one scenario at a time, not '%s' too", arg);
		o->scenario = arg;
		return 0;
	case ARGP_KEY_END:
		if (o->fix && o->undo)
			argp_error(state, "--fix or --undo, not both");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = option_table,
	.parser = take_option,
	.args_doc = "[SCENARIO.yaml]",
	.doc = "Check this host before a run: each finding with its value, why it matters, and the "
	       "command that changes it and the one that undoes it. The scenario (default: " SCENARIO_DEFAULT
	       ") names the cores.\v"
	       "Nothing is changed without --fix, and --fix changes only what --undo can take back. "
	       "Exit code: 0 nothing failed, 1 could not look, 2 a check failed.",
};

/* Does KVM work? Only a guest that boots can tell. */
static void try_accel(struct doctor *d, struct accel *a)
{
	cleanup_free char *kernel = folder_path(d->guests, "rt/vmlinux");
	cleanup_free char *initrd = folder_path(d->guests, "control-rt.cpio.gz");
	char dir[] = "/tmp/ringsched-doctor-XXXXXX";
	struct accel_trial trial = {
		.emulator = d->emulator,
		.kernel = kernel,
		.initrd = initrd,
		.cmdline = "console=ttyS0 tsc=reliable quiet rs.load=0",
		.dir = dir,
	};

	if (!d->emulator || !kernel || !initrd || access(kernel, R_OK) || access(initrd, R_OK) ||
	    geteuid() || !mkdtemp(dir))
		return;
	if (accel_choose("auto", &trial, a, NULL) == 0)
		d->accel = a;
	folder_remove(dir, NULL);
}

static int undo(const struct options *o, struct rs_error **err)
{
	unsigned int undone;
	int ret = doctor_undo(o->journal, &undone, stdout, err);

	if (ret == 0)
		printf("%u change%s taken back\n", undone, undone == 1 ? "" : "s");
	return ret;
}

static int apply(const struct options *o, const struct doctor_report *r, struct rs_error **err)
{
	unsigned int applied;
	int ret = doctor_fix(r, o->journal, &applied, stdout, err);

	if (ret == 0)
		printf("%u change%s made; `ringsched doctor --undo` takes %s back\n", applied,
		       applied == 1 ? "" : "s", applied == 1 ? "it" : "them");
	return ret;
}

static int write_json(const struct options *o, const struct doctor_report *r, struct rs_error **err)
{
	cleanup_json struct json_object *json = doctor_json(r, err);

	return json ? json_write(json, o->json, err) : -ENOMEM;
}

/* Returns an exit code, or a negative errno value. */
static int examine(const struct options *o, struct rs_error **err)
{
	cleanup_scenario struct scenario *s =
		scenario_load(o->scenario ? o->scenario : SCENARIO_DEFAULT, err);
	cleanup_free char *emulator = accel_emulator(NULL);
	struct doctor d = {
		.root = o->root,
		.scenario = s,
		.guests = o->guests,
		.out = o->out,
		.emulator = emulator,
	};
	struct doctor_report r;
	struct accel accel;
	int ret = 0;

	if (!s)
		return -EINVAL;
	if (!o->quick && !*o->root) {
		doctor_watch(&d, DOCTOR_WATCH_S);
		try_accel(&d, &accel);
	}
	doctor_examine(&d, &r);
	doctor_print(&r, o->all, stdout);
	if (o->json)
		ret = write_json(o, &r, err);
	if (ret == 0 && o->fix)
		ret = apply(o, &r, err);
	if (ret == 0)
		ret = r.count[DOCTOR_FAIL] ? EXIT_LIMIT : EXIT_PASS;
	doctor_report_clear(&r);
	return ret;
}

int cmd_doctor(int argc, char **argv)
{
	cleanup_free char *guests = command_beside("guest");
	cleanup_error struct rs_error *err = NULL;
	struct options o = { .journal = DOCTOR_JOURNAL, .guests = guests, .out = ".", .root = "" };
	int ret;

	argp_parse(&argp, argc, argv, 0, NULL, &o);
	ret = o.undo ? undo(&o, &err) : examine(&o, &err);
	return ret < 0 ? command_fail(argv[0], err) : ret;
}
