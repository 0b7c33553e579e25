// SPDX-License-Identifier: GPL-2.0-or-later
/* One second's look at the shared cores: load, steal, interrupts, witness. */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/doctor.h"
#include "harness/jsonread.h"
#include "harness/scenario.h"
#include "harness/schedstat.h"
#include "harness/wait.h"
#include "harness/witness.h"
#include "host/cleanup.h"

/* What the kernel has counted since boot, summed over the shared cores. */
struct counted {
	double busy_ticks, steal_ticks, interrupts;
};

static bool is_shared(const struct doctor *d, int core)
{
	for (unsigned int i = 0; i < d->scenario->shared_core_count; i++)
		if (d->scenario->shared_cores[i] == core)
			return true;
	return false;
}

static FILE *open_below(const struct doctor *d, const char *path)
{
	char full[512];

	snprintf(full, sizeof(full), "%s%s", d->root, path);
	return fopen(full, "re");
}

/* "cpuN user nice system idle iowait irq softirq steal …" (proc(5)). */
static bool count_time(const struct doctor *d, struct counted *c)
{
	cleanup_file FILE *from = open_below(d, "/proc/stat");
	char line[512];
	bool found = false;

	while (from && fgets(line, sizeof(line), from)) {
		unsigned long long t[8];
		int core;

		if (sscanf(line, "cpu%d %llu %llu %llu %llu %llu %llu %llu %llu", &core, &t[0],
			   &t[1], &t[2], &t[3], &t[4], &t[5], &t[6], &t[7]) != 9 ||
		    !is_shared(d, core))
			continue;
		c->busy_ticks += (double)(t[0] + t[1] + t[2] + t[5] + t[6]);
		c->steal_ticks += (double)t[7];
		found = true;
	}
	return found;
}

/* Columns of /proc/interrupts are the online cores; rows that begin with a
 * number are devices. */
static void count_interrupts(const struct doctor *d, struct counted *c)
{
	cleanup_file FILE *from = open_below(d, "/proc/interrupts");
	int cores[1024], columns = 0;
	char line[16384];
	char *p;

	if (!from || !fgets(line, sizeof(line), from))
		return;
	for (p = line; (p = strstr(p, "CPU")) && columns < 1024; p += 3)
		cores[columns++] = atoi(p + 3);
	while (fgets(line, sizeof(line), from)) {
		p = line + strspn(line, " ");
		if (*p < '0' || *p > '9' || !(p = strchr(p, ':')))
			continue;
		p++;
		for (int i = 0; i < columns; i++) {
			unsigned long long n = strtoull(p, &p, 10);

			if (is_shared(d, cores[i]))
				c->interrupts += (double)n;
		}
	}
}

static void read_witness(struct doctor_watch *watch, struct witness *w)
{
	cleanup_json struct json_object *json = witness_json(w);

	watch->latest_wakeup_us = json_double(json_dict(json, "lateness_us"), "max");
	watch->witnessed = watch->latest_wakeup_us >= 0; /* not NaN */
}

void doctor_watch(struct doctor *d, double seconds)
{
	struct counted before = { 0 }, after = { 0 };
	struct witness *witness = NULL;
	int64_t begin;

	if (seconds <= 0 || !count_time(d, &before))
		return;
	count_interrupts(d, &before);
	/* Needs root; without it the check says so. */
	if (!*d->root)
		witness = witness_start(d->scenario->shared_cores[0], seconds + 1, NULL);
	begin = wait_now_ns();
	usleep((useconds_t)(seconds * 1e6));
	d->watch.seconds = (double)(wait_now_ns() - begin) / 1e9;
	if (witness)
		witness_stop(witness);
	count_time(d, &after);
	count_interrupts(d, &after);
	if (witness)
		read_witness(&d->watch, witness);
	witness_free(witness);
	d->watch.known = true;
	d->watch.busy_share = (after.busy_ticks - before.busy_ticks) /
			      (double)sysconf(_SC_CLK_TCK) / d->watch.seconds /
			      d->scenario->shared_core_count;
	d->watch.steal_share = (after.steal_ticks - before.steal_ticks) /
			       (double)sysconf(_SC_CLK_TCK) / d->watch.seconds /
			       d->scenario->shared_core_count;
	d->watch.interrupts_per_s = (after.interrupts - before.interrupts) / d->watch.seconds;
}
