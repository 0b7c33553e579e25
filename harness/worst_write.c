// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <json-c/json.h>
#include <math.h>

#include "harness/folder.h"
#include "harness/format.h"
#include "harness/jsonread.h"
#include "harness/worst.h"
#include "host/cleanup.h"
#include "host/error.h"
#include "host/json_add.h"

static double us(uint64_t ns)
{
	return (double)ns / 1e3;
}

static double percent(const struct worst_period *p, uint64_t ns)
{
	return p->end > p->begin ? 100 * (double)ns / (double)(p->end - p->begin) : 0;
}

/* To a tenth: what is finer is beyond the clock's alignment. */
static double tenths(double value)
{
	return round(10 * value) / 10;
}

static struct json_object *causes_json(const struct worst_period *p)
{
	struct json_object *rows = json_object_new_array();

	for (size_t i = 0; i < p->explanation.count; i++) {
		const struct explain_part *part = &p->explanation.parts[i];
		struct json_object *row = json_object_new_object();

		json_add_text(row, "cause", cause_names[part->cause]);
		json_add_text(row, "who", part->who);
		json_add_number(row, "us", us(part->ns));
		json_add_number(row, "percent", tenths(percent(p, part->ns)));
		json_object_array_add(rows, row);
	}
	return rows;
}

static struct json_object *period_json(const struct worst_period *p)
{
	struct json_object *o = json_object_new_object();

	json_add_text(o, "policy", p->cell->policy);
	json_add_text(o, "cell", p->cell->name);
	json_add_number(o, "boot", p->cell->boot);
	json_add_text(o, "phase", phase_names[p->phase]);
	json_add_text(o, "vm", p->ring->vm);
	json_add_number(o, "ring_id", p->ring->id);
	json_add_number(o, "sequence", (double)p->period->sequence);
	json_add_u64(o, "begin_ns", p->begin);
	json_add_number(o, "us", us(p->end - p->begin));
	json_add_number(o, "deadline_us", us(p->ring->deadline_ns));
	json_add_bool(o, "missed", period_missed(p->ring, p->period));
	json_add_bool(o, "skipped", p->period->skipped);
	json_add_bool(o, "ended", p->period->end != 0);
	json_add_bool(o, "stained", p->period->stained);
	json_add_number(o, "also", p->also);
	json_add_bool(o, "traced", p->traced);
	if (!p->traced)
		json_add_text(o, "why_coarse", p->why_coarse);
	json_add_number(o, "clock_error_us", us(p->align.error_ns));
	json_add_number(o, "speed_permille", p->speed_permille);
	json_add_number(o, "phase_wait_us_per_period", tenths(p->phase_wait_us));
	json_add_number(o, "phase_steal_us", p->phase_steal_us);
	json_add_number(o, "attributed_percent", tenths(worst_attributed(p)));
	json_object_object_add(o, "causes", causes_json(p));
	return o;
}

struct json_object *worst_json(const struct worst *w)
{
	struct json_object *o = json_object_new_object(), *rows = json_object_new_array();
	struct json_object *causes = json_object_new_object();

	for (int i = 0; i < CAUSE_COUNT; i++)
		json_add_text(causes, cause_names[i], cause_helps[i]);
	for (size_t i = 0; i < w->count; i++)
		json_object_array_add(rows, period_json(&w->rows[i]));
	json_add_i64(o, "schema", 1);
	json_object_object_add(o, "causes", causes);
	json_object_object_add(o, "periods", rows);
	return o;
}

static void print_title(const struct worst_period *p, FILE *to)
{
	fprintf(to, "%s, boot %u, phase %s: %s/%u period %ju, ", p->cell->policy, p->cell->boot,
		phase_names[p->phase], p->ring->vm, p->ring->id, (uintmax_t)p->period->sequence);
	if (!p->period->end)
		fprintf(to, "never ended; up to its deadline");
	else
		fprintf(to, "%s %.0f us, deadline %.0f us",
			p->period->skipped ? "skipped," : "took", us(p->end - p->begin),
			us(p->ring->deadline_ns));
	fprintf(to, "%s%s", period_missed(p->ring, p->period) ? ", missed" : "",
		p->period->stained ? ", stained" : "");
}

