// SPDX-License-Identifier: GPL-2.0-or-later
/* `ringsched doctor`: what of this host will show in a run's numbers. */
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
#include "harness/place.h"
#include "harness/scenario.h"
#include "host/cleanup.h"
#include "host/error.h"

#define SCENARIO_DEFAULT "scenarios/boot-interference.yaml"

struct options {
	const char *scenario, *json, *journal, *guests, *out, *root;
	bool fix, undo, quick, all;
};

#define AT(member) .offset = offsetof(struct options, member)

/* An option keeps together what belongs together. */
/* clang-format off */
static const struct option_row options[] = {
	{ .name = "all", .letter = 'a', .type = OPTION_FLAG, AT(all),
	  .help = "print what passed or was skipped too" },
	{ .name = "fix", .type = OPTION_FLAG, AT(fix),
	  .help = "apply the reversible changes that were found" },
	{ .name = "undo", .type = OPTION_FLAG, AT(undo),
	  .help = "take back what --fix changed, and end" },
	{ .name = "json", .value = "FILE", .type = OPTION_TEXT, AT(json),
	  .complete = COMPLETE_FILE,
	  .help = "write the findings as JSON too; -: to stdout, and nothing else" },
	{ .name = "quick", .type = OPTION_FLAG, AT(quick),
	  .help = "start no trial guest and watch for no second" },
	{ .name = "out", .letter = 'o', .value = "DIR", .type = OPTION_TEXT, AT(out),
	  .complete = COMPLETE_FOLDER, .help = "folder that results would go to (default: .)" },
	{ .name = "guests", .value = "DIR", .type = OPTION_TEXT, AT(guests),
	  .complete = COMPLETE_FOLDER,
	  .help = "kernels and images (default: guest/ beside ringsched)" },
	{ .name = "journal", .value = "FILE", .type = OPTION_TEXT, AT(journal),
	  .complete = COMPLETE_FILE,
	  .help = "where --fix notes what it changes (default: " DOCTOR_JOURNAL ")" },
	{ .name = "root", .value = "DIR", .type = OPTION_TEXT, AT(root),
	  .complete = COMPLETE_FOLDER,
	  .help = "look at /proc, /sys and /dev below DIR: another machine's" },
	{ 0 },
};
/* clang-format on */

/* Nothing else may be on stdout then. */
static bool json_alone(const struct options *o)
{
	return o->json && !strcmp(o->json, "-");
}

static int check(const void *input, struct rs_error **err)
{
	const struct options *o = input;

	if (o->fix && o->undo)
		return rs_fail(err, EINVAL, "--fix or --undo, not both");
	if (o->fix && json_alone(o))
		return rs_fail(err, EINVAL,
			       "--fix tells what it changes, so --json wants a FILE beside it");
	return 0;
}

static bool check_row(unsigned int index, struct option_term *term)
{
	const struct doctor_check *c = &doctor_checks[index];

	if (!c->name)
		return false;
	snprintf(term->name, sizeof(term->name), "%s", c->name);
	snprintf(term->text, sizeof(term->text), "%s", c->why);
	return true;
}

static const struct option_list lists[] = {
	{ "Checks, and why each matters", check_row },
	{ 0 },
};

static const struct option_exit exits[] = {
	{ EXIT_PASS, "nothing failed" },
	{ EXIT_ERROR, "could not look" },
	{ EXIT_LIMIT, "a check failed" },
	{ 0 },
};

static const struct option_example examples[] = {
	{ .command = "ringsched doctor --all",
	  .help = "every check, also those that passed",
	  .dry = "--quick",
	  .codes = "0 2" },
	{ .command = "ringsched doctor scenarios/io-storm.yaml --json findings.json",
	  .help = "for that scenario's cores, and for a program to read",
	  .dry = "--quick",
	  .codes = "0 2" },
	{ 0 },
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
	if (!json_alone(o))
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

static int run(int argc, char **argv)
{
	cleanup_free char *guests = place_find(PLACE_GUESTS);
	cleanup_error struct rs_error *err = NULL;
	struct options o = { .journal = DOCTOR_JOURNAL, .guests = guests, .out = ".", .root = "" };
	int ret;

	if (!option_read(&command_doctor.line, argc, argv, &o, &ret))
		return ret;
	ret = o.undo ? undo(&o, &err) : examine(&o, &err);
	return ret < 0 ? command_fail(argv[0], err) : ret;
}

const struct command command_doctor = {
	.line = {
		.name = "ringsched doctor",
		.summary = "check this host before a run: what will show in the numbers",
		.text = "Check this host before a run: each finding with its value, why it "
			"matters, and the command that changes it and the one that undoes it. The "
			"scenario (default: " SCENARIO_DEFAULT ") names the cores.",
		.notes = "Nothing is changed without --fix, and --fix changes only what --undo can "
			 "take back.",
		.options = options,
		.operand = { .name = "[SCENARIO.yaml]", .max = 1, AT(scenario),
			     .complete = COMPLETE_FILE },
		.lists = lists,
		.exits = exits,
		.examples = examples,
		.check = check,
	},
	.run = run,
};
