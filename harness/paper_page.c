// SPDX-License-Identifier: GPL-2.0-or-later
/* paper.md: the claims for a person. */
#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "harness/folder.h"
#include "harness/format.h"
#include "harness/jsonread.h"
#include "harness/paper.h"
#include "harness/preset.h"
#include "host/cleanup.h"
#include "host/error.h"

static const char *const claim_words[] = {
	[PAPER_HOLDS] = "holds",
	[PAPER_FAILS] = "**does not hold**",
	[PAPER_PARTLY] = "holds as far as it was measured",
	[PAPER_UNKNOWN] = "not measured",
	[PAPER_NOT_HERE] = "not measurable here",
};

static const char *const row_words[] = {
	[PAPER_HOLDS] = "yes",
	[PAPER_FAILS] = "**no**",
	[PAPER_UNKNOWN] = "not measured",
	[PAPER_NOT_HERE] = "not here: emulated",
	[PAPER_NOT_JUDGED] = "",
};

static void write_rows_head(FILE *to)
{
	fputs("\n| what | measured | bound | holds? |\n|---|---|---|---|\n", to);
}

static const char *row_word(const struct paper_row *row, const struct paper_reading *r)
{
	if (row->relation == PAPER_SHOWN && r->state == PAPER_UNKNOWN)
		return "";
	return r->state == PAPER_UNKNOWN && isfinite(r->value) ? "undecided" : row_words[r->state];
}

static enum paper_state write_row(struct paper *p, const struct paper_row *row, FILE *to)
{
	struct paper_reading r;

	paper_read(p, row, &r);
	fprintf(to, "| %s | %s | %s | %s |\n", row->what, r.measured, r.bound, row_word(row, &r));
	return r.state;
}

/* ---- what the whole is about ---- */

/* The first run that is there stands for the preset and the machine. */
static struct json_object *first_run(struct paper *p)
{
	struct json_object *json = NULL;
	const char *source, *why;
	unsigned int i;

	for (i = 0; !json && (source = paper_source(i)); i++)
		if (strcmp(source, "scale"))
			json = paper_json(p, source, &why);
	return json;
}

static void write_head(struct paper *p, FILE *to)
{
	struct json_object *run = first_run(p), *environment = json_dict(run, "environment");
	static const char *const keys[] = { "cpu",  "cores",   "kernel",
					    "qemu", "libvirt", "virtual_machine" };
	const char *preset = json_text(run, "preset"), *accel = json_text(run, "accel");

	fputs("# The paper's claims, measured\n\nMade by `ringsched paper` from the files beside "
	      "it: each claim of the paper (P1 to P14), what was measured of it, and whether it holds "
	      "on this machine. Definitions: `docs/results.md`; rules: `docs/statistics.md`.\n",
	      to);
	if (!run) {
		fputs("\nNothing was run yet.\n", to);
		return;
	}
	fprintf(to, "\nPreset `%s`; accelerator %s (%s).", preset ? preset : "not known",
		accel ? accel : "not known",
		json_text(run, "accel_why") ? json_text(run, "accel_why") : "");
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct json_object *value = NULL;

		if (json_object_object_get_ex(environment, keys[i], &value) && value)
			fprintf(to, "%s %s: %s", i ? ";" : " Machine:", keys[i],
				json_object_get_string(value));
	}
	fputs(".\n", to);
	if (accel && !strcmp(accel, "tcg"))
		fputs("\nThe guests are emulated: compare policies within a run; times inside a guest "
		      "are the emulator's.\n",
		      to);
}

/* ---- tables over all ---- */

static void write_bounds(struct paper *p, FILE *to)
{
	const struct paper_claim *c;
	const struct paper_row *row;

	fputs("\n## The bounds\n", to);
	write_rows_head(to);
	for (c = paper_claims; c->title; c++)
		for (row = c->rows; row->what; row++)
			if (row->must)
				write_row(p, row, to);
}

static void write_name(const struct paper_claim *c, FILE *to)
{
	fprintf(to, "P%u%s", c->number, c->part ? c->part : "");
}

static void write_verdicts(struct paper *p, FILE *to)
{
	const struct paper_claim *c;

	fputs("\n## Verdicts\n\n| claim | | verdict |\n|---|---|---|\n", to);
	for (c = paper_claims; c->title; c++) {
		fputs("| ", to);
		write_name(c, to);
		fprintf(to, " | %s | %s |\n", c->title, claim_words[paper_judge(p, c)]);
	}
}

