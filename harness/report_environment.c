// SPDX-License-Identifier: GPL-2.0-or-later
/* Where a run was made, and by which command: the last sections of report.md. */
#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/format.h"
#include "harness/jsonread.h"
#include "harness/report_internal.h"
#include "harness/summary.h"

static void write_pair(const char *name, const char *value, FILE *to)
{
	if (!value)
		return;
	fputs("| ", to);
	format_cell(name, to);
	fputs(" | ", to);
	format_cell(value, to);
	fputs(" |\n", to);
}

static void write_witness(const struct summary *s, FILE *to)
{
	cleanup_json struct json_object *w = summary_witness(s->run, NULL);
	struct json_object *speed = json_dict(w, "speed_permille_of_cell_median");
	struct json_object *late = json_dict(w, "lateness_max_us");
	char n[4][FORMAT_NUMBER_ROOM], text[256];

	snprintf(text, sizeof(text),
		 "%.0f stalls longer than 1 ms, %s ms in all, the longest %s ms; "
		 "latest wake-up %s µs",
		 json_double(w, "stalls"), format_number(n[0], json_double(w, "stalled_ms"), 3),
		 format_number(n[1], json_double(w, "longest_stall_ms"), 3),
		 format_number(n[2], json_double(late, "max"), 3));
	write_pair("witness: the host not running", text, to);
	snprintf(text, sizeof(text),
		 "%s to %s ‰ of a cell's median; %.0f of %.0f probes below half",
		 format_number(n[0], json_double(speed, "min"), 3),
		 format_number(n[1], json_double(speed, "max"), 3),
		 json_double(w, "speed_probes_below_half"), json_double(w, "speed_probes"));
	write_pair("witness: the core's own speed", text, to);
}

static double steal_of(const struct run *run)
{
	double sum = 0;

	for (size_t i = 0; i < run->cell_count; i++)
		for (int k = 0; k < PHASE_COUNT; k++) {
			double us = json_double(json_dict(run->cells[i]->json, "steal_us"),
						phase_names[k]);
			sum += isfinite(us) ? us : 0;
		}
	return sum / 1e3;
}

/* Whether anybody heeds it is the machine's: the first cell speaks for all. */
static void write_io_boost(const struct run *run, FILE *to)
{
	struct json_object *settled = json_dict(run->cells[0]->json, "settled");
	char name[128], text[384];

	if (!settled)
		return;
	json_object_object_foreach(settled, vm, now) {
		struct json_object *io = json_dict(now, "io_boost");
		const char *device = json_shown(io, "device");

		if (!json_true(io, "wanted"))
			continue;
		if (json_true(io, "able"))
			snprintf(text, sizeof(text), "heeded by device %s (%s)", device,
				 json_shown(io, "scheduler"));
		else
			snprintf(text, sizeof(text), "no effect: %s%s%s", json_shown(io, "why_not"),
				 *device ? "; device " : "", device);
		snprintf(name, sizeof(name), "`io_boost` of VM %s", vm);
		write_pair(name, text, to);
	}
}

void report_write_environment(const struct summary *s, FILE *to)
{
	struct json_object *run = s->run->json, *environment = json_dict(run, "environment");
	char number[FORMAT_NUMBER_ROOM];

	fputs("\n| | |\n|---|---|\n", to);
	write_pair("accelerator", json_text(run, "accel"), to);
	write_pair("because", json_text(run, "accel_why"), to);
	write_pair("ringsched", json_text(run, "version"), to);
	write_pair("started", json_text(run, "started"), to);
	if (environment) {
		json_object_object_foreach(environment, name, value)
			write_pair(name, value ? json_object_get_string(value) : "not known", to);
	}
	write_pair("steal in all phases (ms)", format_number(number, steal_of(s->run), 3), to);
	write_io_boost(s->run, to);
	write_witness(s, to);
	if (!s->run->failure_count)
		return;
	fputs("\n## Cells that do not count\n\n| cell | why |\n|---|---|\n", to);
	for (size_t i = 0; i < s->run->failure_count; i++)
		write_pair(s->run->failures[i].name, s->run->failures[i].why, to);
}

/* Quoted so that a shell takes it as it was. */
void report_write_command(const struct summary *s, FILE *to)
{
	struct json_object *command = json_array(s->run->json, "command");

	for (unsigned long i = 0; i < json_count(command); i++) {
		const char *word = json_object_get_string(json_object_array_get_idx(command, i));
		bool plain = word && *word && !strpbrk(word, " \t\n'\"$&|;<>()*?[]#~`\\!{}");

		fputs(i ? " " : "", to);
		fputs(plain ? "" : "'", to);
		for (; word && *word; word++)
			if (*word == '\'')
				fputs("'\\''", to);
			else
				fputc(*word, to);
		fputs(plain ? "" : "'", to);
	}
}

const char *report_seed(const struct summary *s)
{
	struct json_object *seed = NULL;

	if (!json_object_object_get_ex(s->run->json, "seed", &seed) || !seed)
		return "not recorded";
	return json_object_get_string(seed);
}
