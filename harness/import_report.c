// SPDX-License-Identifier: GPL-2.0-or-later
/* The report of what was imported: a table a series, one row a file. */
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/folder.h"
#include "harness/format.h"
#include "harness/import.h"
#include "harness/jsonread.h"
#include "harness/page.h"
#include "host/cleanup.h"
#include "host/error.h"

static const char *const columns[] = { "min_us", "p50_us", "p99_us", "p999_us", "max_us" };

#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

static void write_series(struct json_object *series, FILE *to)
{
	struct json_object *files = json_array(series, "files");

	fputs("## ", to);
	format_cell(json_shown(series, "name"), to);
	fputs("\n\n| file | tool | samples | min | p50 | p99 | p99.9 | max (µs) |\n"
	      "|---|---|---|---|---|---|---|---|\n",
	      to);
	for (unsigned long i = 0; i < json_count(files); i++) {
		struct json_object *row = json_row(files, i);
		char number[FORMAT_NUMBER_ROOM];
		uint64_t count = 0;

		json_u64(row, "count", &count);
		fputs("| ", to);
		format_cell(json_shown(row, "file"), to);
		fputs(" | ", to);
		format_cell(json_shown(row, "tool"), to);
		fprintf(to, " | %ju |", (uintmax_t)count);
		for (size_t c = 0; c < COLUMN_COUNT; c++)
			fprintf(to, " %s |",
				format_number(number, json_double(row, columns[c]), 3));
		fputc('\n', to);
	}
	fputc('\n', to);
}

void import_write_tables(struct json_object *root, FILE *to)
{
	struct json_object *list = json_array(root, "series");

	for (unsigned long i = 0; i < json_count(list); i++)
		write_series(json_row(list, i), to);
}

static void write_report(struct json_object *root, FILE *to)
{
	fputs("# Imported results\n\nOne row is one file, which counts as one boot. `n/a`: too few "
	      "samples for that quantile, or it lies beyond the tool's histogram.\n\n",
	      to);
	import_write_tables(root, to);
	fputs("`ringsched compare A B` tests two such folders, or two series of one.\n", to);
}

bool import_is_folder(const char *dir)
{
	cleanup_free char *path = folder_path(dir, "imported.json");

	return path && access(path, F_OK) == 0;
}

int import_report(const char *dir, FILE *to, struct rs_error **err)
{
	cleanup_free char *path = folder_path(dir, "imported.json");
	cleanup_free char *report = folder_path(dir, "report.md"), *text = NULL;
	cleanup_json struct json_object *root = path ? json_read(path, err) : NULL;
	size_t size;
	FILE *f;

	if (!root)
		return -EINVAL;
	f = report ? open_memstream(&text, &size) : NULL;
	if (!f)
		return rs_fail(err, ENOMEM, "out of memory");
	write_report(root, f);
	if (fclose(f))
		return rs_fail(err, ENOMEM, "out of memory");
	fputs(text, to);
	if (folder_write(report, text, err) < 0)
		return -EIO;
	return page_write_import(root, dir, PAGE_BYTES_MAX, err);
}