static const struct {
	const char *head, *path; /* below the policy */
	double scale;
} columns[] = {
	{ "interference", "interference", 1 },
	{ "missed in boot, %", "phases.boot.missed_unstained", 100 },
	{ "wait, µs/period", "phases.boot.vcpu_wait_us_per_period", 1 },
	{ "notifications + reads a period", "phases.boot.cost.notifications_per_period", 1 },
	{ "daemon CPU, ms/s", "phases.boot.cost.daemon_cpu_us_per_s", 1e-3 },
	{ "priority changes/s", "phases.boot.cost.priority_changes_per_s", 1 },
	{ "guest around its work, µs/period", "phases.solo.cost.guest_overhead_us_per_period", 1 },
	{ "neighbour's boot, s", "neighbour_boot_s", 1 },
	{ "neighbour's core, %", "phases.boot.cost.neighbour_cpu_share", 100 },
};

static double column_value(struct json_object *policy, size_t i)
{
	double value = columns[i].scale * paper_number(policy, columns[i].path);
	double reads = paper_number(policy, "phases.boot.cost.reads_per_period");
	double periods = paper_number(policy, "phases.boot.periods");

	if (strstr(columns[i].path, "missed"))
		return value / periods;
	return strstr(columns[i].path, "notifications") && isfinite(reads) ? value + reads : value;
}

static void write_policies(struct paper *p, FILE *to)
{
	const char *why;
	struct json_object *run = paper_json(p, "boot-interference", &why);
	struct json_object *policies = json_dict(run, "policies");
	size_t i, count = sizeof(columns) / sizeof(columns[0]);
	char number[FORMAT_NUMBER_ROOM];

	fputs("\n## Every policy beside a booting VM\n\n", to);
	if (!policies) {
		fprintf(to, "Not measured: %s.\n", run ? "its summary has no policies" : why);
		return;
	}
	fputs("| policy | boots |", to);
	for (i = 0; i < count; i++)
		fprintf(to, " %s |", columns[i].head);
	fputs("\n|---|---|", to);
	for (i = 0; i < count; i++)
		fputs("---|", to);
	json_object_object_foreach(policies, name, policy) {
		fprintf(to, "\n| `%s` | %.0f |", name, paper_number(policy, "boots"));
		for (i = 0; i < count; i++)
			fprintf(to, " %s |", format_number(number, column_value(policy, i), 3));
	}
	fputs("\n\nMedians over boots, but missed deadlines: of the periods of all boots, outside stained windows. "
	      "Scenario `boot-interference`.\n",
	      to);
}

/* ---- one claim ---- */

static bool is_there(const struct paper *p, const char *file)
{
	cleanup_free char *path = format_text(NULL, "%s/%s", paper_dir(p), file);

	return path && access(path, R_OK) == 0;
}

static void write_claim(struct paper *p, const struct paper_claim *c, FILE *to)
{
	bool guest_time = false;
	const struct paper_row *row;

	fputs("\n## ", to);
	write_name(c, to);
	fprintf(to, ": %s\n\n%s\n\n%s\n\nVerdict: %s%s%s.\n", c->title, c->said, c->here,
		claim_words[paper_judge(p, c)], c->not_here ? ": " : "",
		c->not_here ? c->not_here : "");
	if (c->unmeasured)
		fprintf(to, "\nNo scenario measures %s.\n", c->unmeasured);
	write_rows_head(to);
	for (row = c->rows; row->what; row++)
		guest_time |= write_row(p, row, to) == PAPER_NOT_HERE;
	if (guest_time)
		fputs("\nA time inside an emulated guest says nothing of a real one.\n", to);
	for (int i = 0; i < PAPER_FIGURES_MAX && c->figures[i].file; i++) {
		if (is_there(p, c->figures[i].file))
			fprintf(to, "\n![%s](%s)\n", c->figures[i].caption, c->figures[i].file);
		else
			fprintf(to, "\nNot drawn: %s (`%s` is not there)\n", c->figures[i].caption,
				c->figures[i].file);
	}
}

/* ---- the runs behind it ---- */

