// SPDX-License-Identifier: GPL-2.0-or-later
/* Histograms as text: cyclictest -h, rtla timerlat hist, rtla osnoise hist. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/import.h"
#include "host/error.h"

/* The next line's begin; NULL at the end. */
static const char *next_line(const char *line)
{
	const char *end = strchr(line, '\n');

	return end && end[1] ? end + 1 : NULL;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A sum of counts; NaN, which strtod() reads too, is in no range. */
static bool is_count(double value)
{
	return value >= 0 && value <= 1e15;
}

/* Adds the counts behind a row's index, `columns` of them, on this line. */
static int add_row(const char *line, double us_per_unit, unsigned int columns, const bool *wanted,
		   struct latencies *l, struct rs_error **err)
{
	char *at;
	double index = strtod(line, &at);

	for (unsigned int i = 0; i < columns; i++) {
		unsigned long long count = 0;
		char *end;
		int ret;

		at += strspn(at, " \t");
		if (*at == '-') /* rtla: a core that is not there */
			end = at + 1;
		else if (is_digit(*at)) /* strtoull() would go on to the next line */
			count = strtoull(at, &end, 10);
		else
			end = at;
		if (end == at)
			return rs_fail(err, EPROTO, "a row has %u counts, not %u: '%.*s'", i,
				       columns, (int)strcspn(line, "\n"), line);
		at = end;
		ret = wanted[i] ? latencies_add(l, index * us_per_unit, count, err) : 0;
		if (ret)
			return ret;
	}
	return 0;
}

#define COLUMNS_MAX 1024

static unsigned int count_numbers(const char *line)
{
	const char *end = line + strcspn(line, "\n");
	unsigned int n = 0;

	for (; line < end && n < COLUMNS_MAX; n++) {
		line += strspn(line, " \t");
		if (line >= end || !is_digit(*line))
			break;
		line += strspn(line, "0123456789");
	}
	return n;
}

/* The numbers behind a label, each given to fold(). False without the label. */
static bool fold_line(const char *text, const char *label, const bool *wanted, double *result,
		      double (*fold)(double, double))
{
	const char *line = strstr(text, label), *end;
	char *at;

	if (!line)
		return false;
	at = (char *)line + strlen(label); /* a label may begin with a line's end */
	end = at + strcspn(at, "\n");
	for (unsigned int i = 0; at < end && i < COLUMNS_MAX; i++) {
		char *after;
		double value;

		at += strspn(at, " \t\r\v\f"); /* strtod() would pass the line's end as well */
		if (at >= end)
			break;
		value = strtod(at, &after);
		if (after == at) { /* rtla writes '-' for none */
			at++;
			continue;
		}
		at = after;
		if (!wanted || wanted[i])
			*result = fold(*result, value);
	}
	return true;
}

static double sum(double a, double b)
{
	return a + b;
}

static double count_up(double a, double b)
{
	(void)b;
	return a + 1;
}

/* ---- cyclictest -h ---- */

bool import_is_cyclictest_text(const char *text)
{
	return strstr(text, "# Histogram\n") && strstr(text, "# Max Latencies:");
}

/* With -H the last column is the sum of the others; only a thread has a minimum. */
static void cyclictest_columns(const char *text, bool *wanted)
{
	double threads = 0;

	if (!fold_line(text, "# Min Latencies:", NULL, &threads, count_up))
		threads = COLUMNS_MAX;
	for (unsigned int i = 0; i < COLUMNS_MAX; i++)
		wanted[i] = i < (unsigned int)threads;
}

IMPORT_READ(cyclictest_text)
{
	static bool wanted[COLUMNS_MAX];
	double total = 0, over = 0;
	int ret = 0;

	(void)json;
	(void)part;
	cyclictest_columns(text, wanted);
	for (const char *line = text; line && !ret; line = next_line(line)) {
		unsigned int n = count_numbers(line);

		if (n > 1)
			ret = add_row(line, 1, n - 1, wanted, l, err);
	}
	fold_line(text, "# Min Latencies:", NULL, &l->min_us, fmin);
	fold_line(text, "# Max Latencies:", NULL, &l->max_us, fmax);
	/* "Total" counts what is in the histogram; overflows come on top. */
	fold_line(text, "# Total:", wanted, &total, sum);
	fold_line(text, "# Histogram Overflows:", wanted, &over, sum);
	if (ret)
		return ret;
	if (!is_count(total) || !is_count(over))
		return rs_fail(err, EPROTO, "its totals cannot be");
	return latencies_finish(l, (uint64_t)total + (uint64_t)over, err);
}

/* ---- rtla ---- */

/* By its header, or where that was left out by the rows below the histogram. */
bool import_is_rtla(const char *text)
{
	return (strstr(text, "# RTLA ") && strstr(text, " histogram\n")) ||
	       (strstr(text, "\nover:") && strstr(text, "\ncount:"));
}

/* The line that names the columns. */
static const char *rtla_table(const char *text, struct rs_error **err)
{
	const char *header = strstr(text, "# RTLA ");
	const char *table = header ? strstr(header, "\nIndex") : NULL;

	if (!table)
		rs_fail(err, EPROTO, "it has no %s; run rtla without --no-header and --no-index",
			header ? "column 'Index'" : "header");
	else if (strstr(table, "# RTLA "))
		rs_fail(err, EPROTO, "it has more than one histogram; a file is one run");
	else
		return table + 1;
	return NULL;
}

/* Of the columns IRQ-NNN, Thr-NNN and (with -u) Usr-NNN of each core the
 * threads' are the latencies; osnoise has CPU-NNN alone. */
static unsigned int rtla_columns(const char *table, bool *wanted, bool *any)
{
	const char *at = table + strlen("Index");
	const char *end = at + strcspn(at, "\n");
	unsigned int n = 0;

	memset(wanted, false, COLUMNS_MAX * sizeof(*wanted));
	while (n < COLUMNS_MAX) {
		at += strspn(at, " \t");
		if (at >= end)
			return n;
		wanted[n] = !strncmp(at, "Thr", 3) || !strncmp(at, "CPU", 3);
		*any |= wanted[n++];
		at += strcspn(at, " \t\n");
	}
	return n;
}

/* What follows the rows may begin with digits as well: when rtla was to stop at
 * a latency it analyses that one there. */
static int rtla_rows(const char *table, double unit, unsigned int columns, const bool *wanted,
		     struct latencies *l, struct rs_error **err)
{
	int ret = 0;

	for (const char *line = next_line(table); line && !ret; line = next_line(line)) {
		if (!is_digit(line[strspn(line, " \t")]))
			break;
		ret = add_row(line, unit, columns, wanted, l, err);
	}
	return ret;
}

IMPORT_READ(rtla)
{
	static bool wanted[COLUMNS_MAX];
	const char *table = rtla_table(text, err);
	double unit = strstr(text, "# Time unit is nanoseconds") ? 1e-3 : 1, over = 0, total = 0;
	unsigned int columns;
	bool any = false;
	int ret;

	(void)json;
	(void)part;
	if (!table)
		return -EPROTO;
	columns = rtla_columns(table, wanted, &any);
	if (columns && !any)
		return rs_fail(err, EPROTO,
			       "it has no latencies of threads; run rtla without "
			       "--no-thread");
	ret = rtla_rows(table, unit, columns, wanted, l, err);
	if (ret)
		return ret;
	fold_line(table, "\nover:", wanted, &over, sum);
	fold_line(table, "\ncount:", wanted, &total, sum);
	fold_line(table, "\nmin:", wanted, &l->min_us, fmin);
	fold_line(table, "\nmax:", wanted, &l->max_us, fmax);
	l->min_us *= unit;
	l->max_us *= unit;
	if (!is_count(over) || !is_count(total))
		return rs_fail(err, EPROTO, "its row 'over' or 'count' cannot be");
	/* With --no-summary there is no 'count'. */
	if (total < over + (double)l->count && total > 0)
		return rs_fail(err, EPROTO, "its rows have %.0f samples, its 'count' says %.0f",
			       over + (double)l->count, total);
	return latencies_finish(l, (uint64_t)fmax(total, over + (double)l->count), err);
}
