// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "harness/folder.h"
#include "harness/guestfiles.h"
#include "harness/plan.h"
#include "harness/preset.h"
#include "harness/run_state.h"
#include "harness/scenario.h"
#include "harness/schedstat.h"
#include "harness/wait.h"
#include "host/cleanup.h"
#include "host/error.h"
#include "host/policy.h"
#include "host/prng.h"
#include "host/suggest.h"

/* One name of --policy; the list of all is short enough to be said. */
static int add_policy(struct scenario *s, const char *name, struct rs_error **err)
{
	struct suggestion nearest = { .word = name };
	unsigned int i;

	for (i = 0; policies[i]; i++)
		suggest_offer(&nearest, policies[i]->name);
	if (!policy_find(name, NULL))
		return rs_fail(err, EINVAL,
			       "--policy: there is no policy '%.64s'%s%s%s (`ringsched list "
			       "--policies` lists them)",
			       name, nearest.best ? "; did you mean '" : "",
			       nearest.best ? nearest.best : "", nearest.best ? "'?" : "");
	for (i = 0; i < s->policy_count; i++)
		if (!strcmp(s->policies[i], name))
			return rs_fail(err, EINVAL, "--policy: %s is named twice", name);
	if (s->policy_count == SCENARIO_POLICIES_MAX)
		return rs_fail(err, E2BIG, "--policy: more than %d policies",
			       SCENARIO_POLICIES_MAX);
	s->policies[s->policy_count] = strdup(name);
	if (!s->policies[s->policy_count])
		return rs_fail(err, ENOMEM, "out of memory");
	s->policy_count++;
	return 0;
}

/* "a,b" over the scenario's own policies; "all" = every one there is. */
static int replace_policies(struct scenario *s, const char *list, struct rs_error **err)
{
	cleanup_free char *copy = strdup(list);
	char *rest = copy, *name;
	unsigned int i;
	int ret = 0;

	if (!copy)
		return rs_fail(err, ENOMEM, "out of memory");
	for (i = 0; i < s->policy_count; i++)
		free(steal_pointer(&s->policies[i]));
	s->policy_count = 0;
	if (!strcmp(list, "all")) {
		for (i = 0; ret == 0 && policies[i]; i++)
			ret = add_policy(s, policies[i]->name, err);
		return ret;
	}
	while (ret == 0 && (name = strsep(&rest, ",")))
		ret = add_policy(s, name, err);
	return ret;
}

/*
 * The policy that is judged must be among those that run. A scenario without
 * limits judges nothing: there the last policy stands for it, as by default.
 */
static int check_judged(struct scenario *s, struct rs_error **err)
{
	unsigned int i;

	for (i = 0; i < s->policy_count; i++)
		if (!strcmp(s->policies[i], s->verdict_policy))
			return 0;
	if (scenario_has_limits(s))
		return rs_fail(err, EINVAL,
			       "--policy leaves out %s, which the limits of %s are about: add it, "
			       "or change limits.policy there",
			       s->verdict_policy, s->path);
	free(s->verdict_policy);
	s->verdict_policy = strdup(s->policies[s->policy_count - 1]);
	return s->verdict_policy ? 0 : rs_fail(err, ENOMEM, "out of memory");
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
	if (ret == 0)
		ret = check_judged(s, err);
	if (ret == 0 && o->kernel)
		ret = replace_kernel(s, o->kernel, err);
	for (i = 0; ret == 0 && i < s->policy_count; i++)
		if (!policy_find(s->policies[i], err))
			ret = rs_fail_wrap(err, "%s", o->scenario);
	if (o->trace)
		s->trace = true;
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
			block[i].policy = strdup(s->policies[i]);
			block[i].boot = boot + 1;
			/* Counted one by one: run_cells_free() knows each. */
			run->cell_count++;
			if (!block[i].policy)
				return rs_fail(err, ENOMEM, "out of memory");
		}
		for (i = s->policy_count; i > 1; i--) {
			struct run_cell *other = &block[prng_below(&prng, i)];
			struct run_cell kept = block[i - 1];

			block[i - 1] = *other;
			*other = kept;
		}
	}
	return 0;
}

static int check_file(const char *path, int mode, const char *remedy, struct rs_error **err)
{
	if (access(path, mode) < 0)
		return rs_fail_errno(err, errno, "%s (%s)", path, remedy);
	return 0;
}

/* Of the cores in `key`, does this machine run each? */
static int check_cores(const struct scenario *s, const char *key, const int *cores,
		       unsigned int count, struct rs_error **err)
{
	char online[256];
	unsigned int i;
	int ret = folder_read("/sys/devices/system/cpu/online", online, sizeof(online), err);

	for (i = 0; ret == 0 && i < count; i++)
		if (!schedstat_names(online, cores[i]))
			ret = rs_fail(err, ENODEV,
				      "%s: cores.%s names core %d, this machine runs %s; it takes "
				      "two: one that VMs share, one for everything else",
				      s->path, key, cores[i], online);
	return ret;
}

static int check_machine(const struct scenario *s, struct rs_error **err)
{
	int ret = check_cores(s, "shared", s->shared_cores, s->shared_core_count, err);

	if (ret < 0)
		return ret;
	return check_cores(s, "housekeeping", s->housekeeping_cores, s->housekeeping_core_count,
			   err);
}

int run_check(const struct run_state *run, struct rs_error **err)
{
	int ret = check_machine(run->scenario, err);

	if (ret == 0)
		ret = guestfiles_check(run->scenario, run->options->guests, err);
	if (ret == 0)
		ret = check_file(run->options->daemon, X_OK, "make host builds it", err);
	if (ret == 0 && geteuid() != 0)
		ret = rs_fail(err, EPERM,
			      "a run needs root: it starts VMs and changes the "
			      "scheduling of their threads. Run the same command with sudo");
	return ret;
}

int run_print_plan(struct run_state *run, struct rs_error **err)
{
	const struct preset *preset;
	int ret = load(run, err);

	preset = ret == 0 ? preset_find(run->options->preset, err) : NULL;
	if (!preset)
		return -EINVAL;
	if (!run->options->boots && run->boots == preset->boots)
		run->scenario->boots = 0; /* then it is the preset that says so */
	return plan_print(run->scenario, preset, err);
}

int run_plan(struct run_state *run, struct rs_error **err)
{
	int ret;

	run->begin_ns = wait_now_ns();
	run_time(run->started);
	run->seed = run->options->seed_given ? run->options->seed : (uint64_t)time(NULL);
	run->command = runfile_command(run->options);
	ret = load(run, err);
	if (ret == 0)
		ret = run_check(run, err);
	return ret < 0 ? ret : make_order(run, err);
}
