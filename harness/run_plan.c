// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "harness/folder.h"
#include "harness/preset.h"
#include "harness/prng.h"
#include "harness/run_state.h"
#include "harness/scenario.h"
#include "harness/wait.h"
#include "host/cleanup.h"
#include "host/error.h"
#include "host/policy.h"

/* "a,b" over the scenario's own policies; "all" = every one there is. */
static int replace_policies(struct scenario *s, const char *list, struct rs_error **err)
{
	cleanup_free char *copy = strdup(list);
	char *rest = copy, *name;
	unsigned int i;

	if (!copy)
		return rs_fail(err, ENOMEM, "out of memory");
	for (i = 0; i < s->policy_count; i++)
		free(steal_pointer(&s->policies[i]));
	s->policy_count = 0;
	if (!strcmp(list, "all")) {
		for (i = 0; i < SCENARIO_POLICIES_MAX && policies[i]; i++)
			s->policies[s->policy_count++] = strdup(policies[i]->name);
		return 0;
	}
	while ((name = strsep(&rest, ","))) {
		if (!policy_find(name, err))
			return -ENOENT;
		for (i = 0; i < s->policy_count; i++)
			if (!strcmp(s->policies[i], name))
				return rs_fail(err, EINVAL, "policy %s is named twice", name);
		if (s->policy_count == SCENARIO_POLICIES_MAX)
			return rs_fail(err, E2BIG, "more than %d policies", SCENARIO_POLICIES_MAX);
		s->policies[s->policy_count++] = strdup(name);
	}
	return 0;
}

static int replace_kernel(struct scenario *s, const char *name, struct rs_error **err)
{
	enum vm_kernel kernel = !strcmp(name, "rt") ? VM_KERNEL_RT : VM_KERNEL_STANDARD;
	unsigned int i;

	if (strcmp(name, "rt") && strcmp(name, "standard"))
		return rs_fail(err, EINVAL, "kernel '%s': expected rt or standard", name);
	for (i = 0; i < s->vm_count; i++)
		if (s->vms[i].role == VM_ROLE_CONTROL)
			s->vms[i].kernel = kernel;
	return 0;
}

static int load(struct run_state *run, struct rs_error **err)
{
	const struct run_options *o = run->options;
	struct scenario *s = scenario_load(o->scenario, err);
	const struct preset *preset;
	unsigned int i;
	int ret = 0;

	if (!s)
		return -EINVAL;
	run->scenario = s;
	preset = preset_find(o->preset, err);
	if (!preset)
		return -EINVAL;
	run->boots = o->boots ? o->boots : s->boots ? s->boots : preset->boots;
	if (o->policies)
		ret = replace_policies(s, o->policies, err);
	if (ret == 0 && o->kernel)
		ret = replace_kernel(s, o->kernel, err);
	for (i = 0; ret == 0 && i < s->policy_count; i++)
		if (!policy_find(s->policies[i], err))
			ret = rs_fail_wrap(err, "%s", o->scenario);
	s->boots = run->boots; /* as resolved */
	return ret;
}

/* Blocks of one boot of each policy; in each the order is shuffled, so that a
 * drift of the machine falls on all policies alike. */
static int make_order(struct run_state *run, struct rs_error **err)
{
	const struct scenario *s = run->scenario;
	struct prng prng = { .state = run->seed };
	unsigned int boot, i;

	run->cells = calloc((size_t)run->boots * s->policy_count, sizeof(*run->cells));
	if (!run->cells)
		return rs_fail(err, ENOMEM, "out of memory");
	for (boot = 0; boot < run->boots; boot++) {
		struct run_cell *block = &run->cells[run->cell_count];

		for (i = 0; i < s->policy_count; i++) {
			block[i].policy = s->policies[i];
			block[i].boot = boot + 1;
		}
		for (i = s->policy_count; i > 1; i--) {
			struct run_cell *other = &block[prng_below(&prng, i)];
			struct run_cell kept = block[i - 1];

			block[i - 1] = *other;
			*other = kept;
		}
		run->cell_count += s->policy_count;
	}
	return 0;
}

static int check_file(const char *path, int mode, const char *remedy, struct rs_error **err)
{
	if (access(path, mode) < 0)
		return rs_fail_errno(err, errno, "%s (%s)", path, remedy);
	return 0;
}

static int check_guests(const struct run_state *run, struct rs_error **err)
{
	const struct scenario *s = run->scenario;
	unsigned int i, k;
	int ret = 0;

	for (i = 0; ret == 0 && i < s->vm_count; i++) {
		const char *flavour = s->vms[i].kernel == VM_KERNEL_RT ? "rt" : "standard";
		char names[3][64] = { "", "neighbour.img", "neighbour-initrd.cpio.gz" };

		snprintf(names[0], sizeof(names[0]), "%s/vmlinux", flavour);
		if (s->vms[i].role == VM_ROLE_CONTROL) {
			snprintf(names[1], sizeof(names[1]), "control-%s.cpio.gz", flavour);
			names[2][0] = '\0';
		}
		for (k = 0; ret == 0 && k < 3 && names[k][0]; k++) {
			cleanup_free char *path = folder_path(run->options->guests, "%s", names[k]);

			ret = path ? check_file(path, R_OK, "make guests builds it", err) :
				     rs_fail(err, ENOMEM, "out of memory");
		}
	}
	return ret;
}

static int check_cores(const struct scenario *s, struct rs_error **err)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned int i;

	for (i = 0; i < s->shared_core_count; i++)
		if (s->shared_cores[i] >= online)
			return rs_fail(err, ENODEV, "core %d: this machine has cores 0 to %ld",
				       s->shared_cores[i], online - 1);
	for (i = 0; i < s->housekeeping_core_count; i++)
		if (s->housekeeping_cores[i] >= online)
			return rs_fail(err, ENODEV, "core %d: this machine has cores 0 to %ld",
				       s->housekeeping_cores[i], online - 1);
	return 0;
}

static void note_start(struct run_state *run)
{
	time_t now = time(NULL);
	struct tm utc;

	run->begin_ns = wait_now_ns();
	gmtime_r(&now, &utc);
	strftime(run->started, sizeof(run->started), "%Y-%m-%dT%H:%M:%SZ", &utc);
	/* JSON readers keep whole numbers exactly up to 2^53. */
	run->seed = run->options->seed_given ? run->options->seed : (uint64_t)now;
}

int run_plan(struct run_state *run, struct rs_error **err)
{
	int ret;

	note_start(run);
	ret = load(run, err);
	if (ret == 0)
		ret = check_cores(run->scenario, err);
	if (ret == 0)
		ret = check_guests(run, err);
	if (ret == 0)
		ret = check_file(run->options->daemon, X_OK, "make host builds it", err);
	if (ret == 0 && geteuid() != 0)
		ret = rs_fail(err, EPERM,
			      "a run needs root: it starts VMs and changes the "
			      "scheduling of their threads");
	return ret < 0 ? ret : make_order(run, err);
}
