// SPDX-License-Identifier: GPL-2.0-or-later
/* A comparison for people: terminal and Markdown. */
#include <math.h>
#include <string.h>

#include "harness/format.h"
#include "harness/gate.h"

static void number_with_unit(char *text, size_t size, double value, const char *unit)
{
	char room[FORMAT_NUMBER_ROOM];

	snprintf(text, size, "%s%s%s", format_number(room, value, 3), *unit ? " " : "", unit);
}

static void percent(char *text, size_t size, double share)
{
	if (isnan(share))
		snprintf(text, size, "n/a");
	else
		snprintf(text, size, "%+.1f %%", 100 * share);
}

static void what_is_compared(const struct gate_row *row, char *text, size_t size)
{
	bool same = !strcmp(row->policy_a, row->policy_b);

	snprintf(text, size, "%s%s%s: %s", row->policy_b, same ? "" : " against ",
		 same ? "" : row->policy_a, row->metric->name);
}

void gate_row_sentence(const struct gate_row *row, char *text, size_t size)
{
	char a[48], b[48], share[32], what[160];

	number_with_unit(a, sizeof(a), row->median_a, row->metric->unit);
	number_with_unit(b, sizeof(b), row->median_b, row->metric->unit);
	percent(share, sizeof(share), row->shift_share);
	what_is_compared(row, what, sizeof(what));
	snprintf(text, size,
		 "%s: median %s before, %s now; shift %s, noise up to %.0f %%, p (Holm) %.2g, "
		 "%zu and %zu boots",
		 what, a, b, share, 100 * row->noise, row->p_holm, row->boots_a, row->boots_b);
}

/* The cells of one row, in the order of the headings below. */
#define COLUMNS 8
static const char *const headings[COLUMNS] = { "metric", "boots",    "A",     "B",
					       "shift",	 "p (Holm)", "noise", "verdict" };

static void cells_of(const struct gate_row *row, char cells[COLUMNS][160])
{
	char more[40] = "";

	if (row->verdict == GATE_UNDECIDED && row->more_boots)
		snprintf(more, sizeof(more), ", %zu more boots", row->more_boots);
	what_is_compared(row, cells[0], sizeof(cells[0]));
	snprintf(cells[1], sizeof(cells[1]), "%zu/%zu", row->boots_a, row->boots_b);
	number_with_unit(cells[2], sizeof(cells[2]), row->median_a, row->metric->unit);
	number_with_unit(cells[3], sizeof(cells[3]), row->median_b, row->metric->unit);
	percent(cells[4], sizeof(cells[4]), row->shift_share);
	snprintf(cells[5], sizeof(cells[5]), "%.2g", row->p_holm);
	snprintf(cells[6], sizeof(cells[6]), "%.0f %%", 100 * row->noise);
	snprintf(cells[7], sizeof(cells[7]), "%s%s", gate_verdict_name(row->verdict), more);
}

static void verdict_line(const struct gate *g, FILE *to)
{
	fprintf(to, "%s", gate_verdict_name(g->verdict));
	if (g->limit_missed)
		fprintf(to, ": %s misses a limit of its scenario in %s", g->limit_missed,
			g->label_b);
	if (*g->incomplete)
		fprintf(to, ": %s", g->incomplete);
	if (g->verdict == GATE_UNDECIDED && g->more_boots)
		fprintf(to, "%s need %zu more boots a side", *g->incomplete ? ";" : ":",
			g->more_boots);
	else if (g->verdict == GATE_UNDECIDED && !*g->incomplete)
		fprintf(to, ": the difference is beyond the noise, but so uncertain that no number "
			    "of boots can be named");
	fputc('\n', to);
}

static void heading(const struct gate *g, const char *before, FILE *to)
{
	fprintf(to,
		"%sA = %s, B = %s; one number a boot, exact Mann-Whitney, Holm over %zu rows, "
		"alpha %g\n\n",
		before, g->label_a, g->label_b, g->count, g->alpha);
}

void gate_print(const struct gate *g, FILE *to)
{
	int widths[COLUMNS] = { -8, 7, 10, 10, 9, 8, 5, 1 };
	char cells[COLUMNS][160];

	for (size_t i = 0; i < g->count; i++) {
		cells_of(&g->rows[i], cells);
		if (-(int)strlen(cells[0]) < widths[0])
			widths[0] = -(int)strlen(cells[0]);
	}
	heading(g, "", to);
	for (size_t c = 0; c < COLUMNS; c++)
		fprintf(to, "%*s%s", widths[c], headings[c], c + 1 < COLUMNS ? "  " : "\n");
	for (size_t i = 0; i < g->count; i++) {
		cells_of(&g->rows[i], cells);
		for (size_t c = 0; c < COLUMNS; c++)
			fprintf(to, "%*s%s", widths[c], cells[c], c + 1 < COLUMNS ? "  " : "\n");
	}
	fputc('\n', to);
	verdict_line(g, to);
}

void gate_print_markdown(const struct gate *g, FILE *to)
{
	char cells[COLUMNS][160];

	fprintf(to, "## Comparison: ");
	verdict_line(g, to);
	heading(g, "\n", to);
	for (size_t c = 0; c < COLUMNS; c++)
		fprintf(to, "| %s ", headings[c]);
	fprintf(to, "|\n");
	for (size_t c = 0; c < COLUMNS; c++)
		fprintf(to, "|---");
	fprintf(to, "|\n");
	for (size_t i = 0; i < g->count; i++) {
		cells_of(&g->rows[i], cells);
		for (size_t c = 0; c < COLUMNS; c++)
			fprintf(to, "| %s ", cells[c]);
		fprintf(to, "|\n");
	}
}
