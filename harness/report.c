// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/command.h"
#include "harness/figure.h"
#include "harness/format.h"
#include "harness/jsonread.h"
#include "harness/page.h"
#include "harness/report_internal.h"
#include "harness/summary.h"
#include "harness/verdict.h"
#include "host/cleanup.h"
#include "host/error.h"

static const struct {
	const char *name;
	int exit_code;
} results[] = {
	[REPORT_PASS] = { "PASS", EXIT_PASS },
	[REPORT_MISSED] = { "MISSED", EXIT_LIMIT },
	[REPORT_UNDECIDED] = { "UNDECIDED", EXIT_UNDECIDED },
};

const char *report_result_name(enum report_result result)
{
	return results[result].name;
}

int report_exit_code(enum report_result result)
{
	return results[result].exit_code;
}

void report_verdict_clear(struct report_verdict *verdict)
{
	free(verdict->reasons);
	free(verdict->table);
	memset(verdict, 0, sizeof(*verdict));
}

void report_print(const struct report_verdict *verdict, FILE *to)
{
	fprintf(to, "%s\n%s\nVerdict: %s\n", verdict->table, verdict->reasons,
		report_result_name(verdict->result));
}

static int write_json(const struct summary *s, const char *dir, struct rs_error **err)
{
	cleanup_free char *path = format_text(err, "%s/summary.json", dir);
	cleanup_json struct json_object *json = summary_json(s, err);

	if (!path || !json)
		return -ENOMEM;
	return json_write(json, path, err);
}

static int write_md(const struct summary *s, const struct verdict *v,
		    const struct figures_drawn *drawn, const char *dir, struct rs_error **err)
{
	cleanup_free char *path = format_text(err, "%s/report.md", dir);
	cleanup_file FILE *to = path ? fopen(path, "we") : NULL;

	if (!path)
		return -ENOMEM;
	if (!to)
		return rs_fail_errno(err, errno, "opening %s", path);
	report_write_md(s, v, drawn, to);
	if (fflush(to) || ferror(to))
		return rs_fail_errno(err, errno, "writing %s", path);
	return 0;
}

/* What is printed, made now, while the run is in memory. `no_page` says why there
 * is no report.html, or is NULL. */
static int keep_texts(struct report_verdict *verdict, const struct summary *s,
		      const struct verdict *v, const struct figures_drawn *drawn,
		      const struct rs_error *no_page, struct rs_error **err)
{
	size_t size;
	FILE *to;

	verdict->result = v->result;
	to = open_memstream(&verdict->table, &size);
	if (!to)
		return rs_fail(err, ENOMEM, "no memory for the table");
	report_write_table(s, drawn, to);
	if (no_page)
		fprintf(to, "Not written: %s\n", no_page->message);
	fclose(to);
	to = open_memstream(&verdict->reasons, &size);
	if (!to)
		return rs_fail(err, ENOMEM, "no memory for the verdict");
	verdict_reasons(v, s, "", to);
	fclose(to);
	if (!verdict->table || !verdict->reasons)
		return rs_fail(err, ENOMEM, "no memory for the verdict");
	return 0;
}

/* Too large a page is as a figure that cannot be drawn: *no_page says why, and
 * all else is still worth having. */
static int write_page(const struct summary *s, const struct verdict *v,
		      const struct figures_drawn *drawn, const char *dir, struct rs_error **no_page,
		      struct rs_error **err)
{
	int ret = page_write(s, v, drawn, dir, PAGE_BYTES_MAX, no_page);

	if (ret == -EFBIG)
		return 0;
	if (ret < 0 && err)
		*err = steal_pointer(no_page);
	return ret;
}

static int write_all(const struct summary *s, const char *dir, struct figures_drawn *drawn,
		     struct report_verdict *verdict, struct rs_error **err)
{
	cleanup_free char *histograms = format_text(err, "%s/histograms.csv", dir);
	cleanup_error struct rs_error *no_page = NULL;
	struct verdict v;
	int ret;

	if (!histograms)
		return -ENOMEM;
	verdict_make(&v, s);
	ret = write_json(s, dir, err);
	if (!ret)
		ret = summary_histograms(s, histograms, err);
	if (!ret)
		ret = figures_draw(s, dir, drawn, err);
	if (!ret)
		ret = write_md(s, &v, drawn, dir, err);
	if (!ret)
		ret = write_page(s, &v, drawn, dir, &no_page, err);
	if (!ret)
		ret = keep_texts(verdict, s, &v, drawn, no_page, err);
	return ret;
}

int report_make(const char *dir, struct report_verdict *verdict, struct rs_error **err)
{
	cleanup_run struct run *run = NULL;
	cleanup_summary struct summary *s = NULL;
	struct figures_drawn drawn = { 0 };
	int ret;

	memset(verdict, 0, sizeof(*verdict));
	run = run_read(dir, err);
	s = run ? summary_make(run, err) : NULL;
	if (!s)
		return rs_fail_wrap(err, "reporting %s", dir);
	ret = write_all(s, dir, &drawn, verdict, err);
	figures_clear(&drawn);
	if (ret < 0)
		report_verdict_clear(verdict);
	return ret;
}
