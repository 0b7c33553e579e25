// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the daemon's work costs against the number of VMs: command line of the
 * measurement. Exit code 0: every limit holds, 2: one does not, 1: it could
 * not be measured, or the counts do not add up.
 */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "host/error.h"
#include "tests/fake/measuring.h"
#include "tests/scale/plan.h"
#include "tests/scale/status.h"

#define FILES_EACH 16 /* of one VM, in the daemon or here */

struct options {
	struct plan plan;
	const char *out;
	unsigned int answers; /* 0 = not of `ringsched status` */
};

static const struct argp_option option_table[] = {
	{ "out", 'o', "DIR", 0, "folder for scale.csv, scale.json and scale.dat (required)", 0 },
	{ "status", 'q', "N", 0, "instead: what N answers to `ringsched status` cost", 0 },
	{ "vms", 'n', "N,N,...", 0, "numbers of VMs, rising (default 1,2,4,8,16,32,64)", 0 },
	{ "blocks", 'b', "N", 0, "repetitions, each in an order of its own (default 5)", 0 },
	{ "seconds", 's', "X", 0, "length of each measurement (default 1)", 0 },
	{ "seed", 'S', "N", 0, "of the order and the VMs' phases (default: from the clock)", 0 },
	{ 0 },
};

static void read_sizes(struct plan *p, const char *text, struct argp_state *state)
{
	char copy[256], *rest = copy, *word;
	double last = 0;

	snprintf(copy, sizeof(copy), "%s", text);
	p->size_count = 0;
	while ((word = strsep(&rest, ","))) {
		if (p->size_count == PLAN_SIZES_MAX)
			argp_error(state, "more than %d numbers of VMs", PLAN_SIZES_MAX);
		last = measuring_number(word, last + 1, FLEET_MAX, state);
		p->vms[p->size_count++] = (unsigned int)last;
	}
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'o':
		o->out = text;
		return 0;
	case 'q':
		o->answers = (unsigned int)measuring_number(text, 1, 10000, state);
		return 0;
	case 'n':
		read_sizes(&o->plan, text, state);
		return 0;
	case 'b':
		o->plan.blocks = (unsigned int)measuring_number(text, 1, PLAN_BLOCKS_MAX, state);
		return 0;
	case 's':
		o->plan.seconds = measuring_number(text, 0.1, 60, state);
		return 0;
	case 'S':
		o->plan.seed = strtoull(text, NULL, 10);
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "%s is not an option", text);
		return 0;
	case ARGP_KEY_END:
		if (!o->out && !o->answers)
			argp_error(state, "--out is missing");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* For this process and the daemon, which inherits it. */
static int allow_files(unsigned int vms, struct rs_error **err)
{
	rlim_t needed = 256 + (rlim_t)vms * FILES_EACH;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return rs_fail_errno(err, errno, "asking for the limit of open files");
	if (limit.rlim_cur >= needed)
		return 0;
	limit.rlim_cur = needed;
	if (limit.rlim_max < needed || setrlimit(RLIMIT_NOFILE, &limit))
		return rs_fail(err, EMFILE, "%u VMs need %llu open files, the hard limit is %llu",
			       vms, (unsigned long long)needed, (unsigned long long)limit.rlim_max);
	return 0;
}

static int measure(const struct options *o, bool *holds, struct rs_error **err)
{
	const struct plan *p = &o->plan;
	struct point *points;
	size_t count;
	int ret = allow_files(p->vms[p->size_count - 1], err);

	if (ret)
		return ret;
	if (o->answers)
		return status_measure(p, o->answers, err);
	points = plan_run(p, &count, err);
	if (!points)
		return -EIO;
	ret = plan_write(p, points, count, o->out, holds, err);
	free(points);
	return ret;
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.doc = "Measures what the daemon costs against the number of VMs, which are fake.",
	};
	struct options o = {
		.plan = {
			.vms = { 1, 2, 4, 8, 16, 32, 64 },
			.size_count = 7,
			.blocks = 5,
			.seconds = 1,
			.warmup_s = 0.25,
			.seed = (uint64_t)time(NULL),
			.daemon_core = 0,
			.worker_core = sysconf(_SC_NPROCESSORS_ONLN) > 1 ? 1 : 0,
		},
	};
	struct rs_error *err = NULL;
	bool holds = true;
	int ret;

	argp_parse(&argp, argc, argv, 0, NULL, &o);
	ret = measure(&o, &holds, &err);
	return measuring_exit_code("scale", ret, holds, err);
}
