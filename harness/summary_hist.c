// SPDX-License-Identifier: GPL-2.0-or-later
/* histograms.csv: the whole distributions, tail included, of every phase. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/summary.h"
#include "host/cleanup.h"
#include "host/error.h"
#include "host/hist.h"

static void write_hist(FILE *to, struct hist *h, const char *policy, const char *phase,
		       const char *metric, const struct durations *d)
{
	hist_init(h);
	for (size_t i = 0; i < d->count; i++)
		hist_add(h, d->us[i] > 0 ? (uint64_t)(d->us[i] * 1e3 + 0.5) : 0);
	for (unsigned int i = 0; i < HIST_BUCKETS; i++)
		if (h->bucket[i])
			fprintf(to, "%s,%s,%s,%.3f,%ju\n", policy, phase, metric,
				(double)hist_bucket_upper(i) / 1e3, (uintmax_t)h->bucket[i]);
	if (h->overflow)
		fprintf(to, "%s,%s,%s,inf,%ju\n", policy, phase, metric, (uintmax_t)h->overflow);
}

int summary_histograms(const struct summary *s, const char *path, struct rs_error **err)
{
	cleanup_file FILE *to = fopen(path, "we");
	cleanup_free struct hist *h = malloc(sizeof(*h));

	if (!to)
		return rs_fail_errno(err, errno, "opening %s", path);
	if (!h)
		return rs_fail(err, ENOMEM, "no memory for a histogram");
	fputs("policy,phase,metric,upper_us,count\n", to);
	for (size_t i = 0; i < s->policy_count; i++) {
		const struct policy_result *p = &s->policies[i];

		for (int k = 0; k < PHASE_COUNT; k++) {
			write_hist(to, h, p->name, phase_names[k], "wakeup", &p->pooled[k].wakeup);
			write_hist(to, h, p->name, phase_names[k], "response",
				   &p->pooled[k].response);
			write_hist(to, h, p->name, phase_names[k], "handler",
				   &p->pooled[k].handler);
		}
	}
	if (fflush(to) || ferror(to))
		return rs_fail_errno(err, errno, "writing %s", path);
	return 0;
}