/* What bounds the trust in the rows below. */
static void print_remarks(const struct worst_period *p, const char *before, FILE *to)
{
	char number[FORMAT_NUMBER_ROOM];

	if (p->traced)
		fprintf(to, "%scell %s; the guest's clock is aligned to +-%.0f us", before,
			p->cell->name, us(p->align.error_ns));
	else
		fprintf(to, "%scell %s; coarse: %s", before, p->cell->name, p->why_coarse);
	if (!p->traced && isfinite(p->phase_wait_us))
		fprintf(to, "; in this phase its vCPU waited %s us a period on average",
			format_number(number, p->phase_wait_us, 3));
	if (isfinite(p->speed_permille))
		fprintf(to, "; the core ran at %.0f %% of its median speed",
			p->speed_permille / 10);
	if (p->phase_steal_us > 0)
		fprintf(to, "; %s ms of this phase were taken away below the host (steal)",
			format_number(number, p->phase_steal_us / 1e3, 3));
	if (p->also)
		fprintf(to, "; %u other period%s overlap%s it", p->also, p->also == 1 ? "" : "s",
			p->also == 1 ? "s" : "");
	fprintf(to, "\n");
}

void worst_print(const struct worst *w, FILE *to)
{
	for (size_t i = 0; i < w->count; i++) {
		const struct worst_period *p = &w->rows[i];

		print_title(p, to);
		fprintf(to, "\n");
		for (size_t k = 0; k < p->explanation.count; k++) {
			const struct explain_part *part = &p->explanation.parts[k];

			fprintf(to, "  %10.0f us %5.1f %%  %-13s %s\n", us(part->ns),
				percent(p, part->ns), cause_names[part->cause], part->who);
		}
		print_remarks(p, "  ", to);
	}
}

void worst_print_md(const struct worst *w, FILE *to)
{
	fprintf(to, "# The worst periods, and where their time went\n\n"
		    "Each period reaches from its planned release to its end. Every moment in it "
		    "has one cause:\n\n| cause | |\n|---|---|\n");
	for (int i = 0; i < CAUSE_COUNT; i++)
		fprintf(to, "| %s | %s |\n", cause_names[i], cause_helps[i]);
	for (size_t i = 0; i < w->count; i++) {
		const struct worst_period *p = &w->rows[i];

		fprintf(to, "\n## ");
		print_title(p, to);
		fprintf(to, "\n\n| cause | | µs | %% |\n|---|---|---|---|\n");
		for (size_t k = 0; k < p->explanation.count; k++) {
			const struct explain_part *part = &p->explanation.parts[k];

			fprintf(to, "| %s | %s | %.0f | %.1f |\n", cause_names[part->cause],
				part->who, us(part->ns), percent(p, part->ns));
		}
		fprintf(to, "\n%.1f %% has a cause. ", worst_attributed(p));
		print_remarks(p, "", to);
	}
}

static int write_md(const struct worst *w, const char *path, struct rs_error **err)
{
	cleanup_file FILE *to = fopen(path, "we");

	if (!to)
		return rs_fail_errno(err, errno, "opening %s", path);
	worst_print_md(w, to);
	if (fflush(to) || ferror(to))
		return rs_fail_errno(err, errno, "writing %s", path);
	return 0;
}

int worst_write(const struct worst *w, struct rs_error **err)
{
	cleanup_free char *json_path = folder_path(w->run->dir, "worst.json");
	cleanup_free char *md_path = folder_path(w->run->dir, "worst.md");
	cleanup_json struct json_object *json = worst_json(w);
	int ret;

	if (!json_path || !md_path)
		return rs_fail(err, ENOMEM, "out of memory");
	ret = json_write(json, json_path, err);
	return ret < 0 ? ret : write_md(w, md_path, err);
}

int worst_make(const char *dir, struct rs_error **err)
{
	const struct worst_options options = { .count = WORST_DEFAULT };
	cleanup_run struct run *run = run_read(dir, err);
	struct worst w = { 0 };
	int ret = run ? worst_find(&w, run, &options, err) : -EINVAL;

	if (ret == 0)
		ret = worst_write(&w, err);
	worst_clear(&w);
	return ret;
}
