// SPDX-License-Identifier: GPL-2.0-or-later
/* How long a resource keeps the higher ring from its work, by way of having it. */
#include "harness/figure.h"
#include "harness/stats.h"
#include "harness/summary.h"

/* All boots of the policy, sorted; the caller clears it. */
static int pool(const struct policy_result *p, int way, struct durations *all,
		struct rs_error **err)
{
	int ret = 0;

	for (size_t i = 0; i < p->boot_count && !ret; i++)
		ret = durations_append(all, &p->boots[i].ring_change.ways[way].blocked, err);
	stats_sort(all->us, all->count);
	return ret;
}

static int write_curve(const struct policy_result *p, int way, FILE *dat, struct rs_error **err)
{
	struct durations all = { 0 };
	int ret = pool(p, way, &all, err);

	fprintf(dat, "# %s, %s\n", p->name, way_names[way]);
	for (size_t i = 0; i < all.count; i++)
		fprintf(dat, "%.4f %.4e\n", all.us[i] / 1e3,
			(double)(all.count - i) / (double)all.count);
	fputs(all.count ? "\n\n" : "NaN NaN\n\n\n", dat);
	durations_clear(&all);
	return ret;
}

static bool uses_resource(const struct summary *s)
{
	return s->policies[0].boots[0].ring_change.present;
}

static int write_blocking(const struct summary *s, FILE *dat, FILE *gp, struct rs_error **err)
{
	static const char *const styles[WAY_COUNT] = {
		[WAY_LOCK] = "linecolor '#d55e00'",
		[WAY_CHANGE] = "linecolor '#0072b2'",
	};
	const struct policy_result *p = summary_policy(s, s->run->scenario->verdict_policy);
	int ret = 0;

	if (!p)
		p = &s->policies[0];
	fputs("# a block each: blocking in ms, share of periods blocked as long or longer\n", dat);
	for (int w = 0; w < WAY_COUNT && !ret; w++)
		ret = write_curve(p, w, dat, err);
	if (ret)
		return ret;
	fputs("set title 'Blocking of the higher ring: with a lock, and with ring changes'\n"
	      "set xlabel 'blocking (ms): response time without the ring’s own work'\n"
	      "set ylabel 'share of periods blocked as long or longer'\n"
	      "set logscale y\n"
	      "set format y '10^{%L}'\n"
	      "set xrange [0:*]\n"
	      "set key outside right top vertical spacing 1.2 samplen 2.5\n"
	      "plot ",
	      gp);
	for (int w = 0; w < WAY_COUNT; w++)
		fprintf(gp,
			"%s'blocking.dat' index %d using 1:2 with steps linewidth 2.5 %s "
			"title '%s'",
			w ? ", \\\n\t" : "", w, styles[w], w == WAY_LOCK ? "lock" : "ring change");
	fputs("\n", gp);
	return 0;
}

const struct figure figure_blocking = {
	.name = "blocking",
	.title = "Share of periods in which a resource of a lower ring blocks the higher ring "
		 "longer than a time, with a lock and with ring changes",
	.caption = "Blocking of the ring that needs another ring's resource: its response time "
		   "without the CPU time of its own processes, phase solo, all boots. With a lock "
		   "it waits for the lower ring and for every ring in between; with ring changes "
		   "it does its work and has the resource in turn with the lower ring.",
	.width = 1000,
	.height = 560,
	.applies = uses_resource,
	.write = write_blocking,
};