static void write_run(struct paper *p, const char *source, FILE *to)
{
	const char *why, *version;
	struct json_object *json = paper_json(p, source, &why);
	struct json_object *policies = json_dict(json, "policies");
	double least = NAN, most = NAN, missing = 0;

	fprintf(to, "| `%s` |", source);
	if (!json) {
		fprintf(to, " | | | %s |\n", why);
		return;
	}
	version = json_text(json, "version");
	if (policies) {
		json_object_object_foreach(policies, name, policy) {
			(void)name;
			least = fmin(least, paper_number(policy, "boots"));
			most = fmax(most, paper_number(policy, "boots"));
			missing += paper_number(policy, "boots_missing");
		}
		fprintf(to, " %d |", json_object_object_length(policies));
		fprintf(to, least == most ? " %.0f |" : " %.0f to %.0f |", least, most);
	} else {
		fputs(" | |", to);
	}
	fprintf(to, " %s |", version ? version : "not known");
	if (missing > 0 || json_count(json_array(json, "failed_cells")))
		fprintf(to, " not finished: %.0f boots missing, %lu cells failed |\n", missing,
			json_count(json_array(json, "failed_cells")));
	else
		fprintf(to, " [report](%s/%s) |\n", source, policies ? "report.md" : "scale.json");
}

static void write_runs(struct paper *p, FILE *to)
{
	struct json_object *run = first_run(p);
	cleanup_free char *can_tell = NULL;
	const char *source;
	double boots = NAN;
	unsigned int i;

	fputs("\n## The runs behind it\n\n| scenario | policies | boots a policy | ringsched | "
	      "|\n|---|---|---|---|---|\n",
	      to);
	for (i = 0; (source = paper_source(i)); i++)
		write_run(p, source, to);
	if (json_dict(run, "policies")) {
		json_object_object_foreach(json_dict(run, "policies"), name, policy) {
			(void)name;
			boots = fmax(boots, paper_number(policy, "boots"));
		}
	}
	can_tell = boots >= 1 ? preset_can_tell((unsigned int)boots) : NULL;
	if (can_tell)
		fprintf(to, "\n%s\n", can_tell);
}

static void write_page(struct paper *p, FILE *to)
{
	const struct paper_claim *c;

	write_head(p, to);
	write_bounds(p, to);
	write_verdicts(p, to);
	write_policies(p, to);
	for (c = paper_claims; c->title; c++)
		write_claim(p, c, to);
	write_runs(p, to);
}

/* What no scenario measures is missing in no run. */
static enum paper_state state_of_all(struct paper *p)
{
	enum paper_state all = PAPER_HOLDS;
	const struct paper_claim *c;

	for (c = paper_claims; c->title; c++) {
		enum paper_state state = paper_judge_rows(p, c);

		if (state == PAPER_FAILS)
			return PAPER_FAILS;
		if (state == PAPER_PARTLY || state == PAPER_UNKNOWN)
			all = PAPER_PARTLY;
	}
	return all;
}

/* An empty folder gets its page, another folder than was meant none. */
static int expect_runs(const char *dir, const char *page, struct rs_error **err)
{
	const char *source;

	if (folder_is_empty(dir) || access(page, F_OK) == 0)
		return 0;
	for (unsigned int i = 0; (source = paper_source(i)); i++) {
		cleanup_free char *path = format_text(err, "%s/%s", dir, source);

		if (!path)
			return -ENOMEM;
		if (access(path, F_OK) == 0)
			return 0;
	}
	return rs_fail(err, ENOENT,
		       "%s is no folder of runs (`ringsched paper --sources` lists what would be "
		       "in it): give the one that `make paper` made",
		       dir);
}

int paper_make(const char *dir, enum paper_state *state, struct rs_error **err)
{
	cleanup_free char *path = format_text(err, "%s/paper.md", dir);
	struct paper *p = path ? paper_open(dir, err) : NULL;
	int ret = p ? expect_runs(dir, path, err) : -EINVAL;
	FILE *to = ret ? NULL : fopen(path, "we");

	if (ret < 0) {
		paper_close(p);
		return ret;
	}
	if (!to) {
		ret = rs_fail_errno(err, errno, "opening %s", path);
		paper_close(p);
		return ret;
	}
	write_page(p, to);
	*state = state_of_all(p);
	if (fflush(to) || ferror(to))
		ret = rs_fail_errno(err, errno, "writing %s", path);
	fclose(to);
	paper_close(p);
	return ret;
}
